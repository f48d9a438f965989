"""The durable service: a store and a worker become a running task hub.

It owns every part of dispatch, starts what was due when the host stopped, and drains on the way
out. To clients it is the ``TaskHub``.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from funchost.dispatch.activities import Activities
from funchost.dispatch.azure import AzureWarner, OnDivergence, nobody
from funchost.dispatch.batches import Batches
from funchost.dispatch.commits import Sources, create_instance, operation_request
from funchost.dispatch.ends import Ends
from funchost.dispatch.episodes import Episodes, encode_history
from funchost.dispatch.hub import StartRequest
from funchost.dispatch.ids import new_id
from funchost.dispatch.journal import Journal
from funchost.dispatch.lanes import Lanes
from funchost.dispatch.parts import Parts
from funchost.dispatch.ports import Clock, Worker
from funchost.dispatch.rewinding import rewind_tree
from funchost.dispatch.timers import Timers
from funchost.engine.errors import (
    InstanceEndedError,
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
    OperationRequested,
    RuntimeStatus,
    TimerFired,
)
from funchost.engine.ids import invalid_entity_key, invalid_instance_id
from funchost.engine.ports import (
    AddMessage,
    CommitEpisode,
    InstanceQuery,
    InstanceRecord,
    Outcome,
    Outgoing,
    PurgeInstances,
    Store,
    TimerItem,
)
from funchost.engine.versions import ANY_VERSION, Versioning

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may run, at a time and in all; whether a start may replace a running instance."""

    orchestrators: int
    activities: int
    entities: int
    entity_batch: int = 50
    orchestration_actions: int = 100_000  # of one generation
    replace_running: bool = False
    versioning: Versioning = ANY_VERSION


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
        on_divergence: OnDivergence = nobody,
    ) -> None:
        """Wire the parts; nothing runs before ``start_up``.

        ``on_divergence`` is told what would go differently in Azure.
        """
        self._limits = limits
        self._journal = Journal(store, on_failure=on_failure)
        self._backlog = store.backlog()
        self._sources = _sources_after(self._backlog.last_sequence)
        self._timers = Timers(clock, self._fire)
        self._timekeeper: asyncio.Task[None] | None = None
        self._ends = Ends()
        self._lanes = Lanes(journal=self._journal, encode=encode_history(worker))
        self._parts = Parts(
            worker=worker,
            journal=self._journal,
            clock=clock,
            sources=self._sources,
            effects=self,
            warner=AzureWarner(on_divergence),
        )
        self._activities = Activities(
            self._parts, deliver=self._lanes.deliver, concurrency=limits.activities
        )
        self._serve_turns()

    def _serve_turns(self) -> None:
        limits = self._limits
        self._lanes.serve(
            orchestrations=Episodes(
                self._parts,
                concurrency=limits.orchestrators,
                versioning=limits.versioning,
                max_actions=limits.orchestration_actions,
            ),
            entities=Batches(
                self._parts, concurrency=limits.entities, batch_size=limits.entity_batch
            ),
        )

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

    def is_idle(self, *, asleep: int = 0) -> bool:
        """Tell whether everything waits for a timer, an event or a client.

        ``asleep`` of the activities that run are known to wait for the clock.
        """
        is_at_work = self._activities.at_work > asleep
        return self._lanes.is_idle and self._journal.is_idle and not is_at_work

    def apply(self, commit: CommitEpisode, outcome: Outcome) -> None:
        """Carry out what a commit has made durable; see ``Effects``."""
        for timer_id in commit.ended_timers:
            self._timers.discard(commit.record.instance_id, commit.execution_id, timer_id)
        for timer in commit.timers:
            self._timers.add(timer)
        for activity in commit.activities:
            self._activities.start(activity)
        for child in commit.children:
            if child in outcome.refused:
                self._lanes.deliver(child.refusal)
            else:
                self._lanes.created(child.create)
        for outgoing in commit.outgoing:
            self._lanes.deliver(outgoing)
        if commit.record.status.is_terminal:
            self._ends.tell(commit.record.instance_id)

    async def start(self, request: StartRequest) -> str:
        """Create an instance and return its id; see ``TaskHub``."""
        name = self._parts.worker.orchestrators.get(request.name.casefold())
        if name is None:
            raise UnknownFunctionError(
                self._unknown("orchestrator", request.name, self._parts.worker.orchestrators)
            )
        instance_id = request.instance_id or new_id()
        complaint = invalid_instance_id(instance_id)
        if complaint is not None:
            raise InvalidInstanceIdError(complaint)
        started = ExecutionStarted(
            at=self._parts.clock.now(),
            name=name,
            execution_id=new_id(),
            input=request.input,
            version=request.version or self._limits.versioning.default,
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

    async def ended(self, instance_id: str) -> InstanceRecord | None:
        """Return what is known of an instance once it has ended; None at once if unknown."""
        while True:
            end = self._ends.of(instance_id)  # before looking, so that none is missed
            record = await self.status(instance_id)
            if record is None or record.status.is_terminal:
                return record
            await end.wait()

    async def history(self, instance_id: str) -> Sequence[Event]:
        """Return the history of the running or last generation; () if unknown."""
        snapshot = await self._journal.read(lambda store: store.load(instance_id))
        return () if snapshot is None else snapshot.history

    async def query(self, query: InstanceQuery) -> Sequence[InstanceRecord]:
        """Return a page of records, ordered by instance id."""
        return await self._journal.read(lambda store: store.query(query))

    async def raise_event(self, instance_id: str, name: str, payload: str | None) -> None:
        """Put an external event into the inbox."""
        await self._send(
            instance_id, EventRaised(at=self._parts.clock.now(), name=name, input=payload)
        )

    async def terminate(self, instance_id: str, reason: str | None) -> None:
        """End an instance at its next episode."""
        await self._send(
            instance_id, ExecutionTerminated(at=self._parts.clock.now(), reason=reason)
        )

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        """Pause an instance."""
        await self._refuse_ended(instance_id)
        if await self._is_suspended(instance_id):
            raise WrongStateError(f"The instance '{instance_id}' is suspended already.")
        await self._send(instance_id, ExecutionSuspended(at=self._parts.clock.now(), reason=reason))

    async def resume(self, instance_id: str, reason: str | None) -> None:
        """Let an instance go on."""
        if not await self._is_suspended(instance_id):
            await self._refuse_ended(instance_id)
            raise WrongStateError(f"The instance '{instance_id}' is not suspended.")
        await self._send(instance_id, ExecutionResumed(at=self._parts.clock.now(), reason=reason))

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

    async def restart(self, instance_id: str, *, with_new_id: bool) -> str:
        """Start again what was started; see ``TaskHub``."""
        record = await self._known(instance_id)
        return await self.start(
            StartRequest(
                name=record.name,
                instance_id=None if with_new_id else instance_id,
                input=record.input,
                version=record.version,
            )
        )

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        """Take a failed instance back to before its failure; see ``TaskHub``."""
        for write in await rewind_tree(self._parts, instance_id, reason):
            self._lanes.changed(write.record.instance_id)
            for activity in write.activities:
                self._activities.start(activity)

    async def signal_entity(
        self, name: str, key: str, *, operation: str, payload: str | None
    ) -> None:
        """Ask an entity for an operation, expecting no answer."""
        self._check_entity(name, key)
        request = OperationRequested(
            at=self._parts.clock.now(), request_id=new_id(), operation=operation, input=payload
        )
        outgoing = operation_request(name, key, request, sources=self._sources)
        await self._journal.commit(AddMessage(outgoing=outgoing))
        self._lanes.deliver(outgoing)

    def _check_entity(self, name: str, key: str) -> None:
        if name.casefold() not in self._parts.worker.entities:
            raise UnknownFunctionError(self._unknown("entity", name, self._parts.worker.entities))
        complaint = invalid_entity_key(key)
        if complaint is not None:
            raise InvalidInstanceIdError(complaint)

    async def _send(self, instance_id: str, event: MessageEvent) -> None:
        outgoing = self._sources.message(instance_id, event)
        await self._journal.commit(AddMessage(outgoing=outgoing))
        self._lanes.deliver(outgoing)

    async def _known(self, instance_id: str) -> InstanceRecord:
        record = await self.status(instance_id)
        if record is None:
            raise InstanceNotFoundError(instance_id)
        return record

    async def _is_suspended(self, instance_id: str) -> bool:
        return (await self._known(instance_id)).status is RuntimeStatus.SUSPENDED

    async def _refuse_ended(self, instance_id: str) -> None:
        if (await self._known(instance_id)).status.is_terminal:
            raise InstanceEndedError(instance_id)

    def _fire(self, timer: TimerItem) -> None:
        event = TimerFired(
            at=self._parts.clock.now(), timer_id=timer.timer_id, fire_at=timer.fire_at
        )
        message = Message(
            sequence=self._sources.next_sequence(), event=event, execution_id=timer.execution_id
        )
        self._lanes.deliver(Outgoing(instance_id=timer.instance_id, message=message))

    def _unknown(self, kind: str, name: str, known: Mapping[str, str]) -> str:
        names = ", ".join(f"'{each}'" for each in sorted(known.values()))
        listed = (
            f"The following are the known {kind} functions: {names}."
            if names
            else f"No {kind} functions are currently registered!"
        )
        return (
            f"The function '{name}' doesn't exist, is disabled, or is not an {kind} function. "
            f"Additional info: {listed}"
        )


def _sources_after(last_sequence: int) -> Sources:
    return Sources(next_sequence=itertools.count(last_sequence + 1).__next__, new_id=new_id)
