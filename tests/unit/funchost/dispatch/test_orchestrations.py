"""Orchestrations on the real SDK, run by the engine over a memory store in virtual time."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine, Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from funchost.engine.errors import (
    InstanceEndedError,
    InstanceExistsError,
    InstanceNotFoundError,
    UnknownFunctionError,
    WrongStateError,
)
from funchost.engine.events import SubOrchestrationCreated, TaskScheduled, TimerCreated
from funchost.engine.findings import Cause, Divergence, Finding
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import Hub, task_hub

type Story = Generator[Any, Any, Any]


def hello(name: str) -> str:
    return f"Hello {name}"


def boom(text: str) -> str:
    raise ValueError(text)


def in_hub(
    worker: SdkWorker, play: Callable[[Hub], Coroutine[Any, Any, None]], **options: Any
) -> None:
    async def main() -> None:
        async with task_hub(worker, **options) as hub:
            await play(hub)

    asyncio.run(main())


def output(worker: SdkWorker, name: str, value: Any = None, **options: Any) -> Any:
    results: list[Any] = []

    async def play(hub: Hub) -> None:
        results.append(await hub.run(name, value))

    in_hub(worker, play, **options)
    return results[0]


def ids(events: Any) -> list[tuple[str, int]]:
    kinds = (TaskScheduled, TimerCreated, SubOrchestrationCreated)
    return [(type(e).__name__, e.id) for e in events if isinstance(e, kinds)]


def test_activities_run_one_after_the_other_and_hand_on_their_results() -> None:
    def chain(context: Any) -> Story:
        first = yield context.call_activity("hello", "A")
        second = yield context.call_activity("hello", first)
        return [first, second]

    worker = SdkWorker(chain, activities={"hello": hello})

    assert output(worker, "chain") == ["Hello A", "Hello Hello A"]
    assert worker.ran == [("hello", "A"), ("hello", "Hello A")]


def test_a_fan_out_gathers_results_in_the_order_of_the_calls() -> None:
    def fan(context: Any) -> Story:
        calls = [context.call_activity("hello", n) for n in range(50)]
        return (yield context.task_all(calls))

    worker = SdkWorker(fan, activities={"hello": hello})

    assert output(worker, "fan") == [f"Hello {n}" for n in range(50)]


def test_a_failed_activity_reaches_the_code_with_its_type_and_message() -> None:
    def caught(context: Any) -> Story:
        try:
            yield context.call_activity("boom", "kaboom é")
        except Exception as error:
            return str(error)

    text = output(SdkWorker(caught, activities={"boom": boom}), "caught")

    assert text.startswith("Activity function 'boom' failed:  ValueError: kaboom é \n {")


def test_an_uncaught_failure_fails_the_instance_with_the_text_of_the_real_host() -> None:
    def uncaught(context: Any) -> Story:
        return (yield context.call_activity("boom", "no"))

    async def play(hub: Hub) -> None:
        record = await hub.ended(await hub.start("uncaught"))
        assert record.status == "Failed"
        assert record.output is not None
        assert record.output.startswith(
            "Orchestrator function 'uncaught' failed: "
            "Activity function 'boom' failed:  ValueError: no \n {"
        )

    in_hub(SdkWorker(uncaught, activities={"boom": boom}), play)


def test_a_retry_waits_with_growing_intervals_and_ends_with_the_first_success() -> None:
    calls: list[str] = []

    def flaky(name: str) -> str:
        calls.append(name)
        if len(calls) < 4:
            raise RuntimeError("not yet")
        return "at last"

    class Growing(df.RetryOptions):
        def to_json(self) -> dict[str, Any]:
            return {
                **super().to_json(),
                "backoffCoefficient": 2.0,
                "maxRetryIntervalInMilliseconds": 15_000,
            }

    def patient(context: Any) -> Story:
        began = context.current_utc_datetime
        result = yield context.call_activity_with_retry("flaky", Growing(5000, 6), "x")
        after = yield context.call_activity("flaky", "after")
        return [result, after, (context.current_utc_datetime - began).total_seconds()]

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("patient")
        record = await hub.ended(instance_id)
        assert json.loads(record.output or "") == ["at last", "at last", 5 + 10 + 15]
        assert ids(await hub.service.history(instance_id)) == [
            ("TaskScheduled", 0), ("TimerCreated", 1), ("TaskScheduled", 2), ("TimerCreated", 3),
            ("TaskScheduled", 4), ("TimerCreated", 5), ("TaskScheduled", 6), ("TaskScheduled", 7),
        ]  # fmt: skip

    in_hub(SdkWorker(patient, activities={"flaky": flaky}), play)


def test_an_exhausted_retry_raises_after_one_more_timer_as_the_sdk_expects() -> None:
    def exhausted(context: Any) -> Story:
        try:
            yield context.call_activity_with_retry("boom", df.RetryOptions(1000, 2), "no")
        except Exception:
            return (yield context.call_activity("hello", "after"))

    worker = SdkWorker(exhausted, activities={"boom": boom, "hello": hello})

    assert output(worker, "exhausted") == "Hello after"
    assert [name for name, _ in worker.ran] == ["boom", "boom", "hello"]


def test_two_retries_in_flight_and_a_caught_fan_out_failure_keep_their_values() -> None:
    tries: dict[str, int] = {}

    def flaky(pair: list[Any]) -> str:
        name, needed = pair
        tries[name] = tries.get(name, 0) + 1
        if tries[name] < needed:
            raise RuntimeError(name)
        return f"{name} after {tries[name]}"

    def tangled(context: Any) -> Story:
        options = df.RetryOptions(5000, 4)
        with contextlib.suppress(Exception):
            yield context.task_all(
                [
                    context.call_activity("boom", "first"),
                    context.call_activity_with_retry("flaky", options, ["q", 3]),
                ]
            )
        return (yield context.call_activity("hello", "next"))

    worker = SdkWorker(tangled, activities={"boom": boom, "flaky": flaky, "hello": hello})

    in_azure: list[Finding] = []

    assert output(worker, "tangled", divergences=in_azure) == "Hello next"
    assert [(f.divergence, f.cause) for f in in_azure] == [
        (Divergence.LATER, Cause.OPEN_SIBLINGS),
        (Divergence.OTHER_VALUE, Cause.FAIL_FAST),
    ]


def test_the_winner_of_a_race_decides_and_a_canceled_timer_holds_nothing_open() -> None:
    def race(context: Any) -> Story:
        timer = context.create_timer(context.current_utc_datetime + timedelta(hours=24))
        event = context.wait_for_external_event("approved")
        winner = yield context.task_any([timer, event])
        if winner is timer:
            return "timeout"
        timer.cancel()
        return event.result

    async def play(hub: Hub) -> None:
        began = hub.clock.now()
        instance_id = await hub.start("race")
        await hub.raise_event(instance_id, "approved", {"by": "level 1"})
        record = await hub.ended(instance_id)
        assert json.loads(record.output or "") == {"by": "level 1"}
        assert hub.clock.now() == began

    in_hub(SdkWorker(race), play, time_passes=False)
    assert output(SdkWorker(race), "race") == "timeout"


def test_an_uncanceled_timer_keeps_the_instance_running_until_it_fires() -> None:
    def forgetful(context: Any) -> Story:
        timer = context.create_timer(context.current_utc_datetime + timedelta(hours=24))
        call = context.call_activity("hello", "x")
        yield context.task_any([timer, call])
        return "done"

    async def play(hub: Hub) -> None:
        began = hub.clock.now()
        await hub.run("forgetful")
        assert hub.clock.now() - began == timedelta(hours=24)

    in_hub(SdkWorker(forgetful, activities={"hello": hello}), play)


def test_events_that_come_before_they_are_waited_for_are_each_delivered_once_in_order() -> None:
    def slow(context: Any) -> Story:
        yield context.create_timer(context.current_utc_datetime + timedelta(minutes=1))
        first = yield context.wait_for_external_event("E")
        second = yield context.wait_for_external_event("E")
        return [first, second]

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("slow")
        await hub.raise_event(instance_id, "E", 1)
        await hub.raise_event(instance_id, "E", 2)
        record = await hub.ended(instance_id)
        assert json.loads(record.output or "") == [1, 2]

    in_azure: list[Finding] = []
    in_hub(SdkWorker(slow), play, divergences=in_azure)
    assert [f.cause for f in in_azure] == [Cause.EVENT_OVERWRITTEN, Cause.EVENT_TAKEN_TWICE]


def test_one_early_event_does_not_satisfy_a_second_wait() -> None:
    def two_levels(context: Any) -> Story:
        first = yield context.wait_for_external_event("approval")
        second = yield context.wait_for_external_event("approval")
        return [first, second]

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("two_levels")
        await hub.raise_event(instance_id, "approval", "one")
        await hub.at_rest()
        assert (await hub.record(instance_id)).status == "Running"
        await hub.raise_event(instance_id, "approval", "two")
        assert json.loads((await hub.ended(instance_id)).output or "") == ["one", "two"]

    in_hub(SdkWorker(two_levels), play)


def test_a_timer_of_ten_days_fires_after_ten_days() -> None:
    def long(context: Any) -> Story:
        began = context.current_utc_datetime
        yield context.create_timer(began + timedelta(days=10))
        return (context.current_utc_datetime - began).days

    assert output(SdkWorker(long), "long") == 10


def child(context: Any) -> Story:
    value = context.get_input()
    if value == "fail":
        return (yield context.call_activity("boom", "inside"))
    return (yield context.call_activity("hello", value))


def test_a_sub_orchestration_gets_an_id_from_its_parent_and_answers_it() -> None:
    def parent(context: Any) -> Story:
        first = yield context.call_sub_orchestrator("child", "A")
        second = yield context.call_sub_orchestrator("child", "B", "named-child")
        return [first, second]

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("parent")
        assert json.loads((await hub.ended(instance_id)).output or "") == ["Hello A", "Hello B"]
        record = await hub.record(instance_id)
        derived = await hub.record(f"{record.execution_id}:0")
        assert derived.parent is not None
        assert derived.parent.instance_id == instance_id
        assert (await hub.record("named-child")).status == "Completed"

    in_hub(SdkWorker(parent, child, activities={"hello": hello}), play)


def test_a_child_that_fails_can_be_caught_and_tells_why() -> None:
    def parent(context: Any) -> Story:
        try:
            yield context.call_sub_orchestrator("child", "fail")
        except Exception as error:
            return str(error)

    text = output(SdkWorker(parent, child, activities={"boom": boom}), "parent")

    assert text.startswith("Orchestrator function 'child' failed: Activity function 'boom' failed")


def test_a_child_is_retried_with_a_new_id_each_time() -> None:
    def parent(context: Any) -> Story:
        options = df.RetryOptions(1000, 3)
        return (yield context.call_sub_orchestrator_with_retry("unlucky", options, None))

    tries: list[str] = []

    def unlucky(context: Any) -> Story:
        return (yield context.call_activity("third", context.instance_id))

    def third(instance_id: str) -> str:
        tries.append(instance_id)
        if len(tries) < 3:
            raise RuntimeError("not yet")
        return "third time"

    assert output(SdkWorker(parent, unlucky, activities={"third": third}), "parent") == "third time"
    assert len(set(tries)) == 3


def test_a_child_whose_id_is_taken_by_a_running_instance_fails_its_call() -> None:
    def parent(context: Any) -> Story:
        try:
            yield context.call_sub_orchestrator("waiting", None, "taken")
        except Exception as error:
            return str(error)

    def waiting(context: Any) -> Story:
        yield context.wait_for_external_event("never")

    async def play(hub: Hub) -> None:
        await hub.start("waiting", instance_id="taken")
        await hub.at_rest()
        assert "already runs" in await hub.run("parent")

    in_hub(SdkWorker(parent, waiting), play)


def test_continue_as_new_counts_through_many_generations_with_a_short_history() -> None:
    def counter(context: Any) -> Story:
        value = context.get_input()
        yield context.call_activity("hello", value)
        if value < 30:
            context.continue_as_new(value + 1)
            return None
        return value

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("counter", 1)
        record = await hub.ended(instance_id)
        assert (record.output, record.input) == ("30", json.dumps("30"))
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


def test_a_custom_status_over_16_kb_fails_the_instance() -> None:
    def verbose(context: Any) -> Story:
        context.set_custom_status("x" * 9000)
        yield context.wait_for_external_event("go")

    async def play(hub: Hub) -> None:
        record = await hub.ended(await hub.start("verbose"))
        assert record.status == "Failed"
        assert "must not exceed 16 KB" in (record.output or "")

    in_hub(SdkWorker(verbose), play)


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
