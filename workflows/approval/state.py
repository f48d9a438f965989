"""Where a request stands: a fold over its log, and nothing else.

``fold`` reads what is recorded and trusts it; what may be recorded next is decided in transitions.
Nothing here knows a clock, so the same log always means the same.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from shared.chain import Entry, NewEntry
from workflows.approval.entries import (
    ChangesRequested,
    Closed,
    Decided,
    EntryKind,
    HandedOver,
    LevelOpened,
    Reminded,
    Requested,
    Resubmitted,
)
from workflows.approval.models import ApprovalStatus, Choice, Level, Policy, Quorum


class Stage(StrEnum):
    """What has to happen next; people can act in OPEN and CHANGES, the clock in all but ENDED."""

    TO_OPEN = "to_open"  # the level of the round has to be asked
    OPEN = "open"  # approvers are asked
    AGREED = "agreed"  # the level is done, the next one has to be asked
    SILENT = "silent"  # nobody decided in time: somebody else has to be asked
    CHANGES = "changes"  # the requester is asked
    ENDED = "ended"  # nothing but closing the log is left


ENDS = frozenset(
    {
        ApprovalStatus.APPROVED,
        ApprovalStatus.REJECTED,
        ApprovalStatus.EXPIRED,
        ApprovalStatus.WITHDRAWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalState:
    """A request as its log tells it.

    Attributes:
        requested: the facts that decisions rest on.
        sequence: the last entry's.
        status: what everybody may know.
        stage: what has to happen next.
        level: the current one, from 1; 0 before the first is asked.
        round: which asking of the level it is, from 1.
        rounds: how often each level was asked; a round's number is never used again.
        approvers: who is asked in this round.
        policy: how many of them must agree.
        decisions: what they have said in this round, by address.
        escalation: whether this round asks those whom silence escalates to.
        opened_at: when the round was opened, in the orchestration's time.
        deadline_at: until when the round, or the requester, is waited for; same time.
        remind_at: when to remind, all of the round's instants.
        reminders: how many of them are done with.
        asked: everybody who was ever asked, whatever came of it.
        document_sha256: the current version of the document.
        closed: whether the log is sealed with its outcome.
        said: every decision there ever was, by address, level and round.
        handovers: who was replaced by whom in this round.
        resubmitted: what the requester answered last, until the next request for changes.
    """

    requested: Requested
    sequence: int
    status: ApprovalStatus = ApprovalStatus.REQUESTED
    stage: Stage = Stage.TO_OPEN
    level: int = 0
    round: int = 0
    rounds: Mapping[int, int] = field(default_factory=dict[int, int])
    approvers: tuple[str, ...] = ()
    policy: Policy = "all"
    decisions: Mapping[str, Decided] = field(default_factory=dict[str, Decided])
    escalation: bool = False
    opened_at: datetime | None = None
    deadline_at: datetime | None = None
    remind_at: tuple[datetime, ...] = ()
    reminders: int = 0
    asked: frozenset[str] = frozenset()
    document_sha256: str | None = None
    closed: bool = False
    said: Mapping[tuple[str, int, int], Decided] = field(
        default_factory=dict[tuple[str, int, int], Decided]
    )
    handovers: frozenset[tuple[str, str]] = frozenset()
    resubmitted: Resubmitted | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing can change the outcome any more."""
        return self.status in ENDS

    @property
    def current(self) -> Level:
        """The level that is asked; the first one before any was."""
        return self.requested.chain[max(self.level, 1) - 1]

    @property
    def is_last_level(self) -> bool:
        """Whether there is no level after this one."""
        return self.level >= len(self.requested.chain)

    @property
    def undecided(self) -> tuple[str, ...]:
        """Who is asked and has not answered; nobody while nobody is asked."""
        if self.stage is not Stage.OPEN:
            return ()
        return tuple(asked for asked in self.approvers if asked not in self.decisions)


def fold(entries: Iterable[Entry]) -> ApprovalState | None:
    """Read a log from its beginning; None when nothing is recorded yet.

    Raises:
        ValueError: The log does not begin with a request.
    """
    state: ApprovalState | None = None
    for entry in entries:
        state = follow(state, entry, entry.sequence)
    return state


def follow(state: ApprovalState | None, entry: NewEntry, sequence: int) -> ApprovalState:
    """Return the state after one more entry."""
    if entry.kind == EntryKind.REQUESTED:
        requested = Requested.from_json(entry.payload)
        document = requested.document
        return ApprovalState(
            requested=requested,
            sequence=sequence,
            document_sha256=document.sha256 if document else None,
        )
    if state is None:
        raise ValueError("the log does not begin with a request")
    # What another version of us has written changes nothing but the count.
    changed = _CHANGES.get(entry.kind, _unchanged)(state, entry)
    return replace(changed, sequence=sequence)


def _unchanged(state: ApprovalState, _: NewEntry) -> ApprovalState:
    return state


