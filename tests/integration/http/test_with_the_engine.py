"""The SDK's client, this API and the real engine together: what one means the other does."""

import json
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Any

import azure.durable_functions as df
import pytest

from tests.support.http_host import HttpHost, http_host, on_loop
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import Hub, task_hub

pytestmark = pytest.mark.integration

type Story = Generator[Any, Any, Any]


def greet(context: Any) -> Story:
    return (yield context.call_activity("say", context.get_input()["city"]))


def ask(context: Any) -> Story:
    context.set_custom_status({"waits": True})
    return (yield context.wait_for_external_event("answer"))


def fail(context: Any) -> Story:
    yield context.call_activity("boom", None)


def say(city: str) -> str:
    return f"Hello {city}"


def boom(_value: None) -> None:
    raise ValueError("no")


def odd(context: Any) -> Story:
    yield context.call_activity("say", "x")
    return {"nan": float("nan"), "text": "漢字 🎉 \u2028 \x00", "big": context.get_input()}


def tally(context: Any) -> None:
    if context.operation_name == "note":
        context.set_state([*context.get_state(list), context.get_input()])


@asynccontextmanager
async def engine() -> AsyncGenerator[tuple[HttpHost, Hub]]:
    worker = SdkWorker(
        *(greet, ask, fail, odd),
        activities={"say": say, "boom": boom},
        entities={"Tally": tally},
    )
    async with task_hub(worker) as hub, http_host(hub=hub.service) as host:
        yield host, hub


@on_loop
async def test_an_orchestration_runs_from_start_to_output() -> None:
    async with engine() as (host, hub):
        instance_id = await host.client.start_new("greet", "g-1", {"city": "Tokyo"})
        await hub.ended(instance_id)
        status = await host.client.get_status(
            instance_id, show_history=True, show_history_output=True, show_input=True
        )

    assert (status.runtime_status.value, status.output) == ("Completed", "Hello Tokyo")
    assert status.input_ == '{"city": "Tokyo"}'
    assert [entry["EventType"] for entry in status.historyEvents] == [
        "ExecutionStarted",
        "TaskCompleted",
        "ExecutionCompleted",
    ]
    assert status.historyEvents[1]["FunctionName"] == "say"
    assert status.historyEvents[1]["Result"] == "Hello Tokyo"


@on_loop
async def test_the_sdk_delivers_an_event_as_text_and_a_person_as_the_value() -> None:
    async with engine() as (host, hub):
        for instance_id in ("sdk", "person"):
            await host.client.start_new("ask", instance_id)
        await host.client.raise_event("sdk", "answer", {"a": 1})
        await host.manage("POST", "instances/person/raiseEvent/answer", json={"a": 1})
        outputs = [json.loads((await hub.ended(one)).output or "") for one in ("sdk", "person")]

    assert outputs == ['{"a": 1}', {"a": 1}]


@on_loop
async def test_an_instance_is_suspended_resumed_and_terminated() -> None:
    async with engine() as (host, hub):
        await host.client.start_new("ask", "a")
        await hub.at_rest()
        await host.client.suspend("a", "lunch")
        await hub.at_rest()
        suspended = await host.client.get_status("a")
        again = await host.manage("POST", "instances/a/suspend")
        await host.client.resume("a", "back")
        await hub.at_rest()
        resumed = await host.client.get_status("a")
        await host.client.terminate("a", "enough")
        await hub.ended("a")
        ended = await host.client.get_status("a")
        late = await host.manage("POST", "instances/a/terminate")

    assert [one.runtime_status.value for one in (suspended, resumed, ended)] == [
        "Suspended",
        "Running",
        "Terminated",
    ]
    assert suspended.custom_status == {"waits": True}
    assert ended.output == "enough"
    assert [again.status, late.status] == [500, 410]


@on_loop
async def test_a_failure_is_shown_as_text_and_on_demand_as_500() -> None:
    async with engine() as (host, hub):
        await host.client.start_new("fail", "f")
        await hub.ended("f")
        plain = await host.manage("GET", "instances/f")
        as_error = await host.manage("GET", "instances/f?returnInternalServerErrorOnFailure=true")

    assert (plain.status, as_error.status) == (200, 500)
    assert plain.json["output"].startswith("Orchestrator function 'fail' failed: ")


