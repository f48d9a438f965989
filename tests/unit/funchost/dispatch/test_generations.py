"""Generations, events, custom status, and code that has changed: on the real SDK."""

import json
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from funchost.engine.events import SubOrchestrationCreated, TaskScheduled, TimerCreated
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import LIMITS, Hub, in_hub

if TYPE_CHECKING:
    from funchost.engine.findings import Finding

type Story = Generator[Any, Any, Any]


def hello(name: str) -> str:
    return f"Hello {name}"


def boom(text: str) -> str:
    raise ValueError(text)


def ids(events: Any) -> list[tuple[str, int]]:
    kinds = (TaskScheduled, TimerCreated, SubOrchestrationCreated)
    return [(type(e).__name__, e.id) for e in events if isinstance(e, kinds)]


def test_continue_as_new_counts_through_many_generations_with_a_short_history() -> None:
    def counter(context: Any) -> Story:
        value = context.get_input()
        yield context.call_activity("hello", value)
        if value < 100:
            context.continue_as_new(value + 1)
            return None
        return value

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("counter", 1)
        record = await hub.ended(instance_id)
        assert (record.output, record.input) == ("100", json.dumps("100"))
        assert ids(await hub.service.history(instance_id)) == [("TaskScheduled", 0)]

    in_hub(SdkWorker(counter, activities={"hello": hello}), play)


def test_events_sent_at_once_each_reach_a_generation_of_their_own() -> None:
    def collector(context: Any) -> Story:
        seen = context.get_input()
        seen.append((yield context.wait_for_external_event("E")))
        if len(seen) < 5:
            context.continue_as_new(seen)
            return None
        return seen

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("collector", [])
        for n in range(5):
            await hub.raise_event(instance_id, "E", n)
        assert json.loads((await hub.ended(instance_id)).output or "") == [0, 1, 2, 3, 4]

    in_hub(SdkWorker(collector), play)


def test_a_loop_that_collects_events_is_given_many_at_once() -> None:
    def collector(context: Any) -> Story:
        seen: list[int] = []
        while len(seen) < 200:
            seen.append((yield context.wait_for_external_event("E")))
        return seen

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("collector")
        await hub.at_rest()
        await hub.service.suspend(instance_id, None)
        for n in range(200):
            await hub.raise_event(instance_id, "E", n)
        await hub.service.resume(instance_id, None)
        record = await hub.ended(instance_id)
        assert json.loads(record.output or "") == list(range(200))
        assert record.episode < 50

    in_hub(SdkWorker(collector), play)


def test_events_between_which_the_code_works_are_never_delivered_ahead() -> None:
    def worker_loop(context: Any) -> Story:
        said: list[str] = []
        for n in range(40):
            event = yield context.wait_for_external_event("E")
            if n % 5 != 4:  # four in a row, then some work
                said.append(str(event))
                continue
            said.append((yield context.call_activity("hello", event)))
        return said

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("worker_loop")
        await hub.at_rest()
        await hub.service.suspend(instance_id, None)
        for n in range(40):
            await hub.raise_event(instance_id, "E", n)
        await hub.service.resume(instance_id, None)
        record = await hub.ended(instance_id)
        expected = [f"Hello {n}" if n % 5 == 4 else str(n) for n in range(40)]
        assert json.loads(record.output or "") == expected

    early: list[Finding] = []  # in Azure, events must not come while the code works
    in_hub(SdkWorker(worker_loop, activities={"hello": hello}), play, divergences=early)
    assert early


def test_custom_status_follows_the_code_and_survives_the_end() -> None:
    def talkative(context: Any) -> Story:
        context.set_custom_status({"step": 1})
        yield context.wait_for_external_event("go")
        context.set_custom_status("done")
        return None

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("talkative")
        await hub.at_rest()
        assert (await hub.record(instance_id)).custom_status == '{"step":1}'
        await hub.raise_event(instance_id, "go")
        assert (await hub.ended(instance_id)).custom_status == '"done"'

    in_hub(SdkWorker(talkative), play)


