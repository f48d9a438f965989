"""Does the replayed code still ask for what the history says it asked for?

The SDK does not check this: it would hand an old result to a new call. The texts begin as the
Durable Task Framework's do, so that searches for them find the known explanations, and end with
the orchestrator, the event of the history and what came instead.
"""

from typing import Literal

from funchost.engine.actions import (
    CallActivity,
    CallEntity,
    CallHttp,
    CallSubOrchestration,
    ContinueAsNew,
    CreateTimer,
    Leaf,
    SignalEntity,
    WaitForExternalEvent,
)
from funchost.engine.calls import HTTP_ACTIVITY
from funchost.engine.events import (
    EventSent,
    EventWaited,
    SubOrchestrationCreated,
    TaskScheduled,
    TimerCreated,
)
from funchost.engine.state import RecordedLeaf

WAS_CHANGED = (
    "Was a change made to the orchestrator code after this instance had already started running?"
)

type Kind = Literal["activity", "sub-orchestration", "timer", "message", "wait", "generation"]
type Ask = tuple[Kind, str]

WORDS: dict[Kind, str] = {
    "activity": "an activity task named '{}'",
    "sub-orchestration": "a sub-orchestration task named '{}'",
    "timer": "a timer",
    "message": "a message to entity '{}'",
    "wait": "a wait for the external event '{}'",
    "generation": "a new generation (continue-as-new)",
}


def mismatch(orchestrator: str, recorded: RecordedLeaf, replayed: Leaf | None) -> str | None:
    """Return the failure text when the replay departs from the history, else None."""
    before = _asked_before(recorded)
    now = None if replayed is None else _asked_now(replayed)
    if now is not None and _spelling(before) == _spelling(now):
        return None
    number = "" if isinstance(recorded, EventWaited) else f" with sequence ID {recorded.id}"
    contrast = (
        "the current replay execution hasn't (yet?) scheduled this task."
        if now is None
        else f"the current orchestration replay instead asked for {_words(now)}."
    )
    return (
        "A previous execution of this orchestration scheduled "
        f"{_words(before)}{number}, but {contrast} {WAS_CHANGED} "
        f"Orchestrator: '{orchestrator}'. History event: {type(recorded).__name__}{number}. "
        f"Expected: {_words(before)}. Came: {'nothing' if now is None else _words(now)}."
    )


def asked(leaf: Leaf) -> str:
    """Return what a leaf asks for, in words."""
    return _words(_asked_now(leaf))


def _words(ask: Ask) -> str:
    kind, name = ask
    return WORDS[kind].format(name)


def _spelling(ask: Ask) -> Ask:
    """Function names are registered without regard to case; event names are not."""
    kind, name = ask
    return (kind, name.casefold()) if kind in {"activity", "sub-orchestration"} else ask


def _asked_before(recorded: RecordedLeaf) -> Ask:
    match recorded:
        case TaskScheduled(name=name):
            return "activity", name
        case SubOrchestrationCreated(name=name):
            return "sub-orchestration", name
        case TimerCreated():
            return "timer", ""
        case EventSent(instance_id=instance_id):
            return "message", instance_id
        case EventWaited(name=name):
            return "wait", name


def _asked_now(leaf: Leaf) -> Ask:  # noqa: PLR0911 - one return a kind
    match leaf:
        case CallActivity(name=name):
            return "activity", name
        case CallHttp():
            return "activity", HTTP_ACTIVITY
        case CallSubOrchestration(name=name):
            return "sub-orchestration", name
        case CreateTimer():
            return "timer", ""
        case CallEntity(instance_id=instance_id) | SignalEntity(instance_id=instance_id):
            return "message", instance_id
        case WaitForExternalEvent(name=name):
            return "wait", name
        case ContinueAsNew():
            return "generation", ""
