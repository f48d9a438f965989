"""What crosses a boundary of this domain: the plan, units of work, tallies, results.

Counts and names only: rows themselves never travel through a history. What a row of a pipeline
looks like is said in pipelines.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from shared.fields import matching
from shared.models import EdgeModel, WireModel
from workflows.batch_processing.partition import Format, Place

JobId = Annotated[
    str,
    matching(
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
        "1 to 64 letters, digits, - and _, beginning with a letter or digit",
    ),
]
PipelineName = Annotated[
    str, matching(r"[a-z][a-z0-9_]{0,63}", "1 to 64 of a-z, 0-9 and _, beginning with a letter")
]
BlobName = Annotated[
    str,
    matching(
        r"(?!.*(?:\.\.|//|/\.|\.$))[A-Za-z0-9][A-Za-z0-9._/-]{0,199}",
        "1 to 200 of letters, digits, . _ - and /, no empty, hidden or relative part",
    ),
]
Count = Annotated[int, Field(ge=0)]
BatchSize = Annotated[int, Field(ge=1, le=50_000)]
Parallelism = Annotated[int, Field(ge=1, le=64)]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class FailureBudget(EdgeModel):
    """How many rows may fail before the job stops: so many, or this share of all rows planned."""

    rows: Annotated[int, Field(ge=0, le=10**12)] | None = None
    percent: Percent | None = None


class FileSource(WireModel):
    """A blob of a registered container."""

    kind: Literal["file"] = "file"
    container: str
    blob: BlobName


class WindowSource(WireModel):
    """What a pipeline reads by itself, for a stretch of time."""

    kind: Literal["window"] = "window"
    begin: AwareDatetime
    end: AwareDatetime


class DeadLetterSource(WireModel):
    """What another job has given up."""

    kind: Literal["dead_letters"] = "dead_letters"
    job_id: JobId


Source = Annotated[FileSource | WindowSource | DeadLetterSource, Field(discriminator="kind")]


class Job(WireModel):
    """The job orchestrator's input.

    ``rows_per_s`` is the limit of the pipeline's downstream, shared by all jobs.
    """

    job_id: JobId
    pipeline: PipelineName
    source: Source
    batch_size: BatchSize
    max_parallelism: Parallelism
    budget: FailureBudget
    dry_run: bool
    rows_per_s: float | None = None


class Reading(WireModel):
    """A source opened for reading: one version of one blob, or a window.

    Attributes:
        container, blob, etag, size: the very version that is read; empty for a window.
        row_format: how rows are written.
        letters: the rows are dead letters, each with such a row inside.
        columns: the header's names, for CSV.
        begin: where the rows begin.
        window: the stretch of time, for a pipeline that reads by itself.
    """

    container: str = ""
    blob: str = ""
    etag: str = ""
    size: Count = 0
    row_format: Format = Format.JSON_LINES
    letters: bool = False
    columns: tuple[str, ...] = ()
    begin: Place = Place()
    window: WindowSource | None = None


class Opened(WireModel):
    """The source as it was found; ``problem`` says why it cannot be used."""

    reading: Reading | None = None
    problem: str | None = None
    details: tuple[str, ...] = ()


class PlanSegment(WireModel):
    """Cut the next stretch of the source into chunks.

    ``after`` is where a window stands: the last key that was planned.
    """

    job: Job
    reading: Reading
    place: Place
    after: str = ""


class Planned(WireModel):
    """What has been cut; ``ended`` when the source has."""

    place: Place
    after: str = ""
    rows: Count
    ended: bool
    digest: str = ""
    problem: str | None = None


class Unit(WireModel):
    """A chunk, or a part of one when it is taken apart to find the row that fails it.

    ``count`` is 0 for a whole chunk; ``attempts`` have been made. A condemned unit is one row that
    is given up without looking into it.
    """

    chunk: Count
    start: Count = 0
    count: Count = 0
    attempts: Count = 0
    condemned: bool = False

    @property
    def key(self) -> str:
        """The unit's name in the ledger and in blobs; sorts as rows do."""
        whole = f"{self.chunk:07}"
        return f"{whole}.{self.start:05}+{self.count:05}" if self.count else whole


class Task(WireModel):
    """What all units of a job have in common."""

    job_id: JobId
    pipeline: PipelineName
    reading: Reading
    batch_size: BatchSize
    dry_run: bool


class ProcessUnit(WireModel):
    """Work through a unit's rows."""

    task: Task
    unit: Unit


