"""HTTP requests and answers as functions see them; sockets and routing are not here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from funchost.worker.errors import FunctionFailedError
from funchost.worker.protos import RpcHttp, TypedData

TEXT = "text/plain; charset=utf-8"
_SAME_SITE = {1: "Lax", 2: "Strict", 3: "None"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request, as the platform passes it on.

    ``headers`` are in lower case, several values joined with ","; ``query`` likewise, decoded,
    without empty values; ``params`` are the route's values, without those not given.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    params: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie to set; ``expires`` in seconds since 1970, None is "not said"."""

    name: str
    value: str
    domain: str | None = None
    path: str | None = None
    expires: int | None = None
    max_age: float | None = None
    secure: bool = False
    http_only: bool = False
    same_site: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What a function answered; from a real function, a content-type is among the headers."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[Cookie, ...] = ()
    body: bytes = b""


def request_value(request: HttpRequest) -> TypedData:
    """Return the request as the library takes it."""
    return TypedData(
        http=RpcHttp(
            method=request.method,
            url=request.url,
            headers=request.headers,
            query=request.query,
            params=request.params,
            body=TypedData(bytes=request.body) if request.body else TypedData(),
        )
    )


def answer_of(value: TypedData | None) -> HttpAnswer:
    """Read what a function returned; a string is a whole answer.

    Raises:
        FunctionFailedError: it is no HTTP answer.
    """
    match value:
        case TypedData(kind="http", value=answer):
            return HttpAnswer(
                status=int(answer.status_code),
                headers=tuple(answer.headers.items()),
                cookies=tuple(_cookie(cookie) for cookie in answer.cookies or ()),
                body=_body(answer.body),
            )
        case TypedData(kind="string", value=text):
            headers = (("content-type", TEXT),)
            return HttpAnswer(status=200, headers=headers, cookies=(), body=str(text).encode())
        case _:
            kind = None if value is None else value.kind
            raise FunctionFailedError(f"A function's HTTP answer cannot be made of {kind}.")


def _body(value: TypedData | None) -> bytes:
    content: Any = None if value is None else value.value
    if isinstance(content, str):
        return content.encode()
    return bytes(content or b"")


def _cookie(raw: Any) -> Cookie:
    expires = _value(raw.expires)
    return Cookie(
        name=raw.name,
        value=raw.value,
        domain=_value(raw.domain) or None,
        path=_value(raw.path) or None,
        expires=None if expires is None else expires.seconds,
        max_age=_value(raw.max_age),
        secure=bool(_value(raw.secure)),
        http_only=bool(_value(raw.http_only)),
        same_site=_SAME_SITE.get(raw.same_site),
    )


def _value(nullable: Any) -> Any:
    return None if nullable is None else nullable.value
