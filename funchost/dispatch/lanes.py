"""Lanes: one per instance with something to do; inside a lane, one episode at a time.

A lane keeps its instance in memory as the fold of its history and the history's encoded text, so
an episode costs the SDK's time and one commit. Memory is a cache: whenever anything goes wrong, the
lane forgets and reads the store again. Messages reach a lane only once they are durable, or are
posted to the journal before anything that depends on them; a timer's firing is neither, because its
row in the store is, and so survives a forgetting here.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from funchost.dispatch.commits import Sources, commit_of, lost_events
from funchost.dispatch.journal import Journal, JournalClosedError
from funchost.dispatch.ports import Clock, Worker
from funchost.engine.actions import Turn
from funchost.engine.calls import OrchestrationHead, WorkerUnavailableError
from funchost.engine.closing import Catalog, Closing, close_episode
from funchost.engine.errors import StaleWorkError
from funchost.engine.events import Message, RuntimeStatus, TimerFired
from funchost.engine.opening import open_episode
from funchost.engine.ports import (
    CommitEpisode,
    CreateInstance,
    InstanceRecord,
    Outcome,
    Outgoing,
    Snapshot,
)
from funchost.engine.state import State

logger = logging.getLogger(__name__)
invocations = logging.getLogger("funchost.invocations")

LANES_KEPT = 5_000  # idle instances kept in memory
FIRST_PAUSE_S = 0.5  # after an abandoned episode, doubling
LONGEST_PAUSE_S = 30.0


@dataclass(slots=True, kw_only=True)
class Lane:
    """An instance in memory; ``record`` is None until it has been read from the store."""

    instance_id: str
    record: InstanceRecord | None = None
    state: State = field(default_factory=State)
    encoded: list[str] = field(default_factory=list[str])
    inbox: list[Message] = field(default_factory=list[Message])
    task: asyncio.Task[None] | None = None
    abandoned: int = 0  # episodes in a row

    def forget(self) -> None:
        """Drop what the store has; a fired timer's message is only here."""
        self.record = None
        self.state = State()
        self.encoded = []
        self.inbox = [m for m in self.inbox if isinstance(m.event, TimerFired)]

    def begin(self, create: CreateInstance) -> None:
        """Take over a new instance, which needs no reading."""
        self.record = create.record
        self.state = State()
        self.encoded = []
        self.inbox = [create.start]

    def remember(self, snapshot: Snapshot, encode: Callable[[Snapshot], list[str]]) -> None:
        """Take over what the store has, beside messages that came while it was read."""
        self.record = snapshot.record
        self.state = State.of(snapshot.history)
        self.encoded = encode(snapshot)
        known = {message.sequence for message in snapshot.inbox}
        arrived = [message for message in self.inbox if message.sequence not in known]
        self.inbox = sorted((*snapshot.inbox, *arrived), key=lambda message: message.sequence)


class Effects(Protocol):
    """What carries out an episode's activities and timers once they are durable."""

    def apply(self, commit: CommitEpisode) -> None:
        """Start the activities, set and forget the timers of a committed episode."""
        ...


