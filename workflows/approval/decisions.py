"""What people may do: ``decide`` turns what somebody wants into an entry, or says why not.

Pure, and about the log's state alone. A decision is in time exactly when no timeout is in the log
yet: the clock of whoever decides is never compared with the orchestration's. What time requires is
in transitions.
"""

from dataclasses import dataclass
from typing import assert_never

from shared.chain import NewEntry
from shared.models import WireModel
from shared.principal import Principal, Role
from workflows.approval.entries import (
    Decided,
    EntryKind,
    HandedOver,
    Resubmitted,
    Withdrawn,
)
from workflows.approval.models import ApprovalStatus
from workflows.approval.state import ApprovalState, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """Say something at a level; ``round`` is given when the decision is bound to one, by a link."""

    level: int
    round: int | None = None
    decided: Decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate:
    """Name somebody in one's own place; level and round are given by a link, which is for one."""

    to: str
    level: int | None = None
    round: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassign:
    """Put somebody in somebody else's place."""

    from_: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Take the request back: the requester, or an operator in their place."""

    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resubmit:
    """Answer a request for changes."""

    document_sha256: str | None = None
    comment: str | None = None


type Command = Decide | Delegate | Reassign | Withdraw | Resubmit


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why nothing is recorded.

    ``code`` is stable, ``detail`` is for people, ``pointer`` names the field of the body that is
    wrong, if one is.
    """

    code: str
    detail: str
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class Repeated:
    """The very same is recorded already: whoever asks again has succeeded before."""


CLOSED = Refusal(code="request_closed", detail="the request has ended")
ALREADY_DECIDED = Refusal(code="already_decided", detail="this level has been decided")
NOT_CURRENT = Refusal(code="not_current_level", detail="this level is not being asked")
NOT_AN_APPROVER = Refusal(code="not_an_approver", detail="you are not asked to decide this")
SELF_APPROVAL = Refusal(
    code="self_approval", detail="nobody takes part in deciding their own request"
)
DOCUMENT_CHANGED = Refusal(
    code="document_changed", detail="the decision is about another version of the document"
)
NO_CHANGES_REQUESTED = Refusal(
    code="no_changes_requested", detail="nobody has asked for changes of the request"
)
NOT_THE_REQUESTER = Refusal(code="not_the_requester", detail="only the requester may do this")
# One text for every reason, so that trying teaches nothing.
LINK_REFUSED = Refusal(code="link_refused", detail="this link is not valid, or not any more")
NOT_AN_OPERATOR = Refusal(code="not_an_operator", detail="only operators may do this")


type Outcome = NewEntry | Repeated | Refusal


def decide(state: ApprovalState, command: Command, actor: Principal) -> Outcome:
    """Return the entry that the command becomes, or why it becomes none."""
    match command:
        case Decide():
            return _decide(state, command, actor)
        case Delegate():
            return _delegate(state, command, actor)
        case Reassign():
            return _reassign(state, command, actor)
        case Withdraw():
            return _withdraw(state, command, actor)
        case Resubmit():
            return _resubmit(state, command, actor)
        case _:
            assert_never(command)


def _decide(state: ApprovalState, command: Decide, actor: Principal) -> Outcome:
    if refusal := _stranger(state, actor):
        return refusal
    if _is_repeat(state, command, actor):
        return Repeated()
    return (
        _off_level(state, command)
        or _not_waited_for(state, actor.id)
        or _wrong_document(state, command.decided.document_sha256)
        or _entry(state, EntryKind.DECIDED, command.decided, actor)
    )


def _stranger(state: ApprovalState, actor: Principal) -> Refusal | None:
    if refusal := _own_request(state, actor):
        return refusal
    return None if actor.id in state.asked else NOT_AN_APPROVER


def _own_request(state: ApprovalState, actor: Principal) -> Refusal | None:
    return SELF_APPROVAL if actor.id == state.requested.requester else None


def _off_level(state: ApprovalState, command: Decide) -> Refusal | None:
    """Say why the level cannot be decided now; None when it can."""
    decided = {ApprovalStatus.APPROVED, ApprovalStatus.REJECTED}
    if state.has_ended:
        was_asked = 1 <= command.level <= state.level and state.status in decided
        return ALREADY_DECIDED if was_asked else CLOSED
    if 1 <= command.level < state.level:
        return ALREADY_DECIDED
    if command.level != state.level or command.round not in {None, state.round}:
        return NOT_CURRENT
    match state.stage:
        case Stage.OPEN:
            return None
        case Stage.TO_OPEN:
            return NOT_CURRENT
        case _:
            return ALREADY_DECIDED


