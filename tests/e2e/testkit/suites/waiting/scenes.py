"""What the test kit can do, shown on a small app; run by test_testkit in a process of its own."""

import asyncio
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from funchost.engine.errors import InstanceNotFoundError, UnknownFunctionError
from funchost.testing import (
    CALL_HTTP,
    AppHost,
    BlockingHost,
    Cause,
    DivergenceError,
    KitError,
    SecondAppError,
    StuckError,
    Time,
)

APP = Path(__file__).parent
ALLOWED = [Cause.EVENT_OVERWRITTEN, Cause.EVENT_TAKEN_TWICE]


@pytest.fixture
def host() -> Generator[BlockingHost]:
    with BlockingHost.open(APP) as host:
        yield host


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


def test_http_functions_and_the_management_api_are_called_without_a_socket(
    host: BlockingHost,
) -> None:
    said = host.call_http(
        "POST", "/api/echo?say=tea%20time", body=b"\x00\xff", headers={"Content-Type": "x/y"}
    )
    links = host.call_http("POST", "/api/subscriptions/c2", json=1).json()
    host.until_done(links["id"])
    status = host.call_http("GET", links["statusQueryGetUri"])

    assert (said.status, said.body) == (201, b"\x00\xff")
    assert (said.headers["x-said"], said.headers["x-kind"]) == ("tea time", "x/y")
    assert (status.status, status.json()["runtimeStatus"]) == (200, "Completed")
    assert host.call_http("GET", "/api/nothing").status == 404
    assert links["statusQueryGetUri"].startswith(host.base_url)


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


def test_timers_outlive_crashes(host: BlockingHost) -> None:
    began = host.now
    instance_id = host.start("subscription")
    for _ in range(5):
        host.advance(timedelta(days=4))
        host.crash_and_restart()

    assert host.until_done(instance_id).runtime_status == "Completed"
    assert host.now - began == timedelta(days=30)
    assert len(host.activity_calls("charge")) == 3


def test_what_a_thread_is_at_during_a_crash_is_heard_by_nobody(host: BlockingHost) -> None:
    instance_id = host.start("blocked")
    while not host.activity_calls("block"):
        pass
    host.crash_and_restart()

    assert host.until_done(instance_id).output == 2


def test_entities_show_their_state(host: BlockingHost) -> None:
    host.signal_entity("counter", "c1", "add", 10)
    host.at_rest()
    status = host.until_done(host.start("counting"))
    host.crash_and_restart()

    assert status.output == 15
    assert host.entity_state("counter", "c1") == 15
    assert host.entity_state("counter", "c2") is None


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


def test_a_failing_test_fails_for_its_own_reason() -> None:
    def story() -> None:
        with BlockingHost.open(APP) as host:
            run_the_divergent(host)
            raise RuntimeError("the test's own")

    with pytest.raises(RuntimeError, match="the test's own"):
        story()


def test_unknown_names_are_errors_at_once(host: BlockingHost) -> None:
    with pytest.raises(UnknownFunctionError, match="no_such"):
        host.start("no_such")
    with pytest.raises(InstanceNotFoundError):
        host.until_done("nobody")
    with pytest.raises(UnknownFunctionError):
        host.signal_entity("no_such", "k", "add")


def test_another_app_needs_another_process(host: BlockingHost, tmp_path: Path) -> None:
    del host
    (tmp_path / "function_app.py").write_text("", encoding="utf-8")

    with pytest.raises(SecondAppError, match="pytest of its own"):
        open_and_close(tmp_path)


def test_one_host_runs_at_a_time(host: BlockingHost) -> None:
    del host
    with pytest.raises(KitError, match="A host runs already"):
        open_and_close(APP)


def test_a_host_that_is_closed_says_so() -> None:
    with BlockingHost.open(APP) as host:
        pass
    closed = host._host

    with pytest.raises(KitError, match="with-block"):
        asyncio.run(closed.at_rest())


def test_settings_and_the_folder_are_the_test_s_and_are_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GREETING", "from the environment")
    before = Path.cwd()

    with BlockingHost.open(APP, settings={"GREETING": "from the test"}) as host:
        inside = host.until_done(host.start("looking")).output
    with BlockingHost.open(APP) as host:
        again = host.until_done(host.start("looking")).output

    assert inside == ["from the test", "from the file", str(APP)]
    assert again == ["from the environment", "from the file", str(APP)]
    assert Path.cwd() == before


def test_a_timer_function_runs_when_the_test_says_and_at_no_other_time(
    host: BlockingHost,
) -> None:
    host.advance(timedelta(days=2))
    before = host.activity_calls("charge")

    answer = host.call_http("POST", "/admin/functions/nightly", json={"input": ""})
    host.at_rest()

    assert (before, answer.status) == ([], 202)
    assert host.until_done("nightly").output == ["receipt 1", "receipt 2"]


def test_every_test_has_a_store_of_its_own(host: BlockingHost) -> None:
    with pytest.raises(InstanceNotFoundError):
        host.status("subscription-c1")


def open_and_close(app: Path) -> None:
    with BlockingHost.open(app):
        pass
