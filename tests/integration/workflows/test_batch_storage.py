"""Sources, ledger and activities on a real storage service: planned, done once, compared."""

import gzip
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from shared.catalogue import Catalogue
from shared.order_book import OrderBook, SettledOrder
from shared.settings import Settings
from shared.settings.storage import ConnectionString
from shared.storage import BlobVersion, Container, Storage
from shared.telemetry.reporting import Reporter
from tests.support.functions import activities_in
from tests.support.listening import Listening
from tests.support.playing import T0
from workflows.batch_processing import activities, gateways, http_files, names, sources
from workflows.batch_processing.ledger import Audit, UnitRecord
from workflows.batch_processing.models import (
    DeadLetterSource,
    FailureBudget,
    FileSource,
    Job,
    JobResult,
    LoadCheck,
    Opened,
    Planned,
    PlanSegment,
    ProcessUnit,
    Publish,
    Reading,
    Reconcile,
    Tally,
    Task,
    Unit,
    UnitResult,
    Verdict,
    WindowSource,
)
from workflows.batch_processing.partition import Format

pytestmark = pytest.mark.integration

HEADER = b"sku,priceMinor,currency,taxClass,stock\n"
CALLS = activities_in(activities.blueprint)


def rows(count: int, *, bad: tuple[int, ...] = ()) -> bytes:
    return b"".join(
        b"sku-%04d,%s,EUR,standard,%d\n" % (number, b"x" if number in bad else b"7", number)
        for number in range(count)
    )


@dataclass
class World:
    """One storage account, and a job in it."""

    storage: Storage
    imports: Container
    outside: gateways.Batches

    def put(self, content: bytes, name: str = "a.csv") -> BlobVersion:
        return self.imports.replace(name, content, content_type="text/csv")

    def job(self, blob: str = "a.csv", **changed: Any) -> Job:
        fields: dict[str, Any] = {
            "job_id": "j1",
            "pipeline": "catalogue_import",
            "source": FileSource(container="imports", blob=blob),
            "batch_size": 10,
            "max_parallelism": 1,
            "budget": FailureBudget(),
            "dry_run": False,
        }
        return Job(**(fields | changed))

    def opened(self, job: Job) -> Opened:
        return Opened.from_json(CALLS[names.OPEN_SOURCE](job.to_json()))

    def planned(self, job: Job) -> tuple[Reading, list[Planned]]:
        reading = self.opened(job).reading
        assert reading is not None
        place, after, found = reading.begin, "", list[Planned]()
        while not found or not found[-1].ended:
            question = PlanSegment(job=job, reading=reading, place=place, after=after)
            found.append(Planned.from_json(CALLS[names.PLAN_SEGMENT](question.to_json())))
            place, after = found[-1].place, found[-1].after
        return reading, found

    def task(self, job: Job, reading: Reading) -> Task:
        return Task(
            job_id=job.job_id,
            pipeline=job.pipeline,
            reading=reading,
            batch_size=job.batch_size,
            dry_run=job.dry_run,
        )

    def done(self, task: Task, unit: Unit, activity: str = names.PROCESS_UNIT) -> UnitResult:
        question = ProcessUnit(task=task, unit=unit)
        return UnitResult.from_json(CALLS[activity](question.to_json()))

    def all_done(self, job: Job) -> tuple[Task, int]:
        reading, segments = self.planned(job)
        task = self.task(job, reading)
        chunks = segments[-1].place.chunk
        for chunk in range(chunks):
            assert self.done(task, Unit(chunk=chunk)).outcome == "done"
        return task, chunks

    def verdict(self, job_id: str = "j1", *, complete: bool = True, **claim: int) -> Verdict:
        question = Reconcile(
            job_id=job_id,
            planned_rows=claim["planned"],
            chunks=claim["chunks"],
            claimed=Audit.of(self.outside.ledger(job_id).entries()).tally,
            complete=complete,
        )
        return Verdict.from_json(CALLS[names.RECONCILE](question.to_json()))

    def lines(self, kind: str, job_id: str = "j1") -> list[Any]:
        container = self.outside.container(names.RESULTS_CONTAINER)
        return [
            json.loads(line)
            for name in container.names(f"{job_id}/{kind}/")
            for line in (container.read(name) or b"").splitlines()
        ]


