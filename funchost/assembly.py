"""The host's parts put together around one app, for whoever runs them.

The command line runs an assembly until it is interrupted (``bootstrap``), a test for as long as the
test takes (``testing``). Where settings, the store and the clock come from is their business.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from funchost.dispatch.azure import OnDivergence, nobody
from funchost.dispatch.ids import new_id
from funchost.dispatch.ports import Clock, Worker
from funchost.dispatch.service import DurableService, Limits
from funchost.engine.ports import Store
from funchost.http import contract
from funchost.http.admin import HostIdentity
from funchost.http.server import HttpServer, ServerSettings
from funchost.settings.host import DurableSettings, HostSettings, OverridableStates
from funchost.triggers.errors import TriggerError
from funchost.triggers.service import TriggerService
from funchost.worker.client_binding import ClientEndpoint
from funchost.worker.functions import Function
from funchost.worker.host_worker import AppWorker, WorkerSettings
from funchost.worker.http import HttpAnswer, HttpRequest

RPC_SUFFIX = "/durabletask/"


@dataclass(kw_only=True, eq=False)
class Assembly:
    """A host for one app. Build it inside the event loop that it is to live on.

    Args:
        app: The loaded app; stopping it is the caller's business.
        directory: The app's folder.
        settings: Its host.json.
        where: Where and how to serve HTTP.
        store: Where instances are kept; the assembly closes it.
        clock: The time of durable timers.
        on_failure: Told once when the store fails; the host cannot go on then.
        on_divergence: Told what would go differently in Azure.
        worker: Stands before the app where durable functions are called, if given.
        invoke: Stands before the app where HTTP functions are called, if given.
        triggers: Timers, queues and blobs, and bindings to storage; without them, none are served.
        listens: Whether timers, queues and blobs run functions; if not, only hands do.

    Raises:
        StartError: A route of the app cannot be read.
    """

    app: AppWorker
    directory: Path
    settings: HostSettings
    where: ServerSettings
    store: Store
    clock: Clock
    on_failure: Callable[[BaseException], None]
    on_divergence: OnDivergence = nobody
    worker: Worker | None = None
    invoke: contract.Invoke | None = None
    triggers: TriggerService | None = None
    listens: bool = True
    functions: Sequence[contract.Function] = field(init=False)
    service: DurableService = field(init=False)
    server: HttpServer = field(init=False)

    def __post_init__(self) -> None:
        """Wire the parts; nothing runs before ``start``."""
        self.functions = _functions(self.app, self.directory)
        self.service = DurableService(
            store=self.store,
            worker=self.worker or self.app,
            clock=self.clock,
            limits=_limits(self.settings.durable),
            on_failure=self.on_failure,
            on_divergence=self.on_divergence,
        )
        self.server = HttpServer(
            self.where,
            functions=self.functions,
            invoke=self.invoke or Invoke(self.app),
            hub=self.service,
            run_by_hand=None if self.triggers is None else RunByHand(self.app, self.triggers),
        )
        if self.triggers is not None:
            self.app.serve_bindings(self.triggers.bindings)

    async def start(self) -> None:
        """Take the ports, go on with what was due, and let requests in.

        Raises:
            StartError: The port cannot be had.
        """
        self.server.bind()
        self.app.serve_clients(
            ClientEndpoint(
                public_url=self.server.base_url,
                rpc_url=self.server.rpc_base_url.removesuffix(RPC_SUFFIX),
                hub=self.settings.durable.hub_name,
                key=self.where.identity.system_key,
            )
        )
        self.service.start_up()
        await self.server.start()
        if self.triggers is not None and self.listens:
            self.triggers.start()

    async def stop(self, drain: timedelta) -> None:
        """Let nobody in, give what runs so much time, and close the store."""
        triggers = self.triggers
        await asyncio.gather(
            self.server.stop(drain), *(() if triggers is None else (triggers.stop(drain),))
        )
        await self.service.shut_down(drain.total_seconds())


@dataclass(frozen=True, slots=True)
class Invoke:
    """Hands a request of the HTTP layer to the app."""

    app: AppWorker

    async def __call__(self, name: str, request: HttpRequest) -> HttpAnswer:
        """Run an HTTP function once."""
        return await self.app.invoke_http(self.app.functions.http[name], request)


@dataclass(frozen=True, slots=True)
class RunByHand:
    """Hands a function that somebody wants to run to its trigger."""

    app: AppWorker
    triggers: TriggerService

    def __call__(self, name: str, text: str | None) -> None:
        """Begin to run a function."""
        function = next(each for each in self.app.functions.functions if each.name == name)
        try:
            self.triggers.run_by_hand(function, text)
        except TriggerError as error:
            raise contract.NotRunnableError(f"{name}: {error}.") from error


def worker_settings(
    app_dir: Path, settings: HostSettings, *, functions: tuple[str, ...] = ()
) -> WorkerSettings:
    """Return how the app's functions run, as its host.json says; no names mean all functions."""
    return WorkerSettings(
        app_dir=app_dir,
        new_id=new_id,
        function_timeout=settings.function_timeout,
        http_poll_interval=settings.durable.http_poll_interval,
        functions=functions,
    )


def identity_of(app_dir: Path) -> HostIdentity:
    """Return ids and stand-ins for keys: the same for the same app, and nothing checks them."""
    return HostIdentity(
        host_id=_digest(app_dir, "host")[:32],
        instance_id=new_id(),
        host_key=_digest(app_dir, "host-key"),
        system_key=_digest(app_dir, "system-key"),
    )


def _digest(app_dir: Path, purpose: str) -> str:
    return hashlib.sha256(f"{purpose}:{app_dir}".encode()).hexdigest()


def _limits(durable: DurableSettings) -> Limits:
    return Limits(
        orchestrators=durable.max_concurrent_orchestrators,
        activities=durable.max_concurrent_activities,
        entities=durable.max_concurrent_entities,
        entity_batch=durable.max_entity_batch,
        orchestration_actions=durable.max_orchestration_actions,
        replace_running=durable.overridable_states is OverridableStates.ANY,
        versioning=durable.versioning,
    )


def _functions(app: AppWorker, directory: Path) -> list[contract.Function]:
    table = app.functions
    return [
        *(_described(function, directory, disabled=False) for function in table.functions),
        *(_described(function, directory, disabled=True) for function in table.disabled),
    ]


def _described(function: Function, directory: Path, *, disabled: bool) -> contract.Function:
    trigger = function.trigger
    return contract.Function(
        name=function.name,
        trigger=trigger.type,
        route=function.route,
        methods=function.methods,
        is_disabled=disabled,
        bindings=tuple(binding.settings for binding in function.bindings),
        auth_level=function.auth_level,
        entry_point=function.name,
        directory=str(directory),
    )
