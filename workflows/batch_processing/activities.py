"""What a batch does to the world: thin edges that open, cut, work through, compare and publish.

Each is keyed by job and unit, so running one again repeats nothing. What a retry may heal is
raised; what it cannot change is returned. Which unit comes next is the orchestrators' business.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import azure.durable_functions as df

from shared.clock import system_clock
from shared.models import JsonObject
from shared.storage import BlobChangedError
from shared.telemetry.names import Attribute, Metric
from shared.telemetry.reporting import reporter
from workflows.batch_processing import names
from workflows.batch_processing.gateways import Batches, batches, pipeline_of, version_of
from workflows.batch_processing.ledger import Audit, Location, UnitRecord
from workflows.batch_processing.manifest import MANIFEST, findings, manifest
from workflows.batch_processing.models import (
    CheckLoad,
    Increment,
    Job,
    JobResult,
    LoadCheck,
    Moved,
    MoveWatermark,
    NextWindow,
    Opened,
    Planned,
    PlanSegment,
    ProcessUnit,
    Publish,
    Published,
    Reconcile,
    Tally,
    Task,
    UnitResult,
    Verdict,
)
from workflows.batch_processing.partition import Chunk, EndlessRowError, Format, Planner
from workflows.batch_processing.pipelines.base import Pipeline
from workflows.batch_processing.pipelines.loading import refused
from workflows.batch_processing.rows import Load, RawRows, Worked, buried, worked
from workflows.batch_processing.sources import SourceUnusableError, opened, pieces

SEGMENT_BYTES = 64 * 1024 * 1024
SEGMENT_ROWS = 200_000  # of a store, where a row costs more than its bytes
# A unit that was begun so often and never ended may be what ends the process.
MOST_STARTS = 6

blueprint = df.Blueprint()


@blueprint.function_name(names.OPEN_SOURCE)
@blueprint.activity_trigger(input_name="payload")
def open_source(payload: Any) -> JsonObject:
    """Find the source, unpack it if need be, and check its header."""
    job = Job.from_json(payload)
    try:
        return Opened(reading=opened(batches(), job)).to_json()
    except SourceUnusableError as error:
        return Opened(problem=error.code, details=error.details).to_json()
    except BlobChangedError:
        return Opened(problem="source_changed").to_json()


@blueprint.function_name(names.PLAN_SEGMENT)
@blueprint.activity_trigger(input_name="payload")
def plan_segment(payload: Any) -> JsonObject:
    """Cut the next stretch of the source into chunks, and note them in the ledger."""
    question = PlanSegment.from_json(payload)
    cut = _cut_window if question.reading.window else _cut_blob
    try:
        return cut(batches(), question).to_json()
    except BlobChangedError:
        problem = "source_changed"
    except EndlessRowError:
        problem = "row_too_long"
    return Planned(place=question.place, rows=0, ended=True, problem=problem).to_json()


def _cut_blob(outside: Batches, question: PlanSegment) -> Planned:
    reading, begin = question.reading, question.place
    planner = Planner(
        begin,
        row_format=Format.JSON_LINES if reading.letters else reading.row_format,
        rows_per_chunk=question.job.batch_size,
    )
    ledger = outside.ledger(question.job.job_id)
    digest, unseen, place = hashlib.sha256(), b"", begin
    container = outside.container(reading.container)
    for piece, is_last in pieces(container, version_of(reading), begin.offset):
        chunks = planner.feed(piece, is_last=is_last)
        unseen += piece
        if chunks:
            ledger.plan(Location(chunk=chunk) for chunk in chunks)
            seen = chunks[-1].end.offset - place.offset
            digest.update(unseen[:seen])
            unseen, place = unseen[seen:], chunks[-1].end
        if place.offset - begin.offset >= SEGMENT_BYTES:
            break
    return Planned(
        place=place,
        rows=place.row - begin.row,
        ended=place.offset >= reading.size,
        digest=digest.hexdigest(),
    )


def _cut_window(outside: Batches, question: PlanSegment) -> Planned:
    window, place, after = question.reading.window, question.place, question.after
    if window is None:
        raise LookupError("there is no window to cut")
    store = outside.store(pipeline_of(question.job.pipeline))
    ledger = outside.ledger(question.job.job_id)
    found = store.stretches(window.begin, window.end, after=after, rows=question.job.batch_size)
    for stretch in found:
        chunk = Chunk(begin=place, length=0, rows=stretch.rows, lines=stretch.rows)
        ledger.plan([Location(chunk=chunk, stretch=stretch)])
        place, after = chunk.end, stretch.position
        if place.row - question.place.row >= SEGMENT_ROWS:
            break
    else:
        after = ""
    rows = place.row - question.place.row
    return Planned(place=place, after=after, rows=rows, ended=not after)


@blueprint.function_name(names.PROCESS_UNIT)
@blueprint.activity_trigger(input_name="payload")
def process_unit(payload: Any) -> JsonObject:
    """Work through a unit's rows once: load, write, and note what it came to."""
    question = ProcessUnit.from_json(payload)
    pipeline = pipeline_of(question.task.pipeline)
    load = _load(pipeline, question.task)
    return _done_once(question, lambda raw: worked(pipeline, raw, load)).to_json()


