"""One run of the host from the command line: read the settings, open the store, serve, stop.

How the parts go together is ``assembly``'s business; what each of them does is its own.
"""

import asyncio
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from funchost import console
from funchost.assembly import Assembly, identity_of, worker_settings
from funchost.dispatch.clock import SystemClock
from funchost.dispatch.ids import new_id
from funchost.dispatch.ports import Clock
from funchost.errors import StartError
from funchost.http import contract
from funchost.http.auth import Guard
from funchost.http.banner import banner
from funchost.http.cors import Cors
from funchost.http.keys import DEFAULT, DURABLE_EXTENSION, Keys
from funchost.http.server import HttpServer, ServerSettings
from funchost.options import Auth, Options
from funchost.settings.errors import SettingsError
from funchost.settings.host import HostSettings
from funchost.settings.local import LocalSettings
from funchost.storage.errors import StateFileError
from funchost.storage.sqlite import SqliteStore
from funchost.triggers.errors import TriggerError
from funchost.triggers.listeners import StorageSettings
from funchost.triggers.schedule_file import ScheduleFile
from funchost.triggers.service import Surroundings, TriggerService
from funchost.worker.errors import AppLoadError
from funchost.worker.host_worker import AppWorker

logger = logging.getLogger("funchost")

DEFAULT_PORT = 7071
DRAIN = timedelta(seconds=3)  # of the 5 s that Ctrl-C may take
WORKER_PATIENCE = timedelta(milliseconds=500)
HOST_ID_SETTING = "AzureFunctionsWebHost__hostid"
HOST_ID = re.compile(r"(?=.{1,32}$)[a-z0-9]+(-[a-z0-9]+)*")
NO_HOME_PAGE = "AzureWebJobsDisableHomepage"


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
        console.configure(verbose=self.options.verbose, levels=settings.log_levels)
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
        stop = asyncio.Event()
        failure: list[BaseException] = []

        def fail(error: BaseException) -> None:
            failure.append(error)
            stop.set()

        where = replace(
            _server_settings(self.options, settings, _port(self.options, local)),
            cors=_cors(self.options, local),
        )
        host = _assembled(self.options, store, worker, settings, where, fail)
        try:
            await host.start()
            _announce(host.functions, host.server, settings, verbose=self.options.verbose)
            await _until_told(stop)
            logger.info("Stopping")
        finally:
            await host.stop(DRAIN)
            ended = await worker.stop(WORKER_PATIENCE)
        if failure:
            raise StartError(f"The host stopped, because its state could not be kept: {failure[0]}")
        return ended


def _assembled(
    options: Options,
    store: SqliteStore,
    worker: AppWorker,
    settings: HostSettings,
    where: ServerSettings,
    on_failure: Callable[[BaseException], None],
) -> Assembly:
    clock = SystemClock()
    return Assembly(
        app=worker,
        directory=options.app,
        settings=settings,
        where=_guarded(where, worker, options),
        store=store,
        clock=clock,
        on_failure=on_failure,
        triggers=_triggers(options, settings, worker, clock, _host_id(where.identity.host_id)),
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
            worker_settings(options.app, settings, functions=options.functions)
        )
    except AppLoadError as error:
        if options.verbose and error.stack:
            logger.error("%s", error.stack)  # noqa: TRY400 - the app's stack, not ours
        raise StartError(f"The app in {options.app} cannot be loaded: {error}") from error


def _server_settings(options: Options, settings: HostSettings, port: int) -> ServerSettings:
    return ServerSettings(
        host=options.host,
        port=port,
        hub_name=settings.durable.hub_name,
        route_prefix=settings.route_prefix,
        has_home_page=os.environ.get(NO_HOME_PAGE, "").casefold() != "true",
        identity=identity_of(options.app),
    )


def _guarded(where: ServerSettings, worker: AppWorker, options: Options) -> ServerSettings:
    """Let the server ask for keys, if it is to."""
    if options.auth is Auth.OFF:
        return where
    keys = Keys.load(options.key_file, worker.functions.http)
    logger.info("Keys are asked for; they are in %s", options.key_file)
    identity = replace(
        where.identity, host_key=keys.host[DEFAULT], system_key=keys.system[DURABLE_EXTENSION]
    )
    return replace(where, guard=Guard(keys), identity=identity)


def _host_id(made: str) -> str:
    """Return what tells hosts apart that share a storage account; a setting may say it."""
    said = os.environ.get(HOST_ID_SETTING, made)
    if not HOST_ID.fullmatch(said):
        raise StartError(
            f"{HOST_ID_SETTING} is '{said}'; it must be 1 to 32 lower-case letters, digits and "
            "single hyphens, beginning and ending with a letter or digit."
        )
    return said


def _triggers(
    options: Options, settings: HostSettings, worker: AppWorker, clock: Clock, host_id: str
) -> TriggerService:
    try:
        return TriggerService(
            worker.functions.functions,
            Surroundings(
                run=worker.invoke_once,
                clock=clock,
                schedules=ScheduleFile.beside(options.state_file),
                storage=StorageSettings(
                    queues=settings.queues,
                    blobs=settings.blobs,
                    app=dict(os.environ),
                    host_id=host_id,
                ),
                new_id=new_id,
            ),
        )
    except TriggerError as error:
        raise StartError(f"The app in {options.app} cannot be served: {error}") from error


def _announce(
    functions: Sequence[contract.Function],
    server: HttpServer,
    settings: HostSettings,
    *,
    verbose: bool,
) -> None:
    text = banner(
        functions, base_url=server.base_url, prefix=settings.route_prefix, verbose=verbose
    )
    print(text, flush=True)  # noqa: T201 - this is what a command line does