@pytest.fixture
def world(azurite: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    prefix = f"t{uuid.uuid4().hex[:15]}"
    environment = {
        "AzureWebJobsStorage": azurite,
        "APP_DATA_PREFIX": prefix,
        "BATCH_LARGEST_SOURCE_BYTES": "1000000",
    }
    with Storage(ConnectionString(value=azurite), prefix=prefix) as storage:
        outside = gateways.Batches(storage=storage, settings=Settings.from_environment(environment))
        monkeypatch.setattr(activities, "batches", lambda: outside)
        yield World(storage=storage, imports=storage.container("imports"), outside=outside)


def test_a_file_becomes_articles_output_and_dead_letters(world: World) -> None:
    world.put(HEADER + rows(25, bad=(3, 24)))

    _, chunks = world.all_done(world.job())

    assert chunks == 3
    assert world.verdict(planned=25, chunks=3) == Verdict(
        tally=Tally(rows=25, accepted=23, rejected=2)
    )
    catalogue = Catalogue.open(world.storage)
    found = catalogue.find("sku-0007", "EUR")
    assert found is not None
    assert (found.stock, found.job_id) == (7, "j1")
    assert LoadCheck.from_json(
        CALLS[names.CHECK_LOAD]({"jobId": "j1", "pipeline": "catalogue_import"})
    ) == LoadCheck(found=23)
    assert len({line["sku"] for line in world.lines("output")}) == 23
    assert [(letter["row"], letter["line"]) for letter in world.lines("dead-letters")] == [
        (4, 5),
        (25, 26),
    ]


def test_a_dry_run_loads_nothing(world: World) -> None:
    world.put(HEADER + rows(5))

    world.all_done(world.job(dry_run=True))

    assert Catalogue.open(world.storage).find("sku-0001", "EUR") is None
    assert len(world.lines("output")) == 5


def test_a_unit_is_done_once_however_often_it_is_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(HEADER + rows(10, bad=(1,)))
    heard = Listening()
    monkeypatch.setattr(activities, "reporter", lambda: Reporter(heard))
    task, _ = world.all_done(world.job())
    [before] = list(world.outside.ledger("j1").entries())

    again = world.done(task, Unit(chunk=0))

    assert again.tally == Tally(rows=10, accepted=9, rejected=1)
    assert heard.counted("batch.rows") == 10
    assert list(world.outside.ledger("j1").entries()) == [before]
    assert before.starts == 1


def test_a_unit_that_crashed_is_begun_again_and_its_starts_are_counted(world: World) -> None:
    world.put(HEADER + rows(10))
    reading, _ = world.planned(world.job())
    ledger = world.outside.ledger("j1")
    ledger.begin(Unit(chunk=0), batch_size=10, now=T0)

    assert world.done(world.task(world.job(), reading), Unit(chunk=0)).outcome == "done"
    assert [entry.starts for entry in ledger.entries()] == [2]


def test_a_unit_that_never_ends_becomes_suspect_and_its_row_can_be_buried(world: World) -> None:
    world.put(HEADER + rows(3))
    reading, _ = world.planned(world.job())
    task = world.task(world.job(), reading)
    for _ in range(activities.MOST_STARTS):
        world.outside.ledger("j1").begin(Unit(chunk=0), batch_size=10, now=T0)
    assert world.done(task, Unit(chunk=0)).outcome == "suspect"

    halves = [Unit(chunk=0, start=0, count=5), Unit(chunk=0, start=5, count=5)]
    quarters = [Unit(chunk=0, start=0, count=2), Unit(chunk=0, start=2, count=3)]
    rows_ = [Unit(chunk=0, start=0, count=1), Unit(chunk=0, start=1, count=1)]
    world.done(task, halves[1])
    world.done(task, quarters[1])
    world.done(task, rows_[0])
    world.done(task, rows_[1], names.BURY_ROW)

    assert world.verdict(planned=3, chunks=1) == Verdict(
        tally=Tally(rows=3, accepted=2, rejected=1)
    )
    [letter] = world.lines("dead-letters")
    assert (letter["code"], letter["row"]) == ("poison_row", 2)


def test_a_chunk_that_ends_after_all_is_counted_once_and_its_parts_are_not(world: World) -> None:
    world.put(HEADER + rows(10))
    task, _ = world.all_done(world.job())

    first = world.done(task, Unit(chunk=0, start=0, count=5))
    second = world.done(task, Unit(chunk=0, start=5, count=5))

    assert (first.tally.rows, second.tally.rows) == (10, 0)
    assert world.verdict(planned=10, chunks=1).findings == ()


def test_a_chunk_that_was_taken_apart_cannot_be_finished_any_more(world: World) -> None:
    world.put(HEADER + rows(10))
    reading, _ = world.planned(world.job())
    task, ledger = world.task(world.job(), reading), world.outside.ledger("j1")
    ledger.begin(Unit(chunk=0), batch_size=10, now=T0)
    world.done(task, Unit(chunk=0, start=0, count=5))
    record = UnitRecord(tally=Tally(rows=10), reasons={}, read_sums={}, written_sums={})

    assert ledger.finish(Unit(chunk=0), record, now=T0) == Tally()

    world.outside.container(names.RESULTS_CONTAINER).replace(
        "j1/output/0000000.jsonl", b"{}\n", content_type="text/plain"
    )
    world.done(task, Unit(chunk=0, start=5, count=5))
    assert world.verdict(planned=10, chunks=1).findings == ()
    assert len(world.lines("output")) == 10


def test_planning_again_forgets_nothing(world: World) -> None:
    world.put(HEADER + rows(25))
    world.all_done(world.job())

    world.planned(world.job())

    assert {entry.state for entry in world.outside.ledger("j1").entries()} == {"done"}


def test_a_source_is_planned_stretch_by_stretch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activities, "SEGMENT_BYTES", 200)
    monkeypatch.setattr(sources, "PIECE_BYTES", 64)
    world.put(b"\xef\xbb\xbf" + HEADER + rows(95))

    _, segments = world.planned(world.job())

    assert len(segments) > 4
    assert sum(segment.rows for segment in segments) == 95
    assert len({segment.digest for segment in segments}) == len(segments)
    entries = list(world.outside.ledger("j1").entries())
    assert [entry.planned_rows for entry in entries] == [10] * 9 + [5]


