"""The only module that knows every part: it builds them, wires them, runs them and stops them.

What each part does is its own business; the order in which they come and go is this one's.
"""

import asyncio
import hashlib
import logging
import os
import signal
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from funchost import console
from funchost.dispatch.clock import SystemClock
from funchost.dispatch.ids import new_id
from funchost.dispatch.service import DurableService, Limits
from funchost.errors import StartError
from funchost.http import contract
from funchost.http.admin import HostIdentity
from funchost.http.banner import banner
from funchost.http.cookies import set_cookie
from funchost.http.cors import Cors
from funchost.http.server import HttpServer, ServerSettings
from funchost.options import Options
from funchost.settings.errors import SettingsError
from funchost.settings.host import HostSettings, OverridableStates
from funchost.settings.local import LocalSettings
from funchost.storage.errors import StateFileError
from funchost.storage.sqlite import SqliteStore
from funchost.worker import http as worker_http
from funchost.worker.client_binding import ClientEndpoint
from funchost.worker.errors import AppLoadError
from funchost.worker.functions import Function
from funchost.worker.host_worker import AppWorker, WorkerSettings

logger = logging.getLogger("funchost")

DEFAULT_PORT = 7071
DRAIN = timedelta(seconds=3)  # of the 5 s that Ctrl-C may take
WORKER_PATIENCE = timedelta(milliseconds=500)
NO_HOME_PAGE = "AzureWebJobsDisableHomepage"
RPC_SUFFIX = "/durabletask/"


def serve(options: Options) -> None:
    """Run the app until interrupted.

    Raises:
        StartError: something that a person can put right.
        EngineError: the state file cannot be had.
    """
    console.configure(verbose=options.verbose)
    try:
        has_ended = asyncio.run(_Host(options).run())
    except SettingsError as error:
        raise StartError(str(error)) from error
    if not has_ended:
        # A function that does not return holds its thread; everything that counts is committed.
        sys.stdout.flush()
        os._exit(0)


@dataclass(slots=True)
class _Host:
    """One run of the host."""

    options: Options

    async def run(self) -> bool:
        """Serve until told to stop; return whether every function has ended."""
        local = LocalSettings.load(self.options.app)
        port = _port(self.options, local)
        for name in local.apply(os.environ):
            logger.info("Skipping '%s' of local.settings.json: the environment has it", name)
        os.environ.setdefault("WEBSITE_HOSTNAME", f"localhost:{port}")
        os.environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
        settings = HostSettings.load(self.options.app, os.environ)
        for warning in settings.warnings:
            logger.warning("%s", warning)
        store = _open_store(self.options, port)
        try:
            worker = await _load(self.options, settings)
        except BaseException:
            store.close()
            raise
        return await self._serve(store, worker, settings, local)

    async def _serve(
        self, store: SqliteStore, worker: AppWorker, settings: HostSettings, local: LocalSettings
    ) -> bool:
        port = _port(self.options, local)
        stop = asyncio.Event()
        failure: list[BaseException] = []

        def fail(error: BaseException) -> None:
            failure.append(error)
            stop.set()

        durable = settings.durable
        service = DurableService(
            store=store,
            worker=worker,
            clock=SystemClock(),
            limits=Limits(
                orchestrators=durable.max_concurrent_orchestrators,
                activities=durable.max_concurrent_activities,
                entities=durable.max_concurrent_entities,
                entity_batch=durable.max_entity_batch,
                replace_running=durable.overridable_states is OverridableStates.ANY,
                versioning=durable.versioning,
            ),
            on_failure=fail,
        )
        functions = _functions(worker, self.options)
        server = HttpServer(
            replace(
                _server_settings(self.options, settings, port), cors=_cors(self.options, local)
            ),
            functions=functions,
            invoke=_Invoke(worker),
            hub=service,
        )
        try:
            server.bind()
            _tell_clients(worker, server, settings, self.options.app)
            service.start_up()
            await server.start()
            _announce(functions, server, settings, verbose=self.options.verbose)
            await _until_told(stop)
            logger.info("Stopping")
        finally:
            await server.stop(DRAIN)
            await service.shut_down(DRAIN.total_seconds())
            ended = await worker.stop(WORKER_PATIENCE)
        if failure:
            raise StartError(f"The host stopped, because its state could not be kept: {failure[0]}")
        return ended


