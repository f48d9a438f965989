"""What SDK 1.x does that one would not expect, and what becomes of it here; on the real SDK."""

import json
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from funchost.engine.entities import entity_state
from funchost.engine.events import TimerFired
from funchost.engine.findings import Cause, Divergence, Finding
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import Hub, in_hub

type Story = Generator[Any, Any, Any]

LABEL = "\n\n$OutOfProcData$:{}"


def say(value: Any) -> Any:
    return value


def boom(text: str) -> str:
    raise ValueError(text)


WORK = {"say": say, "boom": boom}


def test_an_activity_that_returns_nothing_gives_none() -> None:
    def empty(context: Any) -> Story:
        return [(yield context.call_activity("say", None)), 1]

    async def play(hub: Hub) -> None:
        assert await hub.run("empty") == [None, 1]

    in_hub(SdkWorker(empty, activities=WORK), play)


def test_two_waits_for_one_name_are_served_newest_first() -> None:
    def twins(context: Any) -> Story:
        waits = [context.wait_for_external_event("E") for _ in range(2)]
        return (yield context.task_all(waits))

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("twins")
        await hub.at_rest()
        for value in (1, 2):
            await hub.raise_event(instance_id, "E", value)
        assert json.loads((await hub.ended(instance_id)).output or "") == [2, 1]

    in_hub(SdkWorker(twins), play)


def test_an_event_in_another_case_is_nobodys() -> None:
    def waiting(context: Any) -> Story:
        return (yield context.wait_for_external_event("Go"))

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("waiting")
        await hub.at_rest()
        await hub.raise_event(instance_id, "go", "wrong")
        await hub.at_rest()
        assert (await hub.record(instance_id)).status == "Running"
        await hub.raise_event(instance_id, "Go", "right")
        assert (await hub.ended(instance_id)).output == '"right"'

    findings: list[Finding] = []
    in_hub(SdkWorker(waiting), play, divergences=findings)

    assert [(each.divergence, each.cause) for each in findings] == [
        (Divergence.HANGS, Cause.EVENT_IN_OTHER_CASE)
    ]


def test_names_of_functions_match_in_any_case() -> None:
    def family(context: Any) -> Story:
        key = df.EntityId("TALLY", "k")
        return [
            (yield context.call_activity("SAY", 1)),
            (yield context.call_sub_orchestrator("CHILD", 2)),
            (yield context.call_entity(key, "add")),
        ]

    def child(context: Any) -> Story:
        return (yield context.call_activity("Say", context.get_input()))

    async def play(hub: Hub) -> None:
        assert await hub.run("FAMILY") == [1, 2, "tally"]

    def tally(context: Any) -> None:
        context.set_result(context.entity_name)

    in_hub(SdkWorker(family, child, activities=WORK, entities={"Tally": tally}), play)


def test_a_custom_status_that_is_false_clears_and_one_before_a_failure_stays() -> None:
    def clearing(context: Any) -> Story:
        context.set_custom_status({"step": 1})
        yield context.call_activity("say", 1)
        context.set_custom_status("")

    def failing(context: Any) -> Story:
        yield context.call_activity("say", 1)
        context.set_custom_status("before")
        raise RuntimeError("now")

    async def play(hub: Hub) -> None:
        cleared = await hub.ended(await hub.start("clearing"))
        failed = await hub.ended(await hub.start("failing"))
        assert (cleared.status, cleared.custom_status) == ("Completed", None)
        assert (failed.status, failed.custom_status) == ("Failed", '"before"')

    in_hub(SdkWorker(clearing, failing, activities=WORK), play)


def test_made_ids_and_the_clock_are_the_same_in_every_replay() -> None:
    seen: list[tuple[str, str]] = []

    def naming(context: Any) -> Story:
        seen.append((context.new_uuid(), context.current_utc_datetime.isoformat()))
        for number in range(3):
            yield context.call_activity("say", number)
        return [context.new_uuid(), seen[0][0]]

    async def play(hub: Hub) -> None:
        last, first = await hub.run("naming")
        assert last != first

    in_hub(SdkWorker(naming, activities=WORK), play)

    assert len(seen) == 4
    assert len(set(seen)) == 1


