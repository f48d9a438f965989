"""The retention over instances in memory: what is forgotten when, and what never."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shared.durable import InstanceId
from shared.operations.management_api import Answer, PageQuery
from shared.operations.types import TYPES
from tests.support.management import NOW, MemoryManagement, Status
from tests.support.watchdogs import Kennel
from workflows.management.retention import TASK, Forgotten, Retention

DAY = timedelta(days=1)
TRACKING = "delivery_tracking_orchestrator"
JOB, SHARD = "batch_processing_job", "batch_processing_shard"


@dataclass
class Archive(Kennel):
    """Instances that have ended some days ago, and what forgets them."""

    keep_for: dict[str, timedelta] = field(default_factory=dict[str, timedelta])

    def ended(self, instance_id: str, *, days: float, **changes: Any) -> None:
        fields = {
            "runtime_status": Status.Completed,
            "created_at": NOW - (days + 1) * DAY,
            "last_updated_at": NOW - days * DAY,
        }
        self.management.add(instance_id, **{**fields, **changes})

    def forget(self, *, later: timedelta = timedelta(), **changes: Any) -> Forgotten | None:
        self.time.at += later
        retention = Retention(
            management=self.management,
            types=TYPES,
            runs=self.outside.runs,
            board=self.outside.board,
            keep_for=self.keep_for,
            clock=self.time,
            **changes,
        )
        return asyncio.run(retention.forget())

    @property
    def left(self) -> list[str]:
        return sorted(self.management.instances)


@pytest.fixture
def archive() -> Archive:
    return Archive()


def test_what_ended_is_kept_as_long_as_its_type_says(archive: Archive) -> None:
    archive.ended("order-1", days=91)
    archive.ended("order-2", days=89)
    archive.ended("approval-1", days=364, orchestrator="approval_orchestrator")
    archive.ended("approval-2", days=366, orchestrator="approval_orchestrator")
    archive.ended("strange-1", days=31, orchestrator="nobody_knows_it")

    forgotten = archive.forget()

    assert forgotten == Forgotten(examined=5, purged=3)
    assert archive.left == ["approval-1", "order-2"]


@pytest.mark.parametrize("status", [Status.Failed, Status.Terminated, Status.Canceled])
def test_it_does_not_matter_how_it_ended(archive: Archive, status: Any) -> None:
    archive.ended("order-1", days=91, runtime_status=status)

    archive.forget()

    assert archive.left == []


@pytest.mark.parametrize("status", [Status.Running, Status.Pending, Status.Suspended])
def test_what_has_not_ended_is_never_forgotten(archive: Archive, status: Any) -> None:
    archive.ended("order-1", days=1000, runtime_status=status)

    archive.forget()

    assert archive.left == ["order-1"]


def test_settings_say_it_otherwise(archive: Archive) -> None:
    archive.keep_for = {"order": 7 * DAY}
    archive.ended("order-1", days=8)
    archive.ended("order-2", days=6)
    archive.ended("saga-1", days=8, orchestrator="saga_orchestrator")

    archive.forget()

    assert archive.left == ["order-2", "saga-1"]


def test_children_go_with_their_parents_and_before_them(archive: Archive) -> None:
    archive.ended("order-1", days=91)
    archive.ended("tracking-1", days=91, orchestrator=TRACKING)
    archive.ended("order-2", days=89)
    archive.ended("tracking-2", days=95, orchestrator=TRACKING)
    archive.ended("batch-1", days=31, orchestrator=JOB)
    for number in range(3):
        archive.ended(f"batch-1:shard:{number}", days=31, orchestrator=SHARD)

    archive.forget()

    assert archive.left == ["order-2", "tracking-2"]
    order = [told[1] for told in archive.management.told]
    assert order.index("tracking-1") < order.index("order-1")
    assert order.index("batch-1:shard:2") < order.index("batch-1")


def test_a_child_that_nobody_takes_along_goes_a_week_later(archive: Archive) -> None:
    archive.ended("abc:0001", days=96, orchestrator="saga_step_orchestrator")
    archive.ended("abc:0002", days=98, orchestrator="saga_step_orchestrator")

    archive.forget()

    assert archive.left == ["abc:0001"]


def test_as_long_as_a_child_runs_its_parent_is_kept(archive: Archive) -> None:
    archive.ended("order-1", days=91)
    archive.ended("tracking-1", days=91, orchestrator=TRACKING, runtime_status=Status.Running)

    archive.forget()

    assert archive.left == ["order-1", "tracking-1"]


def test_an_instance_of_another_type_under_a_childs_id_is_no_child(archive: Archive) -> None:
    archive.ended("order-1", days=91)
    archive.ended("tracking-1", days=1)

    archive.forget()

    assert archive.left == ["tracking-1"]


def test_an_id_that_was_started_anew_since_it_was_listed_is_left_alone(archive: Archive) -> None:
    archive.ended("order-1", days=91)
    listed = archive.management.page

    async def page(query: PageQuery, token: str | None = None) -> Any:
        found = await listed(query, token)
        archive.management.add("order-1", runtime_status=Status.Running, last_updated_at=NOW)
        return found

    archive.management.page = page  # type: ignore[method-assign] # something happens in between
    archive.forget()

    assert archive.left == ["order-1"]


def test_a_run_forgets_a_slice_and_the_next_goes_on(archive: Archive) -> None:
    for number in range(500):
        archive.ended(f"order-{number:03}", days=91)

    runs = [archive.forget(later=timedelta(minutes=10)) for _ in range(4)]

    assert [run.purged for run in runs if run] == [200, 200, 100, 0]
    assert archive.left == []


def test_a_run_ends_when_its_time_is_over(archive: Archive) -> None:
    for number in range(100):
        archive.ended(f"order-{number:03}", days=91)
    archive.time.step = timedelta(seconds=1)

    first = archive.forget()
    archive.time.step = timedelta()
    second = archive.forget(later=timedelta(minutes=10))

    assert first is not None
    assert second is not None
    assert 10 <= first.purged <= 21
    assert first.purged + second.purged == 100


def test_what_need_not_be_looked_at_is_not_asked_for(archive: Archive) -> None:
    for number in range(50):
        archive.ended(f"order-{number:03}", days=2)

    archive.forget()

    assert archive.management.rows_read == 0


def test_two_hosts_do_not_forget_at_once(archive: Archive) -> None:
    archive.ended("order-1", days=91)
    archive.outside.runs.begin(TASK, now=NOW, hold=timedelta(minutes=2))

    assert archive.forget() is None
    assert archive.left == ["order-1"]
    assert archive.forget(later=timedelta(minutes=3)) is not None
    assert archive.left == []


def test_what_somebody_else_forgot_first_is_no_failure(archive: Archive) -> None:
    archive.ended("order-1", days=91)

    async def gone(instance_id: InstanceId) -> Answer:
        del archive.management.instances[instance_id]
        return Answer.UNKNOWN

    archive.management.purge = gone  # type: ignore[method-assign] # somebody was faster
    forgotten = archive.forget()

    assert forgotten == Forgotten(examined=1, purged=0)


def test_findings_that_were_closed_a_month_ago_are_forgotten(archive: Archive) -> None:
    archive.management.add("order-1", runtime_status=Status.Pending)
    archive.watch()
    archive.management = MemoryManagement()
    archive.watch(later=timedelta(minutes=3))
    archive.forget(later=29 * DAY)
    assert len(archive.findings.held) == 1

    archive.forget(later=2 * DAY)

    assert archive.findings.held == {}
