"""The SDK's own client, over a real socket, against the door made for it."""

import importlib
import json
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from tests.support.http_host import http_host, on_loop, sdk
from tests.support.scripted_hub import T0, ScriptedHub

pytestmark = pytest.mark.integration

func: Any = importlib.import_module("azure.functions")
OrchestrationRuntimeStatus: Any = sdk.OrchestrationRuntimeStatus


@on_loop
async def test_start_new_returns_the_id_and_hands_the_input_over_doubly_encoded() -> None:
    hub = ScriptedHub()
    async with http_host(hub=hub) as host:
        given = await host.client.start_new("orch", "a-1", {"a": 1}, version="2.0")
        made = await host.client.start_new("orch")

    assert (given, made) == ("a-1", "f" * 32)
    assert hub.records["a-1"].input == json.dumps(json.dumps({"a": 1}))
    assert hub.records["a-1"].version == "2.0"
    assert hub.records[made].input is None


@on_loop
async def test_an_unknown_orchestrator_is_told_to_the_caller_of_start_new() -> None:
    async with http_host(hub=ScriptedHub("known")) as host:
        with pytest.raises(Exception, match="The function 'nope' doesn't exist: 'known'"):
            await host.client.start_new("nope")


@on_loop
async def test_starting_a_running_instance_again_fails_with_its_status() -> None:
    hub = ScriptedHub()
    hub.put("a", "Running")
    async with http_host(hub=hub) as host:
        with pytest.raises(Exception, match="with the status Running already exists"):
            await host.client.start_new("orch", "a")


@on_loop
async def test_get_status_understands_every_status() -> None:
    hub = ScriptedHub()
    async with http_host(hub=hub) as host:
        for status in OrchestrationRuntimeStatus:
            hub.put("a", status.value, input='"{}"', output='{"x": [1]}', custom_status='"busy"')
            found = await host.client.get_status("a", show_history=True, show_input=True)
            assert found.runtime_status is status
            assert (found.input_, found.output) == ("{}", {"x": [1]})
            assert found.custom_status == "busy"
            assert found.created_time == T0.replace(microsecond=0)


@on_loop
async def test_get_status_of_an_unknown_instance_is_false() -> None:
    async with http_host() as host:
        assert not await host.client.get_status("nobody")


@on_loop
async def test_get_status_by_filters_by_time_status_and_prefix() -> None:
    hub = ScriptedHub()
    hub.put("a-1", "Running", minutes=0)
    hub.put("a-2", "Completed", minutes=10)
    hub.put("a-3", "Failed", minutes=20)
    hub.put("b-1", "Completed", minutes=10)
    async with http_host(hub=hub) as host:
        every = await host.client.get_status_all()
        some = await host.client.get_status_by(
            T0 + timedelta(minutes=5),
            T0 + timedelta(minutes=15),
            [OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Running],
            "a-",
        )

    assert [one.instance_id for one in every] == ["a-1", "a-2", "a-3", "b-1"]
    assert [one.instance_id for one in some] == ["a-2"]


@on_loop
async def test_raise_event_delivers_and_reports_who_is_gone() -> None:
    hub = ScriptedHub()
    hub.put("alive")
    hub.put("done", "Completed")
    async with http_host(hub=hub) as host:
        await host.client.raise_event("alive", "approved", {"by": "ä"})
        await host.client.raise_event("alive", "nothing")
        with pytest.raises(Exception, match="gone: either completed or failed"):
            await host.client.raise_event("done", "approved", 1)
        with pytest.raises(Exception, match="No instance with ID nobody found"):
            await host.client.raise_event("nobody", "approved", 1)

    assert hub.asked == [
        ("event", "alive", "approved", json.dumps(json.dumps({"by": "ä"}))),
        ("event", "alive", "nothing", '"null"'),
    ]


@on_loop
async def test_terminate_suspend_and_resume_carry_their_reason() -> None:
    hub = ScriptedHub()
    hub.put("a")
    hub.put("done", "Completed")
    async with http_host(hub=hub) as host:
        await host.client.suspend("a", "lunch & more")
        await host.client.resume("a", "back")
        await host.client.terminate("a", "why?")
        for act in (host.client.suspend, host.client.resume, host.client.terminate):
            await act("done", "late")
            with pytest.raises(Exception, match="No instance with ID 'nobody' found"):
                await act("nobody", "?")

    assert hub.asked == [
        ("suspend", "a", "lunch & more"),
        ("resume", "a", "back"),
        ("terminate", "a", "why?"),
    ]


