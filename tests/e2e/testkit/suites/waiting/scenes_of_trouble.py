"""What the test kit lets go wrong, and what it finds; run by test_testkit."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from funchost.engine.errors import InstanceEndedError
from funchost.testing import (
    CALL_HTTP,
    BlockingHost,
    Cause,
    DivergenceError,
    KitError,
)

APP = Path(__file__).parent
ALLOWED = [Cause.EVENT_OVERWRITTEN, Cause.EVENT_TAKEN_TWICE]


def test_a_failing_activity_is_tried_again_as_its_policy_says(host: BlockingHost) -> None:
    host.faults.fail("charge", times=2, error="card reader is away")

    status = host.until_done(host.start("subscription"))
    calls = host.activity_calls("charge")

    assert status.output == ["receipt 0", "receipt 1", "receipt 2"]
    assert [(call.input, call.attempt) for call in calls] == [
        (0, 1),
        (0, 2),
        (0, 3),
        (1, 1),
        (2, 1),
    ]
    assert [call.failure is None for call in calls] == [False, False, True, True, True]
    assert "Exception: card reader is away" in (calls[0].failure or "")
    assert calls[1].at - calls[0].at == timedelta(minutes=1)


def test_a_failure_may_be_an_exception_and_may_last(host: BlockingHost) -> None:
    host.faults.fail("charge", times=None, error=TimeoutError("no answer"))
    failed = host.until_done(host.start("two_charges"))
    host.faults.clear("charge")
    done = host.until_done(host.start("two_charges"))

    assert failed.runtime_status == "Failed"
    assert "TimeoutError: no answer" in failed.output
    assert done.runtime_status == "Completed"


def test_an_activity_that_is_delivered_twice_runs_twice_and_answers_once(
    host: BlockingHost,
) -> None:
    host.faults.deliver_twice("charge")

    status = host.until_done(host.start("two_charges"))

    assert status.output == ["receipt 1", "receipt 2"]
    assert [(call.input, call.delivery) for call in host.activity_calls("charge")] == [
        (1, 1),
        (1, 2),
        (2, 1),
    ]


def test_a_lost_answer_makes_the_activity_run_again(host: BlockingHost) -> None:
    receipts = iter(("lost", "kept", "last"))
    host.faults.replace("charge", lambda _: next(receipts))
    host.faults.lose_answer("charge")

    status = host.until_done(host.start("two_charges"))

    assert status.output == ["kept", "last"]
    assert [call.result for call in host.activity_calls("charge")] == ["lost", "kept", "last"]


def test_a_stub_stands_in_for_an_activity_until_it_is_cleared(host: BlockingHost) -> None:
    async def decline(number: int) -> str:
        await asyncio.sleep(0)
        if number == 2:
            raise ValueError("no second charge")
        return "stub"

    host.faults.replace("Charge", decline)
    failed = host.until_done(host.start("two_charges"))
    host.faults.clear()
    done = host.until_done(host.start("two_charges"))

    assert "ValueError: no second charge" in failed.output
    assert done.output == ["receipt 1", "receipt 2"]


def test_call_http_has_a_stub_as_any_activity(host: BlockingHost) -> None:
    asked: list[Any] = []

    def prices(request: Any) -> Any:
        asked.append(request)
        return {"statusCode": 200, "headers": {}, "content": "3.20"}

    host.faults.replace(CALL_HTTP, prices)

    assert host.until_done(host.start("asking")).output == "3.20"
    assert asked[0]["uri"] == "https://prices.example.com/tea"


def test_faults_are_for_activities_that_exist_and_for_at_least_one_call(
    host: BlockingHost,
) -> None:
    with pytest.raises(KitError, match="no activity 'charges'; there are: 'charge'"):
        host.faults.fail("charges")
    with pytest.raises(KitError, match="at least one"):
        host.faults.slow("charge", timedelta(1), times=0)


def test_a_crash_forgets_what_was_running_and_goes_on_with_what_was_written(
    host: BlockingHost,
) -> None:
    host.faults.slow("charge", timedelta(hours=1), times=1)
    began, address = host.now, host.base_url
    instance_id = host.start("two_charges")
    host.advance(timedelta(minutes=30))
    host.crash_and_restart()
    status = host.until_done(instance_id)

    assert status.output == ["receipt 1", "receipt 2"]
    assert [(c.input, c.delivery, c.ended_at is None) for c in host.activity_calls("charge")] == [
        (1, 1, True),
        (1, 2, False),
        (2, 1, False),
    ]
    assert host.now == began + timedelta(minutes=30)
    assert host.base_url == address


def test_what_a_thread_is_at_during_a_crash_is_heard_by_nobody(host: BlockingHost) -> None:
    instance_id = host.start("blocked")
    while not host.activity_calls("block"):
        pass
    host.crash_and_restart()

    assert host.until_done(instance_id).output == 2


def test_what_would_fail_in_azure_fails_the_test() -> None:
    def story() -> None:
        with BlockingHost.open(APP) as host:
            run_the_divergent(host)

    with pytest.raises(DivergenceError, match="in Azure it would see another value"):
        story()


def test_a_divergence_that_the_test_allows_is_a_warning() -> None:
    with BlockingHost.open(APP, allow=ALLOWED) as host:
        run_the_divergent(host)

        assert [warning.finding.cause for warning in host.warnings] == ALLOWED
        assert str(host.warnings[0]).startswith("Orchestration divergent (early): in Azure")


def run_the_divergent(host: BlockingHost) -> None:
    instance_id = host.start("divergent", instance_id="early")
    host.raise_event(instance_id, "go", 1)
    host.raise_event(instance_id, "go", 2)
    assert host.until_done(instance_id).output == [1, 2]


def test_events_that_nobody_waits_for_are_no_trouble(host: BlockingHost) -> None:
    instance_id = host.start("two_events")
    for name in ("nobody", "nobody", "other", "first", "second"):
        host.raise_event(instance_id, name, name)
    status = host.until_done(instance_id)

    assert status.output == ["first", "second"]
    assert host.warnings == ()
    with pytest.raises(InstanceEndedError, match=f"The instance '{instance_id}' has ended"):
        host.raise_event(instance_id, "first")


def test_a_failing_test_fails_for_its_own_reason() -> None:
    def story() -> None:
        with BlockingHost.open(APP) as host:
            run_the_divergent(host)
            raise RuntimeError("the test's own")

    with pytest.raises(RuntimeError, match="the test's own"):
        story()
