"""Looking at instances over HTTP: one (``GET instances/{id}``), or page by page."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import quote

from aiohttp import web

from funchost.dispatch.hub import TaskHub
from funchost.engine.events import RuntimeStatus
from funchost.engine.ports import InstanceQuery, InstanceRecord
from funchost.http.answers import empty, json_answer
from funchost.http.calls import BadQueryError, Call
from funchost.http.history_view import Entry, history_view
from funchost.http.status_view import status_view

CONTINUATION = "x-ms-continuation-token"
PAGE = 100
LARGEST_PAGE = 1000
RETRY_AFTER_S = "5"


class Reading:
    """The endpoints that show instances."""

    def __init__(self, hub: TaskHub) -> None:
        self._hub = hub

    async def one(self, call: Call, values: Mapping[str, str]) -> web.Response:
        """Show an instance: 202 while it goes on, with the URL to ask again."""
        instance_id = values["instanceId"]
        record = await self._hub.status(instance_id)
        if record is None:
            return empty(404)
        show_input = call.query.flag("showInput", default=True)
        history = await self._history(call, record, show_input=show_input)
        view = status_view(record, show_input=show_input, history=history)
        if not record.status.is_terminal:
            return json_answer(202, view, _ask_again(call, instance_id))
        as_error = call.query.flag("returnInternalServerErrorOnFailure", default=False)
        failed = record.status is RuntimeStatus.FAILED
        return json_answer(500 if failed and as_error else 200, view)

    async def _history(
        self, call: Call, record: InstanceRecord, *, show_input: bool
    ) -> list[Entry] | None:
        wanted = call.query.flag("showHistory", default=False)
        if not wanted or record.status is RuntimeStatus.PENDING:
            return None
        return history_view(
            await self._hub.history(record.instance_id),
            show_input=show_input,
            show_output=call.query.flag("showHistoryOutput", default=False),
        )

    async def many(self, call: Call, _values: Mapping[str, str]) -> web.Response:
        """Show a page of instances, and in a header where the next one begins."""
        size = call.query.count("top", default=PAGE, most=LARGEST_PAGE)
        records = await self._hub.query(
            InstanceQuery(
                created_from=call.query.instant("createdTimeFrom"),
                created_to=call.query.instant("createdTimeTo"),
                statuses=statuses(call),
                id_prefix=call.query.first("instanceIdPrefix") or "",
                after_id=continue_after(call.continuation),
                limit=size + 1,
            )
        )
        show_input = call.query.flag("showInput", default=True)
        page = records[:size]
        more = len(records) > size
        return json_answer(
            200,
            [status_view(record, show_input=show_input) for record in page],
            {CONTINUATION: token(page[-1].instance_id)} if more else None,
        )


def statuses(call: Call) -> frozenset[RuntimeStatus]:
    """Return the runtime statuses that a query names; names that do not exist are passed over."""
    known = {status.value: status for status in RuntimeStatus}
    named = ",".join(call.query.all("runtimeStatus")).split(",")
    return frozenset(known[name.strip()] for name in named if name.strip() in known)


def _ask_again(call: Call, instance_id: str) -> dict[str, str]:
    query = f"?{call.query_string}" if call.query_string else ""
    url = f"{call.base_url}/instances/{quote(instance_id, safe='')}{query}"
    return {"Location": url, "Retry-After": RETRY_AFTER_S}


def token(instance_id: str) -> str:
    """Return the continuation token for what follows an id."""
    return base64.urlsafe_b64encode(instance_id.encode()).decode("ascii")


def continue_after(text: str) -> str | None:
    """Return the id that a continuation token stands for; None for the beginning.

    Raises:
        BadQueryError: this host has not made the token.
    """
    if not text:
        return None
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise BadQueryError("The continuation token was not made by this host.") from error