@on_loop
async def test_purge_counts_what_it_deleted() -> None:
    hub = ScriptedHub()
    for number in range(3):
        hub.put(f"done-{number}", "Completed", minutes=number)
    hub.put("failed", "Failed")
    hub.put("alive", "Running")
    async with http_host(hub=hub) as host:
        one = await host.client.purge_instance_history("done-0")
        unknown = await host.client.purge_instance_history("done-0")
        failed = await host.client.purge_instance_history_by(
            T0, None, [OrchestrationRuntimeStatus.Failed]
        )
        rest = await host.client.purge_instance_history_by(T0)
        with pytest.raises(Exception, match="412"):
            await host.client.purge_instance_history("alive")

    counts = [result.instances_deleted for result in (one, unknown, failed, rest)]
    assert counts == [1, 0, 1, 2]
    assert list(hub.records) == ["alive"]


@on_loop
@pytest.mark.parametrize(
    ("status", "output", "code", "body"),
    [
        ("Completed", '{"total": 3}', 200, {"total": 3}),
        ("Failed", "it broke", 500, "it broke"),
        ("Terminated", "enough", 200, "enough"),
    ],
)
async def test_waiting_for_completion_gives_the_result(
    status: str, output: str, code: int, body: Any
) -> None:
    hub = ScriptedHub()
    hub.put("a", status, output=output)
    request = func.HttpRequest(method="POST", url="http://localhost/api/x", body=b"")
    async with http_host(hub=hub) as host:
        answer = await host.client.wait_for_completion_or_create_check_status_response(
            request, "a", 1000, 100
        )

    shown = json.loads(answer.get_body())
    assert answer.status_code == code
    assert (shown if status == "Completed" else shown["output"]) == body


@on_loop
async def test_waiting_too_long_gives_a_check_status_response() -> None:
    hub = ScriptedHub()
    hub.put("a", "Running")
    request = func.HttpRequest(method="POST", url="http://localhost:7071/api/x", body=b"")
    async with http_host(hub=hub) as host:
        answer = await host.client.wait_for_completion_or_create_check_status_response(
            request, "a", 30, 10
        )

    assert answer.status_code == 202
    assert "/instances/a?" in answer.headers["Location"]


@on_loop
async def test_restart_and_rewind_reach_the_hub() -> None:
    hub = ScriptedHub()
    hub.put("a", "Failed")
    hub.put("done", "Completed")
    async with http_host(hub=hub) as host:
        assert (await host.client.restart("a"))["id"] == "f" * 32
        await host.client.rewind("a", "again")
        assert hub.asked == [("rewind", "a", "again")]
        with pytest.raises(Exception, match="No instance with ID"):
            await host.client.rewind("nobody", "again")
        with pytest.raises(Exception, match="only supported on failed"):
            await host.client.rewind("done", "again")
        with pytest.raises(Exception, match="only failed instances"):
            await host.client.rewind("f" * 32, "again")


@on_loop
async def test_entities_are_signalled_and_read_through_the_client() -> None:
    hub = ScriptedHub()
    counter = df.EntityId("counter", "k")
    async with http_host(hub=hub) as host:
        await host.client.signal_entity(counter, "add", 5)
        assert hub.asked == [("signal", "@counter@k", "add", '"5"')]
        assert not (await host.client.read_entity_state(counter)).entity_exists
        hub.put("@counter@k", input='{"exists":true,"state":"5","sorter":{}}')
        state = await host.client.read_entity_state(counter)
        assert (state.entity_exists, state.entity_state) == (True, 5)
        assert await host.client.get_status_all() == []


HOSTILE_IDS = [
    "../../../../admin/host/keys",
    "../../admin/host/keys",
    "..%2f..%2fadmin%2fhost%2fkeys",
    "%2e%2e/%2e%2e/admin/host/status",
    "a/../../../../runtime/webhooks/durabletask/instances/victim",
    "..\\..\\admin\\host\\keys",
    "victim%2fterminate",
    "\x00",
    "%0d%0aX: y",
]


@on_loop
@pytest.mark.parametrize("hostile", HOSTILE_IDS)
async def test_an_id_never_leads_out_of_the_sdks_door(hostile: str) -> None:
    hub = ScriptedHub()
    hub.put("victim", "Completed", output='"secret"')
    async with http_host(hub=hub) as host:
        found = await host.client.get_status(hostile)

    assert not found
    assert not hub.asked
