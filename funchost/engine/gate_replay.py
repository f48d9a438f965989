"""The real host's gate, replayed: which ids would the Durable extension have given?

The extension interprets the list of actions in order and opens a gate after each: it schedules an
action, numbering its leaves, and looks at the next one only when that action is over (``WhenAll``:
when every child is, also after a failure; ``WhenAny``: one). A retried call takes further numbers
between: one for the timer after each failed attempt, one for each new attempt.

The replay is incremental, and each mark is taken once. When the gate has nothing left to interpret,
marks wait: whatever the code asks for next is numbered first, at the point where the gate came
free, which may be long past. That is how the extension's replay disagrees with its own history.

Only numbers are judged here; what they mean for the instance is said in ``gate``.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from funchost.engine.actions import (
    Action,
    CallActivity,
    CallEntity,
    CallHttp,
    CallSubOrchestration,
    ContinueAsNew,
    CreateTimer,
    Leaf,
    SignalEntity,
    WaitForExternalEvent,
    WhenAll,
    WhenAny,
)

type Step = tuple[int, int]
"""A leaf's place among all leaves, and how far it is: 0 its first attempt, 1 the timer after that
attempt, 2 the second attempt, ..."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A task answered; ``ok`` is false when it failed."""

    id: int
    ok: bool


@dataclass(frozen=True, slots=True)
class Raised:
    """An external event, or an entity's answer, was delivered."""

    name: str


type Mark = Answered | Raised


@dataclass(frozen=True, slots=True)
class Difference:
    """The gate gives an id to something else than the history does."""

    id: int
    recorded: Step
    gate: Step


class _Waiter:
    """A container, or the gate itself: over when as many children are as it needs."""

    __slots__ = ("is_over", "needed", "parent")

    def __init__(self, needed: int, parent: "_Waiter | None") -> None:
        self.needed = needed
        self.parent = parent
        self.is_over = False
        if needed == 0:
            self._end()

    def child_is_over(self) -> None:
        self.needed -= 1
        if self.needed == 0:
            self._end()

    def _end(self) -> None:
        self.is_over = True
        if self.parent is not None:
            self.parent.child_is_over()


@dataclass(slots=True)
class _Task:
    """A leaf that the gate has let through; ``attempts`` is 0 for one that is not retried."""

    place: int
    parent: _Waiter
    attempts: int = 0
    step: int = 0


