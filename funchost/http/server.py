"""The host's two doors: the main port for everybody, and a private one for the SDK's client.

The SDK puts ids into URLs without escaping them, so whatever an id may lead to must be harmless:
its door is bound to the loop-back only, behind a path that nobody can guess and that is new with
every start, serves the management API and nothing else, and refuses paths that mean something else
than they say.
"""

import asyncio
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from funchost.dispatch.hub import TaskHub
from funchost.http import links, paths, sockets
from funchost.http.admin import Admin, HostIdentity
from funchost.http.answers import empty, refusal
from funchost.http.calls import Call, Query
from funchost.http.contract import Function, Invoke
from funchost.http.functions import HttpTriggers
from funchost.http.home import HOME_PAGE
from funchost.http.management import Management
from funchost.http.messages import RequestRefusedError, body_of, origin
from funchost.http.reading import CONTINUATION

log = logging.getLogger(__name__)

BODY_LIMIT = 104_857_600
LARGEST_FIELD = 32_768
CLOSING_S = 0.5

type Handler = Callable[[web.BaseRequest], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where and how to serve.

    Attributes:
        host: The address to bind; a local name means the loop-back of both families.
        port: The main port; 0 takes any.
        route_prefix: What stands before every route of the app; may be empty.
        hub_name: The task hub, for links.
        connection: The name of its connection, for links.
        identity: What the admin endpoints tell.
        has_home_page: Whether ``/`` shows a page.
        body_limit: The largest body of a request to the app, in bytes.
    """

    host: str
    port: int
    hub_name: str
    identity: HostIdentity
    route_prefix: str = "api"
    connection: str = "Storage"
    has_home_page: bool = True
    body_limit: int = BODY_LIMIT


class HttpServer:
    """Binds, serves, drains. Build it, ``bind``, tell the worker the URLs, ``start``, ``stop``."""

    def __init__(
        self,
        settings: ServerSettings,
        *,
        functions: Sequence[Function],
        invoke: Invoke,
        hub: TaskHub,
    ) -> None:
        """Raises StartError when a route of the app cannot be read."""
        self._settings = settings
        self._secret = secrets.token_urlsafe(32)
        self._main_sockets: list[socket.socket] = []
        self._rpc_sockets: list[socket.socket] = []
        self._management = Management(
            hub,
            links.Links(
                hub=settings.hub_name,
                connection=settings.connection,
                key=settings.identity.system_key,
            ),
        )
        self._admin = Admin(functions, identity=settings.identity, prefix=settings.route_prefix)
        self._triggers = HttpTriggers(
            functions,
            prefix=settings.route_prefix,
            invoke=invoke,
            body_limit=settings.body_limit,
        )
        self._main = _Door(self._answer_main)
        self._rpc = _Door(self._answer_rpc)

    def bind(self) -> None:
        """Take both ports; the URLs are known from here on.

        Raises:
            StartError: the main port cannot be had.
        """
        if not self._main_sockets:
            self._main_sockets = sockets.listening_sockets(self._settings.host, self._settings.port)
            self._rpc_sockets = [sockets.private_socket()]

    @property
    def base_url(self) -> str:
        """Return the address of the main port, without a trailing slash."""
        host = self._settings.host
        is_local = host in sockets.LOCAL_NAMES or host in {"0.0.0.0", "::"}  # noqa: S104 - compared only
        shown = "localhost" if is_local else f"[{host}]" if ":" in host else host
        return f"http://{shown}:{sockets.port_of(self._main_sockets[0])}"

    @property
    def webhook_url(self) -> str:
        """Return the public address of the management API, without a trailing slash."""
        return f"{self.base_url}{links.PATH}"

    @property
    def rpc_base_url(self) -> str:
        """Return the address for the SDK's client, with its trailing slash. Keep it secret."""
        port = sockets.port_of(self._rpc_sockets[0])
        return f"http://{sockets.LOOPBACK}:{port}{self._rpc_prefix}"

    async def start(self) -> None:
        """Serve; binds first if that has not been done."""
        self.bind()
        await self._rpc.open(self._rpc_sockets)
        await self._main.open(self._main_sockets)

    async def stop(self, grace: timedelta) -> None:
        """Take no more requests, let those at work finish within ``grace``, then close."""
        await self._main.close(grace)
        await self._rpc.close(timedelta(0))
        for bound in (*self._main_sockets, *self._rpc_sockets):
            bound.close()
        self._main_sockets, self._rpc_sockets = [], []

    @property
    def _rpc_prefix(self) -> str:
        return f"/{self._secret}/durabletask/"

    async def _answer_main(self, request: web.BaseRequest) -> web.Response:
        try:
            path = paths.segments(request.rel_url.raw_path)
        except paths.PathRefusedError:
            return empty(400)
        head = tuple(segment.casefold() for segment in path[:3])
        if head == links.MOUNT:
            base_url = f"{origin(request)}{links.PATH}"
            return await self._manage(request, path[3:], base_url=base_url)
        if head[0] == "admin":
            return self._admin.answer(request.method, path[1:], origin(request))
        return await self._triggers.answer(request, path) or self._home(request, path)

    def _home(self, request: web.BaseRequest, path: Sequence[str]) -> web.Response:
        if path != ("",) or request.method not in {"GET", "HEAD"}:
            return empty(404)
        if not self._settings.has_home_page:
            return empty(204)
        return web.Response(text=HOME_PAGE, content_type="text/html")

    async def _answer_rpc(self, request: web.BaseRequest) -> web.Response:
        prefix = self._rpc_prefix.encode()
        raw_path = request.rel_url.raw_path
        if not secrets.compare_digest(raw_path.encode()[: len(prefix)], prefix):
            return empty(404)
        try:
            path = paths.strict(raw_path)
        except paths.PathRefusedError as error:
            return refusal(400, str(error))
        return await self._manage(request, path[2:], base_url=self.webhook_url)

    async def _manage(
        self, request: web.BaseRequest, path: Sequence[str], *, base_url: str
    ) -> web.Response:
        try:
            body = await body_of(request, self._settings.body_limit)
        except RequestRefusedError as error:
            refused = refusal(error.status, str(error))
            refused.force_close()
            return refused
        query = request.rel_url.raw_query_string
        return await self._management.answer(
            Call(
                method=request.method,
                path=tuple(path),
                query=Query.parse(query),
                query_string=query,
                content_type=request.content_type.lower(),
                continuation=request.headers.get(CONTINUATION, ""),
                body=body,
                base_url=base_url,
            )
        )


class _Door:
    """A set of sockets, one handler for whatever comes in, and who is still inside."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._inside = 0
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        self._runner: web.AppRunner | None = None
        self._sites: list[web.SockSite] = []

    async def open(self, listening: Sequence[socket.socket]) -> None:
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
        self._sites = [web.SockSite(self._runner, one) for one in listening]
        for site in self._sites:
            await site.start()

    async def close(self, grace: timedelta) -> None:
        if self._runner is None:
            return
        for site in self._sites:
            await site.stop()
        try:
            async with asyncio.timeout(grace.total_seconds()):
                await self._is_empty.wait()
        except TimeoutError:
            pass  # they are cut off below
        await self._runner.cleanup()
        self._runner = None

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
