"""A file of up to a million rows, worked through by the app, and by the form often sketched.

Every size and form has a host process of its own, so that its peak of memory is its own. Storage
and clients share the machine's processors with it; a host's processor time is told apart.
"""

import contextlib
import http.client
import itertools
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import Figure
from benchmarks.processes import Process
from benchmarks.reporting import report
from scripts.azurite import Azurite
from scripts.layout import ROOT
from scripts.ports import LOOPBACK
from shared.settings.storage import ConnectionString
from shared.storage import Storage

SIZES = (10_000, 100_000, 1_000_000)
LOADED = 100_000  # a million upserts would measure Azurite
SKETCHED = (
    10_000,
    100_000,
)  # a million rows would take it gigabytes, and longer than anybody waits
BATCH_SIZE = 5_000
PARALLELISM = 8
ONE_BAD_IN = 100
PATIENCE_S = 900.0

_NAIVE_APP = Path(__file__).parent / "naive_batch"
_INSTANCES = "/runtime/webhooks/durabletask/instances"
_ASK_EVERY_S = 0.1
_BLOCK = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A file, and what has to come out of it."""

    path: Path
    rows: int
    bad: int
    sums: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one job cost.

    Attributes:
        seconds: from the request to the end.
        processor_s: of the host, while it ran.
        peak_mb: the most memory that the host has held.
        grown_mb: by how much that is more than when it had served its first request.
        events: of the longest history of the job's instances, generation by generation.
    """

    seconds: float
    processor_s: float
    peak_mb: float
    grown_mb: float
    events: int


def make(path: Path, rows: int) -> Made:
    """Write a catalogue of so many rows, some 100 bytes each, one in a hundred of them bad."""
    chance = random.Random(rows)
    sums = {"priceMinor": 0, "stock": 0}
    bad = 0
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write("sku,priceMinor,currency,taxClass,stock\n")
        for number in range(rows):
            sku = f"ARTICLE-{number:09}-" + "x" * 46
            price, stock = chance.randrange(10**7, 10**8), chance.randrange(1_000)
            if number % ONE_BAD_IN == ONE_BAD_IN // 2:
                bad += 1
                file.write(_bad(bad, sku, price, stock))
                continue
            sums["priceMinor"] += price
            sums["stock"] += stock
            file.write(f"{sku},{price},EUR,standard,{stock}\n")
    return Made(path=path, rows=rows, bad=bad, sums=sums)


def _bad(number: int, sku: str, price: int, stock: int) -> str:
    forms = (
        f"{sku},free,EUR,standard,{stock}\n",
        f"{sku},{price},XXX1,standard,{stock}\n",
        f"{sku},{price},EUR,unheard-of,{stock}\n",
    )
    return forms[number % len(forms)]


