"""The overview: every instance counted once, and nothing counted again that cannot have changed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.operations.overview import Bucket, Overview
from shared.operations.overview_buckets import counted_overview
from shared.operations.types import WorkflowType, WorkflowTypes
from tests.support.management import NOW, MemoryManagement, Status

TYPES = WorkflowTypes(
    WorkflowType(
        name="order",
        title="Order",
        orchestrators=frozenset({"order_processing_orchestrator"}),
        hoped_for=frozenset({"delivered"}),
    ),
    WorkflowType(name="part", title="Part", orchestrators=frozenset({"part"}), is_child=True),
)


@dataclass
class Shelf:
    """Buckets in memory, as JSON."""

    kept: dict[datetime, Any] = field(default_factory=dict[datetime, Any])

    def between(self, begin: datetime, end: datetime) -> Mapping[datetime, Bucket]:
        return {
            at: Bucket.from_json(document)
            for at, document in self.kept.items()
            if begin <= at < end
        }

    def keep(self, buckets: Sequence[Bucket]) -> None:
        self.kept |= {bucket.begin: bucket.to_json() for bucket in buckets}


def ended(minutes_ago: float, took_s: float, outcome: str = "delivered") -> dict[str, Any]:
    created = NOW - timedelta(minutes=minutes_ago)
    return {
        "created_at": created,
        "last_updated_at": created + timedelta(seconds=took_s),
        "runtime_status": Status.Completed,
        "output": {"status": outcome},
    }


def seen(runtime: MemoryManagement, shelf: Shelf, hours: int = 24, later: float = 0) -> Overview:
    now = NOW + timedelta(minutes=later)
    return asyncio.run(counted_overview(runtime, shelf, TYPES, hours=hours, now=now))


def test_outcomes_times_and_what_is_under_way_are_counted_by_type() -> None:
    runtime = MemoryManagement()
    for number in range(19):
        runtime.add(f"order-{number}", **ended(90, 10))
    runtime.add("order-slow", **ended(90, 300))
    runtime.add("order-declined", **ended(30, 2, "payment_declined"))
    runtime.add("order-failed", **ended(30, 1) | {"runtime_status": Status.Failed})
    runtime.add("order-open", custom_status={"status": "needs_attention"})
    runtime.add("order-waiting", runtime_status=Status.Pending)
    runtime.add("part-1", orchestrator="part")
    runtime.add("order-old", **ended(60 * 30, 1))

    found = seen(runtime, Shelf())

    (order,) = found.types
    assert (order.started, order.running) == (24, 2)
    assert {(o.name, o.status): o.count for o in order.outcomes} == {
        ("delivered", "Completed"): 20,
        ("payment_declined", "Completed"): 1,
        ("failed", "Failed"): 1,
    }
    assert [o.name for o in order.outcomes if o.is_hoped_for] == ["delivered"]
    assert order.half_took_s == pytest.approx(10, rel=0.06)
    assert order.nearly_all_took_s == pytest.approx(10, rel=0.06)
    backlog = found.backlog
    assert (backlog.running, backlog.pending, backlog.needs_attention) == (2, 1, 1)
    assert backlog.oldest_pending_s == 3600
    assert sum(hour.started for hour in found.throughput) == 24
    assert sum(hour.ended for hour in found.throughput) == 22


def test_what_has_ended_long_ago_is_not_looked_at_again() -> None:
    runtime, shelf = MemoryManagement(), Shelf()
    for number in range(50):
        runtime.add(f"order-{number}", **ended(60 + number, 10))
    first = seen(runtime, shelf)
    runtime.rows_read = 0

    again = seen(runtime, shelf)

    assert again.types == first.types
    assert runtime.rows_read == 0


def test_a_bucket_is_counted_again_once_one_of_its_instances_has_ended() -> None:
    runtime, shelf = MemoryManagement(), Shelf()
    runtime.add("order-1", created_at=NOW - timedelta(hours=3))
    assert seen(runtime, shelf).types[0].outcomes == ()

    runtime.add("order-1", **ended(180, 3600))

    (order,) = seen(runtime, shelf).types
    assert [(outcome.name, outcome.count) for outcome in order.outcomes] == [("delivered", 1)]


def test_purged_instances_stay_counted() -> None:
    runtime, shelf = MemoryManagement(), Shelf()
    runtime.add("order-1", **ended(120, 10))
    before = seen(runtime, shelf)
    runtime.instances.clear()

    assert seen(runtime, shelf).types == before.types


def test_what_begins_after_a_bucket_was_counted_early_is_not_missed() -> None:
    runtime, shelf = MemoryManagement(), Shelf()
    runtime.add("order-1", **ended(1, 1))
    seen(runtime, shelf)
    runtime.add("order-2", **ended(0.5, 1))

    found = seen(runtime, shelf, later=10)

    assert found.types[0].started == 2


def test_very_many_are_counted_back_answer_after_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.operations.overview_buckets._BUDGET", 10)
    runtime, shelf = MemoryManagement(), Shelf()
    for number in range(60):
        runtime.add(f"order-{number}", **ended(20 * number, 10))

    answers = [seen(runtime, shelf) for _ in range(20)]

    counts = [answer.types[0].started for answer in answers]
    assert counts == sorted(counts)
    assert counts[0] < 60
    assert counts[-1] == 60
    assert answers[0].counted_from > answers[0].since
    assert answers[-1].counted_from == answers[-1].since


def test_no_workflows_are_an_overview_too() -> None:
    found = seen(MemoryManagement(), Shelf(), hours=6)

    assert found.types == ()
    assert len(found.throughput) == 7
    assert found.to_json()["backlog"] == {
        "running": 0,
        "pending": 0,
        "suspended": 0,
        "oldestPendingSeconds": None,
        "needsAttention": 0,
    }
