"""``AppHost``: a host for one test, in the test's own process and event loop.

What it is made of is the host that ``funchost start`` runs; in between stand a store that outlives
crashes (``store``), a worker that writes down calls and lets them go wrong (``worker``), and a
clock that jumps (``passing``).
"""

import contextlib
import json as jsonlib
import os
from collections.abc import AsyncGenerator, Collection, Generator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self, TypedDict

from funchost.dispatch.clock import SystemClock
from funchost.dispatch.hub import StartRequest
from funchost.engine.closing import Catalog
from funchost.engine.entities import entity_state
from funchost.engine.errors import InstanceNotFoundError
from funchost.engine.findings import Cause, Divergence, Finding
from funchost.engine.ids import entity_id
from funchost.engine.ports import InstanceQuery, InstanceRecord
from funchost.engine.rehearsal import departure, what_code_saw
from funchost.settings.host import HostSettings
from funchost.testing.app import absolute, borrowed_process, loaded_app
from funchost.testing.calls import ActivityCall
from funchost.testing.clock import VirtualClock
from funchost.testing.errors import DivergenceError, KitError, ReplayError
from funchost.testing.faults import Faults
from funchost.testing.life import Life, World, reserved_port
from funchost.testing.passing import Passing, RealPassing, VirtualPassing, patience
from funchost.testing.recordings import Recording
from funchost.testing.requests import Body, HttpCall, HttpResult
from funchost.testing.status import AzureWarning, InstanceStatus
from funchost.worker.host_worker import AppWorker

DEFAULT_PATIENCE = timedelta(seconds=30)
INSTANCES_TOLD = 20

type Time = Literal["virtual", "real"]


class Options(TypedDict, total=False):
    """How to run a host for one test; ``AppHost.open`` says what each means."""

    time: Time
    settings: Mapping[str, str] | None
    allow: Collection[Cause]
    begins_at: datetime | None
    longest_wait: timedelta


