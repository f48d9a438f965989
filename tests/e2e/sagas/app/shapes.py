"""What definitions can say: groups, timeouts, steps that may fail, paths, versions, cancelling.

Run by test_sagas in a process of its own.
"""

import itertools
import uuid
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from funchost.testing import BlockingHost, InstanceStatus
from shared.saga import CompensateOn
from tests.support.random_sagas import NEVER, QUICK, Script, Way, World, a_step
from workflows.saga.definitions import REGISTRY
from workflows.saga.models import SagaInput
from workflows.saga.plan import At, Definition, KeyOf, Step, Value

APP = Path(__file__).parent
NUMBERS = itertools.count()
PREFIX = f"t{uuid.uuid4().hex[:12]}"


class Given(SagaInput):
    """An input with something that nobody may keep."""

    private: ClassVar[frozenset[str]] = frozenset({"secret"})

    note: Any = None
    secret: str = ""


class Stage:
    """A host, a world, and sagas made for one test."""

    def __init__(self, host: BlockingHost) -> None:
        self.host = host
        self.world = World(scripts={})
        self.seen: list[Any] = []
        host.faults.replace("probe_act", self.act)
        host.faults.replace("probe_undo", self.undo)
        self.answers: dict[str, Any] = {}

    def act(self, payload: Any) -> Any:
        self.seen.append(payload)
        if payload["step"] in self.answers:
            return self.answers[payload["step"]]
        return self.world.act(payload)

    def undo(self, compensation: Any) -> Any:
        return self.world.undo(compensation)

    def start(self, *steps: Step, given: Any = None, **scripts: Script) -> str:
        name = f"shape{next(NUMBERS)}"
        REGISTRY.register(Definition(name=name, input_model=Given, steps=steps))
        self.world.scripts = {step.name: scripts.get(step.name, Script()) for step in steps}
        answer = self.host.call_http(
            "POST", f"/api/sagas/{name}", json={"sagaId": "x", "input": given or {}}
        )
        assert answer.status == 202, answer.text
        instance_id: str = answer.json()["instanceId"]
        return instance_id

    def run(self, *steps: Step, given: Any = None, **scripts: Script) -> InstanceStatus:
        return self.host.until_done(self.start(*steps, given=given, **scripts))

    def decide(self, instance_id: str, **body: Any) -> None:
        answer = self.host.call_http(
            "POST", f"/api/workflows/{instance_id}/attention", json={"reason": "x", **body}
        )
        assert answer.status == 202, answer.text

    def cancel(self, instance_id: str) -> int:
        path = f"/api/sagas/{instance_id}/cancel"
        return self.host.call_http("POST", path, json={"reason": "x"}).status


@pytest.fixture
def stage() -> Generator[Stage]:
    with BlockingHost.open(APP, settings={"APP_DATA_PREFIX": PREFIX}) as host:
        yield Stage(host)


def ledger(status: InstanceStatus) -> dict[str, str]:
    return {entry["step"]: entry["status"] for entry in status.output["ledger"]}


def took(status: InstanceStatus) -> timedelta:
    return status.updated_at - status.created_at


def step(name: str, **more: Any) -> Step:
    return a_step(name, before_pivot=True, **more)


def test_the_steps_of_a_group_run_at_the_same_time(stage: Stage) -> None:
    stage.host.faults.slow("probe_act", timedelta(minutes=10))

    status = stage.run(step("a"), step("b", group="g"), step("c", group="g"), step("d"))

    assert status.output["status"] == "completed"
    assert timedelta(minutes=30) <= took(status) < timedelta(minutes=31)


def test_a_group_is_waited_for_and_undone_with_all_before_it(stage: Stage) -> None:
    status = stage.run(
        step("a"),
        step("b", group="g"),
        step("c", group="g"),
        b=Script(fails=NEVER, way=Way.AFTER),
    )

    assert status.output["reason"] == "b: unexpected_failure"
    assert stage.world.undos == ["c", "b", "a"]
    assert stage.world.applied == set()
    assert [e["attempts"] for e in status.output["ledger"]] == [1, 3, 1]


def test_after_the_pivot_the_steps_of_a_group_are_settled_one_by_one(stage: Stage) -> None:
    instance_id = stage.start(
        a_step("a", before_pivot=False, pivot=True),
        a_step("b", before_pivot=False, group="g"),
        a_step("c", before_pivot=False, group="g"),
        a_step("d", before_pivot=False),
        b=Script(fails=NEVER),
        c=Script(fails=4),
    )
    stage.host.advance(timedelta(minutes=1))
    shown = stage.host.status(instance_id).custom_status["attention"]
    assert [open_step["step"] for open_step in shown["open"]] == ["c", "b"]

    stage.decide(instance_id, action="skip", step="b")

    status = stage.host.until_done(instance_id)
    assert status.output["status"] == "settled_by_operator"
    assert ledger(status) == {"a": "completed", "b": "skipped", "c": "completed", "d": "completed"}


