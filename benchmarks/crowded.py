"""10,000 instances: what they take of memory, and how soon work goes on after `kill -9`.

All of them wait for their activity, which a variable in the environment holds; the host is killed
and started again without the variable. Memory is what the system says the process holds.
"""

import asyncio
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.figures import Figure
from benchmarks.processes import Process
from benchmarks.recovery import APP, DURABLE, start_all, until_all_ended
from benchmarks.reporting import report

HOLD = {"BENCHMARK_HOLDS": "1"}
ASK_EVERY_S = 0.01
SETTLE_S = 1.0
RESUMED = f"{DURABLE}/instances?runtimeStatus=Completed&showInput=false&top=1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run saw; times from the second start on, in seconds, memory in MB."""

    at_rest: float
    pending: float
    served: float
    resumed: float
    ended: float
    finished: float
    reopened: float


async def _until_resumed(url: str) -> None:
    async with aiohttp.ClientSession(url) as session:
        while True:
            async with session.get(RESUMED) as answer:
                if await answer.json():
                    return
            await asyncio.sleep(ASK_EVERY_S)


def _once(folder: Path, count: int) -> Run:
    command = [sys.executable, "-m", "funchost", "start", "--app", str(APP), "--port", "{port}"]
    command += ["--state", str(folder / "state.db")]
    with Process(command, log=folder / "log", settings=HOLD) as host:
        host.start("/api/ping")
        at_rest = _settled(host)
        asyncio.run(start_all(host.url, count, "parked"))
        pending = _settled(host)
        host.end(signal.SIGKILL)
    with Process(command, log=folder / "log") as host:
        begun = time.perf_counter()
        served = host.start("/api/ping")
        asyncio.run(_until_resumed(host.url))
        resumed = time.perf_counter() - begun
        asyncio.run(until_all_ended(host.url))
        ended = time.perf_counter() - begun
        finished = _settled(host)
        host.end(signal.SIGINT)
        host.start("/api/ping")
        reopened = _settled(host)
    return Run(
        at_rest=at_rest,
        pending=pending,
        served=served,
        resumed=resumed,
        ended=ended,
        finished=finished,
        reopened=reopened,
    )


def _settled(host: Process) -> float:
    time.sleep(SETTLE_S)
    return host.resident_mb


def measure(repeat: int, scale: float) -> list[Figure]:
    """Park, kill, start again, wait for the end of everything; twice at most, as it is long."""
    count = int(10_000 * scale)
    runs: list[Run] = []
    for _ in range(min(repeat, 2)):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(_once(Path(folder), count))
    killed = f"kill -9 with {count:,} pending, from the next start to"
    rows = (
        (f"{killed} the first request served", "s", [run.served for run in runs], ""),
        (f"{killed} the first of them ended", "s", [run.resumed for run in runs], "goal: 2 s"),
        (f"{killed} the end of all of them", "s", [run.ended for run in runs], ""),
        ("memory at rest", "MB", [run.at_rest for run in runs], ""),
        (f"memory with {count:,} pending", "MB", [run.pending for run in runs], ""),
        (f"memory with {count:,} just finished", "MB", [run.finished for run in runs], ""),
        (f"memory with {count:,} finished, restarted", "MB", [run.reopened for run in runs], ""),
    )
    return [
        Figure(name=name, unit=unit, values=tuple(values), reference=reference)
        for name, unit, values, reference in rows
    ]


if __name__ == "__main__":
    report(measure)
