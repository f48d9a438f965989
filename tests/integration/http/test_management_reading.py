"""The management API at its public mount point: status, history, lists."""

from datetime import timedelta

import pytest

from funchost.engine.events import (
    ExecutionStarted,
    OrchestratorStarted,
    TaskCompleted,
    TaskScheduled,
)
from tests.support.http_host import http_host, on_loop
from tests.support.scripted_hub import T0, ScriptedHub

pytestmark = pytest.mark.integration


@on_loop
async def test_a_running_instance_is_202_and_says_where_to_ask_again() -> None:
    hub = ScriptedHub()
    hub.put("a b", "Suspended", input='"{\\"a\\": 1}"', custom_status='{"step": 2}')
    async with http_host(hub=hub) as host:
        reply = await host.manage("GET", "instances/a%20b?showInput=TRUE&code=x")
        again = f"{host.url}/runtime/webhooks/durabletask/instances/a%20b?showInput=TRUE&code=x"

    assert reply.status == 202
    assert reply.headers["Location"] == again
    assert reply.headers["Retry-After"] == "5"
    assert reply.json == {
        "name": "orch",
        "instanceId": "a b",
        "runtimeStatus": "Suspended",
        "input": '{"a": 1}',
        "customStatus": {"step": 2},
        "output": None,
        "createdTime": "2026-01-01T12:00:00Z",
        "lastUpdatedTime": "2026-01-01T12:00:00Z",
    }


@on_loop
async def test_the_status_code_tells_how_an_instance_stands() -> None:
    hub = ScriptedHub()
    codes: dict[str, int] = {}
    async with http_host(hub=hub) as host:
        for status in ("Pending", "Running", "ContinuedAsNew", "Suspended", "Completed", "Failed"):
            hub.put("a", status)
            codes[status] = (await host.manage("GET", "instances/a")).status
        failed = await host.manage(
            "GET", "INSTANCES/a/?RETURNINTERNALSERVERERRORONFAILURE=true&showinput=false"
        )
        unknown = await host.manage("GET", "instances/b")

    assert codes == {
        "Pending": 202,
        "Running": 202,
        "ContinuedAsNew": 202,
        "Suspended": 202,
        "Completed": 200,
        "Failed": 200,
    }
    assert (failed.status, failed.json["input"]) == (500, None)
    assert (unknown.status, unknown.body) == (404, b"")


@on_loop
async def test_history_is_shown_when_asked_for_but_not_while_pending() -> None:
    hub = ScriptedHub()
    hub.put("a", "Running")
    hub.histories["a"] = (
        OrchestratorStarted(at=T0),
        ExecutionStarted(at=T0, name="orch", execution_id="e", input='"x"'),
        TaskScheduled(id=0, at=T0, name="say", input='"y"'),
        TaskCompleted(at=T0 + timedelta(seconds=1), task_id=0, result='"z"'),
    )
    async with http_host(hub=hub) as host:
        shown = await host.manage("GET", "instances/a?showHistory=true&showHistoryOutput=true")
        plain = await host.manage("GET", "instances/a")
        hub.move("a", "Pending")
        pending = await host.manage("GET", "instances/a?showHistory=true")

    kinds = [entry["EventType"] for entry in shown.json["historyEvents"]]
    assert kinds == ["ExecutionStarted", "TaskCompleted"]
    assert shown.json["historyEvents"][1]["Result"] == "z"
    assert "historyEvents" not in plain.json
    assert "historyEvents" not in pending.json


@on_loop
async def test_a_list_goes_on_where_its_token_says() -> None:
    hub = ScriptedHub()
    for number in range(5):
        hub.put(f"ä{number}", "Completed", input="1")
    pages: list[list[str]] = []
    token = ""
    async with http_host(hub=hub) as host:
        while True:
            headers = {"x-ms-continuation-token": token} if token else {}
            reply = await host.manage("GET", "instances?top=2&showInput=false", headers=headers)
            assert all(one["input"] is None for one in reply.json)
            pages.append([one["instanceId"] for one in reply.json])
            token = reply.headers.get("x-ms-continuation-token", "")
            if not token:
                break
        wrong = await host.manage(
            "GET", "instances", headers={"x-ms-continuation-token": "not ours"}
        )

    assert pages == [["ä0", "ä1"], ["ä2", "ä3"], ["ä4"]]
    assert wrong.status == 400


@on_loop
@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["a", "b", "c"]),
        ("runtimeStatus=Running", ["a"]),
        ("runtimestatus=Running,%20Failed", ["a", "c"]),
        ("runtimeStatus=Running&runtimeStatus=Completed", ["a", "b"]),
        ("runtimeStatus=Nonsense", ["a", "b", "c"]),
        ("createdTimeFrom=2026-01-01T12:01:00.1234567Z", ["b", "c"]),
        ("createdTimeFrom=2026-01-01T13:01:00+01:00", ["b", "c"]),
        ("createdTimeTo=2026-01-01T12:01:30", ["a", "b"]),
        ("instanceIdPrefix=b", ["b"]),
        ("top=0", ["a", "b", "c"]),
        ("top=x", ["a", "b", "c"]),
    ],
)
async def test_a_list_is_filtered_by_its_query(query: str, ids: list[str]) -> None:
    hub = ScriptedHub()
    for number, (name, status) in enumerate(
        [("a", "Running"), ("b", "Completed"), ("c", "Failed")]
    ):
        hub.put(name, status, minutes=number)
    async with http_host(hub=hub) as host:
        reply = await host.manage("GET", f"instances?{query}")

    assert [one["instanceId"] for one in reply.json] == ids


@on_loop
async def test_a_value_that_utf8_cannot_carry_is_escaped() -> None:
    hub = ScriptedHub()
    hub.put("a", "Completed", output='"\\ud800 é"')
    async with http_host(hub=hub) as host:
        reply = await host.manage("GET", "instances/a")

    assert b'"output":"\\ud800 \\u00e9"' in reply.body


@on_loop
async def test_entities_are_listed_with_or_without_their_state() -> None:
    hub = ScriptedHub()
    for key, exists in (("a", "true"), ("b", "true"), ("gone", "false")):
        hub.put(f"@counter@{key}", input=f'{{"exists":{exists},"state":"5","sorter":{{}}}}')
    hub.put("@other@a", input='{"exists":true,"state":"[1]","sorter":{}}')
    async with http_host(hub=hub) as host:
        counters = await host.manage("GET", "entities/counter?fetchState=true")
        everything = await host.manage("GET", "entities")
        first = await host.manage("GET", "entities?top=1")

    ids = [view["entityId"]["key"] for view in counters.json]
    assert (ids, counters.json[0]["state"]) == (["a", "b"], 5)
    assert [view["state"] for view in everything.json] == [None, None, None]
    assert len(first.json) == 1
    assert first.headers["x-ms-continuation-token"]
