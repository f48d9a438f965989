"""Between the wire and plain values: requests read by Azure's rules, answers fit to be sent."""

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import ClientPayloadError, web
from multidict import CIMultiDict

from funchost.http.cookies import set_cookie
from funchost.worker.http import HttpAnswer, HttpRequest

SLOW_GRACE_S = 5.0
SLOWEST_BYTES_PER_S = 240
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
FIELD_TEXT = re.compile(r"[\t\x20-\x7e]*")
CONNECTION_HEADERS = frozenset(
    {"connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade"}
)
BODILESS = frozenset({204, 205, 304})


class RequestRefusedError(Exception):
    """The request cannot be read; ``status`` is the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class UnsendableAnswerError(Exception):
    """The function's answer is not valid HTTP; the text says what is wrong with it."""


async def body_of(request: web.BaseRequest, limit: int | None) -> bytes:
    """Return the whole body, chunked or not.

    Raises:
        RequestRefusedError: 413 above ``limit`` bytes, 408 when it trickles in, 400 when it breaks.
    """
    if limit is not None and (request.content_length or 0) > limit:
        raise RequestRefusedError(413, f"The body is larger than {limit} bytes.")
    loop = asyncio.get_running_loop()
    begun = loop.time()
    body = bytearray()
    try:
        while not request.content.at_eof():
            patience = SLOW_GRACE_S + len(body) / SLOWEST_BYTES_PER_S
            async with asyncio.timeout_at(begun + patience):
                body += await request.content.readany()
            if limit is not None and len(body) > limit:
                raise RequestRefusedError(413, f"The body is larger than {limit} bytes.")
    except TimeoutError as error:
        raise RequestRefusedError(408, "The body arrives too slowly.") from error
    except (ClientPayloadError, ConnectionError) as error:
        raise RequestRefusedError(400, "The body breaks off.") from error
    return bytes(body)


def request_value(
    request: web.BaseRequest, *, params: Mapping[str, str], body: bytes
) -> HttpRequest:
    """Return the request as the worker takes it.

    Raises:
        RequestRefusedError: 400 when a header is not UTF-8.
    """
    return HttpRequest(
        method=request.method,
        url=f"{origin(request)}{request.rel_url.raw_path_qs}",
        headers=_headers(request),
        query=_query(request.rel_url.raw_query_string),
        params=params,
        body=body,
    )


def origin(request: web.BaseRequest) -> str:
    """Return scheme and host as the client sees them."""
    # HTTP/1.0 has no Host; aiohttp would ask the resolver for one, and block.
    return f"{request.scheme}://{request.headers.get('Host', 'localhost')}"


def _headers(request: web.BaseRequest) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in request.headers.items():
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise RequestRefusedError(400, f"The header '{name}' is not UTF-8.")
        key = name.lower()
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    return joined


def _query(text: str) -> dict[str, str]:
    """Return the decoded query: repeated names joined, names without a value left out."""
    joined: dict[str, str] = {}
    spelling: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        key = spelling.setdefault(name.casefold(), name)
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    return {name: value for name, value in joined.items() if value}


def response_of(answer: HttpAnswer) -> web.Response:
    """Return a function's answer as a response.

    Headers of the connection itself are the server's and are dropped.

    Raises:
        UnsendableAnswerError: a status outside 200 to 599, or a header that HTTP cannot carry.
    """
    if not 200 <= answer.status <= 599:  # noqa: PLR2004 - the final statuses of HTTP
        raise UnsendableAnswerError(f"The status {answer.status} is not one of HTTP.")
    headers: CIMultiDict[str] = CIMultiDict()
    cookies = (("Set-Cookie", set_cookie(cookie)) for cookie in answer.cookies)
    for name, value in (*answer.headers, *cookies):
        if not TOKEN.fullmatch(name) or not FIELD_TEXT.fullmatch(value):
            raise UnsendableAnswerError(f"The header {name!r} cannot be sent: {value!r}.")
        if name.lower() not in CONNECTION_HEADERS:
            headers.add(name, value)
    body = b"" if answer.status in BODILESS else answer.body
    return web.Response(status=answer.status, headers=headers, body=body)
