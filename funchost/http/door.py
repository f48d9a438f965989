"""A door: listening sockets, one handler for whatever comes in, and who is still inside.

What a request means is the handler's business.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from aiohttp import web

from funchost.http.answers import empty

log = logging.getLogger(__name__)

LARGEST_FIELD = 32_768
CLOSING_S = 0.5

type Handler = Callable[[web.BaseRequest], Awaitable[web.Response]]


class Door:
    """Opens once, closes once. A handler that fails gives 500 without a body."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._inside = 0
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        self._runner: web.AppRunner | None = None
        self._sites: list[web.SockSite] = []
        self._sockets: Sequence[socket.socket] = ()

    @property
    def is_bound(self) -> bool:
        """Tell whether there are sockets."""
        return bool(self._sockets)

    @property
    def port(self) -> int:
        """Return the port, once bound."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    def bind(self, listening: Sequence[socket.socket]) -> None:
        """Take over listening sockets of one port."""
        self._sockets = listening

    async def open(self) -> None:
        """Let requests in."""
        app = web.Application()
        app.router.add_route("*", "/{everything:(?s:.*)}", self._handle)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            auto_decompress=False,  # the app gets the bytes that were sent
            max_field_size=LARGEST_FIELD,
            max_line_size=LARGEST_FIELD,
            shutdown_timeout=CLOSING_S,
        )
        await self._runner.setup()
        self._sites = [web.SockSite(self._runner, one) for one in self._sockets]
        for site in self._sites:
            await site.start()

    async def close(self, grace: timedelta) -> None:
        """Let nobody in, wait ``grace`` for those inside, cut off the rest."""
        if self._runner is not None:
            for site in self._sites:
                await site.stop()
            try:
                async with asyncio.timeout(grace.total_seconds()):
                    await self._is_empty.wait()
            except TimeoutError:
                pass  # they are cut off below
            await self._runner.cleanup()
            self._runner = None
        for bound in self._sockets:
            bound.close()
        self._sockets = ()

    async def _handle(self, request: web.Request) -> web.Response:
        self._inside += 1
        self._is_empty.clear()
        try:
            response = await self._handler(request)
        except Exception:
            log.exception("A request could not be answered.")
            response = empty(500)
        finally:
            self._inside -= 1
            if not self._inside:
                self._is_empty.set()
        response.headers.setdefault("Server", "funchost")
        return response