def test_a_step_that_takes_too_long_is_undone_and_its_late_effect_does_not_come(
    stage: Stage,
) -> None:
    stage.host.faults.slow("probe_act", timedelta(hours=2), times=1)

    status = stage.run(step("a", timeout=timedelta(minutes=5)))

    assert status.output["reason"] == "a: timed_out"
    assert ledger(status) == {"a": "compensated"}
    assert stage.world.acts["a"] == 1  # it came in the end
    assert stage.world.applied == set()
    # The instance stays Running until the call that nobody waits for is over.
    assert timedelta(hours=2) <= took(status) < timedelta(hours=2, minutes=1)


def test_a_timeout_is_for_all_attempts_together(stage: Stage) -> None:
    status = stage.run(step("a", timeout=timedelta(seconds=2)), a=Script(fails=NEVER))

    (entry,) = status.output["ledger"]
    assert (entry["attempts"], entry["error"]) == (2, "unexpected_failure")


def test_a_timeout_of_days_leaves_no_timer_behind(stage: Stage) -> None:
    stage.host.faults.slow("probe_act", timedelta(days=2), times=1)

    status = stage.run(step("a", timeout=timedelta(days=9)))

    assert status.output["status"] == "completed"
    assert timedelta(days=2) <= took(status) < timedelta(days=2, hours=1)


def test_a_saga_goes_on_without_a_step_that_may_fail(stage: Stage) -> None:
    status = stage.run(
        step("a"), step("b", continue_on_error=True), step("c"), b=Script(fails=NEVER)
    )

    assert status.output["status"] == "completed"
    assert ledger(status) == {"a": "completed", "b": "failed", "c": "completed"}


def test_a_step_that_may_fail_is_undone_with_the_others(stage: Stage) -> None:
    stage.run(
        step("a"),
        step("b", continue_on_error=True),
        step("c"),
        b=Script(fails=NEVER, way=Way.AFTER),
        c=Script(fails=NEVER),
    )

    assert stage.world.undos == ["c", "b", "a"]


def test_what_is_undone_only_when_it_was_done_is_left_alone_when_it_failed(stage: Stage) -> None:
    status = stage.run(
        step("a"), step("b", compensate_on=CompensateOn.COMPLETED), b=Script(fails=NEVER)
    )

    assert stage.world.undos == ["a"]
    assert ledger(status) == {"a": "compensated", "b": "failed"}


FALSY: list[Any] = [0, False, "", [], {}, None]


@pytest.mark.parametrize("value", FALSY, ids=repr)
def test_a_falsy_result_reaches_later_steps_and_its_compensation_as_it_is(
    stage: Stage, value: Any
) -> None:
    stage.answers = {"a": value}
    first = Step(
        name="a",
        action="probe_act",
        inputs={"step": Value("a"), "key": KeyOf(), "given": At("input.note", optional=True)},
        compensation="probe_undo",
    )
    second = Step(
        name="b",
        action="probe_act",
        inputs={"step": Value("b"), "key": KeyOf(), "earlier": At("results.a")},
        compensation="probe_undo",
        retry=QUICK,
    )

    stage.run(first, second, b=Script(fails=NEVER))

    key = stage.seen[0]["key"]
    assert stage.seen[1] == {"step": "b", "key": stage.seen[1]["key"], "earlier": value}
    assert type(stage.seen[1]["earlier"]) is type(value)
    undone = stage.world.questions[-1]
    assert undone == {
        "input": {"step": "a", "key": key},
        "result": value,
        "error": None,
        "idempotencyKey": key,
        "at": undone["at"],
    }
    assert type(undone["result"]) is type(value)


def test_a_compensation_is_told_why_there_is_no_result(stage: Stage) -> None:
    stage.run(step("a"), step("b"), a=Script(), b=Script(fails=NEVER, way=Way.AFTER))
    lost, done = stage.world.questions

    assert (lost["result"], lost["error"]) == (None, "unexpected_failure")
    assert (done["result"], done["error"]) == ({"ok": True}, None)


def test_a_compensation_is_told_of_a_no(stage: Stage) -> None:
    stage.run(step("a"), a=Script(fails=NEVER, way=Way.REFUSED))
    (refused,) = stage.world.questions

    assert (refused["result"], refused["error"]) == ({"ok": False}, "refused")


def test_a_step_whose_input_lacks_something_is_never_called(stage: Stage) -> None:
    lacking = Step(
        name="b",
        action="probe_act",
        inputs={"step": Value("b"), "what": At("results.a.nowhere")},
        compensation="probe_undo",
    )

    status = stage.run(step("a"), lacking)

    assert status.output["reason"] == "b: input_missing"
    assert ledger(status) == {"a": "compensated", "b": "failed"}
    assert [payload["step"] for payload in stage.seen] == ["a"]