def test_an_orchestrator_that_is_no_generator_may_return_and_raise() -> None:
    def plain(context: Any) -> str:
        return f"no {context.instance_id}"

    def raising(context: Any) -> str:
        raise ValueError(f"sync boom in {context.instance_id}")

    def yielding(_context: Any) -> Story:
        yield 5

    async def play(hub: Hub) -> None:
        assert (await hub.ended(await hub.start("plain", instance_id="p"))).output == '"no p"'
        raised = await hub.ended(await hub.start("raising", instance_id="r"))
        wrong = await hub.ended(await hub.start("yielding"))
        assert [raised.status, wrong.status] == ["Failed", "Failed"]
        assert "ValueError: sync boom in r" in (raised.output or "")
        assert "'int' object has no attribute" in (wrong.output or "")

    in_hub(SdkWorker(plain, raising, yielding), play)


@pytest.mark.parametrize("message", ["inside", f"inside{LABEL}", "inside\nStack: x"])
def test_a_childs_failure_reaches_its_parent_whatever_its_message_holds(message: str) -> None:
    def uncaught(context: Any) -> Story:
        yield context.call_sub_orchestrator("child", message)

    def caught(context: Any) -> Story:
        try:
            yield context.call_sub_orchestrator("uncaught")
        except Exception as error:
            return str(error)

    def child(context: Any) -> Story:
        yield context.call_activity("boom", context.get_input())

    async def play(hub: Hub) -> None:
        failed = await hub.ended(await hub.start("uncaught"))
        told = await hub.run("caught")
        assert failed.status == "Failed"
        words = "Orchestrator function 'child' failed: Activity function 'boom' failed:  ValueError"
        assert words in (failed.output or "")
        assert f"Orchestrator function 'uncaught' failed: {words}: inside" in told

    in_hub(SdkWorker(uncaught, caught, child, activities=WORK), play)


def race(days: int) -> Any:
    def racing(context: Any) -> Story:
        deadline = context.create_timer(context.current_utc_datetime + timedelta(days=days))
        event = context.wait_for_external_event("go")
        yield context.task_any([deadline, event])
        deadline.cancel()
        return "done"

    return racing


@pytest.mark.parametrize(("days", "ends_on_day"), [(5, 0), (10, 3)])
def test_a_timer_of_more_than_six_days_cannot_be_canceled_before_its_link_ends(
    days: int, ends_on_day: int
) -> None:
    async def play(hub: Hub) -> None:
        instance_id = await hub.start("racing")
        await hub.raise_event(instance_id, "go", 1)
        record = await hub.ended(instance_id)
        assert record.output == '"done"'
        assert (record.updated_at - record.created_at).days == ends_on_day

    in_hub(SdkWorker(race(days)), play, divergences=[])


def test_a_timer_of_ten_days_fires_on_days_three_six_and_ten() -> None:
    def long(context: Any) -> Story:
        yield context.create_timer(context.current_utc_datetime + timedelta(days=10))

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("long")
        record = await hub.ended(instance_id)
        history = await hub.service.history(instance_id)
        fired = [event for event in history if isinstance(event, TimerFired)]
        assert [(event.at - record.created_at).days for event in fired] == [3, 6, 10]
        assert [event.timer_id for event in fired] == [0, 1, 2]

    in_hub(SdkWorker(long), play)


def test_an_operation_without_the_input_that_it_reads_fails_alone() -> None:
    def tally(context: Any) -> None:
        if context.operation_name == "add":
            context.set_state(context.get_state(lambda: 0) + context.get_input())

    async def play(hub: Hub) -> None:
        for payload in ('"2"', None, '"3"'):
            encoded = None if payload is None else json.dumps(json.loads(payload))
            await hub.service.signal_entity("tally", "k", operation="add", payload=encoded)
        await hub.at_rest()
        state = entity_state(await hub.record("@tally@k"))
        assert (state.exists, state.state) == (True, "5")

    in_hub(SdkWorker(entities={"tally": tally}), play)


def test_a_terminated_instance_leaves_its_children_running() -> None:
    def parent(context: Any) -> Story:
        yield context.call_sub_orchestrator("child", None, "the-child")

    def child(context: Any) -> Story:
        return (yield context.wait_for_external_event("go"))

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("parent")
        await hub.at_rest()
        await hub.service.terminate(instance_id, None)
        ended = await hub.ended(instance_id)
        assert (ended.status, ended.output) == ("Terminated", None)
        assert await hub.service.purge([instance_id]) == 1
        await hub.raise_event("the-child", "go", 1)
        assert (await hub.ended("the-child")).output == "1"

    in_hub(SdkWorker(parent, child), play)