class GateReplay:
    """The extension's side of one generation.

    ``recorded`` (by id) and ``marks`` belong to the caller, who appends to both; ``calls`` maps the
    id of a message to an entity to the name of its answer.
    """

    def __init__(
        self, *, recorded: Mapping[int, Step], marks: Sequence[Mark], calls: Mapping[int, str]
    ) -> None:
        self.difference: Difference | None = None
        self._recorded = recorded
        self._marks = marks
        self._calls = calls
        self._actions: Sequence[Action] = ()
        self._interpreted = 0  # of the actions
        self._taken = 0  # of the marks
        self._places = 0
        self._next_id = 0
        self._last_retry_id = -1
        self._open: dict[int, _Task] = {}
        self._waits: dict[str, list[_Task]] = {}
        self._raised: dict[str, int] = {}
        self._too_early: deque[Answered] = deque()
        self._current: _Waiter | None = None

    def run(self, actions: Sequence[Action]) -> None:
        """Go on as far as the marks and the cumulative actions allow."""
        self._actions = actions
        while self._is_waiting():
            mark = self._next_mark()
            if mark is None:
                return
            self._take(mark)

    @property
    def blocking(self) -> Action | None:
        """Return the action that the gate waits for while the code is past it, if any."""
        left = self._actions[self._interpreted :]
        is_over = all(isinstance(action, ContinueAsNew) for action in left)
        return None if is_over else self._actions[self._interpreted - 1]

    @property
    def waits_for_event(self) -> bool:
        """Tell whether an external event is missing for something that was let through."""
        return any(self._waits.values())

    @property
    def is_through(self) -> bool:
        """Tell whether every action is over that the gate has to wait for."""
        is_free = self._current is None or self._current.is_over
        return is_free and self._interpreted == len(self._actions)

    def cancel(self, timer_id: int) -> bool:
        """Take note that a timer was canceled; False when only a new replay can tell the outcome.

        A canceled timer is over where it is scheduled. That matters where a retry took a number
        since then.
        """
        timer = self._open.pop(timer_id, None)
        if timer is None:
            return True
        timer.parent.child_is_over()
        return self._last_retry_id < timer_id

    def _is_waiting(self) -> bool:
        """Interpret actions up to one to wait for; False when there are no more, or no sense."""
        while self._current is None or self._current.is_over:
            if self._interpreted >= len(self._actions):
                return False
            self._current = _Waiter(1, None)
            self._interpreted += 1
            self._schedule(self._actions[self._interpreted - 1], self._current)
        return self.difference is None

    def _next_mark(self) -> Mark | None:
        """Return the next mark that means something to the gate."""
        for answer in self._too_early:
            if answer.id in self._open:
                self._too_early.remove(answer)
                return answer
        while self._taken < len(self._marks):
            mark = self._marks[self._taken]
            self._taken += 1
            if isinstance(mark, Answered) and mark.id >= self._next_id:
                # Not numbered yet: in Azure the task starts later, and answers then.
                self._too_early.append(mark)
            else:
                return mark
        return None

    def _take(self, mark: Mark) -> None:
        match mark:
            case Answered(id=id_, ok=ok):
                task = self._open.pop(id_, None)
                if task is not None:
                    self._settle(task, ok=ok)
            case Raised(name=name):
                waiting = self._waits.get(name.casefold())
                if waiting:
                    waiting.pop().parent.child_is_over()
                else:
                    self._raised[name.casefold()] = self._raised.get(name.casefold(), 0) + 1

    def _settle(self, task: _Task, *, ok: bool) -> None:
        """End a task, or let its retry go on: after a failure a timer, then the next attempt."""
        is_timer = task.step % 2 == 1
        attempts_made = task.step // 2 + 1
        if attempts_made >= task.attempts if is_timer else ok or task.attempts == 0:
            task.parent.child_is_over()
        else:
            task.step += 1
            self._last_retry_id = self._next_id
            self._open[self._number(task)] = task

    def _number(self, task: _Task) -> int:
        """Give the next id, and compare."""
        id_ = self._next_id
        self._next_id += 1
        step = (task.place, task.step)
        recorded = self._recorded.get(id_, step)
        if self.difference is None and recorded != step:
            self.difference = Difference(id_, recorded, step)
        return id_

    def _schedule(self, action: Action, parent: _Waiter) -> None:
        match action:
            case WhenAll(children=children):
                self._schedule_all(children, _Waiter(len(children), parent))
            case WhenAny(children=children):
                self._schedule_all(children, _Waiter(1 if children else 0, parent))
            case _:
                task = _Task(self._places, parent)
                self._places += 1
                self._begin(action, task)

    def _schedule_all(self, children: Sequence[Action], container: _Waiter) -> None:
        for child in children:
            self._schedule(child, container)

    def _begin(self, leaf: Leaf, task: _Task) -> None:
        match leaf:
            case CallActivity(retry=retry) | CallSubOrchestration(retry=retry):
                task.attempts = 0 if retry is None else retry.max_attempts
                self._open[self._number(task)] = task
            case CallHttp() | CreateTimer(is_canceled=False):
                self._open[self._number(task)] = task
            case CallEntity():
                self._wait(self._calls.get(self._number(task), ""), task)
            case WaitForExternalEvent(name=name):
                self._wait(name.casefold(), task)
            case CreateTimer() | SignalEntity():
                self._number(task)
                task.parent.child_is_over()
            case ContinueAsNew():
                task.parent.child_is_over()
            case _:
                assert_never(leaf)

    def _wait(self, name: str, task: _Task) -> None:
        if self._raised.get(name):
            self._raised[name] -= 1
            task.parent.child_is_over()
        else:
            self._waits.setdefault(name, []).append(task)
