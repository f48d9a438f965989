"""The same to many: rehearsed first, bounded, and no failure stops the others."""

import asyncio

import pytest

from shared.durable import InstanceId
from shared.errors import ProviderUnavailableError
from shared.operations.batches import Chosen, Outcome, carried_out, choose, rehearsed
from shared.operations.cursor import Position
from shared.operations.filters import Filter
from shared.operations.management_api import Answer
from shared.operations.rules import Action, Order
from tests.support.management import NOW, MemoryManagement, Status
from tests.support.operating import Desk

TERMINATE = Order(action=Action.TERMINATE, reason="clearing up")


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    for number in range(250):
        desk.management.add(f"order-{number:03}")
    desk.management.add("order-007", runtime_status=Status.Completed)
    return desk


def chosen(desk: Desk, *, limit: int = 100, position: Position | None = None) -> Chosen:
    choosing = choose(
        desk.management,
        Filter(id_prefix="order-"),
        types=desk.types,
        now=NOW,
        limit=limit,
        position=position,
    )
    return asyncio.run(choosing)


def test_a_rehearsal_says_what_would_come_of_it_and_does_nothing(desk: Desk) -> None:
    outcomes = rehearsed(chosen(desk), TERMINATE, desk.types)

    assert len(outcomes) == 100
    assert outcomes[6] == Outcome(instance_id="order-006", result="would_be_done")
    assert outcomes[7] == Outcome(instance_id="order-007", result="not_active")
    assert desk.management.told == []


def test_what_is_done_is_what_was_rehearsed(desk: Desk) -> None:
    found = chosen(desk)

    outcomes = asyncio.run(carried_out(desk.operations, found, TERMINATE))

    assert [outcome.instance_id for outcome in outcomes] == [
        outcome.instance_id for outcome in rehearsed(found, TERMINATE, desk.types)
    ]
    assert [outcome.result for outcome in outcomes].count("done") == 99


def test_the_next_batch_goes_on_where_this_one_ended(desk: Desk) -> None:
    seen: list[str] = []
    position: Position | None = None
    while True:
        found = chosen(desk, limit=120, position=position)
        seen += [view.instance_id for view in found.views]
        position = found.position
        if position is None:
            break

    assert seen == [f"order-{number:03}" for number in range(250)]


def test_one_that_cannot_be_reached_stops_no_other(desk: Desk) -> None:
    class Flaky(MemoryManagement):
        async def terminate(self, instance_id: InstanceId, reason: str) -> Answer:
            if instance_id == "order-003":
                raise ProviderUnavailableError("away")
            return await super().terminate(instance_id, reason)

    desk.management = Flaky(desk.management.instances)

    outcomes = asyncio.run(carried_out(desk.operations, chosen(desk, limit=5), TERMINATE))

    assert [outcome.result for outcome in outcomes] == [
        *("done", "done", "done", "provider_unavailable", "done")
    ]
