"""What the HTTP functions of this domain take and answer, for the API's description."""

from typing import Annotated, Any, Final

from pydantic import AwareDatetime, Field

from shared.descriptions import HTML, Answer, Follow, Operation, Parameter
from shared.models import WireModel
from workflows.approval.documents import MEDIA_TYPES
from workflows.approval.models import (
    MOST_LEVELS,
    Amount,
    ApprovalRequest,
    ApprovalStatus,
    DecisionBody,
    DelegateBody,
    Document,
    ReassignBody,
    ResubmitBody,
    Sha256,
    WithdrawBody,
)

_TAG: Final = "Approvals"
_HERE: Final = {"instanceId": "$response.body#/instanceId"}
_LEVEL: Final = Annotated[int, Field(ge=1, le=MOST_LEVELS)]
_BYTES: Final = Annotated[str, Field(json_schema_extra={"contentMediaType": "application/pdf"})]

type Links = dict[str, str | None]


class ApprovalAccepted(WireModel):
    """A request is taken; ``links`` lead to it and to its workflow."""

    request_id: str
    instance_id: str
    links: Links


class DecisionRecorded(WireModel):
    """What was wanted is in the log: by this call, or ``repeated`` by one before."""

    request_id: str
    instance_id: str
    outcome: str
    status: ApprovalStatus
    level: int
    round: int
    sequence: int
    links: Links


class ApprovalSummary(WireModel):
    """Where a request stands."""

    request_id: str
    instance_id: str
    status: ApprovalStatus
    kind: str
    title: str
    requester: str
    amount: Amount | None
    level: int
    round: int
    levels: int
    opened_at: AwareDatetime | None
    deadline_at: AwareDatetime | None
    links: Links


class ApprovalView(ApprovalSummary):
    """Everything about a request, for whoever may see it; ``entries`` is its log."""

    description: str | None
    document: Document | None
    chain: tuple[dict[str, Any], ...]
    waiting_for: tuple[str, ...]
    you: dict[str, bool]
    entries: tuple[dict[str, Any], ...]


class ApprovalInbox(WireModel):
    """What waits for the caller."""

    waiting: tuple[ApprovalSummary, ...]


class LogFinding(WireModel):
    """Where a log is not as it was written, and how that shows."""

    sequence: int
    reason: str


class ApprovalEvidence(WireModel):
    """A request's log with every hash, and whether it is as it was written."""

    request_id: str
    instance_id: str
    verified: bool
    findings: tuple[LogFinding, ...]
    first_broken: int | None
    entries: tuple[dict[str, Any], ...]


class DocumentKept(WireModel):
    """What a request names the document by."""

    sha256: Sha256
    size: int
    name: str
    media_type: str


_FOLLOW: Final = (
    Follow(function="approval_look", parameters=_HERE),
    Follow(function="management_get_workflow", parameters=_HERE),
    Follow(function="approval_decide", parameters={**_HERE, "level": "1"}),
    Follow(function="approval_withdraw", parameters=_HERE, body={}),
)
_RECORDED: Final = {
    200: Answer(description="It is recorded.", model=DecisionRecorded, headers=("Location",))
}
_REFUSES: Final = ("request_closed", "not_active", "instance_purged")

SUBMIT: Final = Operation(
    tag=_TAG,
    request=ApprovalRequest,
    example={
        "requestId": "trip-2031",
        "kind": "expense",
        "title": "Trip to a customer",
        "requester": "employee@example.com",
        "amount": {"minor": 25000, "currency": "EUR"},
    },
    answers={
        202: Answer(
            description="It is being decided.",
            model=ApprovalAccepted,
            headers=("Location", "Retry-After"),
            follow=_FOLLOW,
        ),
        200: Answer(
            description="The same request was sent before, and has ended.",
            model=ApprovalAccepted,
            headers=("Location",),
            follow=_FOLLOW,
        ),
    },
    refuses=("requester_mismatch", "conflicting_request", "instance_purged"),
    repeats="`requestId` is the key. The same request is the same instance; another is a conflict.",
)
INBOX: Final = Operation(
    tag=_TAG, answers={200: Answer(description="A hundred at most.", model=ApprovalInbox)}
)
LOOK: Final = Operation(
    tag=_TAG,
    answers={200: Answer(description="The request.", model=ApprovalView, headers=("Retry-After",))},
)
DECIDE: Final = Operation(
    tag=_TAG,
    request=DecisionBody,
    example={"decision": "approve", "decisionId": "decision-1"},
    path={"level": _LEVEL},
    answers=_RECORDED,
    refuses=(
        *_REFUSES,
        *("invalid_request", "already_decided", "document_changed", "not_current_level"),
        *("not_an_approver", "self_approval"),
    ),
    repeats="`decisionId`, or the same decision of the same person, is recorded once.",
)
DELEGATE: Final = Operation(
    tag=_TAG,
    request=DelegateBody,
    example={"to": "deputy@example.com"},
    answers=_RECORDED,
    refuses=(*_REFUSES, "not_an_approver", "not_current_level", "already_decided"),
    repeats="is recorded once.",
)
REASSIGN: Final = Operation(
    tag=_TAG,
    request=ReassignBody,
    example={"from": "manager@example.com", "to": "deputy@example.com"},
    answers=_RECORDED,
    refuses=(*_REFUSES, "not_an_operator", "not_an_approver", "not_current_level"),
    repeats="is recorded once.",
)
WITHDRAW: Final = Operation(
    tag=_TAG,
    request=WithdrawBody,
    example={"comment": "the trip was called off"},
    answers=_RECORDED,
    refuses=(*_REFUSES, "not_the_requester"),
    repeats="is recorded once.",
)
RESUBMIT: Final = Operation(
    tag=_TAG,
    request=ResubmitBody,
    example={"comment": "with the receipt"},
    answers=_RECORDED,
    refuses=(*_REFUSES, "not_the_requester", "no_changes_requested", "document_changed"),
    repeats="is recorded once for each request for changes.",
)
AUDIT: Final = Operation(
    tag=_TAG, answers={200: Answer(description="The evidence.", model=ApprovalEvidence)}
)
UPLOAD_DOCUMENT: Final = Operation(
    tag=_TAG,
    request=_BYTES,
    media_types=tuple(MEDIA_TYPES),
    parameters=(
        Parameter(
            name="X-Document-Name",
            place="header",
            required=True,
            description="The document's name, percent-encoded UTF-8.",
        ),
    ),
    answers={
        201: Answer(description="It is kept.", model=DocumentKept),
        200: Answer(description="The same bytes were kept before.", model=DocumentKept),
    },
    repeats="the bytes are the key: they are kept once.",
)
GET_DOCUMENT: Final = Operation(
    tag=_TAG,
    answers={200: Answer(description="The document.", media_types=tuple(MEDIA_TYPES))},
)
OPEN_LINK: Final = Operation(
    tag="Pages",
    answers={
        200: Answer(description="What is asked, or what was decided.", media_types=(HTML,)),
        303: Answer(description="It is recorded.", media_types=(), headers=("Location",)),
    },
    refuses=("link_refused", "already_decided", "invalid_request", "unsupported_media_type"),
    repeats="a link decides once; afterwards it shows what was decided.",
)
DOWNLOAD: Final = Operation(
    tag="Pages",
    answers={200: Answer(description="The document.", media_types=tuple(MEDIA_TYPES))},
    refuses=("link_refused",),
)
