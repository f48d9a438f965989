"""100,000 finished and 1,000 running workflows: what a page of the list costs, first or late.

The state file is filled through the storage port, as if they had run; then the repository's app is
served over it, and asked over HTTP, one request at a time.
"""

import json
import random
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from benchmarks.figures import Figure
from benchmarks.processes import Process
from benchmarks.reporting import report
from funchost.engine.events import ExecutionStarted, Message, OrchestratorStarted, RuntimeStatus
from funchost.engine.ports import CommitEpisode, CreateInstance, InstanceRecord, Write
from funchost.storage.sqlite import SqliteStore
from scripts.azurite import Azurite
from scripts.layout import ROOT

FINISHED, RUNNING = 100_000, 1_000
SPREAD = timedelta(days=7)
TOGETHER = 500
EARLY, LATE = 10, 100
# About what an order keeps: its input, and what it shows.
INPUT = json.dumps(json.dumps({"orderId": "x" * 32, "lines": [{"sku": "desk-lamp"}] * 20}))


def fill(path: Path, finished: int, running: int) -> None:
    """Write a state file of workflows that have run, or wait in the midst of it."""
    store = SqliteStore.open(path, owner="benchmark")
    try:
        for writes in batched(_writes(finished, running), TOGETHER, strict=False):
            failed = [outcome.error for outcome in store.commit(writes) if outcome.error]
            if failed:
                raise RuntimeError(f"The store refused a write: {failed[0]}")
            if store.needs_upkeep:
                store.keep_up()
    finally:
        store.close()


def _writes(finished: int, running: int) -> Iterator[Write]:
    chance = random.Random(1)
    now = datetime.now(UTC)
    for number in range(finished + running):
        created = now - SPREAD * chance.random()
        is_running = number >= finished
        status = RuntimeStatus.RUNNING if is_running else RuntimeStatus.COMPLETED
        shown = {"orderId": f"{number:06}", "status": "reserving_stock" if is_running else "done"}
        pending = InstanceRecord(
            instance_id=f"order-{number:06}",
            execution_id=f"e{number}",
            name="order_processing_orchestrator",
            status=RuntimeStatus.PENDING,
            created_at=created,
            updated_at=created,
            input=INPUT,
        )
        started = ExecutionStarted(
            at=created, name=pending.name, execution_id=pending.execution_id, input=INPUT
        )
        start = Message(sequence=number + 1, event=started, execution_id=pending.execution_id)
        yield CreateInstance(record=pending, start=start)
        yield CommitEpisode(
            record=_after(pending, status, json.dumps(shown)),
            execution_id=pending.execution_id,
            appended=(OrchestratorStarted(at=created), started),
            consumed=(start.sequence,),
        )


def _after(record: InstanceRecord, status: RuntimeStatus, shown: str) -> InstanceRecord:
    return InstanceRecord(
        instance_id=record.instance_id,
        execution_id=record.execution_id,
        name=record.name,
        status=status,
        created_at=record.created_at,
        updated_at=record.created_at + timedelta(seconds=5),
        input=record.input,
        output=shown if status is RuntimeStatus.COMPLETED else None,
        custom_status=shown,
        episode=1,
    )


class Lists:
    """Asks a host for pages."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, query: str = "") -> tuple[float, Any]:
        """Return the milliseconds of one request, and its page."""
        begun = time.perf_counter()
        with urllib.request.urlopen(f"{self._url}/api/workflows?{query}") as answer:  # noqa: S310 - our own host
            page = json.load(answer)
        return (time.perf_counter() - begun) * 1e3, page

    def pages(self, query: str, count: int) -> list[float]:
        """Go through so many pages; return the milliseconds of each."""
        taken: list[float] = []
        cursor = ""
        for _ in range(count):
            spent, page = self.ask(f"{query}{cursor}")
            taken.append(spent)
            cursor = f"&cursor={quote(page['nextCursor'] or '')}"
        return taken


def _measured(url: str, repeat: int) -> list[Figure]:
    lists = Lists(url)
    for _ in range(5):
        lists.ask()
    walks = [lists.pages("limit=25", LATE) for _ in range(max(repeat, 3))]
    rows: Sequence[tuple[str, Sequence[float], str]] = (
        ("first page", [lists.ask()[0] for _ in range(10 * repeat)], "goal: 300 ms at the median"),
        (f"page {EARLY}", [walk[EARLY - 1] for walk in walks], ""),
        (f"page {LATE}", [walk[LATE - 1] for walk in walks], "to be as quick as the first"),
        ("all pages up to it, the median of them", [median(walk) for walk in walks], ""),
        ("first page of what runs", _repeated(lists, "status=Running", repeat), ""),
        ("first page, oldest first", _repeated(lists, "sort=createdAt", repeat), ""),
        ("first page of 100", _repeated(lists, "limit=100", repeat), ""),
        ("text in the status of every hundredth", _repeated(lists, "text=00%22", repeat), ""),
        ("text that nothing holds, one request", _repeated(lists, "text=nothing", repeat), ""),
    )
    return [
        Figure(name=f"list: {name}", unit="ms", values=tuple(values), reference=reference)
        for name, values, reference in rows
    ]


def _repeated(lists: Lists, query: str, repeat: int) -> list[float]:
    return [lists.ask(query)[0] for _ in range(3 * repeat)]


def measure(repeat: int, scale: float) -> list[Figure]:
    """Fill a file, serve it, and ask."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder / "state.db", int(FINISHED * scale), int(RUNNING * scale))
        with Azurite(log=folder / "azurite.log", data=folder / "azurite") as azurite:
            settings = {"AzureWebJobsStorage": azurite.connection_string}
            command = [sys.executable, "-m", "funchost", "start", "--app", str(ROOT)]
            command += ["--port", "{port}", "--state", str(folder / "state.db")]
            with Process(command, log=folder / "host.log", settings=settings) as host:
                host.start("/api/workflows/none")
                return _measured(host.url, repeat)


if __name__ == "__main__":
    report(measure)
