"""What went on in the last hours, in numbers: how much began and ended, how, and how long it took.

Pure: instances are counted into buckets of five minutes by the time of their creation, and buckets
add up. Reading instances and keeping buckets is in overview_buckets.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import azure.durable_functions as df
from pydantic import AwareDatetime, Field

from shared.durable import InstanceView
from shared.models import JsonObject, WireModel
from shared.operations.filters import business_status
from shared.operations.types import OTHER, WorkflowType, WorkflowTypes

WIDTH: Final = timedelta(minutes=5)

_HOUR: Final = timedelta(hours=1)
_FINENESS: Final = math.log(1.1)  # a length of time is told to a tenth
_COMPLETED: Final = "Completed"
_NO_TIME: Final = "-"
_NEEDS_ATTENTION: Final = "needs_attention"  # what every domain shows while operators are asked
_HALF: Final = 0.5
_NEARLY_ALL: Final = 0.95
_Status = df.OrchestrationRuntimeStatus


class TypeCounts(WireModel):
    """Instances of one type: ``ended`` by ``status:outcome``, ``took`` by logarithm of seconds."""

    started: int = 0
    ended: dict[str, int] = Field(default_factory=dict[str, int])
    took: dict[str, int] = Field(default_factory=dict[str, int])


class Bucket(WireModel):
    """The instances that were created in five minutes.

    ``open`` is a digest of the ids of those that had not ended: while it is the same, so is all of
    this. ``ended`` counts by the hour in which instances ended.
    """

    begin: AwareDatetime
    types: dict[str, TypeCounts]
    ended: dict[str, int]
    open: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many ended in one way; ``status`` is the runtime's word, ``name`` the domain's."""

    name: str
    status: str
    count: int
    is_hoped_for: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeFigures:
    """One type: how much began, is under way now, ended how, and how long it took (seconds)."""

    name: str
    title: str
    started: int
    running: int
    outcomes: tuple[Outcome, ...]
    half_took_s: float | None
    nearly_all_took_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """What began in an hour, and what ended in it of all that began in the hours looked at."""

    begin: datetime
    started: int
    ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What has not ended, whenever it began, parts of other workflows included."""

    running: int
    pending: int
    suspended: int
    oldest_pending_s: float | None
    needs_attention: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The last hours. What began before ``counted_from`` is not counted yet: ask again."""

    since: datetime
    counted_from: datetime
    made_at: datetime
    types: tuple[TypeFigures, ...]
    throughput: tuple[Hour, ...]
    backlog: Backlog

    def to_json(self) -> JsonObject:
        """Return the body of ``GET /api/ops/overview``."""
        return {
            "since": _iso(self.since),
            "countedFrom": _iso(self.counted_from),
            "types": [_type_json(figures) for figures in self.types],
            "throughput": [
                {"hour": _iso(hour.begin), "started": hour.started, "ended": hour.ended}
                for hour in self.throughput
            ],
            "backlog": {
                "running": self.backlog.running,
                "pending": self.backlog.pending,
                "suspended": self.backlog.suspended,
                "oldestPendingSeconds": self.backlog.oldest_pending_s,
                "needsAttention": self.backlog.needs_attention,
            },
        }