class Tally(WireModel):
    """Rows that came in, and what became of them; ``rows`` is the sum of the others."""

    rows: Count = 0
    accepted: Count = 0
    rejected: Count = 0
    blank: Count = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Add up."""
        return Tally(
            rows=self.rows + other.rows,
            accepted=self.accepted + other.accepted,
            rejected=self.rejected + other.rejected,
            blank=self.blank + other.blank,
        )


class UnitResult(WireModel):
    """How a unit went: its tally when it is done.

    ``suspect``: it was begun many times and never ended, so it may be what ends the process.
    ``stopped`` names why no unit of this job can be worked through.
    """

    outcome: Literal["done", "suspect", "stopped"]
    tally: Tally = Tally()
    reason: str | None = None


class ShardWork(WireModel):
    """The shard orchestrator's input, and what one generation hands the next.

    Attributes:
        task: what all units have in common.
        shard: its number.
        window: how many units it has in flight at most.
        next_chunk, end_chunk: the chunks that nobody has begun, end excluded.
        queue: units to be done before those.
        tally: of all units done so far.
        units: how many those are.
        buried: rows given up one by one.
        rows_per_s: the limit of the downstream.
        failure: why the shard gave up.
    """

    task: Task
    shard: Count
    window: Parallelism
    next_chunk: Count
    end_chunk: Count
    queue: tuple[Unit, ...] = ()
    tally: Tally = Tally()
    units: Count = 0
    buried: Count = 0
    rows_per_s: float | None = None
    failure: str | None = None


class ShardReport(WireModel):
    """What a shard has done so far, in all: reporting it twice changes nothing."""

    shard: Count
    tally: Tally
    units: Count
    failure: str | None = None


class ShardResult(WireModel):
    """How a shard ended; ``complete`` when all its chunks are done."""

    shard: Count
    tally: Tally
    units: Count
    complete: bool
    failure: str | None = None


class OpenControl(WireModel):
    """What the control of a job has to know: rows planned, chunks, and what may fail."""

    rows: Count
    chunks: Count
    budget: FailureBudget
    at: AwareDatetime


class Directive(WireModel):
    """What a shard is to do next."""

    go_on: bool
    stop: bool
    reason: str | None = None


class TakeTokens(WireModel):
    """A share of a downstream's rate, asked for at an instant."""

    rows: Count
    rows_per_s: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    at: AwareDatetime


class Granted(WireModel):
    """How long to wait before using it."""

    wait_s: Annotated[float, Field(ge=0)]


class Reconcile(WireModel):
    """Compare what was done with the plan, and with what shards claim in all.

    ``complete``: every chunk should be done; a job that was stopped leaves some.
    """

    job_id: JobId
    planned_rows: Count
    chunks: Count
    claimed: Tally
    complete: bool


class Verdict(WireModel):
    """What the ledger adds up to, and what does not agree with it; no findings: all agrees."""

    tally: Tally
    findings: tuple[str, ...] = ()


class CheckLoad(WireModel):
    """Count what the target holds of a job."""

    job_id: JobId
    pipeline: PipelineName


class LoadCheck(WireModel):
    """How many results of the job the target holds; None when there is no target."""

    found: Count | None = None


class JobResult(WireModel):
    """The output of a job.

    Attributes:
        status: the business state that it ended in.
        reason: why, unless all went well.
        findings: what does not agree with the plan.
        planned_rows, chunks, shards: the plan.
        units: how many chunks, or parts of chunks, were done.
        tally: what became of the rows.
        repeated_keys: results that another row has overwritten in the target.
        source_digests: SHA-256 of each stretch of the source, as it was planned.
        manifest: the blob that lists every output and dead-letter blob.
    """

    job_id: JobId
    pipeline: PipelineName
    status: str
    reason: str | None = None
    findings: tuple[str, ...] = ()
    planned_rows: Count = 0
    chunks: Count = 0
    shards: Count = 0
    units: Count = 0
    tally: Tally = Tally()
    repeated_keys: Count = 0
    dry_run: bool = False
    started_at: AwareDatetime
    completed_at: AwareDatetime
    source_digests: tuple[str, ...] = ()
    manifest: str | None = None


class Publish(WireModel):
    """Write the manifest of a job that has ended."""

    job: Job
    reading: Reading
    result: JobResult


class Published(WireModel):
    """Where the manifest is."""

    manifest: str


class Increment(WireModel):
    """The increment orchestrator's input: which export, and what share of its rows may fail."""

    pipeline: PipelineName
    may_fail_percent: Percent = 10


class NextWindow(WireModel):
    """What has not been exported; None when that is nothing."""

    window: WindowSource | None = None


class MoveWatermark(WireModel):
    """Note that a job has exported a window."""

    pipeline: PipelineName
    window: WindowSource
    job_id: JobId


class Moved(WireModel):
    """Whether the watermark stands at the window's end now."""

    moved: bool


class IncrementResult(WireModel):
    """How an increment ended: as its job did, or with nothing new; ``moved`` is the watermark."""

    status: str
    job_id: JobId | None = None
    moved: bool = False
