"""Would today's code have done what a recorded history says?

The code runs once over the whole history, so that every earlier episode is held against it, too:
what it asked for must be what was recorded, no less and no more, and the end must be the same.
Reading recordings and asking the code are the callers' business.
"""

from collections.abc import Sequence

from funchost.engine.actions import Turn
from funchost.engine.closing import Catalog, Closing, close_episode
from funchost.engine.events import Event, ExecutionCompleted, RuntimeStatus
from funchost.engine.opening import Opening
from funchost.engine.state import State

_NOTHING_NEW = Opening(events=(), consumed=(), asks_code=True)
# Ends that are decided by others than the code.
_BY_OTHERS = frozenset({RuntimeStatus.TERMINATED, RuntimeStatus.CANCELED})


def what_code_saw(history: Sequence[Event]) -> Sequence[Event]:
    """Return the events that there were when the code was asked for the last time."""
    return [event for event in history if not isinstance(event, ExecutionCompleted)]


def departure(
    history: Sequence[Event], turn: Turn, *, instance_id: str, catalog: Catalog
) -> str | None:
    """Return where the code departs from a recorded history, in words, else None.

    Args:
        history: All events of one generation, recorded while nothing was running.
        turn: What the code answers to ``what_code_saw``.
        instance_id: Whose history it is.
        catalog: What the code may ask for now.
    """
    state = State.of(what_code_saw(history))
    closing = close_episode(state, _NOTHING_NEW, turn, instance_id=instance_id, catalog=catalog)
    recorded = next((event for event in history if isinstance(event, ExecutionCompleted)), None)
    if recorded is not None and recorded.status in _BY_OTHERS:
        recorded = None
    return _other_end(recorded, closing) or _more(closing)


def _other_end(recorded: ExecutionCompleted | None, closing: Closing) -> str | None:
    came = closing.completed
    if recorded is None:
        if came is not None:
            return f"The recorded instance went on here; now it ends: {_words(came)}."
        if closing.continued is not None:
            return "The recorded instance went on here; now a new generation begins."
        return None
    if came is None:
        return f"The recorded instance ended here: {_words(recorded)}; now it goes on."
    if (recorded.status, recorded.output) != (came.status, came.output):
        return f"Recorded as the end: {_words(recorded)}. Came: {_words(came)}."
    return None


def _more(closing: Closing) -> str | None:
    new = [event for event in closing.events if event is not closing.completed]
    if not new:
        return None
    return f"The code asks for what was not recorded: {', '.join(map(str, new))}."


def _words(end: ExecutionCompleted) -> str:
    return f"{end.status} with {end.output}"
