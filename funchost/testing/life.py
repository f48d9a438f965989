"""One life of a host, from its start to its crash, and what outlives it."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Self

from funchost.assembly import Assembly, Invoke, identity_of
from funchost.dispatch.azure import OnDivergence
from funchost.dispatch.ids import new_id
from funchost.dispatch.ports import Clock
from funchost.dispatch.service import DurableService
from funchost.engine.ports import Store
from funchost.http.server import HttpServer, ServerSettings
from funchost.settings.host import HostSettings
from funchost.storage.memory import MemoryStore
from funchost.testing.calls import CallBook
from funchost.testing.faults import Faults
from funchost.testing.store import Lifetime
from funchost.testing.worker import CountedInvoke, ObservedWorker
from funchost.triggers.listeners import StorageSettings
from funchost.triggers.schedule_file import MemorySchedules
from funchost.triggers.service import Surroundings, TriggerService
from funchost.worker.host_worker import AppWorker

NOTHING = timedelta(0)
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a crash leaves as it is: the app, the clock, the store, the test's own records."""

    app: AppWorker
    directory: Path
    settings: HostSettings
    clock: Clock
    faults: Faults
    on_failure: Callable[[BaseException], None]
    on_divergence: OnDivergence
    book: CallBook = field(default_factory=CallBook)
    kept: Store = field(default_factory=MemoryStore)


class Life:
    """A running host. Begin it with ``begin``; nothing but a crash ends it.

    Timers, queues and blobs trigger nothing by themselves: a test says when. Bindings work.
    """

    def __init__(self, world: World, *, port: int) -> None:
        self._store = Lifetime(world.kept, world.book)
        self._worker = ObservedWorker(
            app=world.app, clock=world.clock, book=world.book, faults=world.faults
        )
        self._invoke = CountedInvoke(Invoke(world.app))
        identity = identity_of(world.directory)
        self._triggers = _triggers(world, identity.host_id)
        self._assembly = Assembly(
            app=world.app,
            directory=world.directory,
            settings=world.settings,
            where=ServerSettings(
                host=LOOPBACK,
                port=port,
                hub_name=world.settings.durable.hub_name,
                route_prefix=world.settings.route_prefix,
                identity=identity,
            ),
            store=self._store,
            clock=world.clock,
            on_failure=world.on_failure,
            on_divergence=world.on_divergence,
            worker=self._worker,
            invoke=self._invoke,
            triggers=self._triggers,
            listens=False,
        )

    @classmethod
    async def begin(cls, world: World, *, port: int) -> Self:
        """Start a host on a port."""
        life = cls(world, port=port)
        await life._assembly.start()
        return life

    @property
    def service(self) -> DurableService:
        """Return the task hub."""
        return self._assembly.service

    @property
    def server(self) -> HttpServer:
        """Return the front door."""
        return self._assembly.server

    def is_idle(self) -> bool:
        """Tell whether everything waits for the clock, an event or a client."""
        return (
            not self._invoke.running
            and self._triggers.is_idle
            and self.service.is_idle(asleep=self._worker.asleep)
        )

    async def crash(self) -> None:
        """End at once; what user code is at runs on, unheard, and is waited for."""
        self._store.cut()
        await self._assembly.stop(NOTHING)
        await self._worker.quiet()


def reserved_port() -> socket.socket:
    """Return a socket that keeps a port from everybody but hosts, for as long as it is open.

    It never listens, and so a host that is given its port may, crash after crash.
    """
    reservation = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.bind((LOOPBACK, 0))
    return reservation


def _triggers(world: World, host_id: str) -> TriggerService:
    return TriggerService(
        world.app.functions.functions,
        Surroundings(
            run=world.app.invoke_once,
            clock=world.clock,
            schedules=MemorySchedules(),
            storage=StorageSettings(
                queues=world.settings.queues,
                blobs=world.settings.blobs,
                app=dict(os.environ),
                host_id=host_id,
            ),
            new_id=new_id,
        ),
    )
