"""``call_http``: the built-in activity that makes an orchestrator's HTTP request.

The 202 pattern is followed here, inside one activity, until another answer comes: the SDK resolves
the call with its first answer and knows nothing of further requests, so polling outside would hand
the code a 202 and put its numbering out of step.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self, cast

import aiohttp

from funchost.engine.calls import ActivityAnswer, Failed, Succeeded
from funchost.worker.payloads import compact

ACCEPTED = 202
LONGEST_REDIRECT_CHAIN = 50
MANAGEMENT_SCOPES = ("https://management.core.windows.net", "https://graph.microsoft.com")
CONTENT_TYPE = "content-type"
# Headers that describe a body stay with it; the platform shows the others alone.
CONTENT_HEADERS = frozenset(
    {
        "allow",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-md5",
        "content-range",
        CONTENT_TYPE,
        "expires",
        "last-modified",
    }
)


class RequestRefusedError(Exception):
    """The request cannot be made; the text is for the orchestrator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What the orchestrator asked for."""

    method: str
    uri: str
    content: str | None
    headers: Mapping[str, str]
    resource: str | None  # the managed identity's audience
    follows_202: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        raw = cast("dict[str, Any]", json.loads(text))
        token_source = cast("dict[str, Any]", raw.get("tokenSource") or {})
        headers = cast("dict[str, Any]", raw.get("headers") or {})
        return cls(
            method=str(raw["method"]),
            uri=str(raw["uri"]),
            content=raw.get("content"),
            headers={str(name): str(value) for name, value in headers.items()},
            resource=token_source.get("resource"),
            follows_202=bool(raw.get("asynchronousPatternEnabled", True)),
        )

    def next_look(self, location: str) -> "_Request":
        """Return the request that asks for the outcome; keys do not travel to other places."""
        kept = {n: v for n, v in self.headers.items() if n.casefold() != "x-functions-key"}
        return replace(self, method="GET", uri=location, content=None, headers=kept)


class HttpActivity:
    """Makes the requests; one connection pool for the life of the host."""

    def __init__(self, poll_interval: timedelta) -> None:
        """Ask again after ``poll_interval`` when a 202 does not say when."""
        self._poll_interval = poll_interval
        self._session: aiohttp.ClientSession | None = None

    async def run(self, text: str) -> ActivityAnswer:
        """Make the request; only what prevents an answer is a failure."""
        try:
            request = _Request.parse(text)
            while True:
                status, headers, content = await self._send(request)
                if status != ACCEPTED or not request.follows_202:
                    return _answer(status, headers, content)
                await asyncio.sleep(self._pause_s(headers))
                request = request.next_look(_location(headers))
        except (aiohttp.ClientError, OSError, RequestRefusedError, ValueError) as error:
            reason = str(error) or type(error).__name__
            return Failed(reason=reason, details=compact({"Message": reason}))

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _send(self, request: _Request) -> tuple[int, Mapping[str, str], str]:
        headers = dict(request.headers)
        kind = next((v for n, v in headers.items() if n.casefold() == CONTENT_TYPE), "")
        if kind.startswith("multipart"):
            raise RequestRefusedError("Multipart content is not supported with CallHttpAsync.")
        if request.content is not None and not kind:
            headers["Content-Type"] = "text/plain; charset=utf-8"
        if request.resource is not None:
            headers["Authorization"] = f"Bearer {await _token(request.resource)}"
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with self._session.request(
            request.method,
            request.uri,
            data=None if request.content is None else request.content.encode(),
            headers=headers,
            max_redirects=LONGEST_REDIRECT_CHAIN,
        ) as response:
            return response.status, response.headers, await response.text(errors="replace")

    def _pause_s(self, headers: Mapping[str, str]) -> float:
        said = headers.get("Retry-After", "")
        return float(said) if said.isdigit() else self._poll_interval.total_seconds()


def _location(headers: Mapping[str, str]) -> str:
    location = headers.get("Location")
    if location is None or "://" not in location:
        raise RequestRefusedError("The answer 202 has no absolute Location to ask for the outcome.")
    return location


def _answer(status: int, headers: Mapping[str, str], content: str) -> Succeeded:
    shown: dict[str, str | list[str]] = {}
    for name, value in headers.items():
        if name.casefold() in CONTENT_HEADERS:
            continue
        before = shown.get(name)
        match before:
            case None:
                shown[name] = value
            case list():
                before.append(value)
            case str():
                shown[name] = [before, value]
    return Succeeded(result=compact({"statusCode": status, "headers": shown, "content": content}))


async def _token(resource: str) -> str:
    """Ask the managed identity for a token, where azure-identity is installed."""
    try:
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - optional
    except ImportError as error:
        raise RequestRefusedError(
            "call_http with a managed identity needs the package azure-identity."
        ) from error
    scope = resource.rstrip("/")
    if scope in MANAGEMENT_SCOPES:
        scope = f"{scope}/.default"
    credential = DefaultAzureCredential()
    try:
        return (await asyncio.to_thread(credential.get_token, scope)).token
    finally:
        credential.close()
