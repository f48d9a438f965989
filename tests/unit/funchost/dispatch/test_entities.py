"""Entities on the real SDK: calls, signals, batches, errors, their state through the hub."""

import json
from collections.abc import Callable, Generator
from typing import Any

import azure.durable_functions as df
import pytest

from funchost.engine.entities import entity_state
from funchost.engine.errors import InvalidInstanceIdError, UnknownFunctionError
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import Hub, in_hub

type Story = Generator[Any, Any, Any]


def counter(context: Any) -> None:
    value = context.get_state(lambda: 0)
    match context.operation_name:
        case "add":
            value += context.get_input()
            context.set_state(value)
        case "fail":
            raise ValueError("bad operation")
        case "delete":
            context.set_result(None)
            context.destruct_on_exit()
            return
        case _:
            pass
    context.set_result(value)


COUNTER = df.EntityId("Counter", "k")


def hello(name: str) -> str:
    return f"Hello {name}"


def worker(*stories: Callable[[Any], Story]) -> SdkWorker:
    return SdkWorker(*stories, activities={"hello": hello}, entities={"Counter": counter})


async def state_of(hub: Hub, instance_id: str = "@counter@k") -> tuple[bool, Any]:
    state = entity_state(await hub.record(instance_id))
    return state.exists, None if state.state is None else json.loads(state.state)


def test_calls_are_answered_in_order_and_signals_are_heard() -> None:
    def story(context: Any) -> Story:
        context.signal_entity(COUNTER, "add", 2)
        first = yield context.call_entity(COUNTER, "add", 3)
        said = yield context.call_activity("hello", "x")
        last = yield context.call_entity(COUNTER, "get")
        return [first, said, last]

    async def play(hub: Hub) -> None:
        assert await hub.run("story") == [5, "Hello x", 5]
        assert await state_of(hub) == (True, 5)

    in_hub(worker(story), play)


def test_a_failed_operation_raises_in_the_caller_and_spoils_nothing() -> None:
    def story(context: Any) -> Story:
        yield context.call_entity(COUNTER, "add", 1)
        said = ""
        try:
            yield context.call_entity(COUNTER, "fail")
        except Exception as error:
            said = str(error)
        return [said, (yield context.call_entity(COUNTER, "get"))]

    async def play(hub: Hub) -> None:
        assert await hub.run("story") == ["bad operation", 1]

    in_hub(worker(story), play)


def test_an_entity_takes_many_callers_one_batch_after_the_other() -> None:
    def story(context: Any) -> Story:
        calls = [context.call_entity(COUNTER, "add", 1) for _ in range(20)]
        yield context.task_all(calls)
        return None

    async def play(hub: Hub) -> None:
        ids = [await hub.start("story") for _ in range(20)]
        for instance_id in ids:
            assert (await hub.ended(instance_id)).status == "Completed"
        assert await state_of(hub) == (True, 400)

    in_hub(worker(story), play)


def test_a_client_signals_an_entity_and_reads_its_state() -> None:
    async def play(hub: Hub) -> None:
        for value in (1, 2, 3):
            await hub.service.signal_entity(
                "counter", "k", operation="add", payload=json.dumps(json.dumps(value))
            )
        await hub.at_rest()
        assert await state_of(hub) == (True, 6)
        await hub.service.signal_entity("COUNTER", "k", operation="delete", payload=None)
        await hub.at_rest()
        assert await state_of(hub) == (False, None)

    in_hub(worker(), play)


def test_an_unknown_entity_fails_the_caller_and_refuses_the_client() -> None:
    def story(context: Any) -> Story:
        yield context.call_entity(df.EntityId("nobody", "k"), "get")

    async def play(hub: Hub) -> None:
        record = await hub.ended(await hub.start("story"))
        assert record.status == "Failed"
        assert "'nobody' doesn't exist" in (record.output or "")
        assert "'counter'" in (record.output or "")
        with pytest.raises(UnknownFunctionError):
            await hub.service.signal_entity("nobody", "k", operation="get", payload=None)
        with pytest.raises(InvalidInstanceIdError):
            await hub.service.signal_entity("counter", "a/b", operation="get", payload=None)

    in_hub(worker(story), play)


def test_a_call_of_an_earlier_generation_is_not_answered_to_the_next() -> None:
    def story(context: Any) -> Story:
        round_ = context.get_input()
        value = yield context.call_entity(COUNTER, "add", round_)
        if round_ < 3:
            context.continue_as_new(round_ + 1)
            return None
        return value

    async def play(hub: Hub) -> None:
        assert await hub.run("story", 1) == 6

    in_hub(worker(story), play)