def _opened(state: ApprovalState, entry: NewEntry) -> ApprovalState:
    opened = LevelOpened.from_json(entry.payload)
    return replace(
        state,
        status=ApprovalStatus.AWAITING_DECISION,
        stage=Stage.OPEN,
        level=entry.level,
        round=entry.round,
        rounds={**state.rounds, entry.level: entry.round},
        approvers=opened.approvers,
        policy=opened.policy,
        decisions={},
        escalation=opened.escalation,
        opened_at=opened.opened_at,
        deadline_at=opened.deadline_at,
        remind_at=opened.remind_at,
        reminders=0,
        handovers=frozenset(),
        asked=state.asked | set(opened.approvers),
    )


def _decided(state: ApprovalState, entry: NewEntry) -> ApprovalState:
    decided = Decided.from_json(entry.payload)
    decisions = {**state.decisions, entry.actor: decided}
    said = {**state.said, (entry.actor, entry.level, entry.round): decided}
    state = replace(state, decisions=decisions, said=said)
    if decided.decision is Choice.REQUEST_CHANGES:
        return replace(
            state,
            status=ApprovalStatus.CHANGES_REQUESTED,
            stage=Stage.CHANGES,
            deadline_at=None,
            remind_at=(),
            resubmitted=None,
        )
    needed = approvals_needed(state.policy, len(state.approvers))
    choices = [made.decision for made in decisions.values()]
    if choices.count(Choice.APPROVE) >= needed:
        return _agreed(state)
    if choices.count(Choice.REJECT) >= rejections_needed(state.policy, len(state.approvers)):
        return _ended(state, ApprovalStatus.REJECTED)
    return state


def approvals_needed(policy: Policy, approvers: int) -> int:
    """How many approvals settle a round."""
    match policy:
        case "any":
            return 1
        case "all":
            return approvers
        case Quorum(quorum=quorum):
            return min(quorum, approvers)


def rejections_needed(policy: Policy, approvers: int) -> int:
    """How many rejections settle a round: a quorum may still be reached without some."""
    match policy:
        case "any" | "all":
            return 1
        case Quorum():
            return approvers - approvals_needed(policy, approvers) + 1


def _agreed(state: ApprovalState) -> ApprovalState:
    if state.is_last_level:
        return _ended(state, ApprovalStatus.APPROVED)
    return replace(state, stage=Stage.AGREED, deadline_at=None, remind_at=())


def _ended(state: ApprovalState, outcome: ApprovalStatus) -> ApprovalState:
    return replace(state, status=outcome, stage=Stage.ENDED, deadline_at=None, remind_at=())


def _handed_over(state: ApprovalState, entry: NewEntry) -> ApprovalState:
    handed = HandedOver.from_json(entry.payload)
    approvers = tuple(handed.to if asked == handed.from_ else asked for asked in state.approvers)
    return replace(
        state,
        approvers=approvers,
        asked=state.asked | {handed.to},
        handovers=state.handovers | {(handed.from_, handed.to)},
    )


def _reminded(state: ApprovalState, entry: NewEntry) -> ApprovalState:
    return replace(state, reminders=Reminded.from_json(entry.payload).reminders)


def _silent(state: ApprovalState, _: NewEntry) -> ApprovalState:
    return replace(state, stage=Stage.SILENT, deadline_at=None, remind_at=())


def _asked_for_changes(state: ApprovalState, entry: NewEntry) -> ApprovalState:
    return replace(state, deadline_at=ChangesRequested.from_json(entry.payload).deadline_at)


def _closed(state: ApprovalState, entry: NewEntry) -> ApprovalState:
    outcome = Closed.from_json(entry.payload).outcome
    return replace(_ended(state, outcome), closed=True)


def _resubmitted(state: ApprovalState, entry: NewEntry) -> ApprovalState:
    """Ask the level anew; a new version of the document goes to the first one again.

    Whoever approved the old version has not approved the new one.
    """
    resubmitted = Resubmitted.from_json(entry.payload)
    if resubmitted.document_sha256 not in {None, state.document_sha256} and state.level > 1:
        state = replace(state, level=1, approvers=(), escalation=False)
    return replace(
        state,
        status=ApprovalStatus.AWAITING_DECISION,
        stage=Stage.TO_OPEN,
        deadline_at=None,
        document_sha256=resubmitted.document_sha256 or state.document_sha256,
        round=state.rounds.get(state.level, 0) + 1,
        decisions={},
        resubmitted=resubmitted,
    )


_CHANGES: Mapping[str, Callable[[ApprovalState, NewEntry], ApprovalState]] = MappingProxyType(
    {
        EntryKind.LEVEL_OPENED: _opened,
        EntryKind.DECIDED: _decided,
        EntryKind.DELEGATED: _handed_over,
        EntryKind.REASSIGNED: _handed_over,
        EntryKind.REMINDED: _reminded,
        EntryKind.NO_DECISION: _silent,
        EntryKind.AUTO_APPROVED: lambda state, _: _agreed(state),
        EntryKind.AUTO_REJECTED: lambda state, _: _ended(state, ApprovalStatus.REJECTED),
        EntryKind.CHANGES_REQUESTED: _asked_for_changes,
        EntryKind.RESUBMITTED: _resubmitted,
        EntryKind.WITHDRAWN: lambda state, _: _ended(state, ApprovalStatus.WITHDRAWN),
        EntryKind.EXPIRED: lambda state, _: _ended(state, ApprovalStatus.EXPIRED),
        EntryKind.CLOSED: _closed,
    }
)
