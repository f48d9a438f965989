"""The durable service: a store and a worker become a running task hub.

It owns every part of dispatch, starts what was due when the host stopped, and drains on the way
out. To clients it is the ``TaskHub``.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from funchost.dispatch.activities import Activities
from funchost.dispatch.commits import Sources, create_instance
from funchost.dispatch.hub import StartRequest
from funchost.dispatch.ids import new_id
from funchost.dispatch.journal import Journal
from funchost.dispatch.lanes import Lanes
from funchost.dispatch.ports import Clock, Worker
from funchost.dispatch.timers import Timers
from funchost.engine.errors import (
    InstanceNotFoundError,
    InvalidInstanceIdError,
    UnknownFunctionError,
    WrongStateError,
)
from funchost.engine.events import (
    Event,
    EventRaised,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    Message,
    MessageEvent,
    RuntimeStatus,
    TimerFired,
)
from funchost.engine.ports import (
    AddMessage,
    CommitEpisode,
    InstanceQuery,
    InstanceRecord,
    Outgoing,
    PurgeInstances,
    Store,
    TimerItem,
)

logger = logging.getLogger(__name__)

MAX_INSTANCE_ID = 256  # characters, as the Durable extension allows
FORBIDDEN_IN_ID = frozenset("/\\?#")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much runs at a time, and whether a start may replace a running instance."""

    orchestrators: int
    activities: int
    replace_running: bool = False
    default_version: str | None = None