@pytest.mark.parametrize(("letters", "fits"), [(8190, True), (8191, False), (9000, False)])
def test_a_custom_status_over_16_kb_of_utf_16_fails_the_instance_and_is_not_kept(
    letters: int, *, fits: bool
) -> None:
    def verbose(context: Any) -> Story:
        context.set_custom_status("small")
        yield context.call_activity("hello", "x")
        context.set_custom_status("é" * letters)  # and two quotation marks
        yield context.call_activity("hello", "x")
        return "done"

    async def play(hub: Hub) -> None:
        record = await hub.ended(await hub.start("verbose"))
        assert (record.status == "Completed") is fits
        assert ("must not exceed 16 KB" in (record.output or "")) is not fits
        assert json.loads(record.custom_status or "") == ("é" * letters if fits else "small")

    in_hub(SdkWorker(verbose, activities={"hello": hello}), play)


def test_more_actions_than_host_json_allows_fail_the_instance() -> None:
    def busy(context: Any) -> Story:
        for _ in range(context.get_input()):
            yield context.call_activity("hello", "x")
        return "done"

    async def play(hub: Hub) -> None:
        enough = await hub.ended(await hub.start("busy", 3))
        record = await hub.ended(await hub.start("busy", 4))
        assert enough.status == "Completed"
        assert record.status == "Failed"
        assert "Maximum amount of orchestration actions (3) has been reached" in (
            record.output or ""
        )

    limits = replace(LIMITS, orchestration_actions=3)
    in_hub(SdkWorker(busy, activities={"hello": hello}), play, limits=limits)


def test_an_unknown_activity_fails_the_instance_and_names_the_known_ones() -> None:
    def typo(context: Any) -> Story:
        yield context.call_activity("helo", "x")

    async def play(hub: Hub) -> None:
        record = await hub.ended(await hub.start("typo"))
        assert record.status == "Failed"
        assert "The function 'helo' doesn't exist" in (record.output or "")
        assert "'hello'" in (record.output or "")

    in_hub(SdkWorker(typo, activities={"hello": hello}), play)


def test_code_changed_under_a_running_instance_fails_it_by_name_event_and_contrast() -> None:
    def story(context: Any) -> Story:
        yield context.call_activity("hello", "x")
        yield context.wait_for_external_event("go")

    def changed(context: Any) -> Story:
        yield context.create_timer(context.current_utc_datetime + timedelta(hours=1))
        yield context.wait_for_external_event("go")

    worker = SdkWorker(story, activities={"hello": hello})

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("story")
        await hub.at_rest()
        worker._code["story"] = changed
        await hub.raise_event(instance_id, "go")
        record = await hub.ended(instance_id)
        assert record.status == "Failed"
        text = record.output or ""
        assert "Orchestrator: 'story'" in text
        assert "History event: TaskScheduled with sequence ID 0" in text
        assert "Expected: an activity task named 'hello'. Came: a timer." in text

    in_hub(worker, play, time_passes=False)


@pytest.mark.parametrize("fault", ["renamed", "dropped"])
def test_a_renamed_or_dropped_step_is_non_deterministic_too(fault: str) -> None:
    def story(context: Any) -> Story:
        yield context.call_activity("hello", "x")
        yield context.wait_for_external_event("go")

    def renamed(context: Any) -> Story:
        yield context.call_activity("boom", "x")
        yield context.wait_for_external_event("go")

    def dropped(context: Any) -> Story:
        yield context.wait_for_external_event("go")

    worker = SdkWorker(story, activities={"hello": hello, "boom": boom})

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("story")
        await hub.at_rest()
        worker._code["story"] = {"renamed": renamed, "dropped": dropped}[fault]
        await hub.raise_event(instance_id, "go")
        record = await hub.ended(instance_id)
        assert record.status == "Failed"
        assert "Was a change made to the orchestrator code" in (record.output or "")

    in_hub(worker, play)
