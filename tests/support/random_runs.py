"""A random orchestration, run: by the engine, by the ideal scheduler, and behind Azure's gate."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from funchost.engine.events import Event
from funchost.engine.findings import Finding
from funchost.engine.state import State
from funchost.testing.clock import EPOCH
from tests.support.gate_engine import GateEngine
from tests.support.ideal_scheduler import Ending
from tests.support.random_orchestrations import MAIN, Outside, Script, player
from tests.support.sdk_worker import Code
from tests.support.stepped_engine import SteppedEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRun:
    """How it ended here (None: it waits for ever), and what the warner said of it."""

    ending: Ending | None
    findings: list[Finding]
    episodes: int


def functions(script: Script) -> list[Code]:
    """Return the script's orchestrators."""
    children = [player(child.steps, child.name) for child in script.children]
    return [player(script.steps, MAIN), *children]


def rebuilt_equals_live(state: State, history: tuple[Event, ...]) -> None:
    """Fail unless the stored history alone gives the state that the engine has in memory."""
    assert State.of(history) == state


def run_here(script: Script) -> EngineRun:
    """Run the script by the engine, comparing memory and history after every episode."""
    engine = SteppedEngine(
        *functions(script), outside=Outside(script).run, after_episode=rebuilt_equals_live
    )
    engine.start(MAIN, MAIN)
    for event in script.events:
        at = EPOCH + timedelta(milliseconds=event.at_ms)
        engine.raise_event(MAIN, event.event, event.value, at=at)
    engine.run()
    record = engine.record(MAIN)
    ending = None
    if record.status.is_terminal:
        failed = record.status == "Failed"
        seen = None if failed else json.loads(record.output or "null")
        at_ms = round((record.updated_at - EPOCH) / timedelta(milliseconds=1))
        ending = Ending(seen, at_ms, failed)
    findings = [finding for lane in engine.lanes.values() for finding in lane.findings]
    return EngineRun(ending=ending, findings=findings, episodes=engine.episodes)


def seen_in_azure(script: Script) -> list[Any] | None:
    """Return what the main orchestration sees behind the gate; None when it hangs or fails."""
    engine = GateEngine(*functions(script), outside=Outside(script).run)
    engine.start(MAIN, MAIN)
    for event in script.events:
        at = EPOCH + timedelta(milliseconds=event.at_ms)
        engine.raise_event(MAIN, event.event, event.value, at=at)
    engine.run()
    main = engine.instances[MAIN]
    return json.loads(main.output or "null") if main.status == "Completed" else None
