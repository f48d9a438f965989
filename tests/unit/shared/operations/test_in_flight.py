"""What has not ended is counted without asking for what has."""

import asyncio
from datetime import timedelta

from shared.operations.in_flight import in_flight, oldest_pending
from shared.operations.types import WorkflowTypes
from tests.support.management import NOW, MemoryManagement, Status

TYPES = WorkflowTypes()


def test_what_runs_waits_or_rests_is_in_flight_and_what_has_ended_is_not_asked_for() -> None:
    management = MemoryManagement()
    for number, status in enumerate([Status.Running, Status.ContinuedAsNew, Status.Suspended]):
        management.add(f"order-{number}", runtime_status=status)
    for hours in (1, 2):
        management.add(
            f"order-p{hours}",
            runtime_status=Status.Pending,
            created_at=NOW - timedelta(hours=hours),
        )
    for number in range(5000):
        management.add(f"order-done-{number}", runtime_status=Status.Completed)

    found = asyncio.run(in_flight(management, TYPES))

    assert (found.running, found.pending, found.suspended) == (2, 2, 1)
    assert found.oldest_pending_at == NOW - timedelta(hours=2)
    assert sum(found.by_type.values()) == 5
    assert not found.is_drained
    assert management.rows_read == 5


def test_more_than_a_page_is_counted_to_the_end() -> None:
    management = MemoryManagement()
    for number in range(2500):
        management.add(f"order-{number}", runtime_status=Status.Running)

    assert asyncio.run(in_flight(management, TYPES)).running == 2500


def test_nothing_in_flight_is_drained() -> None:
    management = MemoryManagement()
    management.add("order-1", runtime_status=Status.Failed)

    assert asyncio.run(in_flight(management, TYPES)).is_drained
    assert asyncio.run(oldest_pending(management)) is None
