"""What operators' actions take and answer, for the API's description."""

from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from shared.descriptions import Answer, Operation, Parameter
from shared.models import WireModel
from workflows.management.bodies import BatchBody, Cascading, EventBody, Reasoned
from workflows.management.once import HEADER

_TAG: Final = "Operations"
_KEY: Final = Parameter(
    name=HEADER,
    place="header",
    description="Makes a repeat the same request: it gets the first one's answer.",
    type=Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,100}$")],
)
_REPEATS: Final = (
    "with the same `Idempotency-Key`, the same request gets the same answer and another one is a"
    " conflict; without one, what is so already stays so."
)
_BUSY: Final = ("invalid_request", "conflicting_request", "request_in_progress")
_REASON: Final = {"reason": "asked for by the customer"}


class AffectedInstance(WireModel):
    """What came of an action for one instance: the workflow itself, or one of its children."""

    instance_id: str
    result: str
    new_instance_id: str | None = None


class Acted(WireModel):
    """What was done; a restart's ``links`` lead to the new instance."""

    instance_id: str
    action: str
    affected: tuple[AffectedInstance, ...]
    links: dict[str, str]


class Purged(WireModel):
    """How many instances are forgotten; the audit stays."""

    purged: int
    links: dict[str, str]


class AuditItem(WireModel):
    """Who did what, and why."""

    at: AwareDatetime
    action: str
    actor: str
    proof: str
    reason: str
    result: str | None


class AuditPage(WireModel):
    """The newest first; ``verified`` says that nothing was changed since."""

    items: tuple[AuditItem, ...]
    verified: bool


class ChosenItem(WireModel):
    """One of the workflows that a filter found, and what came of it, or would."""

    instance_id: str
    result: str


class BatchOutcome(WireModel):
    """What was done to many; with ``nextCursor`` there are more."""

    dry_run: bool
    matched: int
    items: tuple[ChosenItem, ...]
    next_cursor: str | None


def _action(request: type[Reasoned], *refuses: str) -> Operation:
    return Operation(
        tag=_TAG,
        request=request,
        example=_REASON,
        parameters=(_KEY,),
        answers={
            202: Answer(description="It is done or begun.", model=Acted, headers=("Location",)),
            200: Answer(description="It was so already.", model=Acted, headers=("Location",)),
        },
        refuses=(*_BUSY, *refuses, "provider_unavailable"),
        repeats=_REPEATS,
    )


CANCEL: Final = _action(Reasoned, "not_active", "not_cancellable", "past_cancelling")
TERMINATE: Final = _action(Cascading, "not_active")
SUSPEND: Final = _action(Cascading, "not_active")
RESUME: Final = _action(Cascading, "not_active")
REWIND: Final = _action(Reasoned, "not_failed", "not_rewindable", "not_active")
RESTART: Final = _action(Reasoned, "not_ended", "not_restartable")
RAISE_EVENT: Final = _action(EventBody, "not_active", "event_unknown")
PURGE: Final = Operation(
    tag=_TAG,
    request=Cascading,
    example=_REASON,
    parameters=(_KEY,),
    answers={200: Answer(description="It is forgotten.", model=Purged)},
    refuses=(*_BUSY, "not_ended", "provider_unavailable"),
    repeats=_REPEATS,
)
AUDIT: Final = Operation(
    tag=_TAG, answers={200: Answer(description="All that was done to it.", model=AuditPage)}
)
CHANGE_MANY: Final = Operation(
    tag=_TAG,
    request=BatchBody,
    example={**_REASON, "action": "suspend", "filter": {"type": "batch"}, "dryRun": True},
    parameters=(_KEY,),
    answers={200: Answer(description="What was done, or would be.", model=BatchOutcome)},
    refuses=(*_BUSY, "provider_unavailable"),
    repeats=_REPEATS,
)
