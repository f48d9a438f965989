"""The documentation's patterns on the real host: chaining to eternal orchestrations."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.host.app_host import AppHost
from tests.support.funchost import Answer, until

pytestmark = pytest.mark.e2e


def decided(flows: AppHost, instance_id: str, person: str, *, approved: bool) -> None:
    path = f"/api/decisions/{instance_id}?event={person}%20decided"
    assert flows.call("POST", path, json.dumps({"approved": approved})).status == 202


def waits_for(flows: AppHost, instance_id: str, status: Any) -> None:
    until(
        lambda: flows.status(instance_id)["customStatus"] == status,
        patience_s=60,
        what=f"{instance_id} shows {status}",
    )


def kinds(flows: AppHost, instance_id: str) -> list[str]:
    return [event["EventType"] for event in flows.history(instance_id)]


def test_a_chain_goes_on_after_a_step_that_succeeds_at_its_last_attempt(flows: AppHost) -> None:
    assert flows.output("chain", 0) == "mixed risen at attempt 1"
    assert flows.output("chain", 2) == "mixed risen at attempt 3"


def test_a_chain_undoes_its_work_when_a_step_has_used_up_its_attempts(flows: AppHost) -> None:
    assert flows.output("chain", 3) == ["mixed thrown away", True]


def test_fan_in_adds_up_what_every_branch_of_the_fan_out_said(flows: AppHost) -> None:
    assert flows.output("survey", 40) == sum(range(40))


def test_accepted_work_is_followed_at_its_location_until_its_output_is_there(
    flows: AppHost,
) -> None:
    accepted = flows.call("POST", "/api/reports", '{"pages": 3}')
    link = urlsplit(accepted.headers["location"])
    seen: list[Answer] = []

    def done() -> bool:
        seen.append(flows.request("GET", f"{link.path}?{link.query}"))
        return seen[-1].status == 200

    until(done, patience_s=60, what="the report is done")

    assert accepted.status == 202
    assert int(accepted.headers["retry-after"]) > 0
    assert {answer.status for answer in seen[:-1]} <= {202}
    assert seen[-1].json["output"] == ["page 0", "page 1", "page 2"]
    assert seen[-1].json["customStatus"] == {"pages": 2}


def test_a_monitor_ends_with_the_job_that_it_watches(flows: AppHost) -> None:
    instance_id = flows.started("watch", {"needs": 3, "pause": 40, "expires": 60_000})

    assert flows.ended(instance_id)["output"] == ["done", 3]
    assert kinds(flows, instance_id).count("TimerFired") == 2


def test_a_monitor_of_a_job_that_never_ends_expires(flows: AppHost) -> None:
    outcome, looks = flows.output("watch", {"needs": 1000, "pause": 60, "expires": 300})

    assert outcome == "expired"
    assert 2 <= looks <= 6


@pytest.mark.parametrize("approved", [True, False])
def test_a_decision_in_time_ends_an_approval_at_once(flows: AppHost, *, approved: bool) -> None:
    instance_id = flows.started("approval", {"team": 600_000, "chief": 600_000})
    waits_for(flows, instance_id, {"waits for": "team"})

    decided(flows, instance_id, "team", approved=approved)

    assert flows.ended(instance_id)["output"] == ["team", approved]


def test_silence_escalates_an_approval_to_the_next_person(flows: AppHost) -> None:
    instance_id = flows.started("approval", {"team": 50, "chief": 600_000})
    waits_for(flows, instance_id, {"waits for": "chief"})

    decided(flows, instance_id, "team", approved=False)  # too late: nobody waits for it
    decided(flows, instance_id, "chief", approved=True)

    assert flows.ended(instance_id)["output"] == ["chief", True]


def test_an_approval_that_nobody_decides_ends_without_one(flows: AppHost) -> None:
    assert flows.output("approval", {"team": 30, "chief": 30}) == ["nobody", False]


def test_an_eternal_orchestration_takes_every_item_in_a_generation_of_its_own(
    flows: AppHost,
) -> None:
    instance_id = flows.started("collector", 0)
    for number in range(1, 11):
        assert flows.raise_event(instance_id, "item", str(number)).status == 202
    until(
        lambda: flows.status(instance_id)["input"] == str(sum(range(1, 11))),
        patience_s=60,
        what="every item is in the input of the last generation",
    )

    assert flows.status(instance_id)["runtimeStatus"] == "Running"
    assert kinds(flows, instance_id) == ["ExecutionStarted"]  # earlier generations' are gone
    assert flows.call("POST", f"/api/operations/terminate/{instance_id}").status == 200
    assert flows.ended(instance_id)["output"] == "no longer wanted"


def test_a_periodic_orchestration_keeps_the_history_of_its_last_round_alone(
    flows: AppHost,
) -> None:
    instance_id = flows.started("cleanup", {"round": 1, "rounds": 12})

    assert flows.ended(instance_id)["output"] == 12
    assert kinds(flows, instance_id) == [
        "ExecutionStarted",
        "TaskCompleted",
        "ExecutionCompleted",
    ]


def test_sub_orchestrations_run_beside_each_other_and_tell_their_parent_of_failures(
    flows: AppHost,
) -> None:
    instance_id = flows.started("provision", 4)

    output = flows.ended(instance_id)["output"]
    broken = flows.status(f"{instance_id}:broken")

    assert output == ["0 under 0", "1 under 1", "2 under 2", "3 under 3", True]
    assert broken["runtimeStatus"] == "Failed"
