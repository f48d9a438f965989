"""What operators do to instances through the SDK's client: suspend, rewind, restart, purge."""

from pathlib import Path

import pytest

from tests.e2e.host.app_host import AppHost
from tests.support.funchost import INSTANCES, Answer

pytestmark = pytest.mark.e2e


def operate(flows: AppHost, operation: str, instance_id: str, query: str = "") -> Answer:
    answer = flows.call("POST", f"/api/operations/{operation}/{instance_id}{query}")
    assert answer.status == 200, answer
    return answer


def test_a_suspended_orchestration_sleeps_through_its_deadline_and_decides_when_resumed(
    flows: AppHost,
) -> None:
    instance_id = flows.started("approval", {"team": 300, "chief": 600_000})
    flows.reaches(instance_id, "Running")

    operate(flows, "suspend", instance_id)
    flows.reaches(instance_id, "Suspended")
    flows.output("watch", {"needs": 1000, "pause": 100, "expires": 400})  # longer than 300 ms
    asleep = flows.status(instance_id)
    operate(flows, "resume", instance_id)
    flows.raise_event(instance_id, "chief%20decided", '"{\\"approved\\": true}"')

    assert asleep["runtimeStatus"] == "Suspended"
    assert asleep["customStatus"] == {"waits for": "team"}
    assert flows.ended(instance_id)["output"] == ["chief", True]


def test_a_rewound_orchestration_does_again_what_failed_and_nothing_else(flows: AppHost) -> None:
    instance_id = flows.started("repairable")
    failed = flows.ended(instance_id)
    (Path(flows.settings["SCRATCH"]) / f"{instance_id}.repair").write_text("repaired", "ascii")

    operate(flows, "rewind", instance_id)
    status = flows.reaches(instance_id, "Completed")

    assert failed["runtimeStatus"] == "Failed"
    assert status["output"] == ["first", "repaired"]
    assert flows.status(f"{instance_id}:n")["runtimeStatus"] == "Completed"
    kinds = [event["EventType"] for event in flows.history(instance_id)]
    assert kinds.count("TaskCompleted") == 1


def test_a_restart_runs_the_same_input_again_under_another_id_or_the_same(
    flows: AppHost,
) -> None:
    instance_id = flows.started("survey", 5)
    flows.ended(instance_id)

    another = operate(flows, "restart", instance_id).json["id"]
    same = operate(flows, "restart", instance_id, "?id=same").json["id"]

    assert another != instance_id
    assert same == instance_id
    assert flows.ended(another)["output"] == sum(range(5))
    assert flows.ended(same)["output"] == sum(range(5))


def test_a_purge_forgets_one_instance_or_all_that_ended_in_a_way(flows: AppHost) -> None:
    first, second, failing = (flows.started("survey", n) for n in (1, 2, "no number"))
    asleep = flows.started("approval", {"team": 600_000, "chief": 600_000})
    for instance_id in (first, second, failing):
        flows.ended(instance_id)

    assert operate(flows, "purge", first).json == 1
    assert operate(flows, "purge", first).json == 0
    assert operate(flows, "purge-completed", "all").json >= 1

    gone = [flows.request("GET", f"{INSTANCES}/{each}").status for each in (first, second)]
    assert gone == [404, 404]
    assert flows.status(failing)["runtimeStatus"] == "Failed"
    assert flows.status(asleep)["runtimeStatus"] in {"Pending", "Running"}