class AppHost:
    """A host for one test. ``async with AppHost.open(app_dir) as host:`` makes it."""

    def __init__(
        self,
        app: AppWorker,
        *,
        directory: Path,
        settings: HostSettings,
        port: int,
        begins_at: datetime | None,
        longest_wait: timedelta,
    ) -> None:
        """Hold everything but a running host; without ``begins_at``, time is real."""
        self._passing: Passing
        if begins_at is None:
            self._passing = RealPassing(SystemClock(), self._is_idle)
        else:
            self._passing = VirtualPassing(VirtualClock(begins_at), self._is_idle)
        self._longest_wait = longest_wait
        self._warnings: list[AzureWarning] = []
        self._broken: list[BaseException] = []
        self._asking = 0
        self._world = World(
            app=app,
            directory=directory,
            settings=settings,
            clock=self._passing.clock,
            faults=Faults(app.activities),
            on_failure=self._broken.append,
            on_divergence=self._diverged,
        )
        self._port = port
        self._life: Life | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        app_dir: str | Path,
        *,
        time: Time = "virtual",
        settings: Mapping[str, str] | None = None,
        allow: Collection[Cause] = (),
        begins_at: datetime | None = None,
        longest_wait: timedelta = DEFAULT_PATIENCE,
    ) -> AsyncGenerator[Self]:
        """Run a host for one test, around the app that this process has loaded or loads now.

        Args:
            app_dir: The app's folder, with its host.json.
            time: ``virtual`` jumps to the next timer when nothing runs and the test waits; ``real``
                takes its time.
            settings: App settings for this test. What the app reads while it is imported, or
                keeps, is from the first test of the process.
            allow: Causes of divergence that are no failure of this test.
            begins_at: When virtual time begins, aware; now unless given, so that code of the app
                which looks at the system's clock is not far off.
            longest_wait: How long one wait may take in real time.

        Raises:
            SecondAppError: This process has loaded another app.
            AppLoadError: The app cannot be loaded.
            SettingsError: One of its settings files cannot be used.
            TriggerError: A trigger or binding of it cannot be served.
            KitError: Another host runs.
            DivergenceError: At the end: an orchestration would come to another end in Azure.
        """
        directory = absolute(app_dir)
        with borrowed_process(directory, settings or {}), reserved_port() as reservation:
            host_settings = HostSettings.load(directory, os.environ)
            app = await loaded_app(directory, host_settings)
            virtual = begins_at or SystemClock().now()
            host = cls(
                app,
                directory=directory,
                settings=host_settings,
                port=reservation.getsockname()[1],
                begins_at=virtual if time == "virtual" else None,
                longest_wait=longest_wait,
            )
            host._life = await Life.begin(host._world, port=host._port)
            try:
                yield host
            finally:
                await host._end()
        host._judge(frozenset(allow))

    async def call_http(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        body: Body = b"",
        headers: Mapping[str, str] | None = None,
    ) -> HttpResult:
        """Send a request to the app, or to the management API, without a socket.

        Args:
            method: Such as ``POST``.
            url: A path such as ``/api/orders?dry=1``, or a whole URL that the host has given out.
            json: The body as JSON values.
            body: The body if it is no JSON: bytes as they are, a text in UTF-8, or the fields of a
                form by name.
            headers: Further headers; one that is implied can be given another value.
        """
        call = HttpCall(method=method, url=url, json=json, body=body, headers=headers)
        with self._busy():
            return await call.through(self._running.server)

    async def start(
        self,
        orchestrator: str,
        value: Any = None,
        *,
        instance_id: str | None = None,
        version: str | None = None,
    ) -> str:
        """Start an orchestration, as the SDK's client would, and return its instance id.

        Raises:
            EngineError: As a client's start: unknown orchestrator, id not acceptable or in use.
        """
        request = StartRequest(
            name=orchestrator, instance_id=instance_id, input=_twice_encoded(value), version=version
        )
        with self._busy():
            return await self._running.service.start(request)

    async def raise_event(self, instance_id: str, name: str, payload: Any = None) -> None:
        """Raise an external event, as a client that posts JSON would.

        Raises:
            EngineError: The instance is unknown, or has ended.
        """
        with self._busy():
            await self._running.service.raise_event(instance_id, name, jsonlib.dumps(payload))

    async def signal_entity(self, entity: str, key: str, operation: str, value: Any = None) -> None:
        """Ask an entity for an operation, expecting no answer.

        Raises:
            EngineError: There is no such entity function, or the key is not acceptable.
        """
        with self._busy():
            await self._running.service.signal_entity(
                entity, key, operation=operation, payload=_twice_encoded(value)
            )

    @property
    def now(self) -> datetime:
        """Return the host's instant, aware, in UTC."""
        return self._passing.clock.now()

    async def advance(self, duration: timedelta) -> None:
        """Let so much time pass, with everything that is due in it."""
        is_virtual = isinstance(self._passing, VirtualPassing)
        longest = self._longest_wait if is_virtual else self._longest_wait + duration
        async with patience(longest, f"Letting {duration} pass", self._how_things_stand):
            await self._passing.advance(duration)
            await self._passing.rest()

    async def at_rest(self) -> None:
        """Wait until nothing runs: all wait for a timer, an event or a client. No time passes."""
        async with patience(self._longest_wait, "Waiting for rest", self._how_things_stand):
            await self._passing.rest()

    async def until_done(self, instance_id: str) -> InstanceStatus:
        """Let time pass until an instance has ended, and all is at rest; return its status.

        Raises:
            StuckError: It will not end: it waits for an event, or time is frozen. Or it has not
                ended within the longest wait.
            InstanceNotFoundError: There is no such instance.
        """

        async def has_ended() -> bool:
            return (await self._record(instance_id)).status.is_terminal

        what = f"Waiting for the end of {instance_id}"
        async with patience(self._longest_wait, what, self._how_things_stand):
            await self._passing.until(has_ended)
            await self._passing.rest()
        return await self.status(instance_id)

    def freeze(self) -> None:
        """Let virtual time pass by ``advance`` alone.

        Raises:
            KitError: Time is real.
        """
        self._passing.freeze()

    def flow(self) -> None:
        """Let time pass while the test waits, as at first."""
        self._passing.flow()

    async def status(self, instance_id: str) -> InstanceStatus:
        """Return how an instance stands.

        Raises:
            InstanceNotFoundError: There is no such instance.
        """
        record = await self._record(instance_id)
        return InstanceStatus.of(record, await self._running.service.history(instance_id))

    async def record(self, instance_id: str) -> Recording:
        """Return an instance's running or last generation, for ``replay`` by later versions.

        Raises:
            InstanceNotFoundError: There is no such instance.
        """
        await self.at_rest()
        record = await self._record(instance_id)
        return Recording.of(record, await self._running.service.history(instance_id))

    async def replay(self, recording: Recording) -> None:
        """Run the app's code over a recording: it must ask for the same and end the same.

        Nothing is called and nothing is kept: the recorded answers are given.

        Raises:
            ReplayError: It does something else, and the text says what.
        """
        app = self._world.app
        name = recording.head.name
        if name.casefold() not in app.orchestrators:
            raise ReplayError(f"There is no orchestrator '{name}' any more.")
        seen = what_code_saw(recording.history)
        texts = [text for event in seen if (text := app.encode(event))]
        with self._busy():
            turn = await app.orchestrate(recording.head, texts)
        catalog = Catalog(
            orchestrators=app.orchestrators, activities=app.activities, entities=app.entities
        )
        found = departure(
            recording.history, turn, instance_id=recording.head.instance_id, catalog=catalog
        )
        if found is not None:
            raise ReplayError(f"{name} ({recording.head.instance_id}): {found}")

    async def entity_state(self, entity: str, key: str) -> Any:
        """Return an entity's state as JSON values; None if it does not exist."""
        record = await self._running.service.status(entity_id(entity, key))
        state = None if record is None else entity_state(record)
        return jsonlib.loads(state.state) if state and state.exists and state.state else None

    def activity_calls(self, activity: str) -> list[ActivityCall]:
        """Return the calls of an activity, in the order in which they began."""
        return self._world.book.of(activity)

    @property
    def warnings(self) -> Sequence[AzureWarning]:
        """Return what would go differently in Azure, as far as it has been seen."""
        return tuple(self._warnings)

    @property
    def base_url(self) -> str:
        """Return the address at which the host listens, too, on a free port of this machine."""
        return self._running.server.base_url

    @property
    def faults(self) -> Faults:
        """Return the rules by which the next activity calls go wrong."""
        return self._world.faults

    async def crash_and_restart(self) -> None:
        """End the host as ``kill -9`` does, and start it on the same store and port.

        Everything in memory is gone, and with it what activities that run at the moment will
        answer: they are called again. Code of the app that runs in a thread cannot be ended; it is
        waited for, and its answer is lost.
        """
        await self._crash()
        self._life = await Life.begin(self._world, port=self._port)

    @property
    def _running(self) -> Life:
        if self._life is None:
            raise KitError("The host does not run any more: use it inside its with-block.")
        return self._life

    async def _end(self) -> None:
        try:
            await self._crash()
        finally:
            await self._world.app.close_connections()

    async def _crash(self) -> None:
        life, self._life = self._running, None
        async with patience(self._longest_wait, "Waiting for running functions", _nothing_to_add):
            await life.crash()

    def _judge(self, allowed: frozenset[Cause]) -> None:
        """Fail the test for what nobody has looked at."""
        if self._broken:
            raise KitError(f"The host broke: {self._broken[0]}") from self._broken[0]
        bad = [
            str(warning)
            for warning in self._warnings
            if warning.finding.divergence is not Divergence.LATER
            and warning.finding.cause not in allowed
        ]
        if bad:
            raise DivergenceError("\n".join(bad))

    def _diverged(self, record: InstanceRecord, finding: Finding) -> None:
        self._warnings.append(
            AzureWarning(orchestrator=record.name, instance_id=record.instance_id, finding=finding)
        )

    def _is_idle(self) -> bool:
        return not self._asking and self._running.is_idle()

    @contextlib.contextmanager
    def _busy(self) -> Generator[None]:
        """Let no time pass meanwhile, whatever else the test waits for at the same time."""
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1

    async def _record(self, instance_id: str) -> InstanceRecord:
        record = await self._running.service.status(instance_id)
        if record is None:
            raise InstanceNotFoundError(instance_id)
        return record

    async def _how_things_stand(self) -> str:
        """Say what every instance that has not ended is waiting for."""
        query = InstanceQuery(limit=1000)
        records = await self._running.service.query(query)
        alive = [record.instance_id for record in records if not record.status.is_terminal]
        lines = [str(await self.status(instance_id)) for instance_id in alive[:INSTANCES_TOLD]]
        left = len(alive) - len(lines)
        return "\n".join([f"It is {self.now}.", *lines, *([f"And {left} more."] if left else [])])


async def _nothing_to_add() -> str:
    return "A function of the app does not return."


def _twice_encoded(value: Any) -> str | None:
    """Encode as the SDK's client does: JSON text, in a JSON string."""
    return None if value is None else jsonlib.dumps(jsonlib.dumps(value))
