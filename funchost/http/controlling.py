"""Acting on instances over HTTP: events, terminate, suspend, resume, purge."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from funchost.dispatch.hub import TaskHub
from funchost.engine.errors import RewindRefusedError, WrongStateError
from funchost.engine.events import TERMINAL, RuntimeStatus
from funchost.engine.ports import InstanceQuery
from funchost.http.answers import (
    INVALID_OPERATION,
    WENT_WRONG,
    empty,
    json_answer,
    refusal,
)
from funchost.http.calls import Call
from funchost.http.payloads import BadJsonError, json_text
from funchost.http.reading import statuses

_BEYOND_REWINDING = TERMINAL - {RuntimeStatus.FAILED}
PURGE_PAGE = 500
ONLY_JSON = "Only application/json request content is supported"


class Controlling:
    """The endpoints that change what is there."""

    def __init__(self, hub: TaskHub) -> None:
        self._hub = hub

    async def raise_event(self, call: Call, values: Mapping[str, str]) -> web.Response:
        """Deliver an external event."""
        instance_id = values["instanceId"]
        try:
            payload = _event_payload(call)
        except BadJsonError as error:
            return await self._gone(instance_id) or refusal(400, str(error))
        await self._hub.raise_event(instance_id, values["eventName"], payload)
        return empty(202)

    async def terminate(self, call: Call, values: Mapping[str, str]) -> web.Response:
        """End an instance."""
        await self._hub.terminate(values["instanceId"], call.query.first("reason"))
        return empty(202)

    async def suspend(self, call: Call, values: Mapping[str, str]) -> web.Response:
        """Pause an instance."""
        return await _switched(self._hub.suspend, call, values)

    async def resume(self, call: Call, values: Mapping[str, str]) -> web.Response:
        """Let a paused instance go on."""
        return await _switched(self._hub.resume, call, values)

    async def rewind(self, call: Call, values: Mapping[str, str]) -> web.Response:
        """Take a failed instance back to before its failure."""
        instance_id = values["instanceId"]
        try:
            await self._hub.rewind(instance_id, call.query.first("reason"))
        except RewindRefusedError as error:
            record = await self._hub.status(instance_id)
            if record is not None and record.status in _BEYOND_REWINDING:
                return empty(410)
            return json_answer(412, str(error))
        return empty(202)

    async def purge_one(self, _call: Call, values: Mapping[str, str]) -> web.Response:
        """Forget an instance that has ended."""
        instance_id = values["instanceId"]
        try:
            deleted = await self._hub.purge([instance_id])
        except WrongStateError:
            record = await self._hub.status(instance_id)
            status = record.status if record else "unknown"
            return json_answer(
                412,
                "Only orchestrations in a terminal state can be purged, but the orchestration "
                f"with instance ID {instance_id} has status {status}",
            )
        return json_answer(200, {"instancesDeleted": deleted}) if deleted else empty(404)

    async def purge_many(self, call: Call, _values: Mapping[str, str]) -> web.Response:
        """Forget the ended instances of a time range; without a status that fits, all ended."""
        created_from = call.query.instant("createdTimeFrom")
        if created_from is None:
            return json_answer(400, "Please provide value for 'createdTimeFrom' parameter.")
        found = InstanceQuery(
            created_from=created_from,
            created_to=call.query.instant("createdTimeTo"),
            statuses=statuses(call) & TERMINAL or TERMINAL,
            limit=PURGE_PAGE,
        )
        deleted = await self._purged(found)
        return json_answer(200, {"instancesDeleted": deleted}) if deleted else empty(404)

    async def _purged(self, wanted: InstanceQuery) -> int:
        """Purge page after page; the pages shrink by what goes, so the last id leads on."""
        deleted = 0
        after: str | None = None
        while True:
            records = await self._hub.query(
                InstanceQuery(
                    created_from=wanted.created_from,
                    created_to=wanted.created_to,
                    statuses=wanted.statuses,
                    after_id=after,
                    limit=wanted.limit,
                )
            )
            if not records:
                return deleted
            after = records[-1].instance_id
            try:
                deleted += await self._hub.purge([record.instance_id for record in records])
            except WrongStateError:  # the only one on the page has been started again meanwhile
                continue

    async def _gone(self, instance_id: str) -> web.Response | None:
        """Return the answer for an instance that is unknown or has ended, None for others."""
        record = await self._hub.status(instance_id)
        if record is None:
            return empty(404)
        return empty(410) if record.status.is_terminal else None


def _event_payload(call: Call) -> str:
    if call.content_type != "application/json":
        raise BadJsonError(ONLY_JSON)
    return json_text(call.body)


async def _switched(
    switch: Callable[[str, str | None], Awaitable[None]], call: Call, values: Mapping[str, str]
) -> web.Response:
    try:
        await switch(values["instanceId"], call.query.first("reason"))
    except WrongStateError as error:
        return refusal(500, WENT_WRONG, because=str(error), kind=INVALID_OPERATION)
    return empty(202)
