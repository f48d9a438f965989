"""What the SDK takes to replay a history, by its length; the host's share is in `engine`.

Counted are the events that the SDK is given; the host leaves out those that it ignores.
"""

import importlib.util
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.reporting import report
from funchost.engine.calls import OrchestrationHead
from funchost.engine.events import (
    Event,
    ExecutionStarted,
    OrchestratorStarted,
    TaskCompleted,
    TaskScheduled,
)
from funchost.worker.history import document, encode

APP = Path(__file__).parent / "app" / "function_app.py"
EPOCH = datetime(2030, 1, 1, tzinfo=UTC)


def measure(repeat: int, scale: float) -> list[Figure]:
    """Replay histories of two lengths and two shapes."""
    app = bench_app()
    sizes = [int(size * scale) for size in (1_000, 10_000)]
    return [
        Figure(
            name=f"SDK alone: replay of {size:,} events, {shape}",
            unit="µs/event",
            values=_replays(getattr(app, shape), size, repeat, events=events),
        )
        for shape, events in (("chain", _chained), ("fan", _fanned))
        for size in sizes
    ]


def bench_app() -> Any:
    """Load the app that is measured, without a host."""
    spec = importlib.util.spec_from_file_location("function_app", APP)
    if spec is None or spec.loader is None:
        raise ImportError(APP)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _replays(
    built: Any, size: int, repeat: int, *, events: Callable[[int], list[Event]]
) -> tuple[float, ...]:
    handle = built.build().get_user_function()
    history = events(size)
    calls = sum(isinstance(event, TaskScheduled) for event in history)
    head = OrchestrationHead(
        instance_id="i", name="n", input=f'"{calls + 1}"', parent_instance_id=None
    )
    texts = [text for event in history if (text := encode(event))]
    text = document(head, texts)
    handle(text)  # the first time, which is not measured
    times: list[float] = []
    for _ in range(repeat):
        begun = time.perf_counter()
        handle(text)
        times.append((time.perf_counter() - begun) * 1e6 / len(texts))
    return tuple(times)


def _chained(size: int) -> list[Event]:
    """One activity after the other, as the engine would have written it."""
    history = _opening()
    for task in range(size // 2):
        at = EPOCH + timedelta(milliseconds=task)
        history += [
            TaskScheduled(id=task, at=at, name="same", input=str(task)),
            OrchestratorStarted(at=at),
            TaskCompleted(at=at, task_id=task, result=str(task)),
        ]
    return history


def _fanned(size: int) -> list[Event]:
    """All activities at once, then all answers but one."""
    history = _opening()
    tasks = size
    history += [TaskScheduled(id=n, at=EPOCH, name="same", input=str(n)) for n in range(tasks)]
    history.append(OrchestratorStarted(at=EPOCH))
    history += [TaskCompleted(at=EPOCH, task_id=n, result=str(n)) for n in range(tasks - 1)]
    return history


def _opening() -> list[Event]:
    started = ExecutionStarted(at=EPOCH, name="n", execution_id="e", input='"1"')
    return [OrchestratorStarted(at=EPOCH), started]


if __name__ == "__main__":
    report(measure)
