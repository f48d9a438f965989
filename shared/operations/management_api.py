"""The runtime's management API over HTTP, for what the SDK's client cannot do: page, above all.

Every id is an ``InstanceId`` and quoted, so no caller's text can bend an address. The addresses
that the binding brings along carry a key to everything: only the one for this very process is used,
and none is ever shown. Which instances, and who may, is decided elsewhere.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final, Protocol, cast
from urllib.parse import quote

import aiohttp
import azure.durable_functions as df

from shared.durable import InstanceId, InstanceView
from shared.errors import InstanceUnknownError, ProviderUnavailableError
from shared.models import JsonObject

LARGEST_PAGE: Final = 1000

_CONTINUATION: Final = "x-ms-continuation-token"
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60, sock_connect=10)
_ENTITY: Final = "@"
_CHILD_CREATED: Final = "SubOrchestrationInstanceCreated"


class Answer(StrEnum):
    """What the runtime said to a change."""

    DONE = "done"
    UNKNOWN = "unknown"
    ENDED = "ended"
    REFUSED = "refused"  # the instance is not in a state that allows it


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """Which instances; the instants are aware, ``created_before`` is exclusive."""

    created_from: datetime | None = None
    created_before: datetime | None = None
    statuses: frozenset[df.OrchestrationRuntimeStatus] = frozenset()  # empty: any
    id_prefix: str = ""
    top: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some instances in the runtime's own order (by id), without their histories.

    A page may be empty and have a ``token`` all the same; the end has none.
    """

    instances: tuple[InstanceView, ...]
    token: str | None


class Management(Protocol):
    """What may be asked of the runtime. Every call may raise ``ProviderUnavailableError``."""

    async def page(self, query: PageQuery, token: str | None = None) -> Page:
        """Return a page of orchestrations; entities are never among them."""
        ...

    async def find(self, instance_id: InstanceId, *, history: bool = False) -> InstanceView | None:
        """Return an instance, None for an unknown one; with its events if asked for."""
        ...

    async def terminate(self, instance_id: InstanceId, reason: str) -> Answer:
        """Stop it where it is; nothing is undone."""
        ...

    async def suspend(self, instance_id: InstanceId, reason: str) -> Answer:
        """Let it rest; what arrives meanwhile is kept."""
        ...

    async def resume(self, instance_id: InstanceId, reason: str) -> Answer:
        """Let it go on."""
        ...

    async def rewind(self, instance_id: InstanceId, reason: str) -> Answer:
        """Take a failed one back to before its failure."""
        ...

    async def restart(self, instance_id: InstanceId) -> InstanceId | None:
        """Start a new one with the same input; return its id, None for an unknown instance."""
        ...

    async def purge(self, instance_id: InstanceId) -> Answer:
        """Forget one that has ended."""
        ...

    async def raise_event(self, instance_id: InstanceId, name: str, data: JsonObject) -> Answer:
        """Deliver an event; the name comes from a fixed set."""
        ...

    async def children(self, instance_id: InstanceId) -> tuple[InstanceId, ...]:
        """Return the children that an instance waits for."""
        ...


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    body: Any
    token: str | None


@dataclass(frozen=True, slots=True)
class ManagementApi:
    """``Management`` over HTTP.

    Args:
        base_url: Where this process reaches the runtime, with a slash at the end.
    """

    base_url: str = field(repr=False)

    async def page(self, query: PageQuery, token: str | None = None) -> Page:
        """Return a page of orchestrations; entities are never among them."""
        reply = await self._send("GET", "instances/", _query(query), token=token)
        body: object = reply.body
        if reply.status != HTTPStatus.OK or not isinstance(body, list):
            raise _unexpected(reply)
        rows = (_view(raw) for raw in cast("list[JsonObject]", body))
        return Page(instances=tuple(row for row in rows if row), token=reply.token)

    async def find(self, instance_id: InstanceId, *, history: bool = False) -> InstanceView | None:
        """Return an instance, None for an unknown one; with its events if asked for."""
        asked = {"showHistory": "true", "showHistoryOutput": "true"} if history else {}
        document = await self._status(instance_id, asked)
        return None if document is None else _view(document, history=history)

    async def terminate(self, instance_id: InstanceId, reason: str) -> Answer:
        """Stop it where it is; nothing is undone."""
        return await self._told(instance_id, "terminate", reason)

    async def suspend(self, instance_id: InstanceId, reason: str) -> Answer:
        """Let it rest; what arrives meanwhile is kept."""
        return await self._told(instance_id, "suspend", reason)

    async def resume(self, instance_id: InstanceId, reason: str) -> Answer:
        """Let it go on."""
        return await self._told(instance_id, "resume", reason)

    async def rewind(self, instance_id: InstanceId, reason: str) -> Answer:
        """Take a failed one back to before its failure."""
        return await self._told(instance_id, "rewind", reason)

    async def restart(self, instance_id: InstanceId) -> InstanceId | None:
        """Start a new one with the same input; return its id, None for an unknown instance."""
        asked = {"restartWithNewInstanceId": "true"}
        reply = await self._send("POST", f"instances/{instance_id.quoted}/restart", asked)
        if reply.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}:
            return None
        if reply.status != HTTPStatus.ACCEPTED:
            raise _unexpected(reply)
        return InstanceId.parse(str(reply.body["id"]))

    async def purge(self, instance_id: InstanceId) -> Answer:
        """Forget one that has ended."""
        reply = await self._send("DELETE", f"instances/{instance_id.quoted}", {})
        return _answer(reply)

    async def raise_event(self, instance_id: InstanceId, name: str, data: JsonObject) -> Answer:
        """Deliver an event; the name comes from a fixed set."""
        where = f"instances/{instance_id.quoted}/raiseEvent/{quote(name, safe='')}"
        return _answer(await self._send("POST", where, {}, document=data))

    async def children(self, instance_id: InstanceId) -> tuple[InstanceId, ...]:
        """Return the children that an instance waits for."""
        document = await self._status(instance_id, {"showHistory": "true"}) or {}
        return tuple(
            InstanceId.parse(str(event["InstanceId"]))
            for event in document.get("historyEvents") or ()
            if event.get("EventType") == _CHILD_CREATED
        )

    async def _status(self, instance_id: InstanceId, asked: Mapping[str, str]) -> JsonObject | None:
        query = {"showInput": "false", **asked}
        reply = await self._send("GET", f"instances/{instance_id.quoted}", query)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        if reply.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
            raise _unexpected(reply)
        return cast("JsonObject", reply.body)

    async def _told(self, instance_id: InstanceId, operation: str, reason: str) -> Answer:
        where = f"instances/{instance_id.quoted}/{operation}"
        reply = await self._send("POST", where, {"reason": reason})
        return _answer(reply, refused_as_failure=operation != "terminate")

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        token: str | None = None,
        document: JsonObject | None = None,
    ) -> _Reply:
        headers = {_CONTINUATION: token} if token else {}
        content = None if document is None else json.dumps(document)
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.request(
                    method, f"{self.base_url}{path}", params=query, headers=headers, data=content
                ) as reply,
            ):
                text = await reply.text()
                following = _following(reply.headers.get(_CONTINUATION, ""))
                return _Reply(reply.status, _decoded(text), following)
        except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
            # The message of the failure names the address, and stays out of ours.
            reason = type(failure).__name__
            raise ProviderUnavailableError(f"the runtime did not answer ({reason})") from None


