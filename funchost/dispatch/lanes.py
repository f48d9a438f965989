"""Lanes: one per instance with something to do; inside a lane, one turn at a time.

A lane keeps its instance in memory: the fold of its history and the history's encoded text, so an
episode costs the SDK's time and one commit. Memory is a cache: whenever anything goes wrong, the
lane forgets and reads the store again. Messages reach a lane only once they are durable, or are
posted to the journal before anything that depends on them; a timer's firing is neither, because its
row in the store is, and so survives a forgetting here.

What a turn does is ``episodes`` for orchestrations and ``batches`` for entities.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from funchost.dispatch.journal import Journal, JournalClosedError
from funchost.engine.calls import WorkerUnavailableError
from funchost.engine.errors import StaleWorkError
from funchost.engine.events import Message, TimerFired
from funchost.engine.findings import Cause, Divergence
from funchost.engine.gate import Watch, watch_of
from funchost.engine.ids import is_entity
from funchost.engine.ports import CreateInstance, InstanceRecord, Outgoing, Snapshot
from funchost.engine.state import State

logger = logging.getLogger(__name__)

LANES_KEPT = 5_000  # idle instances kept in memory
LARGEST_BET = 8  # as a power of two
DISTRUST = 16  # episodes with an event
FIRST_PAUSE_S = 0.5  # after an abandoned turn, doubling
LONGEST_PAUSE_S = 30.0


@dataclass(slots=True)
class EventBets:
    """How many events of one name to deliver together.

    Replaying is what an episode costs, and code that collects events in a loop can be given many at
    once. Whether it is such code shows only afterwards: the number grows while it proves right, and
    after a lost bet (the episode is done again with one event) stays at one for a while.
    """

    trust: int = 0

    @property
    def at_once(self) -> int:
        """Return how many events the next episode may deliver."""
        return 2 ** min(self.trust, LARGEST_BET) if self.trust > 0 else 1

    def won(self) -> None:
        """The code waited for every event it was given."""
        self.trust += 1

    def lost(self) -> None:
        """It did not."""
        self.trust = -DISTRUST


@dataclass(slots=True, kw_only=True)
class Lane:
    """An instance in memory; ``record`` is None until it has been read from the store."""

    instance_id: str
    record: InstanceRecord | None = None
    state: State = field(default_factory=State)
    watch: Watch | None = field(default_factory=Watch)  # None: it could not follow
    told: set[tuple[Divergence, Cause]] = field(default_factory=set[tuple[Divergence, Cause]])
    encoded: list[str] = field(default_factory=list[str])
    inbox: list[Message] = field(default_factory=list[Message])
    task: asyncio.Task[None] | None = None
    abandoned: int = 0  # turns in a row
    event_bets: EventBets = field(default_factory=EventBets)

    def begin(self, create: CreateInstance) -> None:
        """Take over a new instance, which needs no reading."""
        self.forget()
        self.record = create.record
        self.inbox = [create.start]

    def forget(self) -> None:
        """Drop what the store has; a fired timer's message is only here."""
        self.record = None
        self.start_over()
        self.inbox = [m for m in self.inbox if isinstance(m.event, TimerFired)]

    def start_over(self) -> None:
        """Drop the history: the next turn is the first of a generation."""
        self.state = State()
        self.watch = Watch()
        self.encoded = []

    def consume(self, sequences: tuple[int, ...]) -> None:
        """Drop messages that a turn has taken."""
        taken = set(sequences)
        self.inbox = [message for message in self.inbox if message.sequence not in taken]

    def remember(self, snapshot: Snapshot, encoded: list[str]) -> None:
        """Take over what the store has, beside messages that came while it was read."""
        self.record = snapshot.record
        self.state = State.of(snapshot.history)
        self.watch = watch_of(snapshot.history)
        self.encoded = encoded
        known = {message.sequence for message in snapshot.inbox}
        arrived = [message for message in self.inbox if message.sequence not in known]
        self.inbox = sorted((*snapshot.inbox, *arrived), key=lambda message: message.sequence)


class Turns(Protocol):
    """What happens when it is an instance's turn."""

    async def take(self, lane: Lane, record: InstanceRecord) -> bool:
        """Do what there is to do now, and commit it; False when there is nothing.

        Raises:
            WorkerUnavailableError: nothing was committed; to be tried again.
            StaleWorkError: the store has moved on; to be read again.
        """
        ...


