"""The engine without a loop: every episode of a task hub, one after the other, in virtual time.

The real SDK, the real codec, the engine's two halves, its commits and the memory store; what is
missing is dispatch (lanes, journal, threads), so a thousand random orchestrations take seconds.
"""

import heapq
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from funchost.dispatch.commits import Sources, commit_of, create_instance
from funchost.engine.actions import Turn
from funchost.engine.calls import OrchestrationHead
from funchost.engine.closing import Catalog, close_episode
from funchost.engine.events import (
    Event,
    EventRaised,
    ExecutionStarted,
    Message,
    MessageEvent,
    TaskCompleted,
    TaskFailed,
    TimerFired,
)
from funchost.engine.findings import Finding
from funchost.engine.gate import Watch
from funchost.engine.opening import open_episode
from funchost.engine.ports import (
    ActivityItem,
    AddMessage,
    CommitEpisode,
    CompleteActivity,
    CreateInstance,
    InstanceRecord,
    Outgoing,
    Write,
)
from funchost.engine.state import State
from funchost.storage.memory import MemoryStore
from funchost.testing.clock import EPOCH
from tests.support.sdk_worker import Code, SdkWorker

type Outside = Callable[[str], tuple[timedelta, str | None]]


@dataclass(slots=True)
class Lane:
    """One instance in memory."""

    state: State = field(default_factory=State)
    watch: Watch = field(default_factory=Watch)
    encoded: list[str] = field(default_factory=list[str])
    fired: list[Message] = field(default_factory=list[Message])
    findings: list[Finding] = field(default_factory=list[Finding])


def no_look(state: State, history: tuple[Event, ...]) -> None:
    """Look at nothing."""
    del state, history


def raised(inbox: list[Message]) -> list[EventRaised]:
    """Return the external events among messages."""
    return [message.event for message in inbox if isinstance(message.event, EventRaised)]


