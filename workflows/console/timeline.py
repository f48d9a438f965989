"""What an instance did when, folded from its history into lanes of bars; pure.

A lane is one activity, child, timer or event by its name; what overlaps gets a lane of its own.
Where bars stand on a page is drawing's business. The history is what the management API shows: a
call that was answered is one entry with the answer, and entries of a timer are matched by when it
was to fire.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

type Event = Mapping[str, Any]


class Kind(StrEnum):
    """What a lane is of; the value is what people read."""

    ACTIVITY = "activity"
    CHILD = "child"
    TIMER = "timer"
    EVENT = "event"
    STATE = "state"


class Mark(StrEnum):
    """How what a bar stands for ended, if it did."""

    DONE = "done"
    FAILED = "failed"
    OPEN = "open"
    UNUSED = "unused"  # a timer that had not fired when the instance ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One call, wait or arrival.

    Attributes:
        begin: When it began.
        end: When it ended; what is open ends where the picture does.
        mark: How.
        sequence: Which entry of the history tells of it, from 1.
    """

    begin: datetime
    end: datetime
    mark: Mark
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Bars of one name that do not overlap; ``child_id`` leads to a child that is known."""

    kind: Kind
    name: str
    bars: tuple[Bar, ...]
    child_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Lanes in the order in which they began, between two instants; ``hidden`` did not fit."""

    begin: datetime
    end: datetime
    lanes: tuple[Lane, ...]
    hidden: int = 0


_MOST_LANES: Final = 60
_ANSWERS: Final[Mapping[str, tuple[Kind, Mark]]] = {
    "TaskCompleted": (Kind.ACTIVITY, Mark.DONE),
    "TaskFailed": (Kind.ACTIVITY, Mark.FAILED),
    "SubOrchestrationInstanceCompleted": (Kind.CHILD, Mark.DONE),
    "SubOrchestrationInstanceFailed": (Kind.CHILD, Mark.FAILED),
}
_CALLS: Final[Mapping[str, Kind]] = {
    "TaskScheduled": Kind.ACTIVITY,
    "SubOrchestrationInstanceCreated": Kind.CHILD,
}


def timeline(
    history: Sequence[Event], *, created_at: datetime, ended_at: datetime | None, now: datetime
) -> Timeline:
    """Fold a history.

    Args:
        history: What the management API shows, oldest first.
        created_at: When the instance was created.
        ended_at: When it ended, if it did.
        now: Where what is open ends.
    """
    end = ended_at or now
    spans = sorted(_spans(history, end, is_over=ended_at is not None), key=_begin)
    lanes = _lanes(spans)
    instants = [instant for _, _, _, bar in spans for instant in (bar.begin, bar.end)]
    begin = min([created_at, *instants])
    return Timeline(
        begin=begin,
        end=max([end, begin, *instants]),
        lanes=tuple(lanes[:_MOST_LANES]),
        hidden=max(0, len(lanes) - _MOST_LANES),
    )


def instant_of(text: object) -> datetime | None:
    """Read an instant of a history, None for what is none; they are in UTC."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


type _Span = tuple[Kind, str, str | None, Bar]


def _begin(span: _Span) -> tuple[datetime, int]:
    return span[3].begin, span[3].sequence


def _spans(history: Sequence[Event], end: datetime, *, is_over: bool) -> Iterator[_Span]:
    fired = _fired(history)
    suspended: tuple[datetime, int] | None = None
    for sequence, event in enumerate(history, start=1):
        at = instant_of(event.get("Timestamp"))
        if at is None:
            continue
        match event.get("EventType"):
            case str() as kind if kind in _ANSWERS:
                yield _answered(event, kind, at, sequence)
            case str() as kind if kind in _CALLS:
                mark = Mark.UNUSED if is_over else Mark.OPEN
                child = event.get("InstanceId")
                bar = Bar(begin=at, end=max(at, end), mark=mark, sequence=sequence)
                yield _CALLS[kind], _name(event, "Name"), str(child) if child else None, bar
            case "TimerCreated":
                yield _timer(event, at, sequence, end=end, fired=fired, is_over=is_over)
            case "EventRaised":
                bar = Bar(begin=at, end=at, mark=Mark.DONE, sequence=sequence)
                yield Kind.EVENT, _name(event, "Name"), None, bar
            case "ExecutionSuspended":
                suspended = suspended or (at, sequence)
            case "ExecutionResumed" if suspended:
                yield _suspension(suspended, at, Mark.DONE)
                suspended = None
            case _:
                pass  # everything else takes no time
    if suspended:
        yield _suspension(suspended, end, Mark.DONE if is_over else Mark.OPEN)


def _answered(event: Event, kind: str, at: datetime, sequence: int) -> _Span:
    lane, mark = _ANSWERS[kind]
    begin = instant_of(event.get("ScheduledTime")) or at
    bar = Bar(begin=min(begin, at), end=at, mark=mark, sequence=sequence)
    return lane, _name(event, "FunctionName"), None, bar


def _timer(
    event: Event,
    at: datetime,
    sequence: int,
    *,
    end: datetime,
    fired: list[tuple[str, datetime]],
    is_over: bool,
) -> _Span:
    fire_at = str(event.get("FireAt"))
    found = next((one for one in fired if one[0] == fire_at), None)
    if found is not None:
        fired.remove(found)
        return _timer_span(at, found[1], Mark.DONE, sequence)
    planned = instant_of(fire_at) or end
    if is_over:
        return _timer_span(at, min(max(planned, at), max(end, at)), Mark.UNUSED, sequence)
    return _timer_span(at, max(end, at), Mark.OPEN, sequence)


def _timer_span(begin: datetime, end: datetime, mark: Mark, sequence: int) -> _Span:
    bar = Bar(begin=begin, end=max(begin, end), mark=mark, sequence=sequence)
    return Kind.TIMER, "timer", None, bar


def _fired(history: Iterable[Event]) -> list[tuple[str, datetime]]:
    found = (
        (str(event.get("FireAt")), instant_of(event.get("Timestamp")))
        for event in history
        if event.get("EventType") == "TimerFired"
    )
    return [(fire_at, at) for fire_at, at in found if at is not None]


def _suspension(begun: tuple[datetime, int], end: datetime, mark: Mark) -> _Span:
    begin, sequence = begun
    bar = Bar(begin=begin, end=max(begin, end), mark=mark, sequence=sequence)
    return Kind.STATE, "suspended", None, bar


def _name(event: Event, member: str) -> str:
    return str(event.get(member) or event.get("Name") or "unnamed")


def _lanes(spans: Iterable[_Span]) -> list[Lane]:
    """Put bars of one name in a row, and what overlaps into the next row."""
    rows: dict[tuple[Kind, str, str | None], list[list[Bar]]] = {}
    for kind, name, child, bar in spans:
        of_name = rows.setdefault((kind, name, child), [])
        free = next((row for row in of_name if row[-1].end <= bar.begin), None)
        if free is None:
            of_name.append([bar])
        else:
            free.append(bar)
    lanes = [
        Lane(kind=kind, name=name, bars=tuple(row), child_id=child)
        for (kind, name, child), of_name in rows.items()
        for row in of_name
    ]
    return sorted(lanes, key=lambda lane: (lane.bars[0].begin, lane.bars[0].sequence))
