"""The state of an instance: a fold over its history, and nothing else.

``State.apply`` is the only place where state changes; a live instance and one read back after a
crash go through the same lines, so they cannot differ. What the fold knows is what numbering and
completion need (docs/fidelity.md tells the rules): the next id, the leaves seen so far in the order
of the SDK, the ids without an answer, the waits, and the calls whose retry timer is running.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from funchost.engine.events import (
    Call,
    Completion,
    Event,
    EventRaised,
    EventSent,
    EventWaited,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    OperationRequested,
    OrchestratorStarted,
    Scheduling,
    SubOrchestrationCompleted,
    SubOrchestrationCreated,
    SubOrchestrationFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCanceled,
    TimerCreated,
    TimerFired,
)

type RecordedLeaf = Scheduling | EventWaited
type OpenTask = TaskScheduled | SubOrchestrationCreated | TimerCreated


@dataclass(slots=True, kw_only=True)
class State:
    """Where a generation of an instance stands."""

    started: ExecutionStarted | None = None
    now: datetime | None = None
    next_id: int = 0
    leaves: list[RecordedLeaf] = field(default_factory=list[RecordedLeaf])
    open: dict[int, OpenTask] = field(default_factory=dict[int, OpenTask])
    waits: dict[str, int] = field(default_factory=dict[str, int])
    answers: set[str] = field(default_factory=set[str])  # requests to entities not yet answered
    failed_calls: dict[int, Call] = field(default_factory=dict[int, Call])
    retries_in_flight: int = 0
    is_suspended: bool = False
    ended: ExecutionCompleted | None = None

    @classmethod
    def of(cls, history: Iterable[Event]) -> Self:
        """Fold a history."""
        state = cls()
        for event in history:
            state.apply(event)
        return state

    def copy(self) -> "State":
        """Return a state that goes its own way."""
        return replace(
            self,
            leaves=self.leaves.copy(),
            open=self.open.copy(),
            waits=self.waits.copy(),
            answers=self.answers.copy(),
            failed_calls=self.failed_calls.copy(),
        )

    def apply(self, event: Event) -> None:
        """Take one more event of the history into account."""
        match event:
            case OrchestratorStarted(at=at):
                self.now = at
            case ExecutionStarted():
                self.started = event
            case TaskScheduled() | SubOrchestrationCreated() | TimerCreated() | EventSent():
                self._schedule(event)
            case EventWaited(name=name):
                self.leaves.append(event)
                self._count(name, 1)
            case EventRaised(name=name):
                self._receive(name)
            case TimerCanceled(timer_id=timer_id):
                self.open.pop(timer_id, None)
            case ExecutionSuspended() | ExecutionResumed():
                self.is_suspended = isinstance(event, ExecutionSuspended)
            case ExecutionTerminated() | ExecutionRewound() | OperationRequested():
                pass  # other events say what changed; entities have no history
            case ExecutionCompleted(id=id_):
                self.ended = event
                self.next_id = id_ + 1
            case _:
                self._complete(event)

    def waits_for(self, name: str) -> bool:
        """Tell whether an external event of this name would be taken now."""
        return name in self.answers or self.waits.get(name, 0) > 0

    def _schedule(self, event: Scheduling) -> None:
        self.next_id = event.id + 1
        match event:
            case EventSent(call=call):
                self.leaves.append(event)
                if call is not None:
                    self.answers.add(call)
            case TimerCreated():
                self.open[event.id] = event
                if event.retries is None:
                    self.leaves.append(event)
                else:
                    self.retries_in_flight += 1
            case TaskScheduled() | SubOrchestrationCreated():
                self.open[event.id] = event
                if event.attempt == 1:
                    self.leaves.append(event)
                if event.retry is not None:
                    self.retries_in_flight += 1

    def _complete(self, event: Completion) -> None:
        """Close a task; a call that may be made again is kept until its timer has fired."""
        task = self.open.pop(answered_task(event), None)
        match task:
            case TimerCreated(retries=int(failed)):
                self.retries_in_flight -= 1
                self.failed_calls.pop(failed)
            case TaskScheduled() | SubOrchestrationCreated() if task.retry is not None:
                self.retries_in_flight -= 1
                if isinstance(event, TaskFailed | SubOrchestrationFailed):
                    self.failed_calls[task.id] = task
            case _:
                pass

    def _receive(self, name: str) -> None:
        if name in self.answers:
            self.answers.remove(name)
        else:
            self._count(name, -1)

    def _count(self, name: str, change: int) -> None:
        """Keep the waits of a name; fewer than none means that an event came before its wait."""
        left = self.waits.pop(name, 0) + change
        if left:
            self.waits[name] = left


def answered_task(event: Completion) -> int:
    """Return the id of the task that the event answers."""
    match event:
        case TimerFired(timer_id=timer_id):
            return timer_id
        case (
            TaskCompleted(task_id=task_id)
            | TaskFailed(task_id=task_id)
            | SubOrchestrationCompleted(task_id=task_id)
            | SubOrchestrationFailed(task_id=task_id)
        ):
            return task_id
