"""Random orchestrations: programs as data, made from a seed, played on the real SDK.

A ``Script`` says what a main orchestrator and its children do, how long each activity takes and
how often it fails, and which external events come when. ``player`` makes the generator function
that the SDK runs; ``ideal_scheduler`` works out from the same data what ought to come of it.
Durations are random milliseconds from a wide range, so that no two things happen at one instant.
"""

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import azure.durable_functions as df

MAIN = "main"
SHORTEST_MS, LONGEST_MS = 1_000, 100_000


@dataclass(frozen=True, slots=True)
class Retry:
    attempts: int
    interval_ms: int


@dataclass(frozen=True, slots=True)
class Work:
    """An activity: its first ``failures`` runs fail; run ``n`` takes ``durations_ms[n]``."""

    label: str
    durations_ms: tuple[int, ...]
    failures: int = 0
    retry: Retry | None = None


@dataclass(frozen=True, slots=True)
class Sleep:
    ms: int


@dataclass(frozen=True, slots=True)
class Child:
    """A sub-orchestration; it fails when an activity in it fails."""

    name: str
    steps: tuple["Step", ...]
    retry: Retry | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    event: str


type Task = Work | Sleep | Child | Wait


@dataclass(frozen=True, slots=True)
class Do:
    """Yield a task; ``caught`` is false where a failure is to end the orchestration."""

    task: Task
    caught: bool = True


@dataclass(frozen=True, slots=True)
class All:
    """Yield ``task_all``; a failure is caught."""

    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """Yield ``task_any`` over what remains until ``rounds`` are over, with work in between."""

    tasks: tuple[Task, ...]
    rounds: int
    between: Work | None = None


@dataclass(frozen=True, slots=True)
class Race:
    """Yield ``task_any`` of a task and a timer, and cancel the timer if the task comes first."""

    task: Task
    patience_ms: int


@dataclass(frozen=True, slots=True)
class Again:
    """Yield ``task_any``, do something, then yield each task by itself, first or last one first."""

    tasks: tuple[Task, ...]
    between: Work | None = None
    backwards: bool = False


type Step = Do | All | Loop | Race | Again


@dataclass(frozen=True, slots=True)
class Raise:
    """An external event for the main orchestration."""

    at_ms: int
    event: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    steps: tuple[Step, ...]
    events: tuple[Raise, ...] = ()
    children: tuple[Child, ...] = ()
    works: dict[str, Work] = field(default_factory=dict[str, Work])

    @property
    def takes_retries(self) -> bool:
        works = any(work.retry and work.failures for work in self.works.values())
        return works or any(child.retry for child in self.children)


class Outside:
    """What activities do: counts runs, says how long each takes and whether it fails."""

    def __init__(self, script: Script) -> None:
        self._works = script.works
        self._runs = Counter[str]()

    def run(self, label: str) -> tuple[timedelta, str | None]:
        """Begin a run: how long it takes, and its value, or None for a failure."""
        work, run = self._works[label], self._runs[label]
        self._runs[label] += 1
        return (
            timedelta(milliseconds=work.durations_ms[run % len(work.durations_ms)]),
            None if run < work.failures else f"{label}#{run}",
        )


def player(steps: Sequence[Step], name: str) -> Callable[[Any], Generator[Any, Any, Any]]:
    """Return the orchestrator that plays the steps and returns what it saw."""

    def play(context: Any) -> Generator[Any, Any, Any]:
        seen: list[Any] = []
        for step in steps:
            yield from _PLAYS[type(step)](context, step, seen)
        return seen

    play.__name__ = name
    return play


def made(context: Any, task: Task) -> Any:
    """Make the SDK's task."""
    match task:
        case Work(label=label, retry=retry):
            if retry is None:
                return context.call_activity("work", label)
            return context.call_activity_with_retry("work", _options(retry), label)
        case Sleep(ms=ms):
            return context.create_timer(context.current_utc_datetime + timedelta(milliseconds=ms))
        case Child(name=name, retry=retry):
            if retry is None:
                return context.call_sub_orchestrator(name)
            return context.call_sub_orchestrator_with_retry(name, _options(retry))
        case Wait(event=event):
            return context.wait_for_external_event(event)


def _options(retry: Retry) -> Any:
    return df.RetryOptions(retry.interval_ms, retry.attempts)


def _value(result: Any) -> Any:
    return "failed" if isinstance(result, Exception) else result


def _yielded(task: Any) -> Generator[Any, Any, Any]:
    try:
        return (yield task)
    except Exception:
        return "failed"


def _do(context: Any, step: Do, seen: list[Any]) -> Generator[Any, Any]:
    task = made(context, step.task)
    seen.append((yield from _yielded(task)) if step.caught else (yield task))


