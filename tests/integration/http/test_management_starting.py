"""The management API at its public mount point: starting, and what every error looks like."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.http_host import http_host, on_loop
from tests.support.scripted_hub import ScriptedHub

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
BROKEN = [b"{", b"\xff\xfe{", b"[" * 50_000, b"1" * 5_000, b"not json"]


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
