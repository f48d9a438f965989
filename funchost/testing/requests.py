"""HTTP without a socket: from a test's words to the host's front door, and back."""

import asyncio
import json as jsonlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from funchost.http.server import HttpServer

type Body = bytes | str | Mapping[str, str]

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResult:
    """What the host answered.

    Attributes:
        status: Such as 202.
        headers: Found by name in any case; ``getall`` gives those of one name, such as cookies.
        body: The bytes, as they would be on the wire.
    """

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """Return the body as JSON values.

        Raises:
            ValueError: It is not JSON.
        """
        return jsonlib.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """A request; ``json``, and a form as the ``body``, stand for a body and its content type.

    ``url`` is a path with its query, or a whole URL, of which only these two count.
    """

    method: str
    url: str
    json: Any = None
    body: Body = b""
    headers: Mapping[str, str] | None = None

    async def through(self, server: HttpServer) -> HttpResult:
        """Pass the request through the host's front door."""
        body, content_type = self._content()
        headers = CIMultiDict({"Host": URL(server.base_url).authority})
        if content_type:
            headers["Content-Type"] = content_type
        if body:
            headers["Content-Length"] = str(len(body))
        headers.update(self.headers or {})
        request = make_mocked_request(
            self.method, URL(self.url).raw_path_qs, headers, payload=_stream(body)
        )
        response = await server.answer(request)
        content = response.body or b""
        assert isinstance(content, bytes | bytearray)  # noqa: S101 - functions answer bytes
        return HttpResult(
            status=response.status,
            headers=CIMultiDictProxy(response.headers),
            body=bytes(content),
        )

    def _content(self) -> tuple[bytes, str | None]:
        if self.json is not None:
            return jsonlib.dumps(self.json).encode(), "application/json"
        match self.body:
            case bytes():
                return self.body, None
            case str():
                return self.body.encode(), "text/plain; charset=utf-8"
            case form:
                return urlencode(form).encode(), FORM


def _stream(body: bytes) -> StreamReader:
    loop = asyncio.get_running_loop()
    stream = StreamReader(BaseProtocol(loop), limit=max(len(body), 1), loop=loop)
    stream.feed_data(body)
    stream.feed_eof()
    return stream
