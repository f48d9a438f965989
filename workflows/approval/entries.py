"""What the log of a request holds: the kinds of entries and the payload of each.

Released kinds never change their meaning; fields are only added. What entries make of a request is
in state.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field

from shared.models import WireModel
from workflows.approval.models import (
    Amount,
    ApprovalStatus,
    Choice,
    Document,
    Level,
    Policy,
    RequestKind,
)


class EntryKind(StrEnum):
    """What can have happened to a request."""

    REQUESTED = "requested"
    LEVEL_OPENED = "level_opened"
    DECIDED = "decided"
    DELEGATED = "delegated"
    REASSIGNED = "reassigned"
    REMINDED = "reminded"
    NO_DECISION = "no_decision"
    AUTO_APPROVED = "auto_approved"
    AUTO_REJECTED = "auto_rejected"
    CHANGES_REQUESTED = "changes_requested"
    RESUBMITTED = "resubmitted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CLOSED = "closed"
    PUBLISHED = "published"


class Requested(WireModel):
    """The facts that decisions rest on; ``digest`` binds title and description to the log."""

    kind: RequestKind
    requester: str
    digest: str
    amount: Amount | None = None
    document: Document | None = None
    chain: tuple[Level, ...]
    calendar: str | None = None


class LevelOpened(WireModel):
    """Who is asked, and the instants of the orchestration's time that shape the wait."""

    approvers: tuple[str, ...]
    policy: Policy
    escalation: bool = False
    opened_at: AwareDatetime
    deadline_at: AwareDatetime
    remind_at: tuple[AwareDatetime, ...] = ()


class Decided(WireModel):
    """What an approver said."""

    decision: Choice
    comment: str | None = None
    document_sha256: str | None = None
    decision_id: str | None = None

    def says_the_same(self, other: Self) -> bool:
        """Whether both mean the same, under whatever id they came."""
        return self.model_copy(update={"decision_id": None}) == other.model_copy(
            update={"decision_id": None}
        )


class HandedOver(WireModel):
    """Who is asked in whose place: the payload of delegated and of reassigned."""

    from_: Annotated[str, Field(alias="from")]
    to: str


class Reminded(WireModel):
    """How many of the round's reminders are done with."""

    reminders: int


class ChangesRequested(WireModel):
    """Until when the requester may answer, in the orchestration's time."""

    deadline_at: AwareDatetime


class Resubmitted(WireModel):
    """What the requester has changed."""

    document_sha256: str | None = None
    comment: str | None = None


class Withdrawn(WireModel):
    """Why the requester took it back."""

    comment: str | None = None


class Published(WireModel):
    """Which version of the document others can read now."""

    document_sha256: str


class Closed(WireModel):
    """How it ended."""

    outcome: ApprovalStatus
