"""What people read on the pages of an approval: the facts, the history, what is asked of them.

Pure: turns a log and an instant into words and plain values. Who may see a page, and what its
forms do, is in pages; how it looks is in the templates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from shared.chain import Entry
from shared.pages import words
from workflows.approval.entries import (
    Closed,
    Decided,
    EntryKind,
    HandedOver,
    LevelOpened,
    Resubmitted,
    Withdrawn,
)
from workflows.approval.models import (
    Amount,
    ApprovalRequest,
    ApprovalStatus,
    Choice,
    OnTimeout,
    Quorum,
)
from workflows.approval.state import ApprovalState, Stage

_SOON: Final = timedelta(hours=24)

_SAID: Mapping[Choice, str] = MappingProxyType(
    {
        Choice.APPROVE: "approved",
        Choice.REJECT: "rejected",
        Choice.REQUEST_CHANGES: "asked for changes to",
    }
)


# What has become of a request that nobody is asked about now.
_BECAME: Mapping[ApprovalStatus, str] = MappingProxyType(
    {
        ApprovalStatus.APPROVED: "The request is approved.",
        ApprovalStatus.REJECTED: "The request is rejected.",
        ApprovalStatus.EXPIRED: "The request has expired.",
        ApprovalStatus.WITHDRAWN: "The request was taken back.",
        ApprovalStatus.CHANGES_REQUESTED: "The requester has been asked to change it.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request, its log, and what the log makes of it."""

    request: ApprovalRequest
    state: ApprovalState
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the history; ``settles`` marks what people decided."""

    said: str
    at: datetime
    comment: str | None = None
    settles: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """The current version of a document; ``size`` in bytes, None where it is not known."""

    name: str
    media_type: str
    sha256: str
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The page where an approver decides.

    Attributes:
        asks: how many must agree, in words.
        silence: what happens when nobody decides, in words.
        time_zone: the zone of the request's calendar, or None when the clock counts.
    """

    title: str
    kind: str
    requester: str
    asked_at: datetime
    amount: str | None
    description: str | None
    document: DocumentView | None
    level: int
    levels: int
    approver: str
    asks: str
    silence: str
    deadline_at: datetime
    time_zone: str | None
    history: tuple[Line, ...]
    now: datetime

    @property
    def is_urgent(self) -> bool:
        """Whether less than a day is left."""
        return self.deadline_at - self.now < _SOON


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What somebody did with their link, and what has become of the request."""

    did: str
    title: str
    at: datetime
    comment: str | None
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One line of an inbox; ``path`` leads to the page where it is decided."""

    path: str
    title: str
    kind: str
    requester: str
    amount: str | None
    level: int
    levels: int
    deadline_at: datetime


def question(
    case: Case,
    approver: str,
    *,
    now: datetime,
    document_size: int | None = None,
    time_zone: str | None = None,
) -> Question:
    """Show the level that is being asked to one of its approvers.

    Args:
        case: the request.
        approver: who reads it.
        now: when they do.
        document_size: in bytes, if it is known.
        time_zone: that of the request's calendar, if it has one.

    Raises:
        ValueError: Nobody is asked now.
    """
    request, state = case.request, case.state
    if state.deadline_at is None or state.stage is not Stage.OPEN:
        raise ValueError("a question is for a round that is open")
    return Question(
        title=request.title,
        kind=request.kind.capitalize(),
        requester=request.requester,
        asked_at=case.entries[0].at,
        amount=amount_words(request.amount),
        description=request.description,
        document=_document(state, document_size),
        level=state.level,
        levels=len(state.requested.chain),
        approver=approver,
        asks=_asks(state),
        silence=_silence(state),
        deadline_at=state.deadline_at,
        time_zone=time_zone,
        history=history(case.entries),
        now=now,
    )


def amount_words(amount: Amount | None) -> str | None:
    """Write an amount as people read it."""
    return words.amount(amount.minor, amount.currency) if amount else None


def history(entries: Sequence[Entry]) -> tuple[Line, ...]:
    """Tell what has happened, oldest first; bookkeeping is left out."""
    return tuple(line for entry in entries if (line := _line(entry, entries[0])) is not None)


def receipt(case: Case, approver: str, *, level: int, round_: int) -> Receipt | None:
    """Say what somebody did in a round, or None when they did nothing."""
    mine = [
        entry
        for entry in case.entries
        if (entry.actor, entry.level, entry.round) == (approver, level, round_)
        and entry.kind in {EntryKind.DECIDED, EntryKind.DELEGATED}
    ]
    if not mine:
        return None
    entry = mine[-1]
    comment = None
    if entry.kind == EntryKind.DELEGATED:
        did = f"You handed this over to {HandedOver.from_json(entry.payload).to}"
    else:
        decided = Decided.from_json(entry.payload)
        did, comment = f"You {_SAID[decided.decision]} the request", decided.comment
    return Receipt(
        did=did,
        title=case.request.title,
        at=entry.at,
        comment=comment,
        after=_after(case.state, level),
    )


