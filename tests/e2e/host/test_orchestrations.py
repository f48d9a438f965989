"""Orchestrations through the host: real worker, real SDK, real time, one SQLite file."""

from typing import Any

import pytest

from tests.e2e.host.app_host import AppHost
from tests.support.funchost import INSTANCES, until

pytestmark = pytest.mark.e2e


def test_a_fan_out_comes_together_again(durable: AppHost) -> None:
    assert durable.output("fan_out", 60) == sum(n * n for n in range(60))


@pytest.mark.parametrize(
    "value",
    ["text", "", 7, 0.1, True, None, [1, [2]], {"a": {"b": None}}, "é ☃ \U0001f600", '{"a": 1}'],
    ids=repr,
)
def test_a_value_passes_through_threads_loops_and_histories_unchanged(
    durable: AppHost, value: Any
) -> None:
    assert durable.output("echo_twice", value) == value


def test_a_timer_fires_when_it_is_due(durable: AppHost) -> None:
    slept = durable.output("doze", 300)

    assert 0.3 <= slept < 10


def test_a_cancelled_timer_does_not_hold_the_instance(durable: AppHost) -> None:
    instance_id = durable.started("race")
    durable.reaches(instance_id, "Running")

    durable.raise_event(instance_id, "go", '{"by": "test"}')
    status = durable.ended(instance_id)

    assert status["output"] == {"by": "test"}


def test_events_raised_before_they_are_waited_for_arrive_once_each_and_in_order(
    durable: AppHost,
) -> None:
    instance_id = durable.started("three_events")

    for number in (1, 2, 3):
        assert durable.raise_event(instance_id, "item", str(number)).status == 202
    status = durable.ended(instance_id)

    assert status["output"] == [1, 2, 3]


def test_a_custom_status_shows_how_far_an_instance_is(durable: AppHost) -> None:
    instance_id = durable.started("three_events")

    durable.raise_event(instance_id, "item", '"a"')
    durable.raise_event(instance_id, "item", '"b"')
    until(
        lambda: durable.status(instance_id)["customStatus"] == {"taken": 2},
        patience_s=60,
        what="two are taken",
    )

    assert durable.status(instance_id)["runtimeStatus"] == "Running"


def test_children_report_results_and_failures_to_their_parent(durable: AppHost) -> None:
    instance_id = durable.started("parent")

    status = durable.ended(instance_id)

    assert status["output"] == [1, 4, 9, 16, True]
    assert durable.status(f"{instance_id}-2")["output"] == 4


def test_a_retry_succeeds_where_the_first_calls_failed(durable: AppHost) -> None:
    assert durable.output("stubborn", 2) == 3


def test_a_retry_gives_up_after_its_last_attempt(durable: AppHost) -> None:
    status = durable.ended(durable.started("stubborn", 99))

    assert status["runtimeStatus"] == "Failed"
    assert "Activity function 'flaky' failed:  ConnectionError: call 3" in status["output"]


def test_continue_as_new_begins_again_with_another_input(durable: AppHost) -> None:
    instance_id = durable.started("count_down", 20)

    status = durable.ended(instance_id)

    assert (status["output"], status["input"]) == ("lift-off", "0")
    assert sum(e["EventType"] == "ExecutionStarted" for e in durable.history(instance_id)) == 1


def test_a_failure_that_nobody_catches_fails_the_instance(durable: AppHost) -> None:
    status = durable.ended(durable.started("failing", "luck"))

    assert status["runtimeStatus"] == "Failed"
    assert status["output"].startswith(
        "Orchestrator function 'failing' failed: Activity function 'boom' failed:  "
        "ValueError: no luck"
    )


def test_an_unknown_activity_fails_the_instance_and_names_the_known_ones(durable: AppHost) -> None:
    status = durable.ended(durable.started("unknown_activity"))

    assert status["runtimeStatus"] == "Failed"
    assert "The function 'never_written' doesn't exist" in status["output"]
    assert "'square'" in status["output"]


def test_an_unknown_orchestrator_is_refused_at_the_start(durable: AppHost) -> None:
    answer = durable.call("POST", "/runtime/webhooks/durabletask/orchestrators/never_written", "1")

    assert answer.status == 400
    assert "'fan_out'" in answer.json["ExceptionMessage"]


def test_the_history_tells_what_happened(durable: AppHost) -> None:
    instance_id = durable.started("child", 5)
    durable.ended(instance_id)

    events = durable.history(instance_id)

    assert [event["EventType"] for event in events] == [
        "ExecutionStarted",
        "TaskCompleted",
        "ExecutionCompleted",
    ]
    assert (events[1]["FunctionName"], events[1]["Result"]) == ("square", 25)


def test_the_check_status_response_leads_to_the_result(durable: AppHost) -> None:
    answer = durable.call("POST", "/api/start/child", "9")

    links = answer.json
    assert answer.status == 202
    assert answer.headers["location"] == links["statusQueryGetUri"]
    assert links["id"] in links["sendEventPostUri"]
    path = links["statusQueryGetUri"].removeprefix(f"http://localhost:{durable.port}")
    until(lambda: durable.request("GET", path).status == 200, patience_s=60, what="it completes")
    assert durable.request("GET", path).json["output"] == 81