class Lanes:
    """All lanes; wakes them, runs their episodes, applies what the episodes decided."""

    def __init__(
        self,
        *,
        worker: Worker,
        journal: Journal,
        clock: Clock,
        sources: Sources,
        effects: Effects,
        concurrency: int,
    ) -> None:
        """Run at most ``concurrency`` orchestrators at a time."""
        self._worker = worker
        self._journal = journal
        self._clock = clock
        self._sources = sources
        self._slots = asyncio.Semaphore(concurrency)
        self._lanes: OrderedDict[str, Lane] = OrderedDict()
        self._catalog = Catalog(orchestrators=worker.orchestrators, activities=worker.activities)
        self._stopping = False
        self._effects = effects

    def deliver(self, outgoing: Outgoing) -> None:
        """Hand a message to its instance."""
        lane = self._lane(outgoing.instance_id)
        lane.inbox.append(outgoing.message)
        self._wake(lane)

    def wake(self, instance_id: str) -> None:
        """Look for work of an instance in the store."""
        self._wake(self._lane(instance_id))

    def created(self, create: CreateInstance) -> None:
        """Begin with an instance that was just created, whatever had its id before."""
        lane = self._lane(create.record.instance_id)
        lane.begin(create)
        self._wake(lane)

    def purged(self, instance_id: str) -> None:
        """Drop an instance that is gone."""
        self._lanes.pop(instance_id, None)

    def record(self, instance_id: str) -> InstanceRecord | None:
        """Return the committed record of an instance that is in memory."""
        lane = self._lanes.get(instance_id)
        return None if lane is None else lane.record

    @property
    def is_idle(self) -> bool:
        """Tell whether no episode runs or is about to."""
        return all(lane.task is None for lane in self._lanes.values())

    async def drain(self) -> None:
        """Begin no more episodes; return when those that run are committed."""
        self._stopping = True
        running = [lane.task for lane in self._lanes.values() if lane.task is not None]
        if running:
            await asyncio.wait(running)

    def cancel(self) -> None:
        """Give up waiting for episodes that still run."""
        for lane in self._lanes.values():
            if lane.task is not None:
                lane.task.cancel()

    def _lane(self, instance_id: str) -> Lane:
        lane = self._lanes.get(instance_id)
        if lane is None:
            lane = self._lanes[instance_id] = Lane(instance_id=instance_id)
            self._evict()
        else:
            self._lanes.move_to_end(instance_id)
        return lane

    def _evict(self) -> None:
        """Forget the longest idle instances; one with messages in memory is not idle."""
        for instance_id in list(self._lanes)[: len(self._lanes) - LANES_KEPT]:
            lane = self._lanes[instance_id]
            if lane.task is None and not lane.inbox:
                del self._lanes[instance_id]

    def _wake(self, lane: Lane) -> None:
        if lane.task is None and not self._stopping:
            lane.task = asyncio.get_running_loop().create_task(self._run(lane))

    async def _run(self, lane: Lane) -> None:
        """Run episodes until there is nothing to take."""
        try:
            while not self._stopping and await self._episode(lane):
                pass
        except JournalClosedError:
            pass  # the host is stopping; the store has all that counts
        finally:
            lane.task = None

    async def _episode(self, lane: Lane) -> bool:
        """Run one episode; False when the lane can rest."""
        if lane.record is None and not await self._load(lane):
            return False
        record = lane.record
        if record is None or record.status.is_terminal:
            lane.inbox.clear()
            return False
        try:
            return await self._take_turn(lane, record)
        except WorkerUnavailableError as failure:
            lane.forget()
            if not self._stopping:
                logger.warning("Episode of %s abandoned: %s", lane.instance_id, failure)
                await self._pause(lane)
        except StaleWorkError:
            lane.forget()
            logger.info("Episode of %s was overtaken; reading it again", lane.instance_id)
        except JournalClosedError:
            raise
        except Exception:
            lane.forget()
            logger.exception("Episode of %s failed in the host itself", lane.instance_id)
            await self._pause(lane)
        return True

    async def _take_turn(self, lane: Lane, record: InstanceRecord) -> bool:
        opening = open_episode(lane.state, lane.inbox, self._clock.now())
        if opening is None:
            return False
        texts = [text for event in opening.events if (text := self._worker.encode(event))]
        turn = await self._ask(record, lane, texts) if opening.asks_code else None
        closing = close_episode(
            lane.state, opening, turn, instance_id=lane.instance_id, catalog=self._catalog
        )
        await self._commit(lane, record, closing)
        lane.abandoned = 0
        return True

    async def _ask(self, record: InstanceRecord, lane: Lane, texts: list[str]) -> Turn:
        head = OrchestrationHead(
            instance_id=record.instance_id,
            name=record.name,
            input=record.input,
            parent_instance_id=None if record.parent is None else record.parent.instance_id,
        )
        async with self._slots:
            return await self._worker.orchestrate(head, [*lane.encoded, *texts])

    async def _commit(self, lane: Lane, record: InstanceRecord, closing: Closing) -> None:
        if closing.continued is not None:
            closing = self._losing_events(lane, closing)
        commit = commit_of(
            record, lane.state, closing, now=self._clock.now(), sources=self._sources
        )
        outcome = await self._journal.commit(commit)
        self._advance(lane, commit, closing)
        self._apply(commit, outcome)
        if closing.completed is not None:
            _log_end(commit.record)

    def _losing_events(self, lane: Lane, closing: Closing) -> Closing:
        lost = lost_events(lane.inbox, closing.consumed)
        for message in lost:
            logger.warning(
                "Event '%s' of %s came before continue-as-new and was never waited for; it is "
                "lost, as it would be in Azure",
                getattr(message.event, "name", ""),
                lane.instance_id,
            )
        sequences = tuple(message.sequence for message in lost)
        return replace(closing, consumed=closing.consumed + sequences)

    def _advance(self, lane: Lane, commit: CommitEpisode, closing: Closing) -> None:
        """Bring the lane to where the store is."""
        lane.record = commit.record
        consumed = set(commit.consumed)
        lane.inbox = [message for message in lane.inbox if message.sequence not in consumed]
        if closing.continued is not None:
            lane.state = State()
            lane.encoded = []
        elif closing.completed is not None:
            lane.inbox.clear()
            lane.encoded = []
        else:
            lane.encoded += [text for e in closing.events if (text := self._worker.encode(e))]

    def _apply(self, commit: CommitEpisode, outcome: Outcome) -> None:
        """Carry out what is durable now."""
        self._effects.apply(commit)
        for child in commit.children:
            if child in outcome.refused:
                self.deliver(child.refusal)
            else:
                self.created(child.create)
        for outgoing in commit.outgoing:
            self.deliver(outgoing)

    async def _load(self, lane: Lane) -> bool:
        """Read the instance; False when there is none."""
        snapshot = await self._journal.read(lambda store: store.load(lane.instance_id))
        if lane.record is not None:
            return True  # created while we were reading
        if snapshot is None:
            self._lanes.pop(lane.instance_id, None)
            return False
        lane.remember(snapshot, self._encode)
        return True

    def _encode(self, snapshot: Snapshot) -> list[str]:
        return [text for event in snapshot.history if (text := self._worker.encode(event))]

    async def _pause(self, lane: Lane) -> None:
        lane.abandoned += 1
        await asyncio.sleep(min(FIRST_PAUSE_S * 2**lane.abandoned, LONGEST_PAUSE_S))


def _log_end(record: InstanceRecord) -> None:
    level = logging.INFO if record.status is RuntimeStatus.COMPLETED else logging.WARNING
    text = "" if record.status is RuntimeStatus.COMPLETED else f": {record.output}"
    invocations.log(
        level,
        "orchestration %s %s after %d episodes (%s)%s",
        record.name,
        record.status.lower(),
        record.episode,
        record.instance_id,
        text,
    )
