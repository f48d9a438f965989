"""Starting an instance over HTTP, and waiting a while for its end (``POST orchestrators/...``)."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from funchost.dispatch.hub import StartRequest, TaskHub
from funchost.engine.errors import InstanceNotFoundError
from funchost.engine.events import RuntimeStatus
from funchost.engine.ports import InstanceRecord
from funchost.http.answers import json_answer, refusal
from funchost.http.calls import BadQueryError, Call
from funchost.http.links import Links
from funchost.http.payloads import json_text, stored_value
from funchost.http.status_view import status_view

RETRY_AFTER_S = "10"


def _patience(call: Call) -> float | None:
    """Return how long a query asks to wait for the end, in seconds; None when it does not.

    Raises:
        BadQueryError: it makes no sense.
    """
    patience = call.query.seconds("timeout")
    interval = call.query.seconds("pollingInterval")
    if not patience or not interval:
        return None
    if interval > patience:
        raise BadQueryError("The 'timeout' should be longer than the 'pollingInterval'.")
    return patience


class Starting:
    """The endpoints that start instances."""

    def __init__(self, hub: TaskHub, links: Links) -> None:
        self._hub = hub
        self._links = links

    async def start(self, call: Call, values: Mapping[str, str]) -> web.Response:
        """Start an orchestrator; with ``timeout`` and ``pollingInterval``, wait for its end.

        Nothing is polled here: the answer goes out as soon as the instance has ended.
        """
        patience = _patience(call)
        instance_id = await self._hub.start(
            StartRequest(
                name=values["functionName"],
                instance_id=values.get("instanceId"),
                input=json_text(call.body) if call.body else None,
                version=call.query.first("version"),
            )
        )
        return await self._started(call, instance_id, patience)

    async def restart(self, call: Call, values: Mapping[str, str]) -> web.Response:
        """Start an instance again with its input, under a new id unless told otherwise."""
        patience = _patience(call)
        with_new_id = call.query.flag("restartWithNewInstanceId", default=True)
        try:
            instance_id = await self._hub.restart(values["instanceId"], with_new_id=with_new_id)
        except InstanceNotFoundError:
            because = "InstanceId does not match a valid orchestration instance."
            return refusal(400, because, because=because)
        return await self._started(call, instance_id, patience)

    async def _started(self, call: Call, instance_id: str, patience: float | None) -> web.Response:
        record = None if patience is None else await self._end_of(instance_id, patience)
        return self._accepted(call.base_url, instance_id) if record is None else _result(record)

    def _accepted(self, base_url: str, instance_id: str) -> web.Response:
        """Return the answer that tells where to look for an instance."""
        links = self._links.of(base_url, instance_id)
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": RETRY_AFTER_S}
        return json_answer(202, links, headers)

    async def _end_of(self, instance_id: str, patience: float) -> InstanceRecord | None:
        """Return the record once it has ended, None when that takes longer than the patience."""
        try:
            async with asyncio.timeout(patience):
                return await self._hub.ended(instance_id)
        except TimeoutError:
            return None


def _result(record: InstanceRecord) -> web.Response:
    if record.status is RuntimeStatus.COMPLETED:
        return json_answer(200, stored_value(record.output))
    return json_answer(200, status_view(record))