class SteppedEngine:
    """Runs orchestrations to their end; ``outside`` says how long an activity takes and its value.

    ``after_episode`` is called with the live state and the stored history.
    """

    def __init__(
        self,
        *functions: Code,
        outside: Outside,
        after_episode: Callable[[State, tuple[Event, ...]], None] = no_look,
    ) -> None:
        self.now = EPOCH
        self.store = MemoryStore()
        self.lanes: dict[str, Lane] = {}
        self.episodes = 0
        self._worker = SdkWorker(*functions, activities={"work": print})
        self._outside = outside
        self._after_episode = after_episode
        self._order = itertools.count(1)
        self._sources = Sources(
            next_sequence=self._order.__next__, new_id=lambda: f"id{next(self._order)}"
        )
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._canceled: set[tuple[str, int]] = set()
        self._catalog = Catalog(
            orchestrators=self._worker.orchestrators,
            activities=self._worker.activities,
            entities={},
        )

    def start(self, name: str, instance_id: str) -> None:
        started = ExecutionStarted(at=self.now, name=name, execution_id=self._sources.new_id())
        self._create(create_instance(instance_id, started, sources=self._sources))

    def raise_event(self, instance_id: str, name: str, value: Any, *, at: datetime) -> None:
        """Raise an external event at an instant to come."""

        def send() -> None:
            event = EventRaised(at=at, name=name, input=json.dumps(value))
            self._deliver(self._sources.message(instance_id, event))

        self._at(at, send)

    def record(self, instance_id: str) -> InstanceRecord:
        record = self.store.get(instance_id)
        assert record is not None
        return record

    def run(self) -> None:
        """Let time pass until nothing is due."""
        while self._due:
            at, _, happens = heapq.heappop(self._due)
            self.now = max(self.now, at)
            happens()

    def _at(self, at: datetime, happens: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at, next(self._order), happens))

    def _create(self, create: CreateInstance) -> None:
        self._write(create)
        self._begin(create.record.instance_id)

    def _begin(self, instance_id: str) -> None:
        self.lanes[instance_id] = Lane()
        self._at(self.now, partial(self._wake, instance_id))

    def _write(self, write: Write) -> None:
        (outcome,) = self.store.commit([write])
        assert not outcome.refused

    def _deliver(self, outgoing: Outgoing) -> None:
        if not self.record(outgoing.instance_id).status.is_terminal:
            self._write(AddMessage(outgoing=outgoing))
            self._wake(outgoing.instance_id)

    def _fire(self, instance_id: str, timer_id: int, event: TimerFired, execution_id: str) -> None:
        if (instance_id, timer_id) not in self._canceled:
            message = Message(sequence=next(self._order), event=event, execution_id=execution_id)
            self.lanes[instance_id].fired.append(message)
            self._wake(instance_id)

    def _wake(self, instance_id: str) -> None:
        while self._episode(instance_id):
            pass

    def _episode(self, instance_id: str) -> bool:
        snapshot, lane = self.store.load(instance_id), self.lanes[instance_id]
        assert snapshot is not None
        if snapshot.record.status.is_terminal:
            return False
        inbox = sorted((*snapshot.inbox, *lane.fired), key=lambda message: message.sequence)
        opening = open_episode(lane.state, inbox, self.now)
        if opening is None:
            lane.findings += lane.watch.follow((), None, held=raised(inbox))
            return False
        turn = self._ask(snapshot.record, lane, opening.events) if opening.asks_code else None
        closing = close_episode(
            lane.state, opening, turn, instance_id=instance_id, catalog=self._catalog
        )
        assert closing.continued is None
        commit = commit_of(
            snapshot.record, lane.state, closing, now=self.now, sources=self._sources
        )
        self._write(commit)
        self.episodes += 1
        lane.encoded += self._texts(closing.events)
        lane.fired = [m for m in lane.fired if m.sequence not in commit.consumed]
        self._compare(lane, instance_id)
        held = raised([m for m in inbox if m.sequence not in commit.consumed])
        lane.findings += lane.watch.follow(
            closing.events, turn, held=held, has_ended=closing.completed is not None
        )
        self._apply(commit)
        return True

    def _texts(self, events: tuple[Event, ...]) -> list[str]:
        return [text for event in events if (text := self._worker.encode(event))]

    def _ask(self, record: InstanceRecord, lane: Lane, events: tuple[Event, ...]) -> Turn:
        head = OrchestrationHead(
            instance_id=record.instance_id,
            name=record.name,
            input=record.input,
            parent_instance_id=None,
        )
        return self._worker.replay(head, [*lane.encoded, *self._texts(events)])

    def _compare(self, lane: Lane, instance_id: str) -> None:
        snapshot = self.store.load(instance_id)
        assert snapshot is not None
        self._after_episode(lane.state, snapshot.history)

    def _apply(self, commit: CommitEpisode) -> None:
        instance_id = commit.record.instance_id
        self._canceled.update((instance_id, timer_id) for timer_id in commit.ended_timers)
        for timer in commit.timers:
            event = TimerFired(at=timer.fire_at, timer_id=timer.timer_id, fire_at=timer.fire_at)
            self._at(
                timer.fire_at,
                partial(self._fire, instance_id, timer.timer_id, event, timer.execution_id),
            )
        for item in commit.activities:
            duration, value = self._outside(json.loads(item.input))
            at = self.now + duration
            answer: MessageEvent = (
                TaskFailed(at=at, task_id=item.task_id, reason="failed", details="{}")
                if value is None
                else TaskCompleted(at=at, task_id=item.task_id, result=json.dumps(value))
            )
            self._at(at, partial(self._answer, item, answer))
        for child in commit.children:
            self._begin(child.create.record.instance_id)
        for outgoing in commit.outgoing:
            self._at(self.now, partial(self._wake, outgoing.instance_id))

    def _answer(self, item: ActivityItem, event: MessageEvent) -> None:
        message = Message(sequence=next(self._order), event=event, execution_id=item.execution_id)
        self._write(CompleteActivity(item=item, message=message))
        self._wake(item.instance_id)
