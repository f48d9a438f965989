"""Entities over HTTP: read a state, send an operation, list."""

from collections.abc import Mapping

from aiohttp import web

from funchost.dispatch.hub import TaskHub
from funchost.engine.entities import entity_state
from funchost.engine.ids import EMPTY_KEY, entity_id, entity_name
from funchost.engine.ports import InstanceQuery, InstanceRecord
from funchost.http.answers import empty, json_answer, refusal
from funchost.http.calls import BadQueryError, Call
from funchost.http.history_view import timestamp
from funchost.http.payloads import BadJsonError, json_text, quoted_text, stored_value
from funchost.http.reading import CONTINUATION, LARGEST_PAGE, PAGE, continue_after, token

DELETE = "delete"


class Entities:
    """The endpoints below ``entities``."""

    def __init__(self, hub: TaskHub) -> None:
        self._hub = hub

    async def get(self, call: Call, values: Mapping[str, str]) -> web.Response:
        """Show the state of one entity, or a page of entities."""
        name, key = values.get("entityName"), values.get("entityKey")
        if name is None or key is None:
            return await self._many(call, name)
        record = await self._hub.status(entity_id(name, _key(key)))
        state = None if record is None else entity_state(record)
        if state is None or not state.exists:
            return empty(404)
        return json_answer(200, stored_value(state.state))

    async def post(self, call: Call, values: Mapping[str, str]) -> web.Response:
        """Send an operation, expecting no answer."""
        name, key = values.get("entityName"), values.get("entityKey")
        if name is None or key is None:
            return empty(404)
        try:
            payload = _payload(call)
        except BadJsonError as error:
            return refusal(400, f"Could not parse JSON content: {error}")
        await self._hub.signal_entity(
            name, _key(key), operation=call.query.first("op") or "", payload=payload
        )
        return empty(202)

    async def delete(self, _call: Call, values: Mapping[str, str]) -> web.Response:
        """Send the operation ``delete``; what it does is the entity's business."""
        name, key = values.get("entityName"), values.get("entityKey")
        if name is None or key is None:
            return empty(404)
        await self._hub.signal_entity(name, _key(key), operation=DELETE, payload=None)
        return empty(202)

    async def _many(self, call: Call, name: str | None) -> web.Response:
        size = call.query.count("top", default=PAGE, most=LARGEST_PAGE)
        since = call.query.instant("lastOperationTimeFrom")
        until = call.query.instant("lastOperationTimeTo")
        records = await self._hub.query(
            InstanceQuery(
                entities=True,
                id_prefix="" if name is None else entity_id(name, ""),
                after_id=continue_after(call.continuation),
                limit=size + 1,
            )
        )
        page = [
            record
            for record in records[:size]
            if entity_state(record).exists
            and (since is None or record.updated_at >= since)
            and (until is None or record.updated_at <= until)
        ]
        shows_state = call.query.flag("fetchState", default=False)
        more = len(records) > size
        return json_answer(
            200,
            [_view(record, shows_state=shows_state) for record in page],
            {CONTINUATION: token(records[size - 1].instance_id)} if more else None,
        )


def _view(record: InstanceRecord, *, shows_state: bool) -> dict[str, object]:
    name, key = entity_name(record.instance_id)
    return {
        "entityId": {"name": name, "key": key},
        "lastOperationTime": timestamp(record.updated_at),
        "state": stored_value(entity_state(record).state) if shows_state else None,
    }


def _key(segment: str) -> str:
    return "" if segment == EMPTY_KEY else segment


def _payload(call: Call) -> str | None:
    """Return the input as JSON text; a body that does not claim to be JSON is a string."""
    if not call.body:
        return None
    if call.content_type == "application/json":
        return json_text(call.body)
    try:
        return quoted_text(call.body.decode())
    except UnicodeDecodeError as error:
        raise BadQueryError("The body is neither JSON nor UTF-8 text.") from error