@dataclass(frozen=True, slots=True)
class _Invoke:
    """Hands a request of the HTTP layer to the worker."""

    worker: AppWorker

    async def __call__(self, name: str, request: contract.HttpRequest) -> contract.HttpAnswer:
        """Run an HTTP function once."""
        answer = await self.worker.invoke_http(
            self.worker.functions.http[name],
            worker_http.HttpRequest(
                method=request.method,
                url=request.url,
                headers=request.headers,
                query=request.query,
                params=request.params,
                body=request.body,
            ),
        )
        return contract.HttpAnswer(
            status=answer.status,
            headers=answer.headers,
            cookies=tuple(set_cookie(cookie) for cookie in answer.cookies),
            body=answer.body,
        )


async def _until_told(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def _port(options: Options, local: LocalSettings) -> int:
    """The command line says it, else local.settings.json, else it is the platform's own."""
    if options.port is not None:
        return options.port
    return local.port or DEFAULT_PORT


def _cors(options: Options, local: LocalSettings) -> Cors:
    return Cors(
        origins=options.cors or local.cors_origins,
        allows_credentials=options.cors_credentials or local.cors_credentials,
    )


def _open_store(options: Options, port: int) -> SqliteStore:
    path = options.state_file
    owner = f"process {os.getpid()}, serving port {port}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return SqliteStore.open(path, owner=owner, sync=options.sync.value)
    except OSError as error:
        raise StartError(f"The state file {path} cannot be used: {error}.") from error
    except StateFileError as error:
        raise StartError(str(error)) from error


async def _load(options: Options, settings: HostSettings) -> AppWorker:
    try:
        return await AppWorker.start(
            WorkerSettings(
                app_dir=options.app,
                new_id=new_id,
                function_timeout=settings.function_timeout,
                http_poll_interval=settings.durable.http_poll_interval,
                functions=options.functions,
            )
        )
    except AppLoadError as error:
        if options.verbose and error.stack:
            logger.error("%s", error.stack)  # noqa: TRY400 - the app's stack, not ours
        raise StartError(f"The app in {options.app} cannot be loaded: {error}") from error


def _server_settings(options: Options, settings: HostSettings, port: int) -> ServerSettings:
    app = options.app
    return ServerSettings(
        host=options.host,
        port=port,
        hub_name=settings.durable.hub_name,
        route_prefix=settings.route_prefix,
        has_home_page=os.environ.get(NO_HOME_PAGE, "").casefold() != "true",
        identity=HostIdentity(
            host_id=_digest(app, "host")[:32],
            instance_id=new_id(),
            host_key=_digest(app, "host-key"),
            system_key=_digest(app, "system-key"),
        ),
    )


def _digest(app: Path, purpose: str) -> str:
    """A stable, opaque stand-in for a key: the same app has the same one, and nothing checks it."""
    return hashlib.sha256(f"{purpose}:{app}".encode()).hexdigest()


def _tell_clients(worker: AppWorker, server: HttpServer, settings: HostSettings, app: Path) -> None:
    worker.serve_clients(
        ClientEndpoint(
            public_url=server.base_url,
            rpc_url=server.rpc_base_url.removesuffix(RPC_SUFFIX),
            hub=settings.durable.hub_name,
            key=_digest(app, "system-key"),
        )
    )


def _functions(worker: AppWorker, options: Options) -> list[contract.Function]:
    table = worker.functions
    return [
        *(_described(function, options, disabled=False) for function in table.functions),
        *(_described(function, options, disabled=True) for function in table.disabled),
    ]


def _described(function: Function, options: Options, *, disabled: bool) -> contract.Function:
    trigger = function.trigger
    return contract.Function(
        name=function.name,
        trigger=trigger.type,
        route=function.route,
        methods=function.methods,
        is_disabled=disabled,
        bindings=tuple(binding.settings for binding in (trigger, *function.clients)),
        entry_point=function.name,
        directory=str(options.app),
    )


def _announce(
    functions: list[contract.Function], server: HttpServer, settings: HostSettings, *, verbose: bool
) -> None:
    text = banner(
        functions, base_url=server.base_url, prefix=settings.route_prefix, verbose=verbose
    )
    print(text, flush=True)  # noqa: T201 - this is what a command line does