def test_a_source_that_changes_stops_the_job_clearly(world: World) -> None:
    world.put(HEADER + rows(25))
    reading, _ = world.planned(world.job())
    world.put(HEADER + rows(25))

    result = world.done(world.task(world.job(), reading), Unit(chunk=0))

    assert (result.outcome, result.reason) == ("stopped", "source_changed")
    question = PlanSegment(job=world.job(), reading=reading, place=reading.begin)
    planned = Planned.from_json(CALLS[names.PLAN_SEGMENT](question.to_json()))
    assert planned.problem == "source_changed"


def test_what_differs_from_the_ledger_is_found(world: World) -> None:
    world.put(HEADER + rows(25))
    world.all_done(world.job())
    container = world.outside.container(names.RESULTS_CONTAINER)
    container.delete("j1/output/0000001.jsonl")
    container.replace("j1/output/0000002.jsonl", b"{}", content_type="text/plain")

    found = world.verdict(planned=26, chunks=4).findings

    assert found == (
        "chunks: planned 4, in the ledger 3",
        "rows: planned 26, found 25",
        "blob differs: j1/output/0000001.jsonl",
        "blob differs: j1/output/0000002.jsonl",
    )


def test_a_packed_file_is_unpacked_once_and_read_like_any_other(world: World) -> None:
    packed = gzip.compress(HEADER + rows(10)) + gzip.compress(rows(25)[len(rows(10)) :])
    world.put(packed, "a.CSV.gz")

    world.all_done(world.job("a.CSV.gz"))

    assert world.verdict(planned=25, chunks=3).tally == Tally(rows=25, accepted=25)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("b.csv", None, "source_missing"),
        ("a.xlsx", b"x", "unknown_format"),
        ("a.csv", b"x" * 1_000_001, "source_too_large"),
        ("a.csv", b"", "header_missing"),
        ("a.csv", b'"sku,stock\n1,2\n', "header_missing"),
        ("a.csv", b"s\xffku\n", "header_malformed"),
        ("a.csv", b"sku,stock\n", "header_differs"),
        ("a.csv", b"x" * 100_000, "header_missing"),
        ("a.csv.gz", b"no gzip", "not_gzip"),
        ("a.csv.gz", gzip.compress(HEADER, mtime=0)[:-9], "gzip_cut_short"),
        ("a.csv.gz", gzip.compress(b"x" * 2_000_000, mtime=0), "source_too_large"),
    ],
)
def test_a_source_that_cannot_be_used_is_an_answer(
    world: World, name: str, content: bytes | None, problem: str
) -> None:
    if content is not None:
        world.put(content, name)

    assert world.opened(world.job(name)).problem == problem


def test_a_container_that_is_not_registered_is_not_read(world: World) -> None:
    source = FileSource(container="batches", blob="a.csv")

    assert world.opened(world.job(source=source)).problem == "container_not_registered"


def test_dead_letters_are_a_source_themselves(world: World) -> None:
    world.put(HEADER + rows(25, bad=(3, 24)))
    world.all_done(world.job())

    world.all_done(world.job(job_id="j2", source=DeadLetterSource(job_id="j1")))

    assert world.verdict("j2", planned=2, chunks=1).tally == Tally(rows=2, rejected=2)
    letters = world.lines("dead-letters", "j2")
    assert [(letter["row"], letter["attempts"]) for letter in letters] == [(4, 2), (25, 2)]


