"""Episodes, activities, fans and events in one process: the host without HTTP, the app for real.

What is left out is the network; the worker library, the SDK and SQLite on a disk are the real ones.
"""

import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, ClassVar, override

from benchmarks.figures import Figure
from benchmarks.reporting import report
from funchost.dispatch.clock import SystemClock
from funchost.dispatch.hub import StartRequest
from funchost.dispatch.ids import new_id
from funchost.dispatch.service import DurableService, Limits
from funchost.engine.actions import Turn
from funchost.engine.calls import OrchestrationHead
from funchost.storage.sqlite import SqliteStore
from funchost.worker.history import document
from funchost.worker.host_worker import AppWorker, WorkerSettings

APP = Path(__file__).parent / "app"
IN_FLIGHT = 100
ONE = json.dumps(json.dumps(1))
AZURE = "Azure Storage, published"

type Timed = Callable[[DurableService], Awaitable[float]]


class Recorder(AppWorker):
    """The app's worker, one in a process; keeps the documents that the SDK was called with."""

    documents: ClassVar[list[tuple[str, str]]] = []
    is_recording = False

    @override
    async def orchestrate(self, head: OrchestrationHead, history: Sequence[str]) -> Turn:
        if self.is_recording:
            self.documents.append((head.name, document(head, history)))
        return await super().orchestrate(head, history)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many things a second: what to call it, how to measure it, what Azure publishes."""

    name: str
    unit: str
    measure: Timed
    published: int | None = None


class Bench:
    """Repeats measurements, each on a task hub of its own."""

    def __init__(self, worker: Recorder, folder: Path, repeat: int) -> None:
        self.worker = worker
        self._folder = folder
        self._repeat = repeat

    async def repeated(self, measure: Timed) -> tuple[float, ...]:
        """Measure once to warm up, then as often as asked."""
        await self.once(measure)
        return tuple([await self.once(measure) for _ in range(self._repeat)])

    async def figure(self, rate: Rate) -> Figure:
        """Measure a rate as often as asked."""
        values = await self.repeated(rate.measure)
        published = rate.published
        return Figure(
            name=rate.name,
            unit=rate.unit,
            values=values,
            reference=""
            if published is None
            else f"{AZURE}: {published} ({median(values) / published:,.0f}x)",
        )

    async def once(self, measure: Timed) -> float:
        store = SqliteStore.open(self._folder / f"{new_id()}.db", owner="benchmark")
        service = DurableService(
            store=store,
            worker=self.worker,
            clock=SystemClock(),
            limits=Limits(orchestrators=20, activities=5_000, entities=20),
            on_failure=lambda error: sys.exit(f"the state could not be kept: {error}"),
        )
        service.start_up()
        try:
            return await measure(service)
        finally:
            await service.shut_down(5)


async def start(service: DurableService, name: str, size: int) -> str:
    text = json.dumps(json.dumps(size))
    return await service.start(StartRequest(name=name, instance_id=None, input=text))


async def ended(service: DurableService, instance_id: str) -> None:
    while True:
        record = await service.status(instance_id)
        if record is not None and record.status.is_terminal:
            return
        await asyncio.sleep(0.001)


def alone(orchestrator: str, size: int) -> Timed:
    """Measure ``size`` things a second in one instance."""

    async def run(service: DurableService) -> float:
        begun = time.perf_counter()
        await ended(service, await start(service, orchestrator, size))
        return size / (time.perf_counter() - begun)

    return run


def fan_in(app: Any, size: int) -> Timed:
    """Measure answers a second when all activities end at once."""

    async def run(service: DurableService) -> float:
        instance_id = await start(service, "gated_fan", size)
        while app.gate.waiting < size:  # noqa: ASYNC110 - it counts on the loop of another thread
            await asyncio.sleep(0.001)
        begun = time.perf_counter()
        app.gate.open()
        await ended(service, instance_id)
        return size / (time.perf_counter() - begun)

    return run


def events(size: int) -> Timed:
    """Measure external events a second, all raised at once."""

    async def run(service: DurableService) -> float:
        instance_id = await start(service, "listen", size)
        begun = time.perf_counter()
        for number in range(size):
            await service.raise_event(instance_id, "news", str(number))
        await ended(service, instance_id)
        return size / (time.perf_counter() - begun)

    return run


def signals(size: int, keys: int) -> Timed:
    """Measure entity operations a second: signals, all sent at once, in turn to so many."""

    async def run(service: DurableService) -> float:
        begun = time.perf_counter()
        for number in range(size):
            await service.signal_entity("counter", str(number % keys), operation="add", payload=ONE)
        while not service.is_idle():  # noqa: ASYNC110 - the service tells nobody when it is idle
            await asyncio.sleep(0.001)
        return size / (time.perf_counter() - begun)

    return run


def crowd(total: int) -> Timed:
    """Measure orchestrations of five activities a second, with 100 in flight."""

    async def run(service: DurableService) -> float:
        slots = asyncio.Semaphore(IN_FLIGHT)

        async def one() -> None:
            async with slots:
                await ended(service, await start(service, "chain", 5))

        begun = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(total)))
        return total / (time.perf_counter() - begun)

    return run


async def fan_growth(bench: Bench, size: int) -> list[Figure]:
    """Fan out to so many activities and to ten times as many, in turn."""
    sizes = size, size * 10
    rates = [await bench.repeated(alone("fan", each)) for each in sizes]
    growth = tuple(few / many for few, many in zip(*rates, strict=True))
    figures = [
        Figure(
            name=f"one instance, fan-out to {each:,} activities and back",
            unit="activities/s",
            values=values,
            reference=f"{AZURE}: 100 ({median(values) / 100:,.0f}x)",
        )
        for each, values in zip(sizes, rates, strict=True)
    ]
    name = f"cost of an activity in a fan of {sizes[1]:,}, to one of {sizes[0]:,}"
    return [*figures, Figure(name=name, unit="x", values=growth, reference="goal: at most 1.5")]


async def episode_costs(bench: Bench, app: Any, total: int, repeat: int) -> list[Figure]:
    """Compare the processor's time for an episode with what the SDK alone takes for the same."""
    with_host: list[float] = []
    sdk_alone: list[float] = []
    for _ in range(repeat):
        bench.worker.documents.clear()
        bench.worker.is_recording = True
        begun = time.process_time()
        await bench.once(crowd(total))
        spent = time.process_time() - begun
        bench.worker.is_recording = False
        episodes = len(bench.worker.documents)
        with_host.append(spent * 1e3 / episodes)
        sdk_alone.append(_sdk_alone(app, bench.worker.documents) * 1e3 / episodes)
    ratios = tuple(host / sdk for host, sdk in zip(with_host, sdk_alone, strict=True))
    return [
        Figure(
            name="episode in all: SDK, engine, commit, and its activity",
            unit="ms CPU",
            values=tuple(with_host),
        ),
        Figure(name="the same episode, SDK alone", unit="ms CPU", values=tuple(sdk_alone)),
        Figure(name="ratio of the two", unit="x", values=ratios, reference="1 is the SDK itself"),
    ]