def test_a_client_may_wait_for_the_result(durable: AppHost) -> None:
    answer = durable.call("POST", "/api/wait/child?patience=20000", "12")

    assert (answer.status, answer.json) == (200, 144)


def test_a_client_that_waited_long_enough_is_told_where_to_look(durable: AppHost) -> None:
    answer = durable.call("POST", "/api/wait/doze?patience=200", "600000")

    assert answer.status == 202
    assert answer.headers["location"].endswith(answer.json["statusQueryGetUri"].split("/")[-1])
    assert durable.status(answer.json["id"])["runtimeStatus"] == "Running"


def test_a_client_that_waits_for_a_failure_is_told_of_it(durable: AppHost) -> None:
    answer = durable.call("POST", "/api/wait/failing?patience=20000", '"way"')

    assert answer.status == 500
    assert answer.json["runtimeStatus"] == "Failed"


def test_an_instance_listens_to_the_client_of_the_sdk(durable: AppHost) -> None:
    instance_id = durable.started("race")
    durable.reaches(instance_id, "Running")

    answer = durable.call("POST", f"/api/client/raise/{instance_id}?event=go", '"now"')

    assert answer.status == 200
    assert durable.ended(instance_id)["output"] == '"now"'


def test_a_suspended_instance_waits_until_it_is_resumed(durable: AppHost) -> None:
    instance_id = durable.started("race")
    durable.reaches(instance_id, "Running")

    assert durable.call("POST", f"/api/client/suspend/{instance_id}").status == 200
    durable.reaches(instance_id, "Suspended")
    durable.raise_event(instance_id, "go", "1")
    assert durable.status(instance_id)["runtimeStatus"] == "Suspended"
    assert durable.call("POST", f"/api/client/resume/{instance_id}").status == 200

    assert durable.ended(instance_id)["output"] == 1


def test_a_terminated_instance_ends_with_the_reason(durable: AppHost) -> None:
    instance_id = durable.started("doze", 600000)
    durable.reaches(instance_id, "Running")

    assert durable.call("POST", f"/api/client/terminate/{instance_id}").status == 200
    status = durable.ended(instance_id)

    assert (status["runtimeStatus"], status["output"]) == ("Terminated", "enough")
    assert durable.raise_event(instance_id, "go").status == 410


def test_a_purged_instance_is_gone(durable: AppHost) -> None:
    instance_id = durable.started("child", 1)
    durable.ended(instance_id)

    answer = durable.call("POST", f"/api/client/purge/{instance_id}")

    assert answer.json == 1
    assert durable.request("GET", f"{INSTANCES}/{instance_id}").status == 404


def test_a_running_instance_is_not_purged(durable: AppHost) -> None:
    instance_id = durable.started("doze", 600000)
    durable.reaches(instance_id, "Running")

    answer = durable.request("DELETE", f"{INSTANCES}/{instance_id}")

    assert answer.status == 412
    assert durable.status(instance_id)["runtimeStatus"] == "Running"


def test_an_id_that_runs_cannot_be_started_again_and_one_that_ended_can(durable: AppHost) -> None:
    instance_id = durable.started("race", instance_id="one-id")
    again = durable.call(
        "POST", f"/runtime/webhooks/durabletask/orchestrators/child/{instance_id}", "3"
    )
    durable.raise_event(instance_id, "go")
    durable.ended(instance_id)
    durable.started("child", 3, instance_id=instance_id)

    assert again.status == 409
    assert durable.ended(instance_id)["output"] == 9


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/none/raiseEvent/go", "1", 404),
        ("/none/terminate", None, 404),
        ("/none/suspend", None, 404),
        ("/none", None, 404),
        ("/none/unknown", None, 404),
    ],
)
def test_an_absent_instance_is_not_found(
    durable: AppHost, path: str, body: str | None, status: int
) -> None:
    assert durable.call("POST", f"{INSTANCES}{path}", body).status == status


@pytest.mark.parametrize("body", ["{", "nonsense"])
def test_an_event_that_is_no_json_is_refused(durable: AppHost, body: str) -> None:
    instance_id = durable.started("race")

    assert durable.raise_event(instance_id, "go", body).status == 400


def test_instances_are_listed_page_by_page(durable: AppHost) -> None:
    for number in range(5):
        durable.ended(durable.started("child", 2, instance_id=f"page-{number}"))

    found: list[str] = []
    headers: dict[str, str] = {}
    for _ in range(3):
        answer = durable.request(
            "GET", f"{INSTANCES}?instanceIdPrefix=page-&top=2", headers=headers
        )
        found += [instance["instanceId"] for instance in answer.json]
        headers = {"x-ms-continuation-token": answer.headers.get("x-ms-continuation-token", "")}

    assert found == [f"page-{number}" for number in range(5)]
    assert headers == {"x-ms-continuation-token": ""}
