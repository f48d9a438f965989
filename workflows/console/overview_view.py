"""The overview as its page shows it: figures, charts, a line per type; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.operations.overview import Outcome, Overview, TypeFigures
from shared.pages.charts import StepChart, share, step_chart
from shared.pages.words import lasting, of_code, rate
from workflows.console.list_view import list_path

HOURS: Final = (6, 24, 168)

_MOST_OUTCOMES: Final = 6
_FAILED: Final = "Failed"
_COMPLETED: Final = "Completed"
_OTHERWISE: Final = "otherwise"
_DAY_H: Final = 24
_SPANS: Final = {6: "6 hours", 24: "24 hours", 168: "7 days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputView:
    """What began and ended hour by hour: two curves of one scale, and the same as a table."""

    started: StepChart
    ended: StepChart
    scale: tuple[str, ...]  # from the top down
    ticks: tuple[str, ...]
    rows: tuple[tuple[datetime, int, int], ...]
    sentence: str
    is_empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a bar: where it begins and how long it is, in percent."""

    kind: str
    begin: float
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLine:
    """An outcome in words, and the list of those that ended so."""

    kind: str
    text: str
    count: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeLine:
    """One type: its figures, a bar of its outcomes, and what they are called."""

    title: str
    path: str
    running_path: str
    started: int
    running: int
    took: str
    half_bar: float
    nearly_all_bar: float
    slices: tuple[Slice, ...]
    outcomes: tuple[OutcomeLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPage:
    """All that the page shows of the last hours."""

    hours: int
    span: str
    started: int
    ended: int
    failed: int
    throughput: ThroughputView
    types: tuple[TypeLine, ...]
    counts_since: datetime | None


def overview_page(overview: Overview, *, hours: int) -> OverviewPage:
    """Put the figures of the last hours into words and pictures."""
    outcomes = [outcome for figures in overview.types for outcome in figures.outcomes]
    slowest = max((figures.nearly_all_took_s or 0.0 for figures in overview.types), default=0.0)
    return OverviewPage(
        hours=hours,
        span=_SPANS.get(hours, f"{hours} hours"),
        started=sum(figures.started for figures in overview.types),
        ended=sum(outcome.count for outcome in outcomes),
        failed=sum(outcome.count for outcome in outcomes if outcome.status == _FAILED),
        throughput=_throughput(overview),
        types=tuple(_line(figures, slowest, hours) for figures in overview.types),
        counts_since=None if overview.counted_from <= overview.since else overview.counted_from,
    )


def _throughput(overview: Overview) -> ThroughputView:
    started = [float(hour.started) for hour in overview.throughput]
    ended = [float(hour.ended) for hour in overview.throughput]
    chart = step_chart(started, beside=ended, counts=True)
    begins = [hour.begin for hour in overview.throughput]
    words = f"{begins[0]:%d %b %H:%M}" if begins else ""
    return ThroughputView(
        started=chart,
        ended=step_chart(ended, beside=started, counts=True),
        scale=(*(rate(line.value) for line in reversed(chart.grid)), "0"),
        ticks=_ticks(begins),
        rows=tuple((hour.begin, hour.started, hour.ended) for hour in overview.throughput),
        sentence=(
            f"Workflows per hour since {words} UTC: at most {max(started, default=0):,.0f} started"
            f" and {max(ended, default=0):,.0f} ended in an hour."
        ),
        is_empty=not any((*started, *ended)),
    )


def _ticks(begins: Sequence[datetime]) -> tuple[str, ...]:
    """Name the beginning, the middle and the end."""
    if not begins:
        return ()
    form = "%H:%M" if len(begins) <= _DAY_H + 1 else "%d %b"
    middle = begins[len(begins) // 2]
    return (f"{begins[0]:{form}}", f"{middle:{form}}", "now")


def _line(figures: TypeFigures, slowest: float, hours: int) -> TypeLine:
    typed = {"type": figures.name} | ({"within": "24h"} if hours == _DAY_H else {})
    return TypeLine(
        title=figures.title,
        path=list_path(typed),
        running_path=list_path({"type": figures.name, "status": "Running"}),
        started=figures.started,
        running=figures.running,
        took=_took(figures),
        half_bar=share(figures.half_took_s or 0.0, slowest),
        nearly_all_bar=share(figures.nearly_all_took_s or 0.0, slowest),
        slices=_slices(figures),
        outcomes=tuple(
            OutcomeLine(
                kind=_kind(outcome),
                text=of_code(outcome.name),
                count=outcome.count,
                path=_outcome_path(figures.name, outcome),
            )
            for outcome in figures.outcomes[:_MOST_OUTCOMES]
        ),
    )


def _outcome_path(type_name: str, outcome: Outcome) -> str:
    typed = {"type": type_name, "status": outcome.status}
    if outcome.status == _COMPLETED and outcome.name != _COMPLETED.lower():
        typed["outcome"] = outcome.name
    return list_path(typed)


def _kind(outcome: Outcome) -> str:
    """An end that the domain does not hope for looks unlike one that it does."""
    is_otherwise = outcome.status == _COMPLETED and not outcome.is_hoped_for
    return _OTHERWISE if is_otherwise else outcome.status.lower()


def _slices(figures: TypeFigures) -> tuple[Slice, ...]:
    """Divide what was started by how it ended; what is left is under way."""
    counts: dict[str, int] = {}
    for outcome in figures.outcomes:
        counts[_kind(outcome)] = counts.get(_kind(outcome), 0) + outcome.count
    open_ = figures.started - sum(counts.values())
    if open_ > 0:
        counts["running"] = open_
    slices: list[Slice] = []
    begin = 0
    for kind in ("completed", _OTHERWISE, "failed", "terminated", "canceled", "running"):
        if count := counts.get(kind, 0):
            whole = figures.started
            slices.append(Slice(kind=kind, begin=share(begin, whole), length=share(count, whole)))
            begin += count
    return tuple(slices)


def _took(figures: TypeFigures) -> str:
    if figures.half_took_s is None or figures.nearly_all_took_s is None:
        return "none has completed"
    return " and ".join(
        lasting(seconds) if seconds else "< 1 s"
        for seconds in (figures.half_took_s, figures.nearly_all_took_s)
    )