def _sdk_alone(app: Any, documents: Sequence[tuple[str, str]]) -> float:
    handles = {name: getattr(app, name).build().get_user_function() for name, _ in documents}
    begun = time.process_time()
    for name, text in documents:
        handles[name](text)
    return time.process_time() - begun


async def _measure(repeat: int, scale: float) -> list[Figure]:
    hundred, thousand = max(5, int(100 * scale)), int(1_000 * scale)
    worker = await Recorder.start(WorkerSettings(app_dir=APP, new_id=new_id))
    app: Any = sys.modules["function_app"]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(worker, Path(folder), repeat)
        figures = [
            *[await bench.figure(rate) for rate in _alone(hundred)],
            *await fan_growth(bench, thousand),
            *[await bench.figure(rate) for rate in _together(app, hundred, thousand)],
            *await episode_costs(bench, app, hundred * 2, repeat),
        ]
    await worker.stop(timedelta(seconds=1))
    return figures


def _alone(hundred: int) -> list[Rate]:
    """What one instance does, one thing after the other."""
    return [
        Rate(
            name=f"one instance, {hundred} activities in sequence",
            unit="activities/s",
            measure=alone("chain", hundred),
            published=5,
        ),
        Rate(
            name=f"one instance, {hundred} calls of an entity in sequence",
            unit="operations/s",
            measure=alone("counting", hundred),
        ),
    ]


def _together(app: Any, hundred: int, thousand: int) -> list[Rate]:
    """What comes at once."""
    return [
        Rate(
            name=f"one instance, fan-in of {thousand} answers at once",
            unit="answers/s",
            measure=fan_in(app, thousand),
            published=150,
        ),
        Rate(
            name=f"one instance, {hundred * 5} external events at once",
            unit="events/s",
            measure=events(hundred * 5),
            published=50,
        ),
        *[
            Rate(
                name=f"{thousand} signals to {keys} entities",
                unit="operations/s",
                measure=signals(thousand, keys),
            )
            for keys in (1, 100)
        ],
        Rate(
            name=f"chains of five activities, {IN_FLIGHT} in flight",
            unit="orchestrations/s",
            measure=crowd(hundred * 5),
        ),
    ]


def measure(repeat: int, scale: float) -> list[Figure]:
    """Measure everything in one event loop; the app is loaded once."""
    logging.disable(logging.WARNING)
    return asyncio.run(_measure(repeat, scale))


if __name__ == "__main__":
    report(measure)
