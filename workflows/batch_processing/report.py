"""What a job came to, for people and dashboards: pace, failures by reason, slowest units; pure.

It is read off the ledger, so a job that still runs has a report, too. How it looks as a page is in
report_page.
"""

import heapq
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.models import WireModel
from workflows.batch_processing.ledger import Audit, Entry, UnitState
from workflows.batch_processing.models import Count, JobResult, Tally

MOST_BINS = 60
MOST_SLOWEST = 10

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]

_SHORTEST_S = 0.001
_DAY_S = 86_400.0
_WIDTHS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0)
_LONG_WIDTHS_S = (1_800.0, 3_600.0, 7_200.0, 14_400.0, 21_600.0, 43_200.0, _DAY_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a job without its ledger; ``completed_at`` once it has ended."""

    job_id: str
    pipeline: str
    status: str
    reason: str | None = None
    findings: tuple[str, ...] = ()
    dry_run: bool = False
    planned_rows: int = 0
    chunks: int = 0
    repeated_keys: int = 0
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @classmethod
    def of(cls, result: JobResult) -> "Facts":
        """Keep of a job's result what its report says."""
        return cls(
            job_id=result.job_id,
            pipeline=result.pipeline,
            status=result.status,
            reason=result.reason,
            findings=result.findings,
            dry_run=result.dry_run,
            planned_rows=result.planned_rows,
            chunks=result.chunks,
            repeated_keys=result.repeated_keys,
            started_at=result.started_at,
            completed_at=result.completed_at,
        )


class Pace(WireModel):
    """Rows per second, in stretches of ``width_s`` from the first unit's begin to the last's end.

    A unit's rows count evenly over the time that it took.
    """

    begin: AwareDatetime | None = None
    width_s: Seconds = 0
    rows_per_s: tuple[float, ...] = ()


class Failure(WireModel):
    """How many rows were given up for one reason."""

    reason: str
    rows: Count


class SlowUnit(WireModel):
    """A unit that took long; ``start`` and ``count`` are 0 for a whole chunk."""

    chunk: Count
    start: Count
    count: Count
    tally: Tally
    starts: Count
    took_s: Seconds


class UnitFigures(WireModel):
    """How the units of a job went.

    Attributes:
        planned, done: chunks in the plan, and units that have ended.
        taken_apart: units whose parts were done instead.
        begun_again: units that were begun more than once.
        median_s, ninth_decile_s, longest_s: how long units took, in seconds.
    """

    planned: Count = 0
    done: Count = 0
    taken_apart: Count = 0
    begun_again: Count = 0
    median_s: Seconds = 0
    ninth_decile_s: Seconds = 0
    longest_s: Seconds = 0


class SumLine(WireModel):
    """A control sum over the rows read and over the results written."""

    name: str
    read: int
    written: int


class Report(WireModel):
    """The body of ``GET /api/batches/{jobId}/report``; what grows with a job is cut or binned."""

    job_id: str
    pipeline: str
    status: str
    reason: str | None = None
    findings: tuple[str, ...]
    dry_run: bool
    started_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
    made_at: AwareDatetime
    planned_rows: Count
    tally: Tally
    repeated_keys: Count
    rows_per_s: Seconds
    output_bytes: Count
    dead_letter_bytes: Count
    units: UnitFigures
    pace: Pace
    failures: tuple[Failure, ...]
    slowest: tuple[SlowUnit, ...]
    sums: tuple[SumLine, ...]


def report(facts: Facts, entries: Iterable[Entry], *, made_at: datetime) -> Report:
    """Add a job's ledger up to its report.

    Args:
        facts: What is known without the ledger.
        entries: The job's units in the order of their rows; read once.
        made_at: The instant of asking.
    """
    seen = _Seen()
    audit = Audit.of(seen.noting(entries))
    span_s = seen.end - seen.begin if seen.durations else 0.0
    return Report(
        job_id=facts.job_id,
        pipeline=facts.pipeline,
        status=facts.status,
        reason=facts.reason,
        findings=facts.findings,
        dry_run=facts.dry_run,
        started_at=facts.started_at,
        completed_at=facts.completed_at,
        made_at=made_at,
        planned_rows=facts.planned_rows,
        tally=audit.tally,
        repeated_keys=facts.repeated_keys,
        rows_per_s=round(audit.tally.rows / span_s, 1) if span_s else 0,
        output_bytes=seen.output_bytes,
        dead_letter_bytes=seen.letter_bytes,
        units=seen.figures(planned=facts.chunks),
        pace=seen.pace(),
        failures=tuple(
            Failure(reason=reason, rows=rows) for reason, rows in audit.reasons.most_common()
        ),
        slowest=tuple(seen.slowest()),
        sums=tuple(
            SumLine(name=name, read=audit.read_sums[name], written=audit.written_sums[name])
            for name in sorted({*audit.read_sums, *audit.written_sums})
        ),
    )


@dataclass(slots=True)
class _Seen:
    """What is kept of units that went by: a few numbers for each that has ended."""

    begins: array[float] = field(default_factory=lambda: array("d"))
    durations: array[float] = field(default_factory=lambda: array("d"))
    rows: array[int] = field(default_factory=lambda: array("q"))
    longest: list[tuple[float, str, Entry]] = field(default_factory=list[tuple[float, str, Entry]])
    taken_apart: int = 0
    begun_again: int = 0
    output_bytes: int = 0
    letter_bytes: int = 0

    def noting(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Yield the entries as they come, and note them."""
        for entry in entries:
            self.taken_apart += entry.state is UnitState.APART
            self.begun_again += entry.starts > 1
            if entry.record is not None:
                self.output_bytes += entry.record.output.size
                self.letter_bytes += entry.record.letters.size
                self._time(entry, entry.record.tally.rows)
            yield entry

    def _time(self, entry: Entry, rows: int) -> None:
        if entry.started_at is None or entry.finished_at is None:
            return
        # Two machines' clocks may differ: a unit does not end before it begins.
        took_s = max(0.0, (entry.finished_at - entry.started_at).total_seconds())
        self.begins.append(entry.started_at.timestamp())
        self.durations.append(took_s)
        self.rows.append(rows)
        item = (took_s, entry.key, entry)
        if len(self.longest) < MOST_SLOWEST:
            heapq.heappush(self.longest, item)
        else:
            heapq.heappushpop(self.longest, item)

    @property
    def begin(self) -> float:
        return min(self.begins)

    @property
    def end(self) -> float:
        return max(map(float.__add__, self.begins, self.durations))

    def figures(self, *, planned: int) -> UnitFigures:
        ordered = sorted(self.durations)
        return UnitFigures(
            planned=planned,
            done=len(ordered),
            taken_apart=self.taken_apart,
            begun_again=self.begun_again,
            median_s=_quantile(ordered, 0.5),
            ninth_decile_s=_quantile(ordered, 0.9),
            longest_s=_quantile(ordered, 1.0),
        )

    def pace(self) -> Pace:
        """Spread every unit's rows evenly over its time, and cut the time into bins."""
        if not self.durations:
            return Pace()
        begin, end = self.begin, self.end
        # Bins fill the span: one that is cut short would look like a job that slows down.
        bins = [0.0] * max(1, math.ceil((end - begin) / bin_width(end - begin)))
        width = max(end - begin, _SHORTEST_S) / len(bins)
        for unit_begin, took_s, rows in zip(self.begins, self.durations, self.rows, strict=True):
            _spread(bins, (unit_begin - begin) / width, took_s / width, rows)
        return Pace(
            begin=datetime.fromtimestamp(begin, UTC),
            width_s=round(width, 3),
            rows_per_s=tuple(round(rows / width, 1) for rows in bins),
        )

    def slowest(self) -> Iterator[SlowUnit]:
        for took_s, _, entry in sorted(self.longest, key=lambda item: (-item[0], item[1])):
            start, count = entry.part
            yield SlowUnit(
                chunk=entry.chunk,
                start=start,
                count=count,
                tally=entry.record.tally if entry.record else Tally(),
                starts=entry.starts,
                took_s=round(took_s, 3),
            )


def bin_width(span_s: float) -> float:
    """Return the shortest round number of seconds of which ``MOST_BINS`` cover the span."""
    for width in (*_WIDTHS_S, *_LONG_WIDTHS_S):
        if width * MOST_BINS >= span_s:
            return width
    days = timedelta(seconds=span_s / MOST_BINS).days + 1
    return days * _DAY_S


def _spread(bins: list[float], begin: float, length: float, rows: int) -> None:
    """Add rows to the bins from ``begin`` on, in parts of the length that lies in each."""
    last = len(bins) - 1
    first_bin, last_bin = min(int(begin), last), min(int(begin + length), last)
    if first_bin == last_bin:
        bins[first_bin] += rows
        return
    for number in range(first_bin, last_bin + 1):
        inside = min(begin + length, number + 1) - max(begin, number)
        bins[number] += rows * inside / length


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that such a share of all values does not exceed."""
    if not ordered:
        return 0.0
    rank = math.ceil(share * len(ordered))
    return round(ordered[max(0, rank - 1)], 3)
