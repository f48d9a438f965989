"""Orchestrations on the real SDK, run by the engine over a memory store in virtual time."""

import contextlib
import json
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from funchost.engine.events import SubOrchestrationCreated, TaskScheduled, TimerCreated
from funchost.engine.findings import Cause, Divergence, Finding
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import Hub, in_hub

type Story = Generator[Any, Any, Any]


def hello(name: str) -> str:
    return f"Hello {name}"


def boom(text: str) -> str:
    raise ValueError(text)


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
