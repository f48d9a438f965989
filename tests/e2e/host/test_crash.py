"""The host loses its power in the middle of work, again and again, and nothing is lost."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.host.app_host import APPS, AppHost, a_copy, served
from tests.support.funchost import until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ACTIVITIES = 200
CHILDREN = 10
KILLS = 5

ONE_CALL = """
import azure.durable_functions as df
app = df.DFApp()

@app.orchestration_trigger(context_name="context")
def story(context):
    yield context.call_activity("{first}")
    yield context.wait_for_external_event("go")

@app.activity_trigger(input_name="nothing")
def step_one(nothing: str) -> int:
    return 1

@app.activity_trigger(input_name="nothing")
def step_two(nothing: str) -> int:
    return 2
"""


def lines(effects: Path) -> list[str]:
    return effects.read_text("ascii").splitlines() if effects.exists() else []


def kill_after(host: AppHost, effects: Path, count: int) -> None:
    """Let the app have so many effects, then take the power away at once."""
    until(lambda: len(lines(effects)) >= count, patience_s=30, what=f"{count} effects")
    host.kill()


def completions(events: list[Any]) -> Counter[str]:
    return Counter(event["FunctionName"] for event in events if "Completed" in event["EventType"])


def test_killed_in_the_middle_of_a_fan_out_an_instance_ends_with_every_result_once(
    tmp_path: Path,
) -> None:
    effects = tmp_path / "effects"
    with served(APPS / "crash", tmp_path, settings={"EFFECTS": str(effects)}) as host:
        host.started("burst", ACTIVITIES, instance_id="b")
        for _ in range(KILLS):
            kill_after(host, effects, len(lines(effects)) + 30)
            host.restart()
        status = host.ended("b")
        events = host.history("b")
        children = [host.status(f"b-{n}") for n in range(CHILDREN)]

    activities = [f"b/{n}" for n in range(ACTIVITIES)]
    by_children = [[f"b-{n}/first", f"b-{n}/second"] for n in range(CHILDREN)]
    assert status["output"] == [*activities, *by_children, "b/last"]
    assert [child["output"] for child in children] == by_children
    # At least once, never zero times; the surplus is what ran while the power went.
    ran = Counter(lines(effects))
    assert set(ran) == {*activities, "b/last", *(key for pair in by_children for key in pair)}
    results = Counter(e["Result"] for e in events if e["EventType"] == "TaskCompleted")
    assert results == Counter([*activities, "b/last"])
    assert sum(event["EventType"] == "ExecutionCompleted" for event in events) == 1
    assert sum(event["EventType"] == "TimerFired" for event in events) == 10


def test_killed_while_instances_start_every_acknowledged_one_ends(tmp_path: Path) -> None:
    effects = tmp_path / "effects"
    with served(APPS / "crash", tmp_path, settings={"EFFECTS": str(effects)}) as host:
        acknowledged = [host.started("lesser", instance_id=f"i{n}") for n in range(30)]
        host.kill()
        host.restart()
        ended = [host.ended(instance_id)["runtimeStatus"] for instance_id in acknowledged]

    assert ended == ["Completed"] * 30


def test_killed_with_events_waiting_each_is_delivered_once_and_in_order(tmp_path: Path) -> None:
    with served(APPS / "durable", tmp_path, settings={"SCRATCH": str(tmp_path)}) as host:
        host.started("three_events", instance_id="e")
        host.raise_event("e", "item", '"first"')
        host.raise_event("e", "item", '"second"')
        host.kill()
        host.restart()
        host.raise_event("e", "item", '"third"')
        status = host.ended("e")

    assert status["output"] == ["first", "second", "third"]


def test_a_timer_that_was_due_while_the_host_was_down_fires_at_the_start(tmp_path: Path) -> None:
    with served(APPS / "durable", tmp_path, settings={"SCRATCH": str(tmp_path)}) as host:
        host.started("doze", 1000, instance_id="t")
        host.reaches("t", "Running")
        host.kill()
        host.restart()
        status = host.ended("t")

    assert status["output"] >= 1.0


def test_an_activity_that_was_cut_off_runs_again(tmp_path: Path) -> None:
    marks = tmp_path / "blocked"
    with served(APPS / "durable", tmp_path, settings={"SCRATCH": str(tmp_path)}) as host:
        host.started("stuck", 1.5, instance_id="s")
        kill_after(host, marks, 1)
        host.restart()
        status = host.ended("s")

    assert status["output"] == "done"
    assert len(set(lines(marks))) == 2


@pytest.mark.parametrize("ends_by", ["kill", "stop"])
def test_an_orchestrator_changed_under_a_running_instance_fails_it_with_an_explanation(
    tmp_path: Path, ends_by: str
) -> None:
    app = a_copy("chaining", tmp_path / "app")
    code = app / "function_app.py"
    code.write_text(ONE_CALL.format(first="step_one"))
    with served(app, tmp_path) as host:
        host.started("story", instance_id="s")
        until(lambda: host.history("s")[1:], patience_s=60, what="the first step is recorded")
        getattr(host, ends_by)()
        code.write_text(ONE_CALL.format(first="step_two"))
        host.restart()
        host.raise_event("s", "go")
        status = host.ended("s")

    assert status["runtimeStatus"] == "Failed"
    assert "'story'" in status["output"]
    assert "Expected: an activity task named 'step_one'." in status["output"]
    assert "Came: an activity task named 'step_two'." in status["output"]
