"""kill -9 with many instances pending: how soon the next host serves, and all have ended."""

import asyncio
import signal
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from benchmarks.figures import Figure
from benchmarks.processes import Process
from benchmarks.reporting import report

APP = Path(__file__).parent / "app"
ACTIVITIES = 3  # of each instance
AT_ONCE = 50
WATCH_EVERY_S = 0.05
DURABLE = "/runtime/webhooks/durabletask"
RUNNING = f"{DURABLE}/instances?runtimeStatus=Running,Pending&showInput=false&top=1"


async def start_all(
    url: str, count: int, orchestrator: str = "chain", payload: int = ACTIVITIES
) -> float:
    """Start so many instances; return the seconds until the last was acknowledged."""
    slots = asyncio.Semaphore(AT_ONCE)
    begun = time.perf_counter()
    async with aiohttp.ClientSession(url) as session:

        async def one() -> None:
            headers = {"Content-Type": "application/json"}
            path = f"{DURABLE}/orchestrators/{orchestrator}"
            async with (
                slots,
                session.post(path, data=f'"{payload}"', headers=headers) as answer,
            ):
                answer.raise_for_status()

        await asyncio.gather(*(one() for _ in range(count)))
    return time.perf_counter() - begun


async def until_all_ended(url: str) -> None:
    """Ask until no instance is pending or runs."""
    async with aiohttp.ClientSession(url) as session:
        while True:
            async with session.get(RUNNING) as answer:
                if not await answer.json():
                    return
            await asyncio.sleep(WATCH_EVERY_S)


async def _pending(url: str) -> int:
    async with aiohttp.ClientSession(url) as session:
        path = f"{DURABLE}/instances?runtimeStatus=Running,Pending&showInput=false&top=100000"
        async with session.get(path) as answer:
            return len(await answer.json())


def _once(folder: Path, count: int) -> tuple[float, float, float, float]:
    command = [sys.executable, "-m", "funchost", "start", "--app", str(APP), "--port", "{port}"]
    command += ["--state", str(folder / "state.db")]
    with Process(command, log=folder / "log") as host:
        host.start("/api/ping")
        begun = time.perf_counter()
        asyncio.run(start_all(host.url, count))
        asyncio.run(until_all_ended(host.url))
        undisturbed = time.perf_counter() - begun
        asyncio.run(start_all(host.url, count))
        pending = asyncio.run(_pending(host.url))
        host.end(signal.SIGKILL)
        begun = time.perf_counter()
        serves = host.start("/api/ping")
        asyncio.run(until_all_ended(host.url))
        return pending, serves, time.perf_counter() - begun, undisturbed


def measure(repeat: int, scale: float) -> list[Figure]:
    """Kill a host under load, start it again, and wait for the end of everything."""
    count = int(1_000 * scale)
    runs: list[tuple[float, float, float, float]] = []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(_once(Path(folder), count))
    names = (
        ("instances pending at the kill", "instances", f"of {count:,} just started"),
        ("from the next start to the first request served", "s", ""),
        ("from the next start to the end of all of them", "s", ""),
        (f"the same {count:,} started and ended undisturbed", "s", ""),
    )
    return [
        Figure(
            name=f"kill -9: {name}",
            unit=unit,
            values=tuple(run[column] for run in runs),
            reference=reference,
        )
        for column, (name, unit, reference) in enumerate(names)
    ]


if __name__ == "__main__":
    report(measure)
