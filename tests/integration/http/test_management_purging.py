"""The management API at its public mount point: forgetting instances."""

from collections.abc import Sequence

import pytest

from funchost.engine.ports import InstanceQuery, InstanceRecord
from tests.support.http_host import http_host, on_loop
from tests.support.scripted_hub import ScriptedHub

pytestmark = pytest.mark.integration


@on_loop
async def test_a_time_that_cannot_be_read_is_400_and_nothing_is_deleted() -> None:
    hub = ScriptedHub()
    hub.put("a", "Completed")
    async with http_host(hub=hub) as host:
        query = "createdTimeFrom=2020-01-01&createdTimeTo=yesterday"
        replies = [await host.manage(verb, f"instances?{query}") for verb in ("GET", "DELETE")]

    assert [reply.status for reply in replies] == [400, 400]
    assert "'createdTimeTo'" in replies[0].json["ExceptionMessage"]
    assert "a" in hub.records


@on_loop
async def test_purging_by_filter_never_touches_what_runs() -> None:
    hub = ScriptedHub()
    for status in ("Running", "Pending", "Suspended", "Completed", "Terminated", "Canceled"):
        hub.put(status, status)
    async with http_host(hub=hub) as host:
        needs = await host.manage("DELETE", "instances")
        some = await host.manage(
            "DELETE", "instances?createdTimeFrom=2020-01-01T00:00:00Z&runtimeStatus=Canceled"
        )
        rest = await host.manage(
            "DELETE", "instances/?createdTimeFrom=2020-01-01&runtimeStatus=Running"
        )
        none = await host.manage("DELETE", "instances?createdTimeFrom=2020-01-01")

    assert (needs.status, needs.json) == (
        400,
        "Please provide value for 'createdTimeFrom' parameter.",
    )
    assert (some.json, rest.json) == ({"instancesDeleted": 1}, {"instancesDeleted": 2})
    assert (none.status, none.body) == (404, b"")
    assert sorted(hub.records) == ["Pending", "Running", "Suspended"]


@on_loop
async def test_purging_more_than_a_page_deletes_them_all() -> None:
    hub = ScriptedHub()
    for number in range(1201):
        hub.put(f"{number:05}", "Completed")
    async with http_host(hub=hub) as host:
        reply = await host.manage("DELETE", "instances?createdTimeFrom=2020-01-01")

    assert reply.json == {"instancesDeleted": 1201}


@on_loop
async def test_purging_one_that_runs_is_412_with_a_json_string() -> None:
    hub = ScriptedHub()
    hub.put("a", "Running")
    async with http_host(hub=hub) as host:
        reply = await host.manage("DELETE", "instances/a")

    assert (reply.status, reply.json) == (
        412,
        (
            "Only orchestrations in a terminal state can be purged, but the orchestration with "
            "instance ID a has status Running"
        ),
    )


@on_loop
async def test_an_instance_started_again_while_purging_is_left_alone() -> None:
    class Racing(ScriptedHub):
        async def query(self, query: InstanceQuery) -> Sequence[InstanceRecord]:
            found = await super().query(query)
            self.put("a", "Running")
            return found

    hub = Racing()
    hub.put("a", "Completed")
    async with http_host(hub=hub) as host:
        reply = await host.manage("DELETE", "instances?createdTimeFrom=2020-01-01")

    assert (reply.status, list(hub.records)) == (404, ["a"])
