"""HTTP without a socket: from a test's words to the host's front door, and back."""

import asyncio
import json as jsonlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from funchost.http.server import HttpServer


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResult:
    """What the host answered; header names are found in any case."""

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
    """A request; ``json`` stands for a body and its content type.

    ``url`` is a path with its query, or a whole URL, of which only these two count.
    """

    method: str
    url: str
    json: Any = None
    body: bytes = b""
    headers: Mapping[str, str] | None = None

    async def through(self, server: HttpServer) -> HttpResult:
        """Pass the request through the host's front door."""
        body = self.body if self.json is None else jsonlib.dumps(self.json).encode()
        headers = CIMultiDict({"Host": URL(server.base_url).authority})
        if self.json is not None:
            headers["Content-Type"] = "application/json"
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


def _stream(body: bytes) -> StreamReader:
    loop = asyncio.get_running_loop()
    stream = StreamReader(BaseProtocol(loop), limit=max(len(body), 1), loop=loop)
    stream.feed_data(body)
    stream.feed_eof()
    return stream
