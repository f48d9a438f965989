"""The host's two doors: the main port for everybody, and a private one for the SDK's client.

The SDK puts ids into URLs without escaping them, so whatever an id may lead to must be harmless:
its door is bound to the loop-back only, behind a path that nobody can guess and that is new with
every start, serves the management API and nothing else, and refuses paths that mean something else
than they say.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from funchost.dispatch.hub import TaskHub
from funchost.http import links, paths, sockets
from funchost.http.admin import PING, Admin, HostIdentity
from funchost.http.answers import empty, refusal
from funchost.http.auth import Guard, key_of
from funchost.http.calls import Call, Query
from funchost.http.contract import Function, Invoke, RunByHand
from funchost.http.cors import Cors
from funchost.http.door import Door
from funchost.http.functions import HttpTriggers
from funchost.http.home import HOME_PAGE
from funchost.http.management import Management
from funchost.http.messages import RequestRefusedError, body_of, origin
from funchost.http.reading import CONTINUATION

BODY_LIMIT = 104_857_600
NO_ORIGINS = Cors()


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
        cors: Which other origins may use it from a browser.
        guard: Checks keys; None lets everybody in.
    """

    host: str
    port: int
    hub_name: str
    identity: HostIdentity
    route_prefix: str = "api"
    connection: str = "Storage"
    has_home_page: bool = True
    body_limit: int = BODY_LIMIT
    cors: Cors = NO_ORIGINS
    guard: Guard | None = None

    @property
    def management_links(self) -> links.Links:
        """Return what every URL of the management API carries."""
        return links.Links(
            hub=self.hub_name, connection=self.connection, key=self.identity.system_key
        )


class HttpServer:
    """Binds, serves, drains. Build it, ``bind``, tell the worker the URLs, ``start``, ``stop``."""

    def __init__(
        self,
        settings: ServerSettings,
        *,
        functions: Sequence[Function],
        invoke: Invoke,
        hub: TaskHub,
        run_by_hand: RunByHand | None = None,
    ) -> None:
        """Raises StartError when a route of the app cannot be read."""
        self._settings = settings
        self._secret = secrets.token_urlsafe(32)
        self._management = Management(hub, settings.management_links)
        self._admin = Admin(
            functions,
            identity=settings.identity,
            prefix=settings.route_prefix,
            keys=settings.guard.keys if settings.guard else None,
            run_by_hand=run_by_hand,
        )
        self._triggers = HttpTriggers(
            functions,
            prefix=settings.route_prefix,
            invoke=invoke,
            body_limit=settings.body_limit,
            guard=settings.guard,
        )
        self._main = Door(self.answer)
        self._rpc = Door(self._answer_rpc)

    def bind(self) -> None:
        """Take both ports; the URLs are known from here on.

        Raises:
            StartError: the main port cannot be had.
        """
        if not self._main.is_bound:
            self._main.bind(sockets.listening_sockets(self._settings.host, self._settings.port))
            self._rpc.bind([sockets.private_socket()])

    @property
    def base_url(self) -> str:
        """Return the address of the main port, without a trailing slash."""
        host = self._settings.host
        is_local = host in sockets.LOCAL_NAMES or host in {"0.0.0.0", "::"}  # noqa: S104 - compared only
        shown = "localhost" if is_local else f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self._main.port}"

    @property
    def webhook_url(self) -> str:
        """Return the public address of the management API, without a trailing slash."""
        return f"{self.base_url}{links.PATH}"

    @property
    def rpc_base_url(self) -> str:
        """Return the address for the SDK's client, with its trailing slash. Keep it secret."""
        return f"http://{sockets.LOOPBACK}:{self._rpc.port}{self._rpc_prefix}"

    async def start(self) -> None:
        """Serve; binds first if that has not been done."""
        self.bind()
        await self._rpc.open()
        await self._main.open()

    async def stop(self, grace: timedelta) -> None:
        """Take no more requests, let those at work finish within ``grace``, then close."""
        await self._main.close(grace)
        await self._rpc.close(timedelta(0))

    @property
    def _rpc_prefix(self) -> str:
        return f"/{self._secret}/durabletask/"

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request as it comes in at the main port."""
        cors = self._settings.cors
        if cors.is_preflight(request.method, request.headers):
            return empty(204, cors.preflight_headers(request.headers))
        response = await self._answer_public(request)
        response.headers.update(cors.answer_headers(request.headers))
        return response

    async def _answer_public(self, request: web.BaseRequest) -> web.Response:
        try:
            path = paths.segments(request.rel_url.raw_path)
        except paths.PathRefusedError:
            return empty(400)
        head = tuple(segment.casefold() for segment in path[:3])
        if head == links.MOUNT or head[0] == "admin":
            return await self._answer_host_api(request, path)
        return await self._triggers.answer(request, path) or self._home(request, path)

    async def _answer_host_api(self, request: web.BaseRequest, path: Sequence[str]) -> web.Response:
        own_origin = origin(request)
        if self._settings.cors.keeps_out(request.headers, own_origin=own_origin):
            return refusal(403, "Pages of other origins may not use the host's own API.")
        if not self._is_open(request, path):
            return empty(401)
        if path[0].casefold() == "admin":
            return await self._administer(request, path[1:], base_url=own_origin)
        return await self._manage(request, path[3:], base_url=f"{own_origin}{links.PATH}")

    def _is_open(self, request: web.BaseRequest, path: Sequence[str]) -> bool:
        guard = self._settings.guard
        if guard is None or tuple(part.casefold() for part in path) == ("admin", *PING):
            return True
        brought = key_of(request.headers, request.rel_url.raw_query_string)
        if path[0].casefold() == "admin":
            return guard.opens_admin(brought)
        return guard.opens_management(brought)

    async def _administer(
        self, request: web.BaseRequest, path: Sequence[str], *, base_url: str
    ) -> web.Response:
        try:
            body = await body_of(request, self._settings.body_limit)
        except RequestRefusedError as error:
            return _refused(error)
        return self._admin.answer(request.method, path, base_url, body)

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
            return _refused(error)
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


def _refused(error: RequestRefusedError) -> web.Response:
    refused = refusal(error.status, str(error))
    refused.force_close()  # the rest of the body is not wanted
    return refused
