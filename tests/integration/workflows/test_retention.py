"""The retention on a real runtime: parents, children, what runs, and entities."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest

from shared.durable import InstanceId
from shared.operations import management_api
from shared.operations.findings import FindingsBoard
from shared.operations.types import WorkflowType, WorkflowTypes
from tests.support.http_host import http_host, on_loop
from tests.support.memory_table import MemoryTable
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import task_hub
from tests.support.watchdogs import Time
from workflows.management.retention import Retention
from workflows.management.runs import RunBook

pytestmark = pytest.mark.integration

type Story = Generator[Any, Any, Any]


def parent(context: Any) -> Story:
    child = f"{context.instance_id}:part:1"
    return (yield context.call_sub_orchestrator("part", None, child))


def part(context: Any) -> Story:
    context.set_custom_status("at work")
    return (yield context.create_timer(context.current_utc_datetime + timedelta(seconds=1)))


def ask(context: Any) -> Story:
    return (yield context.wait_for_external_event("answer"))


TYPES = WorkflowTypes(
    WorkflowType(
        name="parent",
        title="Parent",
        orchestrators=frozenset({"parent"}),
        child_ids=lambda instance_id: (f"{instance_id}:part:",),
    ),
    WorkflowType(name="part", title="Part", orchestrators=frozenset({"part"}), is_child=True),
    WorkflowType(name="ask", title="Ask", orchestrators=frozenset({"ask"})),
)


@on_loop
async def test_what_ended_goes_with_its_children_and_what_runs_stays() -> None:
    async with (
        task_hub(SdkWorker(parent, part, ask)) as hub,
        http_host(hub=hub.service) as host,
    ):
        for number in range(3):
            await hub.start("parent", instance_id=f"p-{number}")
        await hub.start("ask", instance_id="a-1")
        ended = [await hub.ended(f"p-{number}") for number in range(3)]
        management = management_api.of(host.client)
        time = Time(at=ended[0].created_at + timedelta(days=31))

        def retention() -> Retention:
            return Retention(
                management=management,
                types=TYPES,
                runs=RunBook(table=MemoryTable()),
                board=FindingsBoard(MemoryTable()),
                keep_for={"ask": timedelta(days=1)},
                clock=time,
            )

        first = await retention().forget()
        again = await retention().forget()
        left = [
            one
            for one in ("p-0", "p-0:part:1", "p-2", "p-2:part:1", "a-1")
            if await management.find(InstanceId(one)) is not None
        ]

    assert first is not None
    assert again is not None
    assert (first.purged, again.purged) == (6, 0)
    assert left == ["a-1"]