class DurableService:
    """A running task hub. Build it inside the event loop that it is to live on."""

    def __init__(
        self,
        *,
        store: Store,
        worker: Worker,
        clock: Clock,
        limits: Limits,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        """Wire the parts; nothing runs before ``start_up``."""
        self._clock = clock
        self._limits = limits
        self._worker = worker
        self._journal = Journal(store, on_failure=on_failure)
        self._backlog = store.backlog()
        self._sources = Sources(
            next_sequence=itertools.count(self._backlog.last_sequence + 1).__next__,
            new_id=new_id,
        )
        self._timers = Timers(clock, self._fire)
        self._lanes = Lanes(
            worker=worker,
            journal=self._journal,
            clock=clock,
            sources=self._sources,
            effects=self,
            concurrency=limits.orchestrators,
        )
        self._activities = Activities(
            worker=worker,
            journal=self._journal,
            clock=clock,
            deliver=self._lanes.deliver,
            next_sequence=self._sources.next_sequence,
            concurrency=limits.activities,
        )
        self._timekeeper: asyncio.Task[None] | None = None

    def start_up(self) -> None:
        """Go on with everything that was due when the host stopped."""
        for timer in self._backlog.timers:
            self._timers.add(timer)
        self._timekeeper = asyncio.get_running_loop().create_task(self._timers.run())
        for activity in self._backlog.activities:
            self._activities.start(activity)
        for instance_id in self._backlog.instance_ids:
            self._lanes.wake(instance_id)
        due = len(self._backlog.instance_ids), len(self._backlog.activities)
        if any(due):
            logger.info("Going on with %d instances and %d activities", *due)

    async def shut_down(self, grace_s: float) -> None:
        """Begin nothing more, give what runs ``grace_s`` seconds, then close the store."""
        if self._timekeeper is not None:
            self._timekeeper.cancel()
        draining = asyncio.gather(self._activities.drain(), self._lanes.drain())
        try:
            await asyncio.wait_for(draining, grace_s)
        except TimeoutError:
            logger.info("Some functions still run; they will run again after the next start")
            self._activities.cancel()
            self._lanes.cancel()
        await self._journal.close()

    def is_idle(self) -> bool:
        """Tell whether everything waits for a timer, an event or a client."""
        return self._lanes.is_idle and self._activities.is_idle

    def apply(self, commit: CommitEpisode) -> None:
        """Start the activities, set and forget the timers of a committed episode."""
        for timer_id in commit.ended_timers:
            self._timers.discard(commit.record.instance_id, commit.execution_id, timer_id)
        for timer in commit.timers:
            self._timers.add(timer)
        for activity in commit.activities:
            self._activities.start(activity)

    async def start(self, request: StartRequest) -> str:
        """Create an instance and return its id; see ``TaskHub``."""
        name = self._worker.orchestrators.get(request.name.casefold())
        if name is None:
            raise UnknownFunctionError(self._unknown(request.name))
        instance_id = request.instance_id or new_id()
        _check_id(instance_id)
        started = ExecutionStarted(
            at=self._clock.now(),
            name=name,
            execution_id=new_id(),
            input=request.input,
            version=request.version or self._limits.default_version,
        )
        create = create_instance(
            instance_id,
            started,
            sources=self._sources,
            replace_running=self._limits.replace_running,
        )
        await self._journal.commit(create)
        self._lanes.created(create)
        return instance_id

    async def status(self, instance_id: str) -> InstanceRecord | None:
        """Return what is known of an instance, or None."""
        in_memory = self._lanes.record(instance_id)
        if in_memory is not None:
            return in_memory
        return await self._journal.read(lambda store: store.get(instance_id))

    async def history(self, instance_id: str) -> Sequence[Event]:
        """Return the history of the running or last generation; () if unknown."""
        snapshot = await self._journal.read(lambda store: store.load(instance_id))
        return () if snapshot is None else snapshot.history

    async def query(self, query: InstanceQuery) -> Sequence[InstanceRecord]:
        """Return a page of records, ordered by instance id."""
        return await self._journal.read(lambda store: store.query(query))

    async def raise_event(self, instance_id: str, name: str, payload: str | None) -> None:
        """Put an external event into the inbox."""
        await self._send(instance_id, EventRaised(at=self._clock.now(), name=name, input=payload))

    async def terminate(self, instance_id: str, reason: str | None) -> None:
        """End an instance at its next episode."""
        await self._send(instance_id, ExecutionTerminated(at=self._clock.now(), reason=reason))

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        """Pause an instance."""
        if await self._is_suspended(instance_id):
            raise WrongStateError(f"The instance '{instance_id}' is suspended already.")
        await self._send(instance_id, ExecutionSuspended(at=self._clock.now(), reason=reason))

    async def resume(self, instance_id: str, reason: str | None) -> None:
        """Let an instance go on."""
        await self._send(instance_id, ExecutionResumed(at=self._clock.now(), reason=reason))

    async def purge(self, instance_ids: Sequence[str]) -> int:
        """Forget those of the instances that have ended; return how many."""
        ended: list[str] = []
        for instance_id in instance_ids:
            record = await self.status(instance_id)
            if record is None:
                continue
            if record.status.is_terminal:
                ended.append(instance_id)
            elif len(instance_ids) == 1:
                raise WrongStateError(
                    "Only orchestrations in a terminal state can be purged, but the "
                    f"orchestration with instance ID {instance_id} has status {record.status}"
                )
        if ended:
            await self._journal.commit(PurgeInstances(instance_ids=tuple(ended)))
            for instance_id in ended:
                self._lanes.purged(instance_id)
        return len(ended)

    async def _send(self, instance_id: str, event: MessageEvent) -> None:
        outgoing = self._sources.message(instance_id, event)
        await self._journal.commit(AddMessage(outgoing=outgoing))
        self._lanes.deliver(outgoing)

    async def _is_suspended(self, instance_id: str) -> bool:
        record = await self.status(instance_id)
        if record is None:
            raise InstanceNotFoundError(f"No instance with ID '{instance_id}' found.")
        return record.status is RuntimeStatus.SUSPENDED

    def _fire(self, timer: TimerItem) -> None:
        event = TimerFired(at=self._clock.now(), timer_id=timer.timer_id, fire_at=timer.fire_at)
        message = Message(
            sequence=self._sources.next_sequence(), event=event, execution_id=timer.execution_id
        )
        self._lanes.deliver(Outgoing(instance_id=timer.instance_id, message=message))

    def _unknown(self, name: str) -> str:
        known = ", ".join(f"'{known}'" for known in sorted(self._worker.orchestrators.values()))
        start = (
            f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator function."
        )
        if not known:
            return f"{start} Additional info: No orchestrator functions are currently registered!"
        return (
            f"{start} Additional info: The following are the known orchestrator functions: {known}."
        )


def _check_id(instance_id: str) -> None:
    """Refuse what the Durable extension refuses."""
    bad = [c for c in instance_id if c in FORBIDDEN_IN_ID or not c.isprintable()]
    if bad or instance_id.startswith("@") or len(instance_id) > MAX_INSTANCE_ID:
        raise InvalidInstanceIdError(
            "Instance ids must not start with '@', hold '/', '\\', '#', '?' or control "
            f"characters, or be longer than {MAX_INSTANCE_ID} characters."
        )
