"""What operators may do with an instance: what it is called, what it means, when it is offered.

Pure. The doing is shared.operations' work, and it checks again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import azure.durable_functions as df

from shared.durable import InstanceView
from shared.operations.types import WorkflowType

_Status = df.OrchestrationRuntimeStatus

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
        may_cascade: whether children may be meant, too.
        fits: whether it is offered for an instance of a type.
    """

    name: str
    text: str
    question: str
    meaning: str
    fits: Callable[[InstanceView, WorkflowType], bool]
    is_final: bool = False
    may_cascade: bool = False


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
                fits=lambda view, type_: not view.is_terminal and type_.cancel is not None,
            ),
            ActionView(
                name="suspend",
                text="Suspend",
                question="Suspend this workflow?",
                meaning="It does nothing more until it is resumed. What arrives meanwhile is kept.",
                may_cascade=True,
                fits=lambda view, _: view.runtime_status in {_Status.Running, _Status.Pending},
            ),
            ActionView(
                name="resume",
                text="Resume",
                question="Resume this workflow?",
                meaning="It goes on where it was suspended.",
                may_cascade=True,
                fits=lambda view, _: view.runtime_status is _Status.Suspended,
            ),
            ActionView(
                name=EVENTS,
                text="Raise event",
                question="Raise an event?",
                meaning="The workflow takes it as if it had come from outside.",
                fits=lambda view, type_: not view.is_terminal and bool(type_.events),
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
                may_cascade=True,
                fits=lambda view, _: not view.is_terminal,
            ),
            ActionView(
                name="rewind",
                text="Rewind",
                question="Rewind this workflow?",
                meaning="It goes back to before its failure, and tries again what failed.",
                fits=lambda view, _: view.runtime_status is _Status.Failed,
            ),
            ActionView(
                name="restart",
                text="Restart",
                question="Start it again?",
                meaning="A new workflow begins with the same input, under an id of its own.",
                fits=lambda view, type_: view.is_terminal and type_.can_restart,
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
                may_cascade=True,
                fits=lambda view, _: view.is_terminal,
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
    return tuple(action for action in ACTIONS.values() if action.fits(view, type_))
