"""How time passes in the test kit; run by test_testkit in a process of its own."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from funchost.testing import (
    CALL_HTTP,
    AppHost,
    BlockingHost,
    KitError,
    StuckError,
    Time,
)

APP = Path(__file__).parent


def test_thirty_days_pass_by_themselves(host: BlockingHost) -> None:
    began = host.now

    answer = host.call_http("POST", "/api/subscriptions/c1", json={"plan": "monthly"})
    status = host.until_done("subscription-c1")

    assert answer.status == 202
    assert status.runtime_status == "Completed"
    assert status.name == "subscription"
    assert status.input == {"plan": "monthly"}
    assert status.output == ["receipt 0", "receipt 1", "receipt 2"]
    assert host.now - began == timedelta(days=30)
    assert [call.at - began for call in host.activity_calls("charge")] == [
        timedelta(days=10),
        timedelta(days=20),
        timedelta(days=30),
    ]


def test_an_async_test_needs_no_thread() -> None:
    async def story() -> Any:
        async with AppHost.open(APP) as host:
            instance_id = await host.start("subscription")
            return (await host.until_done(instance_id)).output

    assert asyncio.run(story()) == ["receipt 0", "receipt 1", "receipt 2"]


def test_no_time_passes_while_the_test_does_not_wait(host: BlockingHost) -> None:
    began = host.now
    instance_id = host.start("approval")
    host.at_rest()
    waiting = host.status(instance_id)
    host.raise_event(instance_id, "decision", {"by": "manager"})
    status = host.until_done(instance_id)

    assert (waiting.custom_status, waiting.waits_for) == ("waiting", ("decision",))
    assert status.output == {"by": "manager"}
    assert host.now == began, "a canceled timer moves no time"
    assert [event["EventType"] for event in status.history][-1] == "ExecutionCompleted"


def test_time_goes_as_far_as_the_test_says(host: BlockingHost) -> None:
    instance_id = host.start("approval")
    host.advance(timedelta(days=3) - timedelta(seconds=1))
    before = host.status(instance_id).runtime_status
    host.advance(timedelta(seconds=1))

    assert before == "Running"
    assert host.status(instance_id).output == "expired"


def test_frozen_time_passes_by_advancing_alone(host: BlockingHost) -> None:
    host.freeze()
    instance_id = host.start("approval")

    with pytest.raises(StuckError, match="time is frozen"):
        host.until_done(instance_id)
    host.advance(timedelta(days=1))
    host.flow()

    assert host.until_done(instance_id).output == "expired"


def test_a_wait_that_takes_too_long_says_how_things_stand() -> None:
    with BlockingHost.open(APP, longest_wait=timedelta(seconds=0.2)) as host:
        host.faults.replace(CALL_HTTP, lambda _: asyncio.sleep(3600))
        asking = host.start("asking", instance_id="price")

        with pytest.raises(StuckError, match=r"(?s)not within 0\.2 s.*asking \(price\) is Run"):
            host.until_done(asking)


def test_a_wait_for_an_event_that_nobody_raises_fails_at_once(host: BlockingHost) -> None:
    instance_id = host.start("two_events")

    with pytest.raises(StuckError, match=r"(?s)no timer is set.*waiting for 'first'"):
        host.until_done(instance_id)


def test_the_clock_may_begin_at_any_instant() -> None:
    new_year = datetime(2030, 1, 1, tzinfo=UTC)

    with BlockingHost.open(APP, begins_at=new_year) as host:
        status = host.until_done(host.start("subscription"))

    assert status.created_at == new_year
    assert status.updated_at == new_year + timedelta(days=30)


@pytest.mark.parametrize("time", ["virtual", "real"])
def test_the_same_test_runs_in_virtual_and_in_real_time(time: Time) -> None:
    with BlockingHost.open(APP, time=time) as host:
        host.faults.slow("charge", timedelta(seconds=0.3), times=1)
        began = host.now
        instance_id = host.start("two_charges")
        host.at_rest()
        sleeping = host.activity_calls("charge")
        host.advance(timedelta(seconds=0.1))
        assert [call.ended_at for call in sleeping] == [None]
        assert host.status(instance_id).custom_status == "charging"

        status = host.until_done(instance_id)

        assert status.output == ["receipt 1", "receipt 2"]
        assert timedelta(seconds=0.3) <= host.now - began < timedelta(seconds=20)


def test_real_time_cannot_be_frozen() -> None:
    with BlockingHost.open(APP, time="real") as host:
        host.flow()
        with pytest.raises(KitError, match="frozen"):
            host.freeze()


def test_a_slow_activity_lets_time_pass(host: BlockingHost) -> None:
    host.faults.slow("charge", timedelta(minutes=5))

    status = host.until_done(host.start("two_charges"))

    assert status.updated_at - status.created_at == timedelta(minutes=10)
    first = host.activity_calls("charge")[0]
    assert first.ended_at == first.at + timedelta(minutes=5)


def test_slow_calls_end_in_the_order_of_their_durations(host: BlockingHost) -> None:
    for minutes in (3, 1, 2):
        host.faults.slow("charge", timedelta(minutes=minutes), times=1)

    status = host.until_done(host.start("charges_at_once", [30, 10, 20]))

    ends = [event for event in status.history if event["EventType"] == "TaskCompleted"]
    assert [event["Input"] for event in ends] == ["10", "20", "30"]
    assert status.output == ["receipt 30", "receipt 10", "receipt 20"]
    assert status.updated_at - status.created_at == timedelta(minutes=3)


def test_the_same_story_has_the_same_history_every_time() -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)

    def history() -> list[dict[str, object]]:
        with BlockingHost.open(APP, begins_at=start) as host:
            host.faults.fail("charge", times=2)
            host.faults.slow("charge", timedelta(days=2), times=4)
            ids = [host.start("subscription", instance_id=f"s{number}") for number in range(5)]
            return [dict(event) for i in ids for event in host.until_done(i).history]

    first = history()

    assert [history() for _ in range(3)] == [first] * 3


def test_what_is_slow_and_waits_for_a_slot_holds_no_time() -> None:
    settings = {
        "AzureFunctionsJobHost__extensions__durableTask__maxConcurrentActivityFunctions": "2"
    }
    with BlockingHost.open(APP, settings=settings) as host:
        host.faults.slow("charge", timedelta(hours=1))
        ids = [host.start("two_charges") for _ in range(4)]
        began = host.now
        for instance_id in ids:
            host.until_done(instance_id)

        assert host.now - began == timedelta(hours=4)


def test_timers_outlive_crashes(host: BlockingHost) -> None:
    began = host.now
    instance_id = host.start("subscription")
    for _ in range(5):
        host.advance(timedelta(days=4))
        host.crash_and_restart()

    assert host.until_done(instance_id).runtime_status == "Completed"
    assert host.now - began == timedelta(days=30)
    assert len(host.activity_calls("charge")) == 3