def test_what_is_private_is_in_no_history(stage: Stage) -> None:
    instance_id = stage.start(step("a"), given={"note": "open", "secret": "canary"})
    stage.host.until_done(instance_id)

    shown = stage.host.call_http(
        "GET",
        f"/runtime/webhooks/durabletask/instances/{instance_id}?showHistory=true&showInput=true",
    ).text

    assert "open" in shown
    assert "canary" not in shown


def test_a_cancellation_waits_for_a_group_and_undoes_it(stage: Stage) -> None:
    stage.host.faults.slow("probe_act", timedelta(minutes=10))
    instance_id = stage.start(step("a", group="g"), step("b", group="g"), step("c"))
    stage.host.advance(timedelta(minutes=5))

    assert stage.cancel(instance_id) == 202

    status = stage.host.until_done(instance_id)
    assert (status.output["status"], status.output["reason"]) == ("compensated", "cancelled")
    assert stage.world.undos == ["b", "a"]
    assert ledger(status)["c"] == "not_started"


def test_a_saga_without_a_pivot_can_be_cancelled_to_its_last_step(stage: Stage) -> None:
    stage.host.faults.slow("probe_act", timedelta(minutes=10))
    instance_id = stage.start(step("a"))
    stage.host.advance(timedelta(minutes=5))

    assert stage.cancel(instance_id) == 202

    assert ledger(stage.host.until_done(instance_id)) == {"a": "compensated"}
    assert stage.world.applied == set()


def test_a_cancellation_before_the_first_step_is_heard(stage: Stage) -> None:
    stage.host.freeze()
    stage.host.faults.slow("probe_act", timedelta(minutes=1))
    instance_id = stage.start(step("a"), step("b"))
    assert [stage.cancel(instance_id), stage.cancel(instance_id)] == [202, 202]
    stage.host.flow()

    assert ledger(stage.host.until_done(instance_id)) == {"a": "compensated", "b": "not_started"}


def test_from_the_pivot_on_it_is_too_late_to_cancel(stage: Stage) -> None:
    stage.host.faults.slow("probe_act", timedelta(minutes=10))
    instance_id = stage.start(step("a"), a_step("b", before_pivot=False, pivot=True))
    stage.host.advance(timedelta(minutes=15))

    assert stage.cancel(instance_id) == 409

    assert stage.host.until_done(instance_id).output["status"] == "completed"


def test_a_running_saga_keeps_the_version_it_was_started_with(stage: Stage) -> None:
    stage.host.faults.slow("probe_act", timedelta(minutes=10), times=1)
    instance_id = stage.start(step("a"), step("b"))
    name = instance_id.split("-")[1]
    REGISTRY.register(Definition(name=name, version=2, input_model=Given, steps=(step("only"),)))
    stage.world.scripts["only"] = Script()

    old = stage.host.until_done(instance_id)
    newer = stage.host.call_http("POST", f"/api/sagas/{name}", json={"sagaId": "y", "input": {}})

    assert ledger(old) == {"a": "completed", "b": "completed"}
    assert ledger(stage.host.until_done(newer.json()["instanceId"])) == {"only": "completed"}


def test_a_pivot_that_says_no_is_undone_with_all_before_it(stage: Stage) -> None:
    status = stage.run(
        step("a"),
        a_step("b", before_pivot=False, pivot=True),
        b=Script(fails=NEVER, way=Way.REFUSED),
    )

    assert status.output["status"] == "compensated"
    assert ledger(status) == {"a": "compensated", "b": "failed"}


def test_of_a_lost_answer_of_the_pivot_nothing_is_concluded(stage: Stage) -> None:
    instance_id = stage.start(
        step("a"),
        a_step("b", before_pivot=False, pivot=True),
        b=Script(fails=4, way=Way.AFTER),
    )
    stage.host.advance(timedelta(minutes=1))
    assert stage.world.undos == []

    stage.decide(instance_id, action="retry")

    status = stage.host.until_done(instance_id)
    assert status.output["status"] == "completed"
    assert status.output["ledger"][1]["attempts"] == 5
    assert max(stage.world.effects.values()) == 1


def test_a_storage_that_stays_away_at_the_pivot_undoes_the_saga(stage: Stage) -> None:
    stage.host.faults.fail("saga_close_cancellation", times=None, error=ConnectionError("away"))

    status = stage.run(step("a"), a_step("b", before_pivot=False, pivot=True))

    assert status.output["status"] == "compensated"
    assert ledger(status) == {"a": "compensated", "b": "not_started"}


def test_an_event_without_a_request_behind_it_is_a_wish_all_the_same(stage: Stage) -> None:
    stage.host.faults.slow("probe_act", timedelta(minutes=10), times=1)
    instance_id = stage.start(step("a"), step("b"))
    stage.host.advance(timedelta(minutes=5))

    stage.host.raise_event(instance_id, "cancel", {})

    assert stage.host.until_done(instance_id).output["reason"] == "cancelled"