def of(client: df.DurableOrchestrationClient) -> Management:
    """Return the management API that a durable client binding belongs to."""
    bindings = cast("Any", client)._orchestration_bindings  # noqa: SLF001 - the SDK offers no other way
    return ManagementApi(str(bindings.rpc_base_url))


def instant_text(instant: datetime) -> str:
    """Return an instant as the runtime reads it: UTC, to a ten-millionth of a second."""
    return f"{instant.astimezone(UTC).isoformat(timespec='microseconds')[:26]}0Z"


def _query(query: PageQuery) -> dict[str, str]:
    asked = {"top": str(min(query.top, LARGEST_PAGE)), "showInput": "false"}
    if query.created_from is not None:
        asked["createdTimeFrom"] = instant_text(query.created_from)
    if query.created_before is not None:
        # The runtime's end is inclusive; its clock has ten ticks in a microsecond.
        last = query.created_before - timedelta(microseconds=1)
        asked["createdTimeTo"] = f"{instant_text(last)[:-2]}9Z"
    if query.statuses:
        asked["runtimeStatus"] = ",".join(sorted(status.value for status in query.statuses))
    if query.id_prefix:
        asked["instanceIdPrefix"] = query.id_prefix
    return asked


def _following(token: str) -> str | None:
    """Return the token of the next page; the end may also be told as an encoded ``null``."""
    ends = {"", "null", base64.b64encode(b"null").decode("ascii")}
    return None if token.strip() in ends else token


def _decoded(text: str) -> Any:
    return json.loads(text) if text.strip() else None


def _view(raw: Any, *, history: bool = False) -> InstanceView | None:
    """Read a status document; None for entities and for ids that this application never gives."""
    instance_id = str(raw["instanceId"])
    if instance_id.startswith(_ENTITY):
        return None
    try:
        known = InstanceId.parse(instance_id)
    except InstanceUnknownError:
        return None
    return InstanceView(
        instance_id=known,
        orchestrator=raw.get("name") or "",
        runtime_status=df.OrchestrationRuntimeStatus(raw["runtimeStatus"]),
        created_at=_instant(raw.get("createdTime")),
        last_updated_at=_instant(raw.get("lastUpdatedTime")),
        custom_status=raw.get("customStatus"),
        output=raw.get("output"),
        history=(raw.get("historyEvents") or []) if history else None,
    )


def _instant(text: str | None) -> datetime | None:
    return None if not text else datetime.fromisoformat(text).astimezone(UTC)


def _answer(reply: _Reply, *, refused_as_failure: bool = False) -> Answer:
    """Read what was said to a change; some versions say a refusal as if they had failed."""
    match reply.status:
        case HTTPStatus.OK | HTTPStatus.ACCEPTED:
            return Answer.DONE
        case HTTPStatus.NOT_FOUND:
            return Answer.UNKNOWN
        case HTTPStatus.GONE:
            return Answer.ENDED
        case HTTPStatus.PRECONDITION_FAILED:
            return Answer.REFUSED
        case HTTPStatus.INTERNAL_SERVER_ERROR if refused_as_failure:
            return Answer.REFUSED
        case _:
            raise _unexpected(reply)


def _unexpected(reply: _Reply) -> ProviderUnavailableError:
    return ProviderUnavailableError(f"the runtime answered {reply.status}")
