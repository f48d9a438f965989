"""Who is written to about an entry of the log, and what.

Pure. A letter that asks for a decision carries the approver's own link; one that comes too late to
ask for anything is not written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from shared.chain import Entry
from shared.money import in_words
from workflows.approval.entries import EntryKind, HandedOver
from workflows.approval.models import ApprovalRequest, ApprovalStatus, Choice
from workflows.approval.state import ApprovalState, rejections_needed

type LinkFor = Callable[[str], str]

_ASKS: Final = frozenset(
    {
        EntryKind.LEVEL_OPENED,
        EntryKind.REMINDED,
        EntryKind.DELEGATED,
        EntryKind.REASSIGNED,
    }
)

_SUBJECTS: Mapping[str, str] = MappingProxyType(
    {
        EntryKind.LEVEL_OPENED: "Please decide: {title}",
        EntryKind.REMINDED: "Reminder, please decide: {title}",
        EntryKind.DELEGATED: "You were named to decide: {title}",
        EntryKind.REASSIGNED: "You were named to decide: {title}",
        EntryKind.CHANGES_REQUESTED: "Please change your request: {title}",
    }
)

_OUTCOMES: Mapping[ApprovalStatus, str] = MappingProxyType(
    {
        ApprovalStatus.APPROVED: "Approved: {title}",
        ApprovalStatus.REJECTED: "Rejected: {title}",
        ApprovalStatus.EXPIRED: "Nobody decided in time: {title}",
        ApprovalStatus.WITHDRAWN: "Withdrawn: {title}",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter to one person, in plain text."""

    recipient: str
    subject: str
    text: str


def letters(
    entry: Entry, state: ApprovalState, request: ApprovalRequest, *, link: LinkFor
) -> tuple[Letter, ...]:
    """Write to everybody whom an entry concerns.

    Args:
        entry: what happened.
        state: where the request stands now, which may be later.
        request: what was asked for, with its words.
        link: returns the address of the page where an approver decides.
    """
    if entry.kind in _ASKS:
        is_current = (entry.level, entry.round) == (state.level, state.round)
        asked = [one for one in _asked_by(entry, state) if is_current and one in state.undecided]
        return tuple(_question(entry, state, request, one, link(one)) for one in asked)
    if entry.kind == EntryKind.CHANGES_REQUESTED:
        return (_wish(state, request),)
    if entry.kind == EntryKind.CLOSED:
        return _news(state, request)
    return ()


def _asked_by(entry: Entry, state: ApprovalState) -> tuple[str, ...]:
    match entry.kind:
        case EntryKind.DELEGATED | EntryKind.REASSIGNED:
            return (HandedOver.from_json(entry.payload).to,)
        case _:
            return state.approvers


def _question(
    entry: Entry, state: ApprovalState, request: ApprovalRequest, approver: str, link: str
) -> Letter:
    deadline = f"\nPlease decide by {state.deadline_at:%Y-%m-%d %H:%M} UTC." * bool(
        state.deadline_at
    )
    return Letter(
        recipient=approver,
        subject=_SUBJECTS[entry.kind].format(title=request.title),
        text=f"{_facts(request)}{deadline}\n\nRead it and decide here:\n{link}\n\n"
        "The link is for you alone and works once. Please do not forward it.",
    )


def _wish(state: ApprovalState, request: ApprovalRequest) -> Letter:
    wishes = [made.comment for made in state.decisions.values() if made.comment]
    said = "".join(f"\n\n{wish}" for wish in wishes)
    return Letter(
        recipient=state.requested.requester,
        subject=_SUBJECTS[EntryKind.CHANGES_REQUESTED].format(title=request.title),
        text=f"An approver asks you to change your request.{said}",
    )


def _news(state: ApprovalState, request: ApprovalRequest) -> tuple[Letter, ...]:
    """Tell the requester how it ended, and those who were still asked that they need not decide."""
    said = [made.comment for made in state.decisions.values() if made.comment]
    comments = "".join(f"\n\n{comment}" for comment in said)
    told = Letter(
        recipient=state.requested.requester,
        subject=_OUTCOMES[state.status].format(title=request.title),
        text=f"{_facts(request)}{_ending(state)}{comments}",
    )
    if state.status is not ApprovalStatus.WITHDRAWN:
        return (told,)
    spared = [one for one in state.approvers if one not in state.decisions]
    return (
        told,
        *(
            Letter(
                recipient=one,
                subject=_OUTCOMES[state.status].format(title=request.title),
                text="The requester took it back: there is nothing to decide any more.",
            )
            for one in spared
        ),
    )


def _ending(state: ApprovalState) -> str:
    """Say at which level it ended when it did not end well, and whether time ended it."""
    level = f"level {state.level} of {len(state.requested.chain)}"
    said = [made.decision for made in state.decisions.values()]
    match state.status:
        case ApprovalStatus.REJECTED:
            enough = rejections_needed(state.policy, len(state.approvers))
            by_time = ", because nobody decided in time" * (said.count(Choice.REJECT) < enough)
            return f"\n\nIt was rejected at {level}{by_time}."
        case ApprovalStatus.EXPIRED if Choice.REQUEST_CHANGES in said:
            return f"\n\nThe changes that {level} asked for did not come in time."
        case ApprovalStatus.EXPIRED:
            return f"\n\nNobody decided at {level} in time."
        case _:
            return ""


def _facts(request: ApprovalRequest) -> str:
    lines = [request.title, f"Asked for by {request.requester}: {request.kind}"]
    if request.amount:
        lines.append(in_words(request.amount.minor, request.amount.currency))
    if request.document:
        lines.append(f"Document: {request.document.name}")
    if request.description:
        lines += ["", request.description]
    return "\n".join(lines)
