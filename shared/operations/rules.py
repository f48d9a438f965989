"""What can be done to which workflow: the actions, what comes of them, and when they are refused.

Pure values, so that lists and pages can offer what would be done. Doing it is in actions.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import azure.durable_functions as df

from shared.durable import InstanceId, InstanceView
from shared.errors import RefusedError
from shared.models import JsonObject
from shared.operations.types import WorkflowType

_Status = df.OrchestrationRuntimeStatus


class Action(StrEnum):
    """What can be done to a workflow."""

    CANCEL = "cancel"
    TERMINATE = "terminate"
    SUSPEND = "suspend"
    RESUME = "resume"
    REWIND = "rewind"
    RESTART = "restart"
    PURGE = "purge"
    RAISE_EVENT = "raise_event"


class Result(StrEnum):
    """What came of it, for one instance.

    Everything but DONE and ALREADY is a refusal, and its value the code that callers are told.
    """

    DONE = "done"
    ALREADY = "already"
    NOT_ACTIVE = "not_active"
    NOT_CANCELLABLE = "not_cancellable"
    PAST_CANCELLING = "past_cancelling"
    NOT_FAILED = "not_failed"
    NOT_REWINDABLE = "not_rewindable"
    NOT_RESTARTABLE = "not_restartable"
    NOT_ENDED = "not_ended"
    UNKNOWN = "instance_unknown"


_DETAILS: Final = {
    Result.NOT_ACTIVE: "the workflow has ended",
    Result.NOT_CANCELLABLE: "workflows of this type know no cancelling; terminate undoes nothing",
    Result.PAST_CANCELLING: "it is too late to cancel: the workflow only goes forward",
    Result.NOT_FAILED: "only a failed workflow can be rewound",
    Result.NOT_REWINDABLE: "the runtime cannot take this failure back",
    Result.NOT_RESTARTABLE: "workflows of this type are not started again with their old input",
    Result.NOT_ENDED: "the workflow has not ended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who acts: an address (personal data) or the name of a key, and how that was proved."""

    actor: str
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """What came of an action for one instance; ``new_instance_id`` is what a restart started."""

    instance_id: InstanceId
    result: Result
    new_instance_id: InstanceId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an operator wants.

    Attributes:
        action: what.
        reason: why, for the audit and for the instance's history; holds no personal data.
        cascade: whether children are reached, too.
        event: the name of the event to raise.
        data: what the event carries.
    """

    action: Action
    reason: str
    cascade: bool = True
    event: str = ""
    data: JsonObject = field(default_factory=dict[str, Any])


_RUNNING_ONLY: Final = frozenset(
    {Action.CANCEL, Action.TERMINATE, Action.SUSPEND, Action.RESUME, Action.RAISE_EVENT}
)
_ENDED_ONLY: Final = frozenset({Action.RESTART, Action.PURGE})
CASCADES: Final = frozenset({Action.TERMINATE, Action.SUSPEND, Action.RESUME})
_ALREADY: Final = {
    Action.TERMINATE: frozenset({_Status.Terminated}),
    Action.SUSPEND: frozenset({_Status.Suspended}),
    Action.RESUME: frozenset({_Status.Running, _Status.Pending, _Status.ContinuedAsNew}),
}


def foreseen(action: Action, view: InstanceView, type_: WorkflowType) -> Result:
    """Say what would come of an action, as far as that can be told without doing it."""
    status, ended = view.runtime_status, view.is_terminal
    outcomes = (
        (Result.ALREADY, status in _ALREADY.get(action, frozenset())),
        (Result.NOT_ACTIVE, ended and action in _RUNNING_ONLY),
        (Result.NOT_CANCELLABLE, action is Action.CANCEL and type_.cancel is None),
        (Result.NOT_FAILED, action is Action.REWIND and status is not _Status.Failed),
        (Result.NOT_RESTARTABLE, action is Action.RESTART and not type_.can_restart),
        (Result.NOT_ENDED, action in _ENDED_ONLY and not ended),
    )
    return next((outcome for outcome, applies in outcomes if applies), Result.DONE)


def refusal(result: Result) -> RefusedError:
    """Return the error that a refused action is told as."""
    return RefusedError(result.value, _DETAILS[result])
