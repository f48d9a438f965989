"""Whatever goes wrong: what was begun is undone, newest first, or the ledger says what was not.

Run by test_sagas in a process of its own.
"""

import itertools
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, event, given, settings, strategies as st

from funchost.testing import BlockingHost
from shared import attention
from shared.cancellation import CLOSE_CANCELLATION
from shared.saga import CompensateOn
from tests.support.random_sagas import Play, World, plays
from workflows.saga import names
from workflows.saga.checks import problems_in
from workflows.saga.definitions import REGISTRY
from workflows.saga.models import SagaStart
from workflows.saga.plan import Definition

APP = Path(__file__).parent
EXAMPLES = int(os.environ.get("SAGA_EXAMPLES", "60"))
SETTINGS = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}  # nothing is kept there
NUMBERS = itertools.count()
RUN = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # Each example starts a host, so a failing one is shown as it is rather than shrunk for minutes.
    phases=[Phase.explicit, Phase.generate],
)


@st.composite
def numbered_plays(draw: st.DrawFn) -> Play:
    return draw(plays(f"random{next(NUMBERS)}"))


def played(play: Play, world: World, decision: dict[str, str]) -> Any:
    """Run a saga to its end, through its crashes; return its output."""
    REGISTRY.register(play.definition)
    start = SagaStart(saga=play.definition.name, version=1, saga_id="x", request_id="x", input={})
    with BlockingHost.open(APP, settings=SETTINGS) as host:
        host.faults.replace("probe_act", world.act)
        host.faults.replace("probe_undo", world.undo)
        host.faults.replace(attention.RAISE_ALERT, lambda _alert: None)
        host.faults.replace(attention.FIND_DECISION, lambda _key: {"decision": decision})
        host.faults.replace(CLOSE_CANCELLATION, lambda _key: {"cancelled": False})
        if play.crashes:
            host.faults.slow("probe_act", timedelta(seconds=1), times=3)
        instance_id = host.start(names.ORCHESTRATOR, start.to_json())
        for seconds in play.crashes:
            host.advance(timedelta(seconds=seconds))
            host.crash_and_restart()
        status = host.until_done(instance_id)
        assert status.runtime_status == "Completed", status.output
        return status.output


def first_undone(world: World) -> list[str]:
    return list(dict.fromkeys(world.undos))


@settings(RUN, max_examples=EXAMPLES)
@given(play=numbered_plays())
def test_what_was_begun_is_undone_newest_first_or_the_ledger_says_what_was_not(
    play: Play,
) -> None:
    definition = play.definition
    assert problems_in(definition, {"probe_act", "probe_undo"}) == []
    world = World(scripts=play.scripts)

    output = played(play, world, {"action": "accept"})

    event(output["status"])
    ledger = {entry["step"]: entry for entry in output["ledger"]}
    assert list(ledger) == [step.name for step in definition.steps]
    assert not [key for key, times in world.effects.items() if times > 1]
    begun = [name for name, entry in ledger.items() if entry["status"] != "not_started"]
    assert set(world.acts) == set(begun)
    if went_back(output):
        assert not is_past_pivot(definition, ledger)
        assert_undone(definition, output, world, begun)
    else:
        assert world.undos == []
        assert output["status"] in {"completed", "settled_by_operator"}
        for name, entry in ledger.items():
            assert (entry["status"] == "completed") <= (key_of(world, name) in world.applied)


def went_back(output: Any) -> bool:
    statuses = {entry["status"] for entry in output["ledger"]}
    undone = any("compensation" in entry for entry in output["ledger"])
    return output["status"] == "compensated" or undone or bool(statuses & {"not_needed"})


def is_past_pivot(definition: Definition, ledger: Any) -> bool:
    """Whether the pivot may have had its effect: it was begun, and did not say no."""
    pivots = [ledger[step.name] for step in definition.steps if step.pivot]
    return any(e["status"] != "not_started" and e.get("error") != "refused" for e in pivots)


def key_of(world: World, step: str) -> str:
    keys = [key for key in (world.applied | world.called_off) if key.endswith(f":{step}")]
    return keys[0] if keys else ""


def assert_undone(definition: Definition, output: Any, world: World, begun: list[str]) -> None:
    ledger = {entry["step"]: entry for entry in output["ledger"]}
    wanted = [
        step.name
        for step in reversed(definition.steps)
        if step.name in begun and step.compensation and is_to_be_undone(step, ledger)
    ]
    assert first_undone(world) == wanted
    left = {name for name in wanted if ledger[name]["status"] == "accepted"}
    assert output["status"] == ("settled_by_operator" if left else "compensated")
    for name in wanted:
        if name not in left:
            assert ledger[name]["status"] == "compensated"
            assert key_of(world, name) in world.called_off
    # What is left in the world is what the ledger says, or what was not to be undone by definition.
    for key in world.applied:
        name = key.rpartition(":")[2]
        assert name in left or name not in wanted


def is_to_be_undone(step: Any, ledger: Any) -> bool:
    if step.compensate_on is CompensateOn.ATTEMPTED:
        return True
    return "error" not in ledger[step.name]


@settings(RUN, max_examples=EXAMPLES // 3)
@given(play=numbered_plays())
def test_operators_who_retry_come_to_an_end_without_anything_left(play: Play) -> None:
    limited = {
        name: type(script)(
            fails=min(script.fails, 4),
            way=script.way,
            undo_fails=min(script.undo_fails, 9),
            undo_way=script.undo_way,
        )
        for name, script in play.scripts.items()
    }
    world = World(scripts=limited)

    output = played(play, world, {"action": "retry"})

    assert output["status"] in {"completed", "compensated"}
    if output["status"] == "compensated":
        undone = {e["step"] for e in output["ledger"] if e["status"] == "compensated"}
        assert {key.rpartition(":")[2] for key in world.applied}.isdisjoint(undone)