def _document(state: ApprovalState, size: int | None) -> DocumentView | None:
    document = state.requested.document
    if document is None:
        return None
    return DocumentView(
        name=document.name,
        media_type=document.media_type,
        sha256=state.document_sha256 or document.sha256,
        size=size,
    )


def _asks(state: ApprovalState) -> str:
    count = len(state.approvers)
    if count == 1:
        return "Your decision settles this level."
    match state.policy:
        case "any":
            return f"Of {count} approvers, whoever decides first settles this level."
        case "all":
            return f"All {count} approvers must agree."
        case Quorum(quorum=quorum):
            return f"{min(quorum, count)} of {count} approvers must agree."


def _silence(state: ApprovalState) -> str:
    level = state.current
    match level.on_timeout:
        case OnTimeout.APPROVE if not state.escalation:
            return "If nobody decides by then, this level counts as approved."
        case OnTimeout.REJECT if not state.escalation:
            return "If nobody decides by then, the request is rejected."
        case _ if state.escalation or (not level.escalate_to and state.is_last_level):
            return "If nobody decides by then, the request expires."
        case _ if level.escalate_to:
            return f"If nobody decides by then, {_people(level.escalate_to)} will be asked."
        case _:
            return "If nobody decides by then, the next level will be asked."


def _after(state: ApprovalState, level: int) -> str:
    if became := _BECAME.get(state.status):
        return became
    if state.level > level or state.stage is Stage.AGREED:
        return "The request goes on to the next level."
    return "Others are still asked."


def _line(entry: Entry, first: Entry) -> Line | None:
    found = _told(entry, first)
    if found is None:
        return None
    said, comment = found
    settles = entry.kind in {EntryKind.DECIDED, EntryKind.CLOSED}
    return Line(said=said, at=entry.at, comment=comment, settles=settles)


def _told(entry: Entry, first: Entry) -> tuple[str, str | None] | None:  # noqa: PLR0911 - one per kind
    match entry.kind:
        case EntryKind.REQUESTED:
            return f"{first.payload['requester']} asked for approval", None
        case EntryKind.LEVEL_OPENED:
            return _opened(entry), None
        case EntryKind.DECIDED:
            decided = Decided.from_json(entry.payload)
            return f"{entry.actor} {_SAID[decided.decision]} the request", decided.comment
        case EntryKind.DELEGATED:
            return f"{entry.actor} handed over to {HandedOver.from_json(entry.payload).to}", None
        case EntryKind.REASSIGNED:
            handed = HandedOver.from_json(entry.payload)
            return f"{entry.actor} put {handed.to} in the place of {handed.from_}", None
        case EntryKind.RESUBMITTED:
            resubmitted = Resubmitted.from_json(entry.payload)
            version = " with a new version of the document" if resubmitted.document_sha256 else ""
            return f"{entry.actor} submitted it again{version}", resubmitted.comment
        case EntryKind.WITHDRAWN:
            return f"{entry.actor} took it back", Withdrawn.from_json(entry.payload).comment
        case EntryKind.CLOSED:
            outcome = Closed.from_json(entry.payload).outcome
            return f"The request was closed: {outcome.replace('_', ' ')}", None
        case _:
            return (told, None) if (told := _PLAIN.get(entry.kind)) else None


_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        EntryKind.REMINDED: "A reminder was sent",
        EntryKind.NO_DECISION: "Nobody decided in time",
        EntryKind.AUTO_APPROVED: "Nobody decided in time, which counts as approval here",
        EntryKind.AUTO_REJECTED: "Nobody decided in time, which counts as rejection here",
        EntryKind.EXPIRED: "Nobody decided in time, and the request expired",
        EntryKind.PUBLISHED: "The document was published",
    }
)


def _opened(entry: Entry) -> str:
    opened = LevelOpened.from_json(entry.payload)
    were = "was" if len(opened.approvers) == 1 else "were"
    instead = " instead" if opened.escalation else ""
    return f"Level {entry.level}: {_people(opened.approvers)} {were} asked to decide{instead}"


def _people(addresses: Sequence[str]) -> str:
    """Name a few, count the rest."""
    named = 3
    if len(addresses) > named:
        return f"{', '.join(addresses[: named - 1])} and {len(addresses) - named + 1} others"
    return " and ".join(filter(None, [", ".join(addresses[:-1]), addresses[-1]]))