def _is_repeat(state: ApprovalState, command: Decide, actor: Principal) -> bool:
    """Whether the decision is in the log: by its id, or as what they said at that level.

    An answer may have been lost and the request have moved on since, but what was said in an
    earlier round of the current level is not what is asked now.
    """
    wanted = command.decided
    for (approver, level, round_), made in state.said.items():
        if approver != actor.id:
            continue
        if wanted.decision_id is not None and made.decision_id == wanted.decision_id:
            return True
        is_meant = round_ == command.round if command.round else level < state.level
        is_current = (level, round_) == (state.level, state.round)
        if level == command.level and (is_meant or is_current) and made.says_the_same(wanted):
            return True
    return False


def _wrong_document(state: ApprovalState, sha256: str | None) -> Refusal | None:
    if sha256 == state.document_sha256:
        return None
    if sha256 is None:
        return Refusal(
            code="invalid_request",
            detail="a decision on a document says which version it is about",
            pointer="/documentSha256",
        )
    return DOCUMENT_CHANGED


def _not_waited_for(state: ApprovalState, approver: str) -> Refusal | None:
    if approver not in state.approvers:
        return NOT_AN_APPROVER
    return ALREADY_DECIDED if approver in state.decisions else None


def _delegate(state: ApprovalState, command: Delegate, actor: Principal) -> Outcome:
    if refusal := _stranger(state, actor):
        return refusal
    handed = HandedOver(from_=actor.id, to=command.to)
    if _is_handed_over(state, handed):
        return Repeated()
    is_here = command.level in {None, state.level} and command.round in {None, state.round}
    return (
        _not_open(state)
        or (None if is_here else NOT_CURRENT)
        or _not_waited_for(state, actor.id)
        or _unfit_substitute(state, command.to)
        or _entry(state, EntryKind.DELEGATED, handed, actor)
    )


def _reassign(state: ApprovalState, command: Reassign, actor: Principal) -> Outcome:
    if not actor.has(Role.OPERATOR):
        return NOT_AN_OPERATOR
    if refusal := _own_request(state, actor):
        return refusal
    handed = HandedOver(from_=command.from_, to=command.to)
    if _is_handed_over(state, handed):
        return Repeated()
    not_asked = Refusal(code="invalid_request", detail="is not asked now", pointer="/from")
    return (
        _not_open(state)
        or (None if command.from_ in state.approvers else not_asked)
        or _not_waited_for(state, command.from_)
        or _unfit_substitute(state, command.to)
        or _entry(state, EntryKind.REASSIGNED, handed, actor)
    )


def _is_handed_over(state: ApprovalState, handed: HandedOver) -> bool:
    return (handed.from_, handed.to) in state.handovers and handed.to in state.approvers


def _not_open(state: ApprovalState) -> Refusal | None:
    if state.has_ended:
        return CLOSED
    return None if state.stage is Stage.OPEN else NOT_CURRENT


def _unfit_substitute(state: ApprovalState, to: str) -> Refusal | None:
    if to == state.requested.requester:
        detail = "the requester cannot be asked"
    elif to in state.approvers:
        detail = "is asked already"
    else:
        return None
    return Refusal(code="invalid_request", detail=detail, pointer="/to")


def _withdraw(state: ApprovalState, command: Withdraw, actor: Principal) -> Outcome:
    if actor.id != state.requested.requester and not actor.has(Role.OPERATOR):
        return NOT_THE_REQUESTER
    if state.status is ApprovalStatus.WITHDRAWN:
        return Repeated()
    if state.has_ended:
        return CLOSED
    return _entry(state, EntryKind.WITHDRAWN, Withdrawn(comment=command.comment), actor)


def _resubmit(state: ApprovalState, command: Resubmit, actor: Principal) -> Outcome:
    resubmitted = Resubmitted(document_sha256=command.document_sha256, comment=command.comment)
    if actor.id != state.requested.requester:
        return NOT_THE_REQUESTER
    if state.has_ended:
        return CLOSED
    if state.resubmitted == resubmitted:
        return Repeated()
    if state.stage is not Stage.CHANGES:
        return NO_CHANGES_REQUESTED
    return _undocumented(state, command) or _entry(state, EntryKind.RESUBMITTED, resubmitted, actor)


def _undocumented(state: ApprovalState, command: Resubmit) -> Refusal | None:
    if command.document_sha256 is None or state.requested.document is not None:
        return None
    return Refusal(
        code="invalid_request", detail="the request has no document", pointer="/documentSha256"
    )


def _entry(state: ApprovalState, kind: EntryKind, payload: WireModel, actor: Principal) -> NewEntry:
    return NewEntry(
        kind=kind,
        level=state.level,
        round=state.round,
        actor=actor.id,
        proof=actor.proof,
        payload=payload.to_json(),
    )
