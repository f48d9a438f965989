import asyncio
from datetime import datetime
from typing import Any

from shared.durable import InstanceId
from shared.operations.explainer import Explainer
from shared.operations.explanation import Explanation
from shared.operations.types import WorkflowTypes
from tests.support.management import MemoryManagement, Status
from tests.support.seen_instances import entry, recorded
from workflows.delivery_tracking.workflow_type import TYPES as DELIVERY
from workflows.order_processing.workflow_type import TYPES as ORDER

TYPES = WorkflowTypes(*ORDER, *DELIVERY)


def remembered(*names: str) -> MemoryManagement:
    management = MemoryManagement()
    for name in names:
        view = recorded(name).view
        management.instances[view.instance_id] = view
    return management


def explained(
    management: MemoryManagement, instance_id: str, *, now: datetime | None = None
) -> Explanation | None:
    at = now or recorded("order-shipped").now
    explainer = Explainer(management=management, types=TYPES, now=at)
    return asyncio.run(explainer.explained(InstanceId(instance_id)))


def parent_of(*children: str) -> list[Any]:
    created = "SubOrchestrationInstanceCreated"
    return [entry(created, 0, Name="part", InstanceId=child) for child in children]


def test_an_order_that_is_shipped_tells_where_its_delivery_stands() -> None:
    found = explained(remembered("order-shipped", "delivery-travelling"), "order-H1")

    assert found is not None
    assert found.type == "order"
    assert found.sentence == (
        "Waiting for the delivery (tracking-H1) since 12:00: waiting for the next look at the"
        " carrier tomorrow at 00:00 (UTC)."
    )


def test_a_child_that_is_gone_is_left_out() -> None:
    found = explained(remembered("order-shipped"), "order-H1")

    assert found is not None
    assert found.sentence == "Waiting for the delivery (tracking-H1) since 12:00 (UTC)."


def test_nobody_explains_what_is_unknown() -> None:
    assert explained(MemoryManagement(), "order-H1") is None


def test_of_a_thousand_children_a_few_are_looked_at() -> None:
    management = MemoryManagement()
    ids = [f"part-{number}" for number in range(1000)]
    management.add("all", orchestrator="all", history=parent_of(*ids))
    for one in ids:
        management.add(one, orchestrator="part")

    found = explained(management, "all")

    assert found is not None
    assert len(found.waiting_for) == 1000
    assert management.calls <= 5


def test_generations_are_followed_no_further_than_two() -> None:
    management = MemoryManagement()
    for number in range(6):
        management.add(f"g-{number}", orchestrator="g", history=parent_of(f"g-{number + 1}"))

    assert explained(management, "g-0") is not None
    assert management.calls == 3


def test_an_id_that_is_none_is_not_asked_for() -> None:
    management = MemoryManagement()
    management.add("all", orchestrator="all", history=parent_of("../admin", "@e@k"))

    assert explained(management, "all") is not None
    assert management.calls == 1


def test_an_instance_that_has_ended_says_so() -> None:
    found = explained(remembered("order-delivered"), "order-H1")

    assert found is not None
    assert found.runtime_status == Status.Completed.value
    assert found.waiting_for == ()