@blueprint.function_name(names.BURY_ROW)
@blueprint.activity_trigger(input_name="payload")
def bury_row(payload: Any) -> JsonObject:
    """Give up the one row of a unit without looking into it."""
    question = ProcessUnit.from_json(payload)
    return _done_once(question, buried, most_starts=None).to_json()


def _done_once(
    question: ProcessUnit,
    work: Callable[[RawRows], Worked],
    *,
    most_starts: int | None = MOST_STARTS,
) -> UnitResult:
    """Do a unit unless the ledger says that it is done; a crash at any point may repeat it."""
    outside, task, unit = batches(), question.task, question.unit
    ledger = outside.ledger(task.job_id)
    begun = ledger.begin(unit, batch_size=task.batch_size, now=system_clock().now())
    if begun.tally is not None:
        return UnitResult(outcome="done", tally=begun.tally)
    if most_starts is not None and begun.starts > most_starts:
        return UnitResult(outcome="suspect")
    try:
        raw = outside.rows(pipeline_of(task.pipeline), task.reading, begun.location)
    except BlobChangedError:
        return UnitResult(outcome="stopped", reason="source_changed")
    done = work(raw.part(unit.start, unit.count) if unit.count else raw)
    output, letters = outside.results(task.job_id).write(unit, done)
    record = UnitRecord(
        tally=Tally(
            rows=done.rows,
            accepted=len(done.results),
            rejected=len(done.letters),
            blank=done.blank,
        ),
        reasons=dict(done.reasons),
        read_sums=dict(done.sums.read),
        written_sums=dict(done.sums.written),
        output=output,
        letters=letters,
    )
    tally = ledger.finish(unit, record, now=system_clock().now())
    reporter().count(Metric.BATCH_ROWS, {Attribute.PIPELINE: task.pipeline}, tally.rows)
    return UnitResult(outcome="done", tally=tally)


def _load(pipeline: Pipeline, task: Task) -> Load | None:
    target = None if task.dry_run else batches().target(pipeline)
    if target is None:
        return None
    return lambda results: refused(target, results, job_id=task.job_id)


@blueprint.function_name(names.RECONCILE)
@blueprint.activity_trigger(input_name="payload")
def reconcile(payload: Any) -> JsonObject:
    """Compare ledger and blobs with the plan, with what the shards claim, and sums with sums."""
    question = Reconcile.from_json(payload)
    outside = batches()
    ledger = outside.ledger(question.job_id)
    audit = Audit.of(ledger.entries())
    differing = outside.results(question.job_id).differing(ledger.entries())
    return Verdict(
        tally=audit.tally,
        findings=(*findings(audit, question), *(f"blob differs: {blob}" for blob in differing[:5])),
    ).to_json()


@blueprint.function_name(names.CHECK_LOAD)
@blueprint.activity_trigger(input_name="payload")
def check_load(payload: Any) -> JsonObject:
    """Count what the target holds of this job."""
    question = CheckLoad.from_json(payload)
    target = batches().target(pipeline_of(question.pipeline))
    return LoadCheck(found=target.count(question.job_id) if target else None).to_json()


@blueprint.function_name(names.PUBLISH)
@blueprint.activity_trigger(input_name="payload")
def publish(payload: Any) -> JsonObject:
    """Write the manifest: the list of everything that a job has made, and how it ended."""
    question = Publish.from_json(payload)
    outside = batches()
    document = manifest(question, outside.ledger(question.job.job_id).entries())
    blob = outside.results(question.job.job_id).put(MANIFEST, document)
    _tell_rate(question.result)
    return Published(manifest=blob).to_json()


def _tell_rate(result: JobResult) -> None:
    seconds = (result.completed_at - result.started_at).total_seconds()
    if seconds > 0:
        rate = result.tally.rows / seconds
        reporter().measure(Metric.BATCH_RATE, rate, {Attribute.PIPELINE: result.pipeline})


@blueprint.function_name(names.NEXT_WINDOW)
@blueprint.activity_trigger(input_name="payload")
def next_window(payload: Any) -> JsonObject:
    """Find out what has not been exported, up to where rows no longer change."""
    pipeline = pipeline_of(Increment.from_json(payload).pipeline)
    readable_until = system_clock().now() - pipeline.readable_after
    found = batches().watermarks().next_window(pipeline.name, readable_until=readable_until)
    return NextWindow(window=found).to_json()


@blueprint.function_name(names.MOVE_WATERMARK)
@blueprint.activity_trigger(input_name="payload")
def move_watermark(payload: Any) -> JsonObject:
    """Note how far the export is; a repeat changes nothing."""
    step = MoveWatermark.from_json(payload)
    moved = batches().watermarks().move(step.pipeline, step.window, job_id=step.job_id)
    return Moved(moved=moved).to_json()
