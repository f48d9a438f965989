"""The real host in small: the Durable extension's gate in charge of the real SDK.

Events are shown in the order in which they come; the gate's coroutine numbers; a history that no
longer fits fails the orchestration. What becomes of a random orchestration here is what the warner
has to foretell. It shares no line with ``funchost.engine.gate``.
"""

import heapq
import itertools
import json
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from funchost.engine.actions import (
    Action,
    CallActivity,
    CallSubOrchestration,
    CreateTimer,
    Raised,
    Returned,
    Turn,
    WaitForExternalEvent,
    WhenAll,
    WhenAny,
)
from funchost.engine.calls import OrchestrationHead
from funchost.engine.events import (
    Event,
    EventRaised,
    ExecutionStarted,
    OrchestratorStarted,
    RetryPolicy,
    SubOrchestrationCompleted,
    SubOrchestrationCreated,
    SubOrchestrationFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from funchost.testing.clock import EPOCH
from tests.support.sdk_worker import Code, SdkWorker

type Outside = Callable[[str], tuple[timedelta, str | None]]
type Coroutine = Generator["Future"]
type Call = CallActivity | CallSubOrchestration
type New = Call | CreateTimer


class NonDeterministicError(Exception):
    """The history holds what the replay did not ask for."""


class Future:
    """Something that the gate waits for."""

    def __init__(self, *, is_done: bool = False) -> None:
        self.is_done = is_done
        self.failed = False
        self._then: list[Callable[[], None]] = []

    def set(self, *, failed: bool = False) -> None:
        if not self.is_done:
            self.is_done, self.failed = True, failed
            for then in self._then:
                then()

    def then(self, function: Callable[[], None]) -> None:
        if self.is_done:
            function()
        else:
            self._then.append(function)


def drive(coroutine: Coroutine, over: Future) -> Future:
    """Run a coroutine on whatever it waits for, at once."""

    def step() -> None:
        try:
            future = coroutine.send(None)
        except StopIteration:
            over.set()
        else:
            future.then(step)

    step()
    return over


class Shim:
    """One replay of an action list over a history."""

    def __init__(self, turn: Turn) -> None:
        self.new: dict[int, New] = {}
        self.open: dict[int, Future] = {}
        self.over = Future()
        self._turn = turn
        self._ids = itertools.count()
        self._now = EPOCH
        self._waits: dict[str, list[Future]] = {}
        self._early: dict[str, int] = {}

    @property
    def has_ended(self) -> bool:
        return self.over.is_done and not self.open

    def run(self, history: Iterable[Event]) -> None:
        for event in history:
            match event:
                case OrchestratorStarted(at=at):
                    self._now = at
                case ExecutionStarted():
                    drive(self._gate(), self.over)
                case TaskScheduled(id=id_, name=name) | SubOrchestrationCreated(id=id_, name=name):
                    self._expect(id_, name)
                case TimerCreated(id=id_):
                    self._expect(id_, None)
                case TaskCompleted(task_id=id_) | SubOrchestrationCompleted(task_id=id_):
                    self._answer(id_)
                case TimerFired(timer_id=id_):
                    self._answer(id_)
                case TaskFailed(task_id=id_) | SubOrchestrationFailed(task_id=id_):
                    self._answer(id_, failed=True)
                case EventRaised(name=name):
                    self._raise(name)
                case _:
                    raise AssertionError(event)

    def _gate(self) -> Coroutine:
        for action in self._turn.actions:
            yield self._schedule(action)
        if not isinstance(self._turn.outcome, Returned | Raised):
            yield Future()

    def _expect(self, id_: int, name: str | None) -> None:
        asked = self.new.pop(id_, None)
        found = None if asked is None or isinstance(asked, CreateTimer) else asked.name
        if asked is None or found != name:
            raise NonDeterministicError(f"{id_}: {name} in the history, {asked} now")

    def _answer(self, id_: int, *, failed: bool = False) -> None:
        future = self.open.pop(id_, None)
        if future is not None:
            future.set(failed=failed)

    def _raise(self, name: str) -> None:
        if self._waits.get(name):
            self._waits[name].pop().set()
        else:
            self._early[name] = self._early.get(name, 0) + 1

    def _begin(self, new: New) -> Future:
        id_, future = next(self._ids), Future()
        self.new[id_] = new
        self.open[id_] = future
        if isinstance(new, CreateTimer) and new.is_canceled:
            self._answer(id_, failed=True)
        return future

    def _retried(self, call: Call, retry: RetryPolicy, over: Future) -> Coroutine:
        for attempt in range(1, retry.max_attempts + 1):
            future = self._begin(call)
            yield future
            if not future.failed:
                return
            yield self._begin(CreateTimer(fire_at=self._now + retry.delay(attempt)))
        over.failed = True

    def _schedule(self, action: Action) -> Future:
        match action:
            case CallActivity(retry=None) | CallSubOrchestration(retry=None) | CreateTimer():
                return self._begin(action)
            case CallActivity(retry=RetryPolicy() as retry):
                over = Future()
                return drive(self._retried(action, retry, over), over)
            case CallSubOrchestration(retry=RetryPolicy() as retry):
                over = Future()
                return drive(self._retried(action, retry, over), over)
            case WaitForExternalEvent(name=name):
                return self._wait(name)
            case WhenAll(children=children) | WhenAny(children=children):
                return self._together(children, needs_all=isinstance(action, WhenAll))
            case _:
                raise AssertionError(action)

    def _wait(self, name: str) -> Future:
        if self._early.get(name):
            self._early[name] -= 1
            return Future(is_done=True)
        future = Future()
        self._waits.setdefault(name, []).append(future)
        return future

    def _together(self, children: Sequence[Action], *, needs_all: bool) -> Future:
        futures = [self._schedule(child) for child in children]
        over = Future()

        def look() -> None:
            done = [future.is_done for future in futures]
            if all(done) if needs_all else any(done):
                over.set()

        for future in futures:
            future.then(look)
        return over


@dataclass(slots=True, kw_only=True)
class Instance:
    name: str
    execution_id: str
    parent: tuple[str, int] | None = None
    history: list[Event] = field(default_factory=list[Event])
    inbox: list[Event] = field(default_factory=list[Event])
    status: str = "Running"
    output: str | None = None


class GateEngine:
    """Runs orchestrations as the extension does."""

    def __init__(self, *functions: Code, outside: Outside) -> None:
        self.now = EPOCH
        self.instances: dict[str, Instance] = {}
        self._worker = SdkWorker(*functions, activities={"work": print})
        self._outside = outside
        self._order = itertools.count()
        self._due: list[tuple[datetime, int, str, Event]] = []

    def start(self, name: str, instance_id: str, parent: tuple[str, int] | None = None) -> None:
        execution_id = f"id{next(self._order)}"
        self.instances[instance_id] = Instance(name=name, execution_id=execution_id, parent=parent)
        started = ExecutionStarted(at=self.now, name=name, execution_id=execution_id)
        self._post(instance_id, started, self.now)

    def raise_event(self, instance_id: str, name: str, value: Any, *, at: datetime) -> None:
        self._post(instance_id, EventRaised(at=at, name=name, input=json.dumps(value)), at)

    def run(self) -> None:
        while self._due:
            at, _, instance_id, event = heapq.heappop(self._due)
            self.now = max(self.now, at)
            instance = self.instances[instance_id]
            if instance.status == "Running":
                self._episode(instance_id, instance, event)

    def _post(self, instance_id: str, event: Event, at: datetime) -> None:
        heapq.heappush(self._due, (at, next(self._order), instance_id, event))

    def _episode(self, instance_id: str, instance: Instance, event: Event) -> None:
        instance.history += [OrchestratorStarted(at=self.now), event]
        head = OrchestrationHead(
            instance_id=instance_id, name=instance.name, input=None, parent_instance_id=None
        )
        texts = [text for e in instance.history if (text := self._worker.encode(e))]
        turn = self._worker.replay(head, texts)
        shim = Shim(turn)
        try:
            shim.run(instance.history)
        except NonDeterministicError as departure:
            self._end(instance, "Failed", f"non-deterministic: {departure}")
            return
        for id_, new in shim.new.items():
            self._carry_out(instance_id, instance, id_, new)
        if shim.has_ended:
            match turn.outcome:
                case Returned(output=output):
                    self._end(instance, "Completed", output)
                case Raised(error=error):
                    self._end(instance, "Failed", error)
                case _:
                    raise AssertionError(turn)

    def _carry_out(self, instance_id: str, instance: Instance, id_: int, new: New) -> None:
        match new:
            case CallActivity(name=name, input=text):
                instance.history.append(TaskScheduled(id=id_, at=self.now, name=name, input=text))
                duration, value = self._outside(json.loads(text))
                at = self.now + duration
                self._post(
                    instance_id,
                    TaskFailed(at=at, task_id=id_, reason="failed", details="{}")
                    if value is None
                    else TaskCompleted(at=at, task_id=id_, result=json.dumps(value)),
                    at,
                )
            case CallSubOrchestration(name=name, input=text):
                child_id = f"{instance.execution_id}:{id_}"
                instance.history.append(
                    SubOrchestrationCreated(
                        id=id_, at=self.now, name=name, instance_id=child_id, input=text
                    )
                )
                self.start(name, child_id, (instance_id, id_))
            case CreateTimer(fire_at=fire_at):
                instance.history.append(TimerCreated(id=id_, at=self.now, fire_at=fire_at))
                fired = TimerFired(at=fire_at, timer_id=id_, fire_at=fire_at)
                self._post(instance_id, fired, fire_at)

    def _end(self, instance: Instance, status: str, output: str | None) -> None:
        instance.status, instance.output = status, output
        if instance.parent is not None:
            parent_id, id_ = instance.parent
            event = (
                SubOrchestrationCompleted(at=self.now, task_id=id_, result=output)
                if status == "Completed"
                else SubOrchestrationFailed(
                    at=self.now, task_id=id_, reason=output or "", details=""
                )
            )
            self._post(parent_id, event, self.now)