class Lanes:
    """All lanes: wakes them, gives them their turns, reads them from the store when needed."""

    def __init__(self, *, journal: Journal, encode: Callable[[Snapshot], list[str]]) -> None:
        """Read through ``journal``; ``encode`` makes a history's text for the worker."""
        self._journal = journal
        self._encode = encode
        self._lanes: OrderedDict[str, Lane] = OrderedDict()
        self._orchestrations: Turns | None = None
        self._entities: Turns | None = None
        self._stopping = False

    def serve(self, *, orchestrations: Turns, entities: Turns) -> None:
        """Say who takes the turns; before the first message."""
        self._orchestrations = orchestrations
        self._entities = entities

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
        """Drop an instance that is gone, unless its id is in use again."""
        lane = self._lanes.get(instance_id)
        if lane is not None and (lane.record is None or lane.record.status.is_terminal):
            del self._lanes[instance_id]

    def changed(self, instance_id: str) -> None:
        """Read an instance again whose history was changed from outside."""
        lane = self._lane(instance_id)
        lane.forget()
        self._wake(lane)

    def record(self, instance_id: str) -> InstanceRecord | None:
        """Return the committed record of an instance that is in memory."""
        lane = self._lanes.get(instance_id)
        return None if lane is None else lane.record

    @property
    def is_idle(self) -> bool:
        """Tell whether no turn is taken or about to be."""
        return all(lane.task is None for lane in self._lanes.values())

    async def drain(self) -> None:
        """Begin no more turns; return when those that are taken have been committed."""
        self._stopping = True
        running = [lane.task for lane in self._lanes.values() if lane.task is not None]
        if running:
            await asyncio.wait(running)

    def cancel(self) -> None:
        """Give up waiting for turns that still run."""
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
        surplus = len(self._lanes) - LANES_KEPT
        if surplus <= 0:
            return
        for instance_id in list(islice(self._lanes, surplus)):
            lane = self._lanes[instance_id]
            if lane.task is None and not lane.inbox:
                del self._lanes[instance_id]

    def _wake(self, lane: Lane) -> None:
        if lane.task is None and not self._stopping:
            lane.task = asyncio.get_running_loop().create_task(self._run(lane))

    async def _run(self, lane: Lane) -> None:
        """Take turns until there is nothing to do."""
        try:
            while not self._stopping and await self._turn(lane):
                pass
        except JournalClosedError:
            pass  # the host is stopping; the store has all that counts
        finally:
            lane.task = None

    async def _turn(self, lane: Lane) -> bool:
        """Take one turn; False when the lane can rest."""
        if lane.record is None and not await self._load(lane):
            return False
        record = lane.record
        if record is None or record.status.is_terminal:
            lane.inbox.clear()
            return False
        try:
            if not await self._turns(lane).take(lane, record):
                return False
            lane.abandoned = 0
        except StaleWorkError:
            lane.forget()
            logger.info("A turn of %s was overtaken; reading it again", lane.instance_id)
        except JournalClosedError:
            raise
        except Exception as failure:  # noqa: BLE001 - a lane must not end silently, whatever happens
            lane.forget()
            await self._abandon(lane, failure)
        return True

    def _turns(self, lane: Lane) -> Turns:
        turns = self._entities if is_entity(lane.instance_id) else self._orchestrations
        if turns is None:
            raise WorkerUnavailableError("nobody takes turns yet")
        return turns

    async def _load(self, lane: Lane) -> bool:
        """Read the instance; False when there is none."""
        snapshot = await self._journal.read(lambda store: store.load(lane.instance_id))
        if lane.record is not None:
            return True  # created while we were reading
        if snapshot is None:
            self._lanes.pop(lane.instance_id, None)
            return False
        lane.remember(snapshot, self._encode(snapshot))
        return True

    async def _abandon(self, lane: Lane, failure: Exception) -> None:
        """Say why a turn came to nothing, and wait before the next."""
        if isinstance(failure, WorkerUnavailableError):
            if self._stopping:
                return
            logger.warning("A turn of %s was abandoned: %s", lane.instance_id, failure)
        else:
            logger.error(
                "A turn of %s failed in the host itself", lane.instance_id, exc_info=failure
            )
        lane.abandoned += 1
        await asyncio.sleep(min(FIRST_PAUSE_S * 2**lane.abandoned, LONGEST_PAUSE_S))
