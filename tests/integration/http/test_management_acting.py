"""The management API at its public mount point: events and operations, and their codes."""

import json

import pytest

from tests.support.http_host import http_host, on_loop
from tests.support.scripted_hub import ScriptedHub

pytestmark = pytest.mark.integration


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