def test_dead_letters_are_given_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_files, "batches", lambda: world.outside)
    monkeypatch.setattr(http_files, "MOST_DOWNLOADED", 500)
    world.put(HEADER + rows(60, bad=tuple(range(0, 60, 3))))
    world.all_done(world.job())

    pages, after = list[bytes](), ""
    while True:
        content, last = http_files.letters_behind("j1", after)
        pages.append(content)
        if last is None:
            break
        after = last

    found = [json.loads(line)["row"] for page in pages for line in page.splitlines()]
    assert found == list(range(1, 61, 3))
    assert len(pages) > 2


def test_dead_letters_of_a_job_that_nobody_knows_are_no_source(world: World) -> None:
    job = world.job(job_id="j2", source=DeadLetterSource(job_id="j1"))

    assert world.opened(job).problem == "job_unknown"


def test_refused_rows_are_found_by_halves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = Catalogue.open(world.storage)
    write = Catalogue.write

    def picky(self: Catalogue, results: Any, *, job_id: str) -> bool:
        refuses = any(result["sku"] in {"sku-0004", "sku-0017"} for result in results)
        return not refuses and write(self, results, job_id=job_id)

    monkeypatch.setattr(Catalogue, "write", picky)
    world.put(HEADER + rows(40))

    world.all_done(world.job(batch_size=50))

    codes = [(letter["row"], letter["code"]) for letter in world.lines("dead-letters")]
    assert codes == [(5, "refused_by_target"), (18, "refused_by_target")]
    assert catalogue.count("j1") == 38


def test_settled_orders_are_exported_by_window_with_totals(world: World) -> None:
    book = OrderBook.open(world.storage)
    for number in range(30):
        booked_at = T0 + timedelta(hours=number)
        order = SettledOrder(
            order_id=f"A{number}",
            status="delivered",
            ended_at=T0,
            total_minor=100,
            captured_minor=100 - number,
            currency="EUR" if number % 2 else "USD",
        )
        book.record(order, now=booked_at)
        book.record(order, now=booked_at + timedelta(minutes=1))
    window = WindowSource(begin=T0 + timedelta(hours=1), end=T0 + timedelta(hours=29))
    job = world.job(pipeline="order_export", source=window, batch_size=5)

    task, chunks = world.all_done(job)

    assert world.verdict(planned=28, chunks=chunks).findings == ()
    exported = world.lines("output")
    assert [line["orderId"] for line in exported] == [f"A{number}" for number in range(1, 29)]
    sums = Audit.of(world.outside.ledger("j1").entries()).written_sums
    assert sums["totalMinor 2030-01-01 EUR"] == 600
    assert sum(sums[name] for name in sums if name.startswith("captured")) == sum(range(72, 100))
    assert task.reading.row_format is Format.JSON_LINES


def test_a_window_is_planned_stretch_by_stretch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activities, "SEGMENT_ROWS", 4)
    book = OrderBook.open(world.storage)
    for number in range(11):
        book.record(
            SettledOrder(
                order_id=f"A{number}",
                status="delivered",
                ended_at=T0,
                total_minor=1,
                captured_minor=1,
                currency="EUR",
            ),
            now=T0 + timedelta(hours=3 * number),
        )
    window = WindowSource(begin=T0, end=T0 + timedelta(days=2))
    job = world.job(pipeline="order_export", source=window, batch_size=2)

    _, segments = world.planned(job)

    assert len(segments) > 2
    assert sum(segment.rows for segment in segments) == 11


def test_the_manifest_lists_what_a_job_has_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Listening()
    monkeypatch.setattr(activities, "reporter", lambda: Reporter(heard))
    world.put(HEADER + rows(25, bad=(3,)))
    job = world.job()
    task, _ = world.all_done(job)
    result = JobResult(
        job_id="j1",
        pipeline=job.pipeline,
        status="completed_with_errors",
        tally=Tally(rows=25, accepted=24, rejected=1),
        started_at=T0,
        completed_at=T0 + timedelta(seconds=10),
    )
    question = Publish(job=job, reading=task.reading, result=result)

    CALLS[names.PUBLISH](question.to_json())

    document = json.loads(world.outside.results("j1").read("manifest.json") or b"")
    assert document["controlSums"] == {"priceMinor": 24 * 7, "stock": sum(range(25)) - 3}
    assert document["reasons"] == {"invalid_row": 1}
    assert [unit["unit"] for unit in document["units"]] == ["0000000", "0000001", "0000002"]
    assert document["units"][1]["deadLetters"] is None
    assert heard.measured("batch.rows_per_second") == [2.5]
    assert document["units"][0]["deadLetters"]["blob"] == "j1/dead-letters/0000000.jsonl"
