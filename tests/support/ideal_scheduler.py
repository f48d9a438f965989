"""What ought to come of a random orchestration: its meaning, played on a clock and nothing else.

No history, no ids, no replay: tasks end when their time has come, code goes on when what it waits
for is there. Written from the SDK's documented behaviour, without looking at the engine.
"""

import heapq
import itertools
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.support.random_orchestrations import (
    Again,
    All,
    Child,
    Do,
    Loop,
    Outside,
    Race,
    Raise,
    Retry,
    Script,
    Sleep,
    Step,
    Task,
    Wait,
    Work,
)


@dataclass(frozen=True, slots=True)
class Ending:
    """What the main orchestration saw, and when it ended; ``failed`` by an uncaught failure."""

    seen: list[Any] | None
    at_ms: int
    failed: bool = False


class UncaughtError(Exception):
    """A task failed and the code does not catch it."""


@dataclass(eq=False, slots=True)
class Future:
    is_done: bool = False
    value: Any = None
    failed: bool = False
    is_canceled: bool = False


type Blocked = Callable[[], bool]
type Code = Generator[Blocked]


@dataclass(eq=False, slots=True, kw_only=True)
class Run:
    """One orchestration that runs."""

    code: Code
    ready: Blocked
    seen: list[Any]
    on_end: Callable[[Any, bool], None]
    open: int = 0  # tasks that hold it
    has_returned: bool = False
    failed: bool = False
    is_over: bool = False
    waits: dict[str, list[Future]] = field(default_factory=dict[str, list[Future]])
    held: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


class IdealScheduler:
    """Plays one script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._outside = Outside(script)
        self._now = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._ending: Ending | None = None

    def play(self) -> Ending | None:
        """Return the ending, or None when the orchestration waits for ever."""
        main = self._begin(self._script.steps, self._end)
        for event in self._script.events:
            self._at(event.at_ms, partial(self._raise, main, event))
        while self._heap:
            self._now, _, happens = heapq.heappop(self._heap)
            happens()
        return self._ending

    def _end(self, value: Any, failed: bool) -> None:  # noqa: FBT001 - a callback
        self._ending = Ending(None if failed else value, self._now, failed)

    def _at(self, instant: int, happens: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (instant, next(self._order), happens))

    def _begin(self, steps: Sequence[Step], on_end: Callable[[Any, bool], None]) -> Run:
        seen: list[Any] = []
        run = Run(code=iter(()), ready=lambda: True, seen=seen, on_end=on_end)  # type: ignore[arg-type] # replaced in the next line
        run.code = self._code(run, steps)
        self._at(self._now, lambda: self._go_on(run))
        return run

    def _go_on(self, run: Run) -> None:
        """Let the code run as far as it can, then hand it held events, one at a time."""
        while not run.is_over:
            try:
                while not run.has_returned and run.ready():
                    run.ready = next(run.code)
            except StopIteration:
                run.has_returned = True
            except UncaughtError:
                run.has_returned = run.failed = True
            event = next((e for e in run.held if run.waits.get(e[0])), None)
            if event is None:
                break
            run.held.remove(event)
            self._finish(run.waits[event[0]].pop(), event[1])
        if run.has_returned and not run.open and not run.is_over:
            run.is_over = True
            run.on_end(run.seen, run.failed)

    def _raise(self, run: Run, event: Raise) -> None:
        run.held.append((event.event, event.value))
        self._go_on(run)

    def _finish(self, future: Future, value: Any, *, failed: bool = False) -> None:
        future.is_done, future.value, future.failed = True, value, failed

    def _close(self, run: Run, future: Future, value: Any, *, failed: bool = False) -> None:
        """End a task that holds its orchestration."""
        if not future.is_canceled:
            run.open -= 1
            self._finish(future, value, failed=failed)
            self._go_on(run)

    def _start(self, run: Run, task: Task) -> Future:
        future = Future()
        match task:
            case Wait(event=event):
                run.waits.setdefault(event, []).append(future)
            case Sleep(ms=ms):
                run.open += 1
                self._at(self._now + ms, lambda: self._close(run, future, None))
            case Work() | Child():
                run.open += 1
                self._attempt(run, task, future, 1)
        return future

    def _attempt(self, run: Run, task: Work | Child, future: Future, attempt: int) -> None:
        def answered(value: Any, failed: bool) -> None:  # noqa: FBT001 - a callback
            match task.retry:
                case Retry(attempts=most, interval_ms=interval) if failed and attempt < most:
                    again = self._now + interval
                    self._at(again, lambda: self._attempt(run, task, future, attempt + 1))
                case _:
                    self._close(run, future, "failed" if failed else value, failed=failed)

        match task:
            case Work(label=label):
                duration, value = self._outside.run(label)
                ends = self._now + round(duration.total_seconds() * 1000)
                self._at(ends, lambda: answered(value, value is None))
            case Child(steps=steps):
                self._begin(steps, answered)

    def _code(self, run: Run, steps: Sequence[Step]) -> Code:
        for step in steps:
            match step:
                case Do(task=task, caught=caught):
                    future = self._start(run, task)
                    yield partial(_is_done, future)
                    if future.failed and not caught:
                        raise UncaughtError
                    run.seen.append(future.value)
                case All():
                    yield from self._all(run, step)
                case Loop():
                    yield from self._loop(run, step)
                case Race():
                    yield from self._race(run, step)
                case Again():
                    yield from self._again(run, step)

    def _all(self, run: Run, step: All) -> Code:
        futures = [self._start(run, task) for task in step.tasks]
        yield lambda: all(f.is_done for f in futures) or any(f.failed for f in futures)
        is_bad = any(future.failed for future in futures)
        run.seen.append("failed" if is_bad else [future.value for future in futures])

    def _loop(self, run: Run, step: Loop) -> Code:
        futures = [self._start(run, task) for task in step.tasks]
        left = list(futures)
        for _ in range(step.rounds):
            yield from _first(left)
            winner = next(future for future in left if future.is_done)
            left.remove(winner)
            run.seen.append([futures.index(winner), winner.value])
            yield from self._between(run, step.between)

    def _race(self, run: Run, step: Race) -> Code:
        task = self._start(run, step.task)
        timer = self._start(run, Sleep(step.patience_ms))
        yield from _first([task, timer])
        if task.is_done:
            timer.is_canceled = True
            run.open -= 1
        run.seen.append(task.value if task.is_done else "too late")

    def _again(self, run: Run, step: Again) -> Code:
        futures = [self._start(run, task) for task in step.tasks]
        yield from _first(futures)
        run.seen.append(next(n for n, future in enumerate(futures) if future.is_done))
        yield from self._between(run, step.between)
        for future in reversed(futures) if step.backwards else futures:
            yield partial(_is_done, future)
            run.seen.append(future.value)

    def _between(self, run: Run, work: Work | None) -> Code:
        if work is not None:
            yield from self._code(run, [Do(work)])


def _is_done(future: Future) -> bool:
    return future.is_done


def _first(futures: Sequence[Future]) -> Code:
    yield lambda: any(future.is_done for future in futures)


def ideal_ending(script: Script) -> Ending | None:
    """Return how the script ought to end, None when it waits for ever."""
    return IdealScheduler(script).play()