@on_loop
async def test_large_and_odd_values_come_back_as_json_can_spell_them() -> None:
    large = "é" * 100_000
    async with engine() as (host, hub):
        await host.client.start_new("odd", "o", large)
        await hub.ended("o")
        shown = await host.manage("GET", "instances/o")
        status = await host.client.get_status("o")

    wanted = {"nan": "NaN", "text": "漢字 🎉 \u2028 \x00", "big": large}
    assert shown.json["output"] == status.output == wanted


@on_loop
async def test_a_restart_may_wait_for_the_end() -> None:
    async with engine() as (host, hub):
        await host.client.start_new("greet", "g", {"city": "Oslo"})
        await hub.ended("g")
        wait = "timeout=20&pollingInterval=0.05"
        same = await host.manage(
            "POST", f"instances/g/restart?restartWithNewInstanceId=false&{wait}"
        )
        other = await host.manage("POST", "instances/g/restart")
        await hub.ended(other.json["id"])
        bad = await host.manage("POST", "instances/g/restart?timeout=1&pollingInterval=2")

    assert (same.status, same.json) == (200, "Hello Oslo")
    assert other.json["id"] not in {"g", None}
    assert bad.status == 400


@on_loop
async def test_an_entity_is_read_by_the_sdk_a_person_and_by_nobody_else() -> None:
    """The SDK encodes twice, and leaves out what is false; plain text has to be quoted for it."""
    key = df.EntityId("tally", "k")
    text = {"Content-Type": "text/plain"}
    async with engine() as (host, hub):
        for value in ("sdk", 0, 7):
            await host.client.signal_entity(key, "note", value)
        await host.manage("POST", "entities/TALLY/k?op=note", json="once")
        await host.manage("POST", "entities/Tally/k?op=note", data=b'"said"', headers=text)
        await hub.at_rest()
        known = await host.client.read_entity_state(key, "TestHub", "Storage")
        unknown = await host.client.read_entity_state(df.EntityId("tally", "nobody"))
        refused = await host.manage("POST", "entities/nope/k?op=note")

    assert known.entity_state == ["sdk", 7, "said"]
    assert not unknown.entity_exists
    assert refused.status == 400
    assert "known entity functions: 'tally'" in refused.json["ExceptionMessage"]


@on_loop
async def test_refusals_of_the_engine_have_their_status_codes() -> None:
    async with engine() as (host, hub):
        await host.client.start_new("ask", "a")
        await hub.at_rest()
        codes = {
            "taken": (await host.manage("POST", "orchestrators/ask/a")).status,
            "unknown": (await host.manage("POST", "orchestrators/nope")).status,
            "bad id": (await host.manage("POST", "orchestrators/ask/@x")).status,
            "long id": (await host.manage("POST", f"orchestrators/ask/{'x' * 2000}")).status,
            "purge": (await host.manage("DELETE", "instances/a")).status,
            "nobody": (await host.manage("DELETE", "instances/b")).status,
            "event": (await host.manage("POST", "instances/b/raiseEvent/e", json=1)).status,
        }
        known = await host.manage("POST", "orchestrators/nope")

    assert codes == {
        "taken": 409,
        "unknown": 400,
        "bad id": 400,
        "long id": 400,
        "purge": 412,
        "nobody": 404,
        "event": 404,
    }
    assert "'ask'" in known.json["ExceptionMessage"]


@on_loop
async def test_what_has_ended_is_listed_page_by_page_and_purged() -> None:
    async with engine() as (host, hub):
        for number in range(5):
            await host.client.start_new("greet", f"g-{number}", {"city": "X"})
            await hub.ended(f"g-{number}")
        await host.client.start_new("ask", "alive")
        first = await host.manage("GET", "instances?top=3&instanceIdPrefix=g-")
        token = first.headers["x-ms-continuation-token"]
        second = await host.manage(
            "GET",
            "instances?top=3&instanceIdPrefix=g-",
            headers={"x-ms-continuation-token": token},
        )
        purged = await host.manage("DELETE", "instances?createdTimeFrom=2000-01-01T00:00:00Z")
        left = await host.client.get_status_all()

    ids = [one["instanceId"] for one in first.json + second.json]
    assert ids == [f"g-{number}" for number in range(5)]
    assert "x-ms-continuation-token" not in second.headers
    assert purged.json == {"instancesDeleted": 5}
    assert [one.instance_id for one in left] == ["alive"]
