"""The management API at its public mount point: status codes and shapes."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from funchost.engine.events import (
    ExecutionStarted,
    OrchestratorStarted,
    TaskCompleted,
    TaskScheduled,
)
from funchost.engine.ports import InstanceQuery, InstanceRecord
from tests.support.http_host import http_host, on_loop
from tests.support.scripted_hub import T0, ScriptedHub

pytestmark = pytest.mark.integration

URLS = [
    "id",
    "statusQueryGetUri",
    "sendEventPostUri",
    "terminatePostUri",
    "purgeHistoryDeleteUri",
    "restartPostUri",
    "suspendPostUri",
    "resumePostUri",
]
ERROR = ["Message", "ExceptionMessage", "ExceptionType", "StackTrace"]


@on_loop
async def test_a_start_answers_with_eight_urls_at_the_callers_origin() -> None:
    hub = ScriptedHub()
    async with http_host(hub=hub) as host:
        reply = await host.manage("POST", "orchestrators/orch/a b", json={"n": 1})
        base = f"{host.url}/runtime/webhooks/durabletask/instances/a%20b"

    suffix = "taskHub=Hub&connection=Storage&code=SYSKEY%3D%3D"
    assert reply.status == 202
    assert list(reply.json) == URLS
    assert reply.json["id"] == "a b"
    assert reply.json["statusQueryGetUri"] == f"{base}?{suffix}"
    assert reply.json["sendEventPostUri"] == f"{base}/raiseEvent/{{eventName}}?{suffix}"
    assert reply.json["terminatePostUri"] == f"{base}/terminate?reason={{text}}&{suffix}"
    assert reply.headers["Location"] == f"{base}?{suffix}"
    assert reply.headers["Retry-After"] == "10"
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    assert hub.records["a b"].input == '{"n": 1}'


@on_loop
async def test_urls_given_at_the_sdks_door_point_to_the_public_one() -> None:
    hub = ScriptedHub()
    async with http_host(hub=hub) as host:
        started = await host.rpc("POST", "orchestrators/orch/a")
        running = await host.rpc("GET", "instances/a")

    for url in (started.headers["Location"], running.headers["Location"]):
        assert url.startswith(f"{host_url(started.json)}/runtime/webhooks/durabletask/instances/a")
    assert b"/durabletask/instances" in started.body


def host_url(links: dict[str, str]) -> str:
    return links["statusQueryGetUri"].split("/runtime/")[0]


@on_loop
@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", None),
        (b' {"a": 1.0}\n', '{"a": 1.0}'),
        (b'\xef\xbb\xbf"bom"', '"bom"'),
        (b"null", "null"),
    ],
    ids=["nothing", "object", "bom", "null"],
)
async def test_the_body_of_a_start_is_the_input_text(body: bytes, text: str | None) -> None:
    hub = ScriptedHub()
    async with http_host(hub=hub) as host:
        await host.manage("POST", "orchestrators/orch/a", data=body)

    assert hub.records["a"].input == text


BROKEN = [b"{", b"\xff\xfe{", b"[" * 50_000, b"1" * 5_000, b"not json"]


@on_loop
@pytest.mark.parametrize("body", BROKEN, ids=["cut", "utf16", "deep", "long", "text"])
async def test_a_body_that_is_not_json_is_400(body: bytes) -> None:
    hub = ScriptedHub()
    hub.put("a")
    headers = {"Content-Type": "application/json"}
    async with http_host(hub=hub) as host:
        start = await host.manage("POST", "orchestrators/orch", data=body)
        event = await host.manage("POST", "instances/a/raiseEvent/e", data=body, headers=headers)

    for reply in (start, event):
        assert (reply.status, list(reply.json)) == (400, ERROR)
        assert reply.json["Message"] == "Invalid JSON content"


@on_loop
async def test_errors_carry_what_the_sdk_shows() -> None:
    hub = ScriptedHub("known")
    hub.put("alive")
    async with http_host(hub=hub) as host:
        unknown = await host.manage("POST", "orchestrators/nope")
        bad_id = await host.manage("POST", "orchestrators/known/@x@y")
        taken = await host.manage("POST", "orchestrators/known/alive")
        hub.broken = True
        broken = await host.manage("POST", "orchestrators/known/new")

    assert [reply.status for reply in (unknown, bad_id, taken, broken)] == [400, 400, 409, 500]
    for reply in (unknown, bad_id, taken, broken):
        assert list(reply.json) == ERROR
    assert unknown.json["Message"] == "One or more of the arguments submitted is incorrect"
    assert "'nope'" in unknown.json["ExceptionMessage"]
    assert taken.json["Message"] == taken.json["ExceptionMessage"]
    assert broken.json["Message"] == "Something went wrong while processing your request"
    assert b"disk on fire" not in broken.body


@on_loop
async def test_a_start_may_wait_for_the_end() -> None:
    class Quick(ScriptedHub):
        async def start(self, request: Any) -> str:
            instance_id = await super().start(request)
            self.move(instance_id, request.name, output='{"sum": 3}')
            return instance_id

    hub = Quick("Completed", "Failed", "Running")
    query = {"timeout": "0.1", "pollingInterval": "0.05"}
    async with http_host(hub=hub) as host:
        good = await host.manage("POST", "orchestrators/Completed", params=query)
        bad = await host.manage("POST", "orchestrators/Failed/f", params=query)
        slow = await host.manage("POST", "orchestrators/Running/r", params=query)

    assert (good.status, good.json) == (200, {"sum": 3})
    assert (bad.status, bad.json["runtimeStatus"]) == (200, "Failed")
    assert (slow.status, slow.json["id"]) == (202, "r")


@on_loop
@pytest.mark.parametrize(
    "query",
    ["timeout=1&pollingInterval=2", "timeout=x", "timeout=-1", "timeout=nan", "timeout=1e9"],
)
async def test_a_wait_that_makes_no_sense_is_400_and_starts_nothing(query: str) -> None:
    hub = ScriptedHub()
    async with http_host(hub=hub) as host:
        reply = await host.manage("POST", f"orchestrators/orch?{query}")

    assert (reply.status, hub.records) == (400, {})


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
async def test_an_event_is_json_or_refused_after_asking_whether_anybody_is_there() -> None:
    hub = ScriptedHub()
    hub.put("alive", "Pending")
    hub.put("done", "Terminated")
    as_json = {"Content-Type": "Application/JSON; charset=utf-8"}
    as_text = {"Content-Type": "text/plain"}
    async with http_host(hub=hub) as host:

        async def post(path: str, data: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
            reply = await host.manage("POST", f"instances/{path}", data=data, headers=headers)
            return reply.status, reply.body

        good = await post("alive/RAISEEVENT/e", b' {"a": 1}', as_json)
        text = await post("alive/raiseEvent/e", b'{"a": 1}', as_text)
        nothing = await post("alive/raiseEvent/e", b"", as_json)
        done = await post("done/raiseEvent/e", b"1", as_json)
        done_text = await post("done/raiseEvent/e", b"{", as_text)
        unknown_text = await post("nobody/raiseEvent/e", b"{", as_text)

    assert good == (202, b"")
    assert hub.asked == [("event", "alive", "e", '{"a": 1}')]
    assert text[0] == 400
    assert json.loads(text[1])["Message"] == "Only application/json request content is supported"
    assert nothing[0] == 400
    assert (done, done_text, unknown_text) == ((410, b""), (410, b""), (404, b""))


@on_loop
@pytest.mark.parametrize("operation", ["terminate", "suspend", "resume"])
async def test_an_operation_is_202_404_or_410_without_a_body(operation: str) -> None:
    hub = ScriptedHub()
    hub.put("a", "Suspended" if operation == "resume" else "Running")
    hub.put("done", "Failed")
    async with http_host(hub=hub) as host:
        replies = [
            await host.manage("POST", f"instances/{one}/{operation.upper()}")
            for one in ("a", "nobody", "done")
        ]

    assert [(reply.status, reply.body) for reply in replies] == [
        (202, b""),
        (404, b""),
        (410, b""),
    ]
    assert hub.asked == [(operation, "a", None)]


@on_loop
async def test_suspending_twice_is_500_with_the_reason() -> None:
    hub = ScriptedHub()
    hub.put("a", "Suspended")
    hub.put("b", "Running")
    async with http_host(hub=hub) as host:
        twice = await host.manage("POST", "instances/a/suspend")
        never = await host.manage("POST", "instances/b/resume")

    for reply in (twice, never):
        assert reply.status == 500
        assert reply.json["Message"] == "Something went wrong while processing your request"
        assert reply.json["ExceptionType"] == "System.InvalidOperationException"


@on_loop
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "instances/a"),
        ("GET", "instances/a/terminate"),
        ("GET", "orchestrators/orch"),
        ("POST", "instances/a/explode"),
        ("POST", "instances/a/terminate/more"),
        ("GET", ""),
        ("GET", "instances//a"),
        ("GET", "nothing"),
    ],
)
async def test_what_the_api_does_not_have_is_404_without_a_body(method: str, path: str) -> None:
    hub = ScriptedHub()
    hub.put("a")
    async with http_host(hub=hub) as host:
        for ask in (host.manage, host.rpc):
            reply = await ask(method, path)
            assert (reply.status, reply.body) == (404, b"")


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


@on_loop
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "instances/nobody/rewind", 404),
        ("POST", "instances/done/rewind", 410),
        ("POST", "instances/busy/rewind", 412),
        ("POST", "instances/nobody/restart", 400),
        ("POST", "instances/busy/restart?restartWithNewInstanceId=false", 409),
        ("GET", "entities/counter/nobody", 404),
        ("POST", "entities/nobody/a?op=add", 400),
        ("DELETE", "entities/counter/a", 202),
        ("POST", "entities/counter", 404),
    ],
)
async def test_second_chances_and_entities_have_their_codes(
    method: str, path: str, status: int
) -> None:
    hub = ScriptedHub()
    hub.put("done", "Completed")
    hub.put("busy")
    async with http_host(hub=hub) as host:
        reply = await host.manage(method, path)

    assert reply.status == status


@on_loop
async def test_a_value_that_utf8_cannot_carry_is_escaped() -> None:
    hub = ScriptedHub()
    hub.put("a", "Completed", output='"\\ud800 é"')
    async with http_host(hub=hub) as host:
        reply = await host.manage("GET", "instances/a")

    assert b'"output":"\\ud800 \\u00e9"' in reply.body


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


@on_loop
async def test_a_client_without_a_host_header_gets_links_to_localhost() -> None:
    async with http_host() as host:
        where = urlsplit(host.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        path = b"/runtime/webhooks/durabletask/orchestrators/orch"
        writer.write(b"POST " + path + b" HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert b"\r\nLocation: http://localhost/runtime/" in answer