def _all(context: Any, step: All, seen: list[Any]) -> Generator[Any, Any]:
    tasks = [made(context, task) for task in step.tasks]
    seen.append((yield from _yielded(context.task_all(tasks))))


def _loop(context: Any, step: Loop, seen: list[Any]) -> Generator[Any, Any]:
    tasks = [made(context, task) for task in step.tasks]
    left = list(tasks)
    for _ in range(step.rounds):
        winner = yield context.task_any(left)
        left.remove(winner)
        seen.append([tasks.index(winner), _value(winner.result)])
        if step.between is not None:
            yield from _do(context, Do(step.between), seen)


def _race(context: Any, step: Race, seen: list[Any]) -> Generator[Any, Any]:
    task, timer = made(context, step.task), made(context, Sleep(step.patience_ms))
    winner = yield context.task_any([task, timer])
    if winner == task:
        timer.cancel()
        seen.append(_value(task.result))
    else:
        seen.append("too late")


def _again(context: Any, step: Again, seen: list[Any]) -> Generator[Any, Any]:
    tasks = [made(context, task) for task in step.tasks]
    winner = yield context.task_any(tasks)
    seen.append(tasks.index(winner))
    if step.between is not None:
        yield from _do(context, Do(step.between), seen)
    for task in reversed(tasks) if step.backwards else tasks:
        result = yield from _yielded(task)
        seen.append(result)


_PLAYS: dict[type, Callable[[Any, Any, list[Any]], Generator[Any, Any]]] = {
    Do: _do,
    All: _all,
    Loop: _loop,
    Race: _race,
    Again: _again,
}


class Maker:
    """Makes a script from a seed; ``plain`` leaves out children and external events."""

    def __init__(self, seed: int, *, plain: bool = False) -> None:
        self._random = Random(seed)  # noqa: S311 - tests repeat it
        self._plain = plain
        self._works: dict[str, Work] = {}
        self._children: list[Child] = []
        self._waited: list[str] = []

    def script(self) -> Script:
        steps = tuple(self._step() for _ in range(self._random.randint(2, 4)))
        return Script(
            steps=steps,
            events=self._events(),
            children=tuple(self._children),
            works=self._works,
        )

    def _step(self) -> Step:
        some = tuple(self._task() for _ in range(self._random.randint(2, 4)))
        match self._random.randrange(6):
            case 0:
                return Do(self._task())
            case 1:
                return All(some)
            case 2:
                rounds = self._random.randint(1, len(some))
                return Loop(some, rounds, self._maybe_work())
            case 3:
                return Race(self._task(), self._ms())
            case 4:
                return Again(some, self._maybe_work(), self._random.random() < 0.5)
            case _:
                return All((self._work(), *some))

    def _task(self) -> Task:
        match self._random.randrange(6 if self._plain else 9):
            case 0 | 1 | 2 | 3:
                return self._work()
            case 4 | 5:
                return Sleep(self._ms())
            case 6:
                return self._child()
            case _:
                return self._wait()

    def _maybe_work(self) -> Work | None:
        return self._work() if self._random.random() < 0.6 else None

    def _work(self, *, failures: int | None = None, retried: bool = True) -> Work:
        label = f"w{len(self._works)}"
        retry = self._retry() if retried and self._random.random() < 0.4 else None
        if failures is None:
            failures = self._random.choice((0, 1, 2) if retry else (0, 0, 0, 1))
        durations = tuple(self._ms() for _ in range(4))
        work = self._works[label] = Work(label, durations, failures, retry)
        return work

    def _retry(self) -> Retry:
        return Retry(self._random.randint(1, 3), self._ms() // 4)

    def _child(self) -> Child:
        name = f"child{len(self._children)}"
        retry = self._retry() if self._random.random() < 0.5 else None
        failing = self._work(failures=self._random.choice((0, 0, 1, 2)), retried=False)
        steps: tuple[Step, ...] = (Do(failing, caught=False),)
        if self._random.random() < 0.4:
            steps = (Do(self._work()), *steps)
        child = Child(name, steps, retry)
        self._children.append(child)
        return child

    def _wait(self) -> Wait:
        again = self._waited and self._random.random() < 0.3
        name = self._random.choice(self._waited) if again else f"event{len(self._waited)}"
        self._waited.append(name)
        return Wait(name)

    def _events(self) -> tuple[Raise, ...]:
        raised = [name for name in self._waited if self._random.random() < 0.9]
        raised += [name for name in self._waited if self._random.random() < 0.05]
        events = [
            Raise(self._random.randint(1, 4 * LONGEST_MS), name, f"{name}!{n}")
            for n, name in enumerate(raised)
        ]
        return tuple(sorted(events, key=lambda event: event.at_ms))

    def _ms(self) -> int:
        return self._random.randint(SHORTEST_MS, LONGEST_MS)
