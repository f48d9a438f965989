"""The order-shaped workflow on funchost, on peers and on the SDK alone, side by side in one run.

Four activities in sequence, then two in parallel; they return what comes in. funchost is a process
with its SQLite file, asked over HTTP; the client is another process on the same processors. With
100 in flight it asks once in 250 ms which of them still run. One alone is measured twice: by a
client that asks for the status every 4 ms, and by one whose start is answered with the end.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

from benchmarks import peers
from benchmarks.figures import Figure
from benchmarks.floor import Written, floor
from benchmarks.peers import Score
from benchmarks.processes import Process
from benchmarks.replay import bench_app
from benchmarks.reporting import report

APP = Path(__file__).parent / "app"
IN_FLIGHT = 100
WATCH_EVERY_S = 0.25
ASK_EVERY_S = 0.004
PATIENCE_S = 300
GOAL_MS = 9
WAIT = {"timeout": "30", "pollingInterval": "1"}  # the platform's way to wait for the end
OUTPUT = [4, 5]
DURABLE = "/runtime/webhooks/durabletask"
RUNNING = f"{DURABLE}/instances?runtimeStatus=Running,Pending&showInput=false&top=1000"
STARTS = {
    "started through the management API": f"{DURABLE}/orchestrators/shaped",
    "started by an HTTP function with a durable client": "/api/shaped",
}
OWN = next(iter(STARTS))


class Client:
    """Starts shaped workflows in a running host and sees them end."""

    def __init__(self, session: aiohttp.ClientSession, start: str) -> None:
        self._session = session
        self._start = start
        self._watched: dict[str, asyncio.Event] = {}

    async def start(self) -> str:
        async with self._session.post(self._start) as answer:
            answer.raise_for_status()
            instance_id: str = (await answer.json())["id"]
            return instance_id

    async def alone(self) -> float:
        """Run one; return the milliseconds until it was seen to have ended."""
        begun = time.perf_counter()
        path = f"{DURABLE}/instances/{await self.start()}?showInput=false"
        while True:
            async with self._session.get(path) as answer:
                status: Any = await answer.json()
            if status["runtimeStatus"] == "Completed":
                return (time.perf_counter() - begun) * 1e3
            await asyncio.sleep(ASK_EVERY_S)

    async def told(self) -> float:
        """Run one; return the milliseconds until the start was answered with its output."""
        begun = time.perf_counter()
        async with self._session.post(self._start, params=WAIT) as answer:
            output: Any = await answer.json()
        spent = (time.perf_counter() - begun) * 1e3
        if output != OUTPUT:
            raise RuntimeError(output)
        return spent

    async def in_flight(self, total: int) -> float:
        """Keep 100 going until so many have ended; return workflows a second."""
        slots = asyncio.Semaphore(IN_FLIGHT)

        async def one() -> None:
            async with slots:
                ended = asyncio.Event()
                self._watched[await self.start()] = ended
                await ended.wait()

        begun = time.perf_counter()
        watching = asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(*(one() for _ in range(total)))
        finally:
            watching.cancel()
        return total / (time.perf_counter() - begun)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            watched = dict(self._watched)
            async with self._session.get(RUNNING) as answer:
                running = {instance["instanceId"] for instance in await answer.json()}
            for instance_id in watched.keys() - running:
                self._watched.pop(instance_id).set()


def on_funchost(start: str, *, total: int, alone: int) -> Score:
    """Run a host of its own; warm it up; one at a time, then many."""

    async def ask(url: str) -> Score:
        async with aiohttp.ClientSession(url) as session:
            client = Client(session, start)
            for _ in range(5):
                await client.alone()
            singles = [await client.alone() for _ in range(alone)]
            told = [await client.told() for _ in range(alone if start == STARTS[OWN] else 0)]
            return Score(rate=await client.in_flight(total), alone=singles, told=told)

    return _with_host(ask)


def _with_host(ask: Callable[[str], Awaitable[Score]]) -> Score:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "funchost", "start", "--app", str(APP)]
        command += ["--port", "{port}", "--state", str(folder / "state.db")]
        with Process(command, log=folder / "log") as host:
            host.start("/api/ping")
            return asyncio.run(_awaited(ask(host.url)))


async def _awaited(score: Awaitable[Score]) -> Score:
    return await score


def measure(repeat: int, scale: float) -> list[Figure]:
    """Run everybody in turn, as often as asked, so that a slow minute is everybody's."""
    peers.install()
    total, alone = max(20, int(500 * scale)), max(10, int(100 * scale))
    handle = bench_app().shaped.build().get_user_function()
    scores: dict[str, list[Score]] = {}
    floors: dict[Written, list[float]] = {}
    for _ in range(repeat):
        for how, start in STARTS.items():
            scores.setdefault(how, []).append(on_funchost(start, total=total, alone=alone))
        for peer, program in peers.PROGRAMS.items():
            reached = peers.score(program, total=total, in_flight=IN_FLIGHT, alone=alone)
            scores.setdefault(peer, []).append(reached)
        for written in Written:
            floors.setdefault(written, []).append(floor(handle, written, total))
    return [
        *(_rate(who, reached) for who, reached in scores.items()),
        *_floors(floors),
        *_ratios(scores, floors),
        *(figure for who, reached in scores.items() for figure in _alone(who, reached)),
    ]


def _rate(who: str, reached: list[Score]) -> Figure:
    return Figure(
        name=f"shaped, {IN_FLIGHT} in flight: {_label(who)}",
        unit="workflows/s",
        values=tuple(score.rate for score in reached),
    )


def _alone(who: str, reached: list[Score]) -> list[Figure]:
    goal = f"goal: {GOAL_MS} ms at the median" if who == OWN else ""
    name = f"shaped, one alone, median of {len(reached[0].alone)}: {_label(who)}"
    asked = tuple(median(score.alone) for score in reached)
    told = tuple(median(score.told) for score in reached if score.told)
    if not told:
        return [Figure(name=name, unit="ms", values=asked, reference=goal)]
    return [
        Figure(name=f"{name}, told of the end", unit="ms", values=told, reference=goal),
        Figure(name=f"{name}, asking every 4 ms", unit="ms", values=asked, reference=goal),
    ]


def _label(who: str) -> str:
    return f"funchost, SQLite, {who}" if who in STARTS else who


def _floors(floors: dict[Written, list[float]]) -> list[Figure]:
    return [
        Figure(
            name=f"shaped, the SDK alone, {written}",
            unit="workflows/s",
            values=tuple(values),
            reference="six episodes each, one thread, nothing kept",
        )
        for written, values in floors.items()
    ]


def _ratios(scores: dict[str, list[Score]], floors: dict[Written, list[float]]) -> list[Figure]:
    own = [score.rate for score in scores[OWN]]
    best = [
        max(score.rate for score in rivals)
        for rivals in zip(*(scores[peer] for peer in peers.PROGRAMS), strict=True)
    ]
    short = floors[Written.SHORT]
    pairs = (
        ("the best peer", best, "goal: at least 3"),
        ("the SDK without ignored events", short, "goal: at least 0.5"),
        ("the SDK as funchost feeds it", floors[Written.FUNCHOST], "1 would be a host for nothing"),
    )
    return [
        Figure(
            name=f"shaped, {IN_FLIGHT} in flight: funchost to {what}",
            unit="x",
            values=tuple(mine / other for mine, other in zip(own, others, strict=True)),
            reference=goal,
        )
        for what, others, goal in pairs
    ]


if __name__ == "__main__":
    report(measure)
