"""What crosses a boundary of this domain: what people send, what activities say, the result.

What people send is kept in storage and enters no history: it holds names, addresses and sums. What
the orchestrator sees is ids, numbers, instants and statuses. Entries of the log are in entries.
"""

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from shared.fields import matching
from shared.models import EdgeModel, JsonObject, WireModel
from shared.money import Currency
from shared.personal import Paragraph, PlainText
from shared.principal import PrincipalId

MOST_LEVELS = 20
MOST_APPROVERS = 50
SHORTEST_TIMEOUT_S = 60
LONGEST_TIMEOUT_S = 90 * 24 * 3600

Identifier = Annotated[
    str,
    matching(
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
        "1 to 64 letters, digits, - and _, beginning with a letter or digit",
    ),
]
Sha256 = Annotated[str, matching(r"[0-9a-f]{64}", "64 hexadecimal digits in lower case")]
MediaType = Annotated[
    str, matching(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", "a media type such as application/pdf")
]
CalendarName = Annotated[
    str,
    matching(r"[a-z][a-z0-9_]{0,31}", "1 to 32 of a-z, 0-9 and _, beginning with a letter"),
]


class RequestKind(StrEnum):
    """What is asked for."""

    EXPENSE = "expense"
    LEAVE = "leave"
    PURCHASE = "purchase"
    DOCUMENT = "document"


class OnTimeout(StrEnum):
    """What silence means at a level; APPROVE only for whoever may ask for it."""

    ESCALATE = "escalate"
    APPROVE = "approve"
    REJECT = "reject"


class Quorum(EdgeModel):
    """So many approvals are enough."""

    quorum: Annotated[int, Field(ge=1, le=MOST_APPROVERS)]


type AnyOrAll = Literal["any", "all"]


def _policy(raw: object) -> AnyOrAll | Quorum:
    match raw:
        case "any":
            return "any"
        case "all":
            return "all"
        case Quorum():
            return raw
        case _:
            return _quorum(raw)


def _quorum(raw: object) -> Quorum:
    try:
        return Quorum.from_json(raw)
    except ValueError:
        raise PydanticCustomError(
            "malformed", 'expected "any", "all" or a quorum of 1 to 50 such as {{"quorum": 2}}'
        ) from None


def _policy_json(policy: AnyOrAll | Quorum) -> str | JsonObject:
    return policy.to_json() if isinstance(policy, Quorum) else policy


# One validator, so that a refusal names the field and not the branches of a union.
Policy = Annotated[
    AnyOrAll | Quorum,
    PlainValidator(_policy, json_schema_input_type=AnyOrAll | Quorum),
    PlainSerializer(_policy_json),
]


def _ascending(shares: tuple[float, ...]) -> tuple[float, ...]:
    if any(later <= earlier for earlier, later in pairwise(shares)):
        raise PydanticCustomError("not_ascending", "expected shares in ascending order, each once")
    return shares


Share = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Shares = Annotated[tuple[Share, ...], Field(max_length=5), AfterValidator(_ascending)]
DEFAULT_SHARES = (0.5, 0.9)
Approvers = Annotated[tuple[PrincipalId, ...], Field(min_length=1, max_length=MOST_APPROVERS)]


class Level(EdgeModel):
    """One rung: who is asked, how many must agree, how long they have, what silence means.

    ``timeoutS`` counts seconds of the request's calendar, else of the clock; ``remindAt`` are
    shares of it.
    """

    approvers: Approvers
    policy: Policy
    timeout_s: Annotated[int, Field(ge=SHORTEST_TIMEOUT_S, le=LONGEST_TIMEOUT_S)]
    on_timeout: OnTimeout
    escalate_to: Annotated[tuple[PrincipalId, ...], Field(max_length=MOST_APPROVERS)] = ()
    remind_at: Shares = DEFAULT_SHARES


class Amount(EdgeModel):
    """Money: whole minor units and an ISO 4217 code."""

    minor: Annotated[int, Field(ge=0, le=10**12)]
    currency: Currency


class Document(EdgeModel):
    """What is to be read before it is decided; known by the SHA-256 of its bytes."""

    sha256: Sha256
    name: PlainText
    media_type: MediaType


class ApprovalRequest(EdgeModel):
    """The body of ``POST /api/approvals``; without a chain the rule table says who is asked."""

    request_id: Identifier
    kind: RequestKind
    title: PlainText
    description: Paragraph | None = None
    requester: PrincipalId
    amount: Amount | None = None
    document: Document | None = None
    chain: Annotated[tuple[Level, ...], Field(min_length=1, max_length=MOST_LEVELS)] | None = None
    calendar: CalendarName | None = None


class Choice(StrEnum):
    """What an approver can say."""

    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"


class DecisionBody(EdgeModel):
    """What an approver sends; ``decisionId`` makes a repeat recognisable whatever it says."""

    decision: Choice
    comment: Paragraph | None = None
    document_sha256: Sha256 | None = None
    decision_id: Identifier | None = None


class DelegateBody(EdgeModel):
    """Whom an approver names in their place."""

    to: PrincipalId


class ReassignBody(EdgeModel):
    """Whom an operator puts in whose place."""

    from_: Annotated[PrincipalId, Field(alias="from")]
    to: PrincipalId


class WithdrawBody(EdgeModel):
    """Why a requester takes the request back."""

    comment: Paragraph | None = None


class ResubmitBody(EdgeModel):
    """What a requester has changed."""

    document_sha256: Sha256 | None = None
    comment: Paragraph | None = None


class ApprovalStatus(StrEnum):
    """Where a request stands; the last four are ends."""

    REQUESTED = "requested"
    AWAITING_DECISION = "awaiting_decision"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ApprovalInput(WireModel):
    """The orchestrator's input: which request, and how much of its log is dealt with."""

    request_id: Identifier
    seen: int = 0


class Advance(WireModel):
    """Input: append to the log what is due at an instant of the orchestration's own time."""

    request_id: Identifier
    seen: int
    now: AwareDatetime


class Notice(WireModel):
    """Somebody has to hear of an entry; who and what is in the log."""

    sequence: int
    kind: str


class Step(WireModel):
    """What an advance found: numbers, instants and statuses, nothing about people.

    ``publish`` says that a document was approved and is not published yet.
    """

    sequence: int
    level: int
    round: int
    status: ApprovalStatus
    closed: bool
    publish: bool = False
    log_hash: str
    opened_at: AwareDatetime | None = None
    deadline_at: AwareDatetime | None = None
    remind_at: AwareDatetime | None = None
    wake_at: AwareDatetime | None = None
    notices: tuple[Notice, ...] = ()


class Notify(WireModel):
    """Input: tell whom it concerns of one entry of the log."""

    request_id: Identifier
    sequence: int


class PublishDocument(WireModel):
    """Input: publish what a request approved, at an instant of the orchestration's time."""

    request_id: Identifier
    now: AwareDatetime


class LogEnd(WireModel):
    """The last entry of a log: whoever has it can tell whether the log was changed since."""

    sequence: int
    hash: str


class ApprovalResult(WireModel):
    """The orchestration's output; ``logHash`` seals the log in a second place."""

    request_id: Identifier
    status: ApprovalStatus
    level: int
    round: int
    entries: int
    log_hash: str
    completed_at: AwareDatetime
