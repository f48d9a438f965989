"""What operators may do with an instance: what it is called, what it means, when it is offered.

Pure. The doing is shared.operations' work, and it checks again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from shared.durable import InstanceView
from shared.operations.rules import CASCADES, Action, Result, foreseen
from shared.operations.types import WorkflowType

EVENTS: Final = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """One action.

    Attributes:
        name: its word in addresses.
        text: what its button says.
        question: what is asked before.
        meaning: what it does, and what it does not.
        is_final: whether nothing takes it back.
        action: what it is to shared.operations.
    """

    name: str
    text: str
    question: str
    meaning: str
    action: Action
    is_final: bool = False

    @property
    def may_cascade(self) -> bool:
        """Whether children may be meant, too."""
        return self.action in CASCADES or self.action is Action.PURGE


ACTIONS: Final[Mapping[str, ActionView]] = MappingProxyType(
    {
        action.name: action
        for action in (
            ActionView(
                name="cancel",
                text="Cancel",
                question="Cancel this workflow?",
                meaning=(
                    "It is asked to stop by itself, and undoes what it has begun. It may answer"
                    " that it is too late."
                ),
                action=Action.CANCEL,
            ),
            ActionView(
                name="suspend",
                text="Suspend",
                question="Suspend this workflow?",
                meaning="It does nothing more until it is resumed. What arrives meanwhile is kept.",
                action=Action.SUSPEND,
            ),
            ActionView(
                name="resume",
                text="Resume",
                question="Resume this workflow?",
                meaning="It goes on where it was suspended.",
                action=Action.RESUME,
            ),
            ActionView(
                name=EVENTS,
                text="Raise event",
                question="Raise an event?",
                meaning="The workflow takes it as if it had come from outside.",
                action=Action.RAISE_EVENT,
            ),
            ActionView(
                name="terminate",
                text="Terminate",
                question="Terminate this workflow?",
                meaning=(
                    "It ends at once, where it is. Nothing is undone: payments stay authorized,"
                    " stock stays reserved. Prefer Cancel where it is offered."
                ),
                is_final=True,
                action=Action.TERMINATE,
            ),
            ActionView(
                name="rewind",
                text="Rewind",
                question="Rewind this workflow?",
                meaning="It goes back to before its failure, and tries again what failed.",
                action=Action.REWIND,
            ),
            ActionView(
                name="restart",
                text="Restart",
                question="Start it again?",
                meaning="A new workflow begins with the same input, under an id of its own.",
                action=Action.RESTART,
            ),
            ActionView(
                name="purge",
                text="Purge",
                question="Purge this workflow?",
                meaning=(
                    "Its history and its status are deleted for good. What it did in other systems"
                    " stays."
                ),
                is_final=True,
                action=Action.PURGE,
            ),
        )
    }
)
DONE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cancel": "The workflow was asked to cancel. It stops by itself.",
        "suspend": "The workflow is being suspended.",
        "resume": "The workflow goes on.",
        EVENTS: "The event was raised.",
        "terminate": "The workflow is being terminated.",
        "rewind": "The workflow goes back to before its failure.",
        "restart": "A new workflow with the same input has begun.",
        "purge": "The workflow was purged.",
        "same": "It was so already; nothing was changed.",
    }
)


def offered(view: InstanceView, type_: WorkflowType) -> tuple[ActionView, ...]:
    """Return what may be done with an instance as it is."""
    return tuple(view_ for view_ in ACTIONS.values() if _fits(view_, view, type_))


def _fits(shown: ActionView, view: InstanceView, type_: WorkflowType) -> bool:
    has_events = shown.action is not Action.RAISE_EVENT or bool(type_.events)
    return has_events and foreseen(shown.action, view, type_) is Result.DONE