def begin_of(instant: datetime, width: timedelta = WIDTH) -> datetime:
    """Return when the bucket, or whatever is so wide, that an instant is in begins."""
    seconds = width.total_seconds()
    return datetime.fromtimestamp(instant.timestamp() // seconds * seconds, UTC)


def open_digest(ids: Iterable[str]) -> str:
    """Return a digest of the ids of instances that have not ended."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:16]


def counted(views: Iterable[InstanceView], begin: datetime, types: WorkflowTypes) -> Bucket:
    """Count the instances that were created in the five minutes from ``begin`` on."""
    by_type: dict[str, list[InstanceView]] = {}
    open_ids: list[str] = []
    ended_in: Counter[str] = Counter()
    for view in views:
        if not view.is_terminal:
            open_ids.append(view.instance_id)
        type_ = types.of(view.orchestrator)
        if type_.is_child:
            continue
        by_type.setdefault(type_.name, []).append(view)
        if view.is_terminal and view.last_updated_at is not None:
            ended_in[_iso(begin_of(view.last_updated_at, _HOUR))] += 1
    return Bucket(
        begin=begin,
        types={name: _counts(of_type) for name, of_type in by_type.items()},
        ended=dict(ended_in),
        open=open_digest(open_ids),
    )


def overview(
    buckets: Sequence[Bucket],
    active: Sequence[InstanceView],
    types: WorkflowTypes,
    *,
    since: datetime,
    counted_from: datetime,
    now: datetime,
) -> Overview:
    """Sum buckets up.

    Args:
        buckets: Those since ``counted_from``.
        active: Every instance that has not ended.
        types: Which types there are.
        since: Where the hours begin.
        counted_from: From when on everything is counted.
        now: Where they end.
    """
    running = Counter(types.of(view.orchestrator).name for view in active)
    names = {name for bucket in buckets for name in bucket.types} | set(running)
    known = [type_ for type_ in (*types, OTHER) if type_.name in names and not type_.is_child]
    return Overview(
        since=since,
        counted_from=counted_from,
        made_at=now,
        types=tuple(
            _figures(
                [bucket.types[type_.name] for bucket in buckets if type_.name in bucket.types],
                type_=type_,
                running=running[type_.name],
            )
            for type_ in known
        ),
        throughput=_hours(buckets, since, now),
        backlog=_backlog(active, now),
    )


def _counts(views: Sequence[InstanceView]) -> TypeCounts:
    over = [view for view in views if view.is_terminal]
    return TypeCounts(
        started=len(views),
        ended=dict(Counter(f"{view.runtime_status.value}:{_outcome(view)}" for view in over)),
        took=dict(Counter(_length(view) for view in over if _is_completed(view))),
    )


def _is_completed(view: InstanceView) -> bool:
    return view.runtime_status is _Status.Completed and None not in {
        view.created_at,
        view.last_updated_at,
    }


def _outcome(view: InstanceView) -> str:
    """Say how it ended: in the domain's word if it completed, else in the runtime's."""
    if view.runtime_status is _Status.Completed:
        return business_status(view) or "completed"
    return str(view.runtime_status.value).lower()


def _length(view: InstanceView) -> str:
    if view.created_at is None or view.last_updated_at is None:
        return _NO_TIME
    seconds = (view.last_updated_at - view.created_at).total_seconds()
    return str(math.floor(math.log(seconds) / _FINENESS)) if seconds > 0 else _NO_TIME


def _figures(counts: Sequence[TypeCounts], *, type_: WorkflowType, running: int) -> TypeFigures:
    ended: Counter[str] = Counter()
    took: Counter[str] = Counter()
    for count in counts:
        ended.update(count.ended)
        took.update(count.took)
    outcomes = (_ending(key, number, type_) for key, number in ended.items())
    return TypeFigures(
        name=type_.name,
        title=type_.title,
        started=sum(count.started for count in counts),
        running=running,
        outcomes=tuple(sorted(outcomes, key=lambda outcome: (-outcome.count, outcome.name))),
        half_took_s=_quantile(took, _HALF),
        nearly_all_took_s=_quantile(took, _NEARLY_ALL),
    )


def _ending(key: str, count: int, type_: WorkflowType) -> Outcome:
    status, _, name = key.partition(":")
    is_hoped_for = status == _COMPLETED and name in type_.hoped_for
    return Outcome(name=name, status=status, count=count, is_hoped_for=is_hoped_for)


def _quantile(took: Mapping[str, int], part: float) -> float | None:
    """Return the length that this part of all did not exceed; None of none."""
    wanted = part * sum(took.values())
    if not wanted:
        return None
    lengths = sorted((_seconds(key), number) for key, number in took.items())
    so_far = 0
    for seconds, number in lengths:
        so_far += number
        if so_far >= wanted:
            return seconds
    return lengths[-1][0]


def _seconds(key: str) -> float:
    """Return the middle of what is counted under a logarithm."""
    return 0.0 if key == _NO_TIME else float(f"{math.exp((int(key) + 0.5) * _FINENESS):.3g}")


def _hours(buckets: Sequence[Bucket], since: datetime, now: datetime) -> tuple[Hour, ...]:
    started: Counter[datetime] = Counter()
    ended: Counter[str] = Counter()
    for bucket in buckets:
        started[begin_of(bucket.begin, _HOUR)] += sum(of.started for of in bucket.types.values())
        ended.update(bucket.ended)
    first = begin_of(since, _HOUR)
    count = int((now - first) / _HOUR) + 1
    hours = [first + number * _HOUR for number in range(count)]
    return tuple(Hour(begin=hour, started=started[hour], ended=ended[_iso(hour)]) for hour in hours)


def _backlog(active: Sequence[InstanceView], now: datetime) -> Backlog:
    statuses = Counter(view.runtime_status for view in active)
    waiting = [
        view.created_at
        for view in active
        if view.runtime_status is _Status.Pending and view.created_at is not None
    ]
    return Backlog(
        running=statuses[_Status.Running] + statuses[_Status.ContinuedAsNew],
        pending=statuses[_Status.Pending],
        suspended=statuses[_Status.Suspended],
        oldest_pending_s=max(0.0, (now - min(waiting)).total_seconds()) if waiting else None,
        needs_attention=sum(business_status(view) == _NEEDS_ATTENTION for view in active),
    )


def _type_json(figures: TypeFigures) -> JsonObject:
    outcomes: Counter[str] = Counter()
    for outcome in figures.outcomes:
        outcomes[outcome.name] += outcome.count
    return {
        "type": figures.name,
        "started": figures.started,
        "running": figures.running,
        "outcomes": dict(outcomes),
        "latencySeconds": {"p50": figures.half_took_s, "p95": figures.nearly_all_took_s},
    }


def _iso(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
