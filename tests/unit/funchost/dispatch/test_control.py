"""What clients do to instances: terminate, suspend, resume, start again, purge."""

import asyncio
import json
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from funchost.engine.errors import (
    InstanceEndedError,
    InstanceExistsError,
    InstanceNotFoundError,
    UnknownFunctionError,
    WrongStateError,
)
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import LIMITS, PATIENCE_S, Hub, in_hub

type Story = Generator[Any, Any, Any]


def hello(name: str) -> str:
    return f"Hello {name}"


def child(context: Any) -> Story:
    value = context.get_input()
    if value == "fail":
        return (yield context.call_activity("boom", "inside"))
    return (yield context.call_activity("hello", value))


def test_terminate_ends_an_instance_with_its_reason_and_tells_the_parent() -> None:
    def parent(context: Any) -> Story:
        try:
            yield context.call_sub_orchestrator("waiting", None, "the-child")
        except Exception as error:
            return str(error)

    def waiting(context: Any) -> Story:
        yield context.wait_for_external_event("never")

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("parent")
        await hub.at_rest()
        await hub.service.terminate("the-child", "because")
        record = await hub.ended("the-child")
        assert (record.status, record.output) == ("Terminated", "because")
        assert "because" in json.loads((await hub.ended(instance_id)).output or "")
        with pytest.raises(InstanceEndedError):
            await hub.service.terminate("the-child", "again")

    in_hub(SdkWorker(parent, waiting), play)


def test_a_suspended_instance_takes_nothing_until_it_is_resumed() -> None:
    def waiting(context: Any) -> Story:
        return (yield context.wait_for_external_event("go"))

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("waiting")
        await hub.at_rest()
        await hub.service.suspend(instance_id, "pause")
        await hub.at_rest()
        assert (await hub.record(instance_id)).status == "Suspended"
        with pytest.raises(WrongStateError):
            await hub.service.suspend(instance_id, "again")
        await hub.raise_event(instance_id, "go", 7)
        await hub.at_rest()
        assert (await hub.record(instance_id)).status == "Suspended"
        await hub.service.resume(instance_id, "go on")
        assert (await hub.ended(instance_id)).output == "7"

    in_hub(SdkWorker(waiting), play)


def test_an_id_is_refused_while_its_instance_lives_and_taken_over_after() -> None:
    def waiting(context: Any) -> Story:
        return (yield context.wait_for_external_event("go"))

    async def play(hub: Hub) -> None:
        await hub.start("waiting", instance_id="one")
        with pytest.raises(InstanceExistsError):
            await hub.start("waiting", instance_id="one")
        await hub.raise_event("one", "go", 1)
        first = await hub.ended("one")
        await hub.start("waiting", instance_id="one")
        await hub.at_rest()
        second = await hub.record("one")
        assert second.status == "Running"
        assert second.execution_id != first.execution_id

    in_hub(SdkWorker(waiting), play)


def test_a_start_may_replace_a_running_instance_when_host_json_allows_it() -> None:
    def waiting(context: Any) -> Story:
        said = yield context.call_activity("hello", context.get_input())
        return [said, (yield context.wait_for_external_event("go"))]

    async def play(hub: Hub) -> None:
        first = await hub.record(await hub.start("waiting", "first", instance_id="one"))
        await hub.at_rest()
        await hub.raise_event("one", "later", 1)
        await hub.start("waiting", "second", instance_id="one")
        await hub.at_rest()
        assert (await hub.record("one")).execution_id != first.execution_id
        await hub.raise_event("one", "go", 2)
        assert json.loads((await hub.ended("one")).output or "") == ["Hello second", 2]

    limits = replace(LIMITS, replace_running=True)
    in_hub(SdkWorker(waiting, activities={"hello": hello}), play, limits=limits)


def test_everybody_who_waits_for_an_end_is_told_of_it() -> None:
    def waiting(context: Any) -> Story:
        return (yield context.wait_for_external_event("go"))

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("waiting")
        askers = [asyncio.create_task(hub.service.ended(instance_id)) for _ in range(2)]
        await hub.at_rest()
        told_early = [asker.done() for asker in askers]
        await hub.raise_event(instance_id, "go", 7)
        records = await asyncio.wait_for(asyncio.gather(*askers), PATIENCE_S)

        assert told_early == [False, False]
        assert [record and record.output for record in records] == ["7", "7"]
        assert await hub.service.ended(instance_id) == records[0]
        assert await hub.service.ended("nobody") is None

    in_hub(SdkWorker(waiting), play)


def test_whoever_gives_up_waiting_for_an_end_may_wait_again() -> None:
    def waiting(context: Any) -> Story:
        return (yield context.wait_for_external_event("go"))

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("waiting")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(hub.service.ended(instance_id), 0.01)
        await hub.service.terminate(instance_id, "enough")
        record = await asyncio.wait_for(hub.service.ended(instance_id), PATIENCE_S)

        assert record is not None
        assert record.status == "Terminated"

    in_hub(SdkWorker(waiting), play)


def test_requests_about_unknown_things_are_refused() -> None:
    async def play(hub: Hub) -> None:
        with pytest.raises(UnknownFunctionError, match="'child'"):
            await hub.start("nothing")
        with pytest.raises(InstanceNotFoundError):
            await hub.raise_event("nobody", "E")
        assert await hub.service.status("nobody") is None
        assert await hub.service.purge(["nobody"]) == 0

    in_hub(SdkWorker(child), play)


def test_purge_forgets_ended_instances_only() -> None:
    def waiting(context: Any) -> Story:
        return (yield context.wait_for_external_event("go"))

    async def play(hub: Hub) -> None:
        await hub.start("waiting", instance_id="one")
        with pytest.raises(WrongStateError):
            await hub.service.purge(["one"])
        await hub.raise_event("one", "go", 1)
        await hub.ended("one")
        assert await hub.service.purge(["one"]) == 1
        assert await hub.service.status("one") is None

    in_hub(SdkWorker(waiting), play)