class Client:
    """Asks one host."""

    def __init__(self, host: Process) -> None:
        self._port = host.port

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request and return the JSON of its answer."""
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=60)
        with contextlib.closing(connection):
            content = None if body is None else json.dumps(body).encode()
            connection.request(method, path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 400:  # noqa: PLR2004 - refused or broken
                raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]!r}")
            return json.loads(text)

    def ended(self, instance_id: str) -> Any:
        """Wait for an instance to end well; return its output."""
        give_up_at = time.perf_counter() + PATIENCE_S
        while True:
            found = self.ask("GET", f"{_INSTANCES}/{instance_id}?showInput=false")
            if found["runtimeStatus"] not in {"Pending", "Running"}:
                break
            if time.perf_counter() > give_up_at:
                raise RuntimeError(f"{instance_id} has not ended")
            time.sleep(_ASK_EVERY_S)
        if found["runtimeStatus"] != "Completed":
            raise RuntimeError(f"{instance_id}: {found['runtimeStatus']} {found['output']}")
        return found["output"]

    def events(self, instance_id: str) -> int:
        """Return how many events the history of an instance has."""
        found = self.ask("GET", f"{_INSTANCES}/{instance_id}?showInput=false&showHistory=true")
        return len(found["historyEvents"])


@contextlib.contextmanager
def served(app: Path, folder: Path, settings: dict[str, str]) -> Generator[Process]:
    """Run a host of its own for an app."""
    command = [sys.executable, "-m", "funchost", "start", "--app", str(app)]
    command += ["--port", "{port}", "--state", str(folder / "state.db")]
    settings = {"PYTHONPATH": str(ROOT), **settings}
    with Process(command, log=folder / "host.log", settings=settings) as host:
        host.start("/api/ping")
        yield host


class Bench:
    """Jobs on one storage emulator."""

    def __init__(self, folder: Path, connection: str) -> None:
        self._folder = folder
        self._connection = connection
        self._number = itertools.count(1)

    def by_the_app(self, made: Made, *, dry_run: bool) -> Measured:
        """Let the app work through a file, and make sure that it did."""
        job_id = f"{made.rows}-{'dry' if dry_run else 'loaded'}-{next(self._number)}"
        self._put(made, f"{job_id}.csv")
        settings = {"AzureWebJobsStorage": self._connection}
        with self._host(ROOT, job_id, settings) as (host, client):
            body = {
                "jobId": job_id,
                "pipeline": "catalogue_import",
                "dataSource": f"imports/{job_id}.csv",
                "batchSize": BATCH_SIZE,
                "maxParallelism": PARALLELISM,
                "dryRun": dry_run,
            }
            before = _Meter.of(host)
            client.ask("POST", "/api/batches", body)
            result = client.ended(f"batch-{job_id}")
            measured = before.until_now(host)
            found = client.ask("GET", f"/api/batches/{job_id}/report?format=json")
            events = max(map(client.events, self._parts(job_id, result["shards"])))
        tally = result["tally"]
        _agree(made, accepted=tally["accepted"], rejected=tally["rejected"])
        if {line["name"]: line["written"] for line in found["sums"]} != made.sums:
            raise RuntimeError("the control sums differ")
        return measured(events)

    def by_the_sketch(self, made: Made) -> Measured:
        """Let the naive form work through a file."""
        name = f"{made.rows}-sketched-{next(self._number)}"
        with self._host(_NAIVE_APP, name, {}) as (host, client):
            order = {
                "path": str(made.path),
                "batchSize": BATCH_SIZE,
                "maxParallelism": PARALLELISM,
            }
            before = _Meter.of(host)
            client.ask(
                "POST", f"/runtime/webhooks/durabletask/orchestrators/naive_batch/{name}", order
            )
            result = client.ended(name)
            measured = before.until_now(host)
            events = client.events(name)
        _agree(made, accepted=result["accepted"], rejected=result["failed"])
        return measured(events)

    @contextlib.contextmanager
    def _host(
        self, app: Path, name: str, settings: dict[str, str]
    ) -> Generator[tuple[Process, Client]]:
        folder = self._folder / name
        folder.mkdir()
        with served(app, folder, settings) as host:
            yield host, Client(host)

    def _put(self, made: Made, blob: str) -> None:
        with Storage(ConnectionString(value=self._connection), prefix="app") as storage:
            container = storage.container("imports")
            container.create()
            writer = container.in_blocks(blob)
            with made.path.open("rb") as file:
                while block := file.read(_BLOCK):
                    writer.add(block)
            writer.commit(content_type="text/csv")

    @staticmethod
    def _parts(job_id: str, shards: int) -> Iterator[str]:
        yield f"batch-{job_id}"
        yield from (f"batch-{job_id}:shard:{number}" for number in range(shards))


@dataclass(frozen=True, slots=True)
class _Meter:
    """What a host had used when a job began."""

    begun: float
    processor_s: float
    resident_mb: float

    @classmethod
    def of(cls, host: Process) -> "_Meter":
        return cls(time.perf_counter(), host.processor_s, host.resident_mb)

    def until_now(self, host: Process) -> Callable[[int], Measured]:
        """Return what it cost, but for the longest history, which is read afterwards."""
        seconds = time.perf_counter() - self.begun
        processor_s = host.processor_s - self.processor_s
        peak_mb = host.peak_mb

        def measured(events: int) -> Measured:
            return Measured(
                seconds=seconds,
                processor_s=processor_s,
                peak_mb=peak_mb,
                grown_mb=peak_mb - self.resident_mb,
                events=events,
            )

        return measured


def _agree(made: Made, *, accepted: int, rejected: int) -> None:
    if (accepted, rejected) != (made.rows - made.bad, made.bad):
        raise RuntimeError(f"{accepted} accepted and {rejected} rejected of {made}")


def _figures(name: str, rows: int, found: Sequence[Measured]) -> list[Figure]:
    label = f"batch of {rows:,} rows, {name}"
    return [
        Figure(
            name=f"{label}: rows a second",
            unit="rows/s",
            values=tuple(rows / one.seconds for one in found),
        ),
        Figure(
            name=f"{label}: processor time of the host for a row",
            unit="µs",
            values=tuple(one.processor_s / rows * 1e6 for one in found),
        ),
        Figure(
            name=f"{label}: peak memory of the host",
            unit="MB",
            values=tuple(one.peak_mb for one in found),
            reference=f"{max(one.grown_mb for one in found):,.0f} MB more than at rest",
        ),
        Figure(
            name=f"{label}: longest history",
            unit="events",
            values=tuple(one.events for one in found),
        ),
    ]


def _ratio(what: str, above: Sequence[float], below: Sequence[float], *, goal: str = "") -> Figure:
    """Compare medians of one run."""
    return Figure(name=what, unit="x", values=(median(above) / median(below),), reference=goal)


def measure(repeat: int, scale: float) -> list[Figure]:
    """Make files and let both forms work through them; the largest once, as it takes a minute."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = {size: make(folder / f"{size}.csv", int(size * scale)) for size in SIZES}
        with Azurite(log=folder / "azurite.log", data=folder / "azurite") as azurite:
            bench = Bench(folder, azurite.connection_string)
            dry = {
                size: [
                    bench.by_the_app(made[size], dry_run=True)
                    for _ in range(1 if size == SIZES[-1] else repeat)
                ]
                for size in SIZES
            }
            sketched = {
                size: [bench.by_the_sketch(made[size]) for _ in range(repeat)] for size in SKETCHED
            }
            loaded = [bench.by_the_app(made[LOADED], dry_run=False)]
    figures = [
        figure
        for name, found in (("dry run", dry), ("as sketched", sketched))
        for size, runs in found.items()
        for figure in _figures(name, made[size].rows, runs)
    ]
    figures += _figures("loaded into a table", made[LOADED].rows, loaded)
    return [*figures, *_ratios([made[size].rows for size in SIZES], dry, sketched[LOADED])]


def _ratios(
    rows: Sequence[int], dry: Mapping[int, Sequence[Measured]], peers: Sequence[Measured]
) -> list[Figure]:
    """Compare sizes with one another, and the form often sketched with ours."""
    small, middle, large = (dry[size] for size in SIZES)
    costs = [
        [one.processor_s / count for one in runs]
        for count, runs in zip(rows, (small, middle, large), strict=True)
    ]
    return [
        _ratio(
            f"batch: processor time of a row, {rows[2]:,} to {rows[0]:,}",
            costs[2],
            costs[0],
            goal="goal: at most 1.3",
        ),
        _ratio(
            f"batch: peak memory, {rows[2]:,} rows to {rows[1]:,}",
            [one.peak_mb for one in large],
            [one.peak_mb for one in middle],
            goal="1 is flat",
        ),
        _ratio(
            f"batch of {rows[1]:,} rows: seconds as sketched to a dry run",
            [one.seconds for one in peers],
            [one.seconds for one in middle],
        ),
        _ratio(
            f"batch of {rows[1]:,} rows: memory grown as sketched to a dry run",
            [one.grown_mb for one in peers],
            [one.grown_mb for one in middle],
        ),
    ]


if __name__ == "__main__":
    report(measure)
