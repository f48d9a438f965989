"""Lists: newest first, page by page, each instance once, at the same cost wherever the page is."""

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from shared.durable import InstanceView
from shared.operations.cursor import Position
from shared.operations.filters import Filter
from shared.operations.listing import BUDGET, Listed, list_instances
from shared.operations.management_api import LARGEST_PAGE
from shared.operations.types import WorkflowType, WorkflowTypes
from tests.support.management import NOW, MemoryManagement, Status

TYPES = WorkflowTypes(
    WorkflowType(
        name="order",
        title="Order",
        orchestrators=frozenset({"order_processing_orchestrator"}),
    ),
    WorkflowType(
        name="approval",
        title="Approval",
        orchestrators=frozenset({"approve"}),
        id_prefix="approval-",
    ),
    WorkflowType(
        name="delivery", title="Delivery", orchestrators=frozenset({"track"}), is_child=True
    ),
)


def page(
    management: MemoryManagement,
    wanted: Filter | None = None,
    *,
    limit: int = 25,
    position: Position | None = None,
) -> Listed:
    listing = list_instances(
        management, wanted or Filter(), types=TYPES, now=NOW, limit=limit, position=position
    )
    return asyncio.run(listing)


def pages(
    management: MemoryManagement, wanted: Filter | None = None, *, limit: int = 25
) -> Iterator[Listed]:
    position: Position | None = None
    while True:
        listed = page(management, wanted, limit=limit, position=position)
        yield listed
        position = listed.position
        if position is None:
            return


def ids(found: Iterator[Listed] | list[Listed]) -> list[str]:
    return [item.instance_id for listed in found for item in listed.items]


def in_order(views: list[InstanceView], *, newest_first: bool = True) -> list[str]:
    sign = -1 if newest_first else 1

    def key(view: InstanceView) -> tuple[int, str]:
        assert view.created_at is not None
        return sign * int(view.created_at.timestamp()), view.instance_id

    return [view.instance_id for view in sorted(views, key=key)]


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(0, 900),
    spread_s=st.sampled_from([1, 5, 3_600, 90_000, 300_000_000]),
    limit=st.sampled_from([7, 25, 100]),
    newest_first=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_every_instance_is_listed_exactly_once_while_new_ones_arrive(
    count: int,
    spread_s: int,
    limit: int,
    newest_first: bool,  # noqa: FBT001 - hypothesis gives it by name
    seed: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a reproducible mess, no secret
    management = MemoryManagement()
    for number in range(count):
        created = NOW - timedelta(seconds=spread_s * chance.random() ** 3)
        management.add(f"{chance.choice('abc')}-{number}", created_at=created)
    there = list(management.instances.values())

    seen: list[str] = []
    for arrival, listed in enumerate(
        pages(management, Filter(newest_first=newest_first), limit=limit)
    ):
        seen += [item.instance_id for item in listed.items]
        assert len(listed.items) <= limit
        if arrival < 20:
            management.add(f"new-{arrival}", created_at=NOW + timedelta(seconds=1 + arrival))

    assert [name for name in seen if not name.startswith("new")] == in_order(
        there, newest_first=newest_first
    )
    assert len(set(seen)) == len(seen)


def test_a_page_costs_the_same_wherever_it_is() -> None:
    management = MemoryManagement()
    for number in range(4_000):
        management.add(f"a-{number}", created_at=NOW - timedelta(seconds=30 * number))
    costs: list[int] = []
    for number, _ in enumerate(pages(management, limit=50)):
        costs.append(management.rows_read)
        management.rows_read = 0
        if number == 60:
            break

    assert max(costs[1:]) <= 700  # the first one finds out how wide a window may be


def test_a_filter_that_fits_little_gives_short_pages_and_says_how_far_it_looked() -> None:
    management = MemoryManagement()
    for number in range(2 * BUDGET):
        management.add(f"a-{number}", created_at=NOW - timedelta(minutes=number))
    management.add("old", created_at=NOW - timedelta(days=30), custom_status={"note": "Needle"})

    found = list(pages(management, Filter(text="needle")))

    assert ids(found) == ["old"]
    assert len(found) > 1
    assert all(listed.examined <= BUDGET + LARGEST_PAGE for listed in found)
    assert found[0].searched_back_to is not None
    assert found[0].searched_back_to < NOW - timedelta(days=1)
    assert found[-1].searched_back_to is None


def test_what_the_runtime_cannot_select_by_is_selected_here() -> None:
    management = MemoryManagement()
    management.add("order-1", custom_status={"status": "reserving_stock"})
    management.add("order-2", runtime_status=Status.Completed, output={"status": "delivered"})
    management.add("approval-1", orchestrator="approve", custom_status={"status": "awaiting"})
    management.add("tracking-1", orchestrator="track")
    management.add("stranger", orchestrator="imported")

    def found(**wanted: Any) -> set[str]:
        return set(ids(pages(management, Filter(**wanted))))

    assert found() == {"order-1", "order-2", "approval-1", "stranger"}
    assert found(children=True) == {*found(), "tracking-1"}
    assert found(types=frozenset({"order"})) == {"order-1", "order-2"}
    assert found(types=frozenset({"approval"})) == {"approval-1"}
    assert found(types=frozenset({"delivery", "other"})) == {"tracking-1", "stranger"}
    assert found(outcomes=frozenset({"delivered", "awaiting"})) == {"order-2", "approval-1"}
    assert found(text="RESERVING") == {"order-1"}
    assert found(statuses=frozenset({Status.Completed})) == {"order-2"}
    assert found(id_prefix="order-", text="x") == set()


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_time_window_includes_its_beginning_and_not_its_end(
    newest_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    management = MemoryManagement()
    for number in range(10):
        management.add(f"a-{number}", created_at=NOW - timedelta(milliseconds=100 * number))
    wanted = Filter(
        created_from=NOW - timedelta(milliseconds=500),
        created_to=NOW - timedelta(milliseconds=200),
        newest_first=newest_first,
    )

    assert set(ids(pages(management, wanted))) == {"a-3", "a-4", "a-5"}


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(
    ("created_from", "created_to", "found"),
    [
        (None, datetime.min.replace(tzinfo=UTC), 0),
        (None, datetime.max.replace(tzinfo=UTC), 1),
        (datetime.min.replace(tzinfo=UTC), None, 1),
        (datetime.max.replace(tzinfo=UTC), None, 0),
        (NOW + timedelta(days=400), NOW + timedelta(days=500), 0),
    ],
)
def test_the_ends_of_time_are_no_trouble(
    created_from: datetime | None,
    created_to: datetime | None,
    found: int,
    newest_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    management = MemoryManagement()
    management.add("a-1")

    wanted = Filter(created_from=created_from, created_to=created_to, newest_first=newest_first)

    assert len(ids(pages(management, wanted))) == found


def test_a_clock_that_is_behind_hides_nothing() -> None:
    management = MemoryManagement()
    management.add("a-1", created_at=NOW + timedelta(days=3))

    assert ids(pages(management)) == ["a-1"]
    assert ids(pages(management, Filter(newest_first=False))) == ["a-1"]


def test_nothing_is_one_empty_page() -> None:
    assert list(pages(MemoryManagement())) == [Listed(items=(), position=None, examined=0)]
