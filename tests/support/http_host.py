"""The host's HTTP side on free ports, with whatever the test puts behind it."""

import asyncio
import functools
import importlib
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from funchost.dispatch.hub import TaskHub
from funchost.http.admin import HostIdentity
from funchost.http.contract import Function, Invoke
from funchost.http.server import HttpServer, ServerSettings
from funchost.worker.http import HttpAnswer, HttpRequest
from tests.support.scripted_hub import ScriptedHub

# The whole client, untyped: the stubs know only what apps may use.
sdk: Any = importlib.import_module("azure.durable_functions")
sdk_http: Any = importlib.import_module("azure.durable_functions.models.utils.http_utils")

PATIENCE_S = 60.0
IDENTITY = HostIdentity(
    host_id="host-1", instance_id="i-1", host_key="HOSTKEY==", system_key="SYSKEY=="
)


def on_loop[**P](test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Make a test of an asynchronous function: a loop of its own, and a deadline."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), PATIENCE_S))

    return run


def http_function(name: str, route: str, *methods: str, disabled: bool = False) -> Function:
    return Function(
        name=name, trigger="httpTrigger", route=route, methods=methods, is_disabled=disabled
    )


class Recorder:
    """Plays the worker: remembers requests, answers by a script."""

    def __init__(self, answer: HttpAnswer | Exception | None = None) -> None:
        self.answer = answer or HttpAnswer(headers=(("content-type", "text/plain"),), body=b"ok")
        self.seen: list[tuple[str, HttpRequest]] = []

    async def __call__(self, name: str, request: HttpRequest) -> HttpAnswer:
        self.seen.append((name, request))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @property
    def last(self) -> HttpRequest:
        return self.seen[-1][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HttpHost:
    """A running server as its clients see it."""

    def __init__(self, server: HttpServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self._session = session

    @property
    def url(self) -> str:
        return self.server.base_url.replace("localhost", "127.0.0.1")

    @property
    def client(self) -> Any:
        """The SDK's own client, bound to this host as a function's would be."""
        instance = f"{self.server.webhook_url}/instances/INSTANCEID"
        return sdk.DurableOrchestrationClient(
            json.dumps(
                {
                    "taskHubName": "Hub",
                    "connectionName": None,
                    "creationUrls": {},
                    "managementUrls": {
                        "id": "INSTANCEID",
                        "statusQueryGetUri": f"{instance}?code=SYSKEY",
                    },
                    "baseUrl": self.server.webhook_url,
                    "rpcBaseUrl": self.server.rpc_base_url,
                }
            )
        )

    async def call(self, method: str, path: str, **options: Any) -> Reply:
        """Ask the main port."""
        return await self.call_url(method, f"{self.url}{path}", **options)

    async def manage(self, method: str, path: str, **options: Any) -> Reply:
        """Ask the management API at its public mount point."""
        return await self.call(method, f"/runtime/webhooks/durabletask/{path}", **options)

    async def rpc(self, method: str, path: str, **options: Any) -> Reply:
        """Ask the management API at the SDK's door."""
        return await self.call_url(method, f"{self.server.rpc_base_url}{path}", **options)

    async def call_url(self, method: str, url: str, **options: Any) -> Reply:
        options.setdefault("allow_redirects", False)
        async with self._session.request(method, url, **options) as answer:
            return Reply(status=answer.status, headers=answer.headers, body=await answer.read())

    async def raw(self, target: str, *, method: str = "GET", door: str | None = None) -> int:
        """Send a request target exactly as written and return the status."""
        where = urlsplit(door or self.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return int(line.split()[1])


@asynccontextmanager
async def http_host(
    *,
    hub: TaskHub | None = None,
    functions: Sequence[Function] = (),
    invoke: Invoke | None = None,
    **settings: Any,
) -> AsyncGenerator[HttpHost]:
    """Serve on free ports until the block ends."""
    defaults = ServerSettings(host="127.0.0.1", port=0, hub_name="Hub", identity=IDENTITY)
    server = HttpServer(
        replace(defaults, **settings),
        functions=functions,
        invoke=invoke or Recorder(),
        hub=hub or ScriptedHub(),
    )
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield HttpHost(server, session)
    finally:
        await sdk_http._close_session()
        await server.stop(timedelta(seconds=1))
