"""The report as one HTML file: no script, nothing from outside, its charts drawn on the server.

It says what report.Report says, in words and pictures; every chart is, or comes with, a table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import azure.functions as func

from shared.pages import Pages, Stylesheet, alone
from shared.pages.charts import StepChart, share, step_chart
from shared.pages.words import lasting, rate
from workflows.batch_processing.report import Pace, Report, SlowUnit
from workflows.batch_processing.transitions import JobStatus

_SHORTEST_BAR: Final = 0.75  # percent
_SMALLEST_SHARE: Final = 0.001
_TEMPLATES: Final = Path(__file__).with_name("templates")

_STATUSES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        JobStatus.OPENING: ("Opening", "The source is being looked at."),
        JobStatus.PLANNING: ("Planning", "The source is being cut into chunks."),
        JobStatus.PROCESSING: ("Processing", "Chunks are being worked through."),
        JobStatus.RECONCILING: ("Reconciling", "What was done is being compared with the plan."),
        JobStatus.PUBLISHING: ("Publishing", "The list of everything made is being written."),
        JobStatus.COMPLETED: ("Completed", "Every row was accepted, and all numbers agree."),
        JobStatus.COMPLETED_WITH_ERRORS: (
            "Completed with errors",
            "Every row is accounted for; not every one is in the result.",
        ),
        JobStatus.STOPPED_BY_BUDGET: (
            "Stopped",
            "More rows failed than may. What was done until then stands.",
        ),
        JobStatus.CANCELLED: ("Cancelled", "What was done until then stands."),
        JobStatus.REJECTED: ("Rejected", "The source cannot be used. Nothing was done."),
        JobStatus.FAILED: ("Failed", "Somebody has to look."),
    }
)
_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "malformed_row": "The row cannot be read",
        "invalid_row": "A column holds what it may not",
        "refused_by_target": "The target refused it",
        "repeated_key": "Its key came before in the same chunk",
        "poison_row": "It ended whatever worked on it",
        "transform_failed": "It could not be turned into a result",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A line of a table with its bar, in percent of the longest."""

    label: str
    cells: tuple[str, ...]
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceView:
    """The chart of rows per second, with its table and what it says in one sentence."""

    chart: StepChart
    grid: tuple[float, ...]  # from the top, in percent
    scale: tuple[str, ...]  # what stands beside the chart, from the top down
    ticks: tuple[str, str, str]
    rows: tuple[tuple[str, str], ...]
    sentence: str


def page(report: Report) -> func.HttpResponse:
    """Answer the report as a file of its own."""
    state, meaning = _STATUSES.get(report.status, (_words(report.status), ""))
    return alone(
        _pages,
        "report.html",
        stylesheet=_style,
        filename=f"batch-{report.job_id}.html",
        report=report,
        state=state,
        meaning=meaning,
        reason=_words(report.reason) if report.reason else "",
        took=_took(report),
        outcomes=_outcomes(report),
        pace=_pace(report.pace),
        failures=tuple(_failures(report)),
        slowest=tuple(_slowest(report.slowest)),
        sums=report.sums,
        lasting=lasting,
        rate=rate,
    )


def _took(report: Report) -> str:
    if report.started_at is None:
        return ""
    end = report.completed_at or report.made_at
    return lasting(max(0.0, (end - report.started_at).total_seconds()))


def _outcomes(report: Report) -> tuple[tuple[str, str, int, float, float], ...]:
    """Say what became of the rows planned: kind, label, count, and where its bar is, in percent."""
    tally = report.tally
    whole = max(report.planned_rows, tally.rows)
    counts = (
        ("accepted", "Accepted", tally.accepted),
        ("rejected", "Given up", tally.rejected),
        ("blank", "Blank", tally.blank),
        ("open", "Not worked on", whole - tally.rows),
    )
    found: list[tuple[str, str, int, float, float]] = []
    begin = 0
    for kind, label, count in counts:
        if count or kind in {"accepted", "rejected"}:
            found.append((kind, label, count, share(begin, whole), share(count, whole)))
        begin += count
    return tuple(found)


def _pace(pace: Pace) -> PaceView | None:
    if not pace.rows_per_s:
        return None
    chart = step_chart(pace.rows_per_s)
    span_s = pace.width_s * len(pace.rows_per_s)
    return PaceView(
        chart=chart,
        grid=tuple(line.top for line in chart.grid),
        scale=(*(rate(line.value) for line in reversed(chart.grid)), "0"),
        ticks=("0 s", lasting(span_s / 2), lasting(span_s)),
        rows=tuple(
            (lasting(number * pace.width_s), rate(value))
            for number, value in enumerate(pace.rows_per_s)
        ),
        sentence=(
            f"Rows per second over {lasting(span_s)}, in stretches of {lasting(pace.width_s)}:"
            f" from {rate(min(pace.rows_per_s))} to {rate(max(pace.rows_per_s))}."
        ),
    )


def _failures(report: Report) -> Iterator[Bar]:
    most = max((failure.rows for failure in report.failures), default=0)
    for failure in report.failures:
        part = failure.rows / report.tally.rejected
        yield Bar(
            label=_REASONS.get(failure.reason, _words(failure.reason)),
            cells=(f"{failure.rows:,}", _percent(part)),
            length=_visible(share(failure.rows, most)),
        )


def _slowest(units: tuple[SlowUnit, ...]) -> Iterator[Bar]:
    longest = max((unit.took_s for unit in units), default=0.0)
    for unit in units:
        yield Bar(
            label=_label(unit),
            cells=(
                lasting(unit.took_s),
                f"{unit.tally.rows:,}",
                f"{unit.tally.rejected:,}",
                f"{unit.starts}",
            ),
            length=_visible(share(unit.took_s, longest)),
        )


def _label(unit: SlowUnit) -> str:
    if not unit.count:
        return f"{unit.chunk:,}"
    return f"{unit.chunk:,}, rows {unit.start + 1:,} to {unit.start + unit.count:,} of it"


def _visible(length: float) -> float:
    """Let what is there be seen, however little it is."""
    return max(length, _SHORTEST_BAR) if length else 0.0


def _percent(part: float) -> str:
    return f"{part:.1%}" if part >= _SMALLEST_SHARE else f"< {_SMALLEST_SHARE:.1%}"


def _words(code: str) -> str:
    text = code.replace("_", " ")
    return text[:1].upper() + text[1:]


_pages = Pages(_TEMPLATES)
_style = Stylesheet.of(_TEMPLATES / "report.css")
