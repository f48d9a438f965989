"""Where the bars of a timeline stand, in percent of its width; pure.

Time runs evenly as long as that can be read. Where waits of days stand beside steps of
milliseconds, long stretches are drawn shorter, and the picture says so.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.pages.words import lasting
from workflows.console.timeline import Bar, Kind, Lane, Mark, Timeline

_NARROW: Final = 0.004  # of the width: nobody sees a bar that is less
_SHORTEST: Final = 0.6  # percent
_FLATTENED: Final = 0.28
_TICKS: Final = 5
_APART: Final = 24.0  # percent
_STEPS_S: Final = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 14_400, 21_600, 43_200, 86_400),
)
_DAY_S: Final = 86_400
_CLOSE: Final = 9.0  # percent: two ticks nearer to each other would write over each other
_WORDS: Final = {
    Mark.DONE: "",
    Mark.FAILED: "failed",
    Mark.OPEN: "in progress",
    Mark.UNUSED: "not needed any more",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line down the picture, and how long after the beginning it is."""

    left: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBar:
    """A bar: where it begins and how long it is, in percent; what it says; where it leads."""

    left: float
    width: float
    mark: Mark
    title: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLane:
    """A line of the picture, and the same in words."""

    kind: Kind
    name: str
    full_name: str
    child_id: str | None
    bars: tuple[DrawnBar, ...]
    begins: str
    lasted: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The picture; ``is_flattened`` when long stretches are drawn shorter than they were."""

    lanes: tuple[DrawnLane, ...]
    ticks: tuple[Tick, ...]
    lasted: str
    is_flattened: bool
    hidden: int


class Scale:
    """Turns instants into percent: evenly, or with long stretches between marks flattened."""

    def __init__(self, begin: datetime, end: datetime, marks: Sequence[datetime] = ()) -> None:
        self._begin, self._end = begin, max(end, begin + timedelta(milliseconds=1))
        inside = {mark for mark in marks if begin < mark < self._end}
        self._marks = [begin, *sorted(inside), self._end]
        power = _FLATTENED if inside else 1.0
        self._places = [0.0]
        for before, after in zip(self._marks, self._marks[1:], strict=False):
            self._places.append(self._places[-1] + (after - before).total_seconds() ** power)

    def percent(self, at: datetime) -> float:
        """Return where an instant is; what is outside is at the edge."""
        at = min(max(at, self._begin), self._end)
        index = min(bisect_right(self._marks, at), len(self._marks) - 1)
        before, after = self._marks[index - 1], self._marks[index]
        part = (at - before) / (after - before)
        place = self._places[index - 1] + part * (self._places[index] - self._places[index - 1])
        return round(100 * place / self._places[-1], 2)

    def even_ticks(self) -> tuple[Tick, ...]:
        """Return ticks at round distances from the beginning."""
        length_s = (self._end - self._begin).total_seconds()
        wanted = length_s / _TICKS
        step = next((step for step in _STEPS_S if step >= wanted), _DAY_S * -(-wanted // _DAY_S))
        count = int(length_s / step)
        return tuple(
            Tick(left=round(100 * number * step / length_s, 2), text=lasting(number * step))
            for number in range(count + 1)
            if number == 0 or 100 * (1 - number * step / length_s) > _CLOSE / 2
        )

    def mark_ticks(self) -> tuple[Tick, ...]:
        """Return ticks where something happened, as many as can be read."""
        ticks: list[Tick] = []
        for mark in self._marks:
            left = self.percent(mark)
            if ticks and (left - ticks[-1].left < _APART or left > 100 - _CLOSE / 2):
                continue
            after = (mark - self._begin).total_seconds()
            ticks.append(Tick(left=left, text=lasting(after)))
        return tuple(ticks)


def drawing(shown: Timeline, *, orchestrator: str) -> Drawing:
    """Draw a timeline.

    Args:
        shown: What happened when.
        orchestrator: Whose it is: names that begin as its name does are shown without that.
    """
    is_flattened = _needs_flattening(shown)
    marks = [at for lane in shown.lanes for bar in lane.bars for at in (bar.begin, bar.end)]
    scale = Scale(shown.begin, shown.end, marks if is_flattened else ())
    return Drawing(
        lanes=tuple(_lane(lane, scale, shown.begin, orchestrator) for lane in shown.lanes),
        ticks=scale.mark_ticks() if is_flattened else scale.even_ticks(),
        lasted=_lasting(shown.end - shown.begin),
        is_flattened=is_flattened,
        hidden=shown.hidden,
    )


def short_name(name: str, orchestrator: str) -> str:
    """Leave out the words with which an orchestrator's name begins, too, but never all."""
    words, others = name.split("_"), orchestrator.split("_")
    same = 0
    while same < min(len(words), len(others)) - 1 and words[same] == others[same]:
        same += 1
    return "_".join(words[same:])


def _needs_flattening(shown: Timeline) -> bool:
    whole = (shown.end - shown.begin).total_seconds()
    lengths = [
        (bar.end - bar.begin).total_seconds()
        for lane in shown.lanes
        for bar in lane.bars
        if lane.kind is not Kind.EVENT
    ]
    narrow = sum(1 for length in lengths if length < _NARROW * whole)
    return 2 * narrow > len(lengths)


def _lane(lane: Lane, scale: Scale, begin: datetime, orchestrator: str) -> DrawnLane:
    spent = sum(((bar.end - bar.begin) for bar in lane.bars), timedelta())
    failed = sum(bar.mark is Mark.FAILED for bar in lane.bars)
    last = lane.bars[-1]
    is_named = lane.kind in {Kind.ACTIVITY, Kind.CHILD}
    return DrawnLane(
        kind=lane.kind,
        name=short_name(lane.name, orchestrator) if is_named else lane.name,
        full_name=lane.name,
        child_id=lane.child_id,
        bars=tuple(_bar(bar, scale, begin) for bar in lane.bars),
        begins=f"+{_lasting(lane.bars[0].begin - begin)}",
        lasted="" if lane.kind is Kind.EVENT else _lasting(spent),
        note=_note(len(lane.bars), failed, last.mark),
    )


def _note(count: int, failed: int, mark: Mark) -> str:
    said = [f"{count} times"] if count > 1 else []
    if failed and count > 1:
        said.append(f"{failed} failed")
    if _WORDS[mark] and not (failed and count > 1 and mark is Mark.FAILED):
        said.append(_WORDS[mark])
    return ", ".join(said)


def _bar(bar: Bar, scale: Scale, begin: datetime) -> DrawnBar:
    left = scale.percent(bar.begin)
    width = max(scale.percent(bar.end) - left, _SHORTEST)
    length = _lasting(bar.end - bar.begin)
    state = f", {_WORDS[bar.mark]}" if _WORDS[bar.mark] else ""
    return DrawnBar(
        left=min(left, 100 - _SHORTEST),
        width=round(min(width, 100 - min(left, 100 - _SHORTEST)), 2),
        mark=bar.mark,
        title=f"Began after {_lasting(bar.begin - begin)}, took {length}{state}",
        sequence=bar.sequence,
    )


def _lasting(length: timedelta) -> str:
    return lasting(max(0.0, length.total_seconds()))
