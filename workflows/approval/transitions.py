"""What time and decisions require: ``advance`` says what is due, ``wake_at`` when to look again.

Pure. Deadlines are set when a round is opened, in the time of whoever calls ``advance``, are kept
in the log and are compared with that time only. What people may do is in decisions.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from shared.chain import Entry, NewEntry
from shared.models import WireModel
from workflows.approval.calendars import AROUND_THE_CLOCK, calendar_named, deadline
from workflows.approval.entries import (
    ChangesRequested,
    Closed,
    EntryKind,
    LevelOpened,
    Reminded,
)
from workflows.approval.models import ApprovalStatus, Level, Notice, OnTimeout, Step
from workflows.approval.state import ApprovalState, Stage, follow

# What may follow what; the README's diagram is tested against it.
ALLOWED: Mapping[ApprovalStatus, frozenset[ApprovalStatus]] = MappingProxyType(
    {
        ApprovalStatus.REQUESTED: frozenset(
            {ApprovalStatus.AWAITING_DECISION, ApprovalStatus.WITHDRAWN}
        ),
        ApprovalStatus.AWAITING_DECISION: frozenset(
            {
                ApprovalStatus.CHANGES_REQUESTED,
                ApprovalStatus.APPROVED,
                ApprovalStatus.REJECTED,
                ApprovalStatus.EXPIRED,
                ApprovalStatus.WITHDRAWN,
            }
        ),
        ApprovalStatus.CHANGES_REQUESTED: frozenset(
            {
                ApprovalStatus.AWAITING_DECISION,
                ApprovalStatus.EXPIRED,
                ApprovalStatus.WITHDRAWN,
            }
        ),
    }
)

# Entries that somebody is written to about.
_NOTICES = frozenset(
    {
        EntryKind.LEVEL_OPENED,
        EntryKind.REMINDED,
        EntryKind.DELEGATED,
        EntryKind.REASSIGNED,
        EntryKind.CHANGES_REQUESTED,
        EntryKind.CLOSED,
    }
)


def advance(state: ApprovalState, now: datetime) -> tuple[NewEntry, ...]:
    """Return everything that is due, in order; nothing when only waiting is left.

    Args:
        state: the log's state.
        now: the instant, in the orchestration's time.
    """
    due: list[NewEntry] = []
    while (entry := _due(state, now)) is not None:
        due.append(entry)
        state = follow(state, entry, state.sequence + 1)
    return tuple(due)


def wake_at(state: ApprovalState) -> datetime | None:
    """Return when something is due next unless somebody acts; None when nothing ever is."""
    if state.deadline_at is None:
        return None
    return min([*state.remind_at[state.reminders :], state.deadline_at])


def step(state: ApprovalState, entries: Sequence[Entry], *, seen: int) -> Step:
    """Tell the orchestrator where the request stands and which new entries to write about."""
    return Step(
        sequence=state.sequence,
        level=state.level,
        round=state.round,
        status=state.status,
        closed=state.closed,
        publish=_is_to_be_published(state, entries),
        log_hash=entries[-1].hash,
        opened_at=state.opened_at,
        deadline_at=state.deadline_at,
        remind_at=next(iter(state.remind_at[state.reminders :]), None),
        wake_at=wake_at(state),
        notices=tuple(
            Notice(sequence=entry.sequence, kind=entry.kind)
            for entry in entries
            if entry.sequence > seen and entry.kind in _NOTICES
        ),
    )


def _is_to_be_published(state: ApprovalState, entries: Sequence[Entry]) -> bool:
    approved = state.closed and state.status is ApprovalStatus.APPROVED
    published = any(entry.kind == EntryKind.PUBLISHED for entry in entries)
    return approved and state.document_sha256 is not None and not published


def _due(state: ApprovalState, now: datetime) -> NewEntry | None:
    match state.stage:
        case Stage.TO_OPEN:
            return _opening(state, now)
        case Stage.OPEN:
            return _timeout(state, now) or _reminder(state, now)
        case Stage.AGREED:
            return _next_level(state, now)
        case Stage.SILENT:
            return _escalation(state, now)
        case Stage.CHANGES:
            return _changes(state, now)
        case Stage.ENDED:
            closed = Closed(outcome=state.status)
            return None if state.closed else _entry(state, EntryKind.CLOSED, closed)


def _opening(state: ApprovalState, now: datetime) -> NewEntry:
    """Ask the first level, or the current one again: whoever stood in for somebody still does."""
    asked = state.approvers or state.current.approvers
    return _opened(
        level=max(state.level, 1),
        round_=max(state.round, 1),
        opened=_asking(state, state.current, asked, now, escalation=state.escalation),
    )


def _next_level(state: ApprovalState, now: datetime) -> NewEntry:
    level = state.requested.chain[state.level]
    return _opened(
        level=state.level + 1,
        round_=state.rounds.get(state.level + 1, 0) + 1,
        opened=_asking(state, level, level.approvers, now, escalation=False),
    )


def _escalation(state: ApprovalState, now: datetime) -> NewEntry:
    """Ask those whom silence escalates to, else the next level; nobody is left: it expires."""
    if state.escalation or (not state.current.escalate_to and state.is_last_level):
        return _entry(state, EntryKind.EXPIRED)
    if not state.current.escalate_to:
        return _next_level(state, now)
    return _opened(
        level=state.level,
        round_=state.round + 1,
        opened=_asking(state, state.current, state.current.escalate_to, now, escalation=True),
    )


def _asking(
    state: ApprovalState,
    level: Level,
    approvers: tuple[str, ...],
    now: datetime,
    *,
    escalation: bool,
) -> LevelOpened:
    return LevelOpened(
        approvers=approvers,
        policy=level.policy,
        escalation=escalation,
        opened_at=now,
        deadline_at=_after(state, now, level.timeout_s),
        remind_at=tuple(_after(state, now, level.timeout_s * share) for share in level.remind_at),
    )


def _after(state: ApprovalState, now: datetime, seconds: float) -> datetime:
    """Return when so many open seconds of the request's calendar have passed."""
    calendar = calendar_named(state.requested.calendar or AROUND_THE_CLOCK)
    return deadline(now, timedelta(seconds=seconds), calendar)


def _timeout(state: ApprovalState, now: datetime) -> NewEntry | None:
    if state.deadline_at is None or now < state.deadline_at:
        return None
    match state.current.on_timeout:
        case OnTimeout.APPROVE if not state.escalation:
            return _entry(state, EntryKind.AUTO_APPROVED)
        case OnTimeout.REJECT if not state.escalation:
            return _entry(state, EntryKind.AUTO_REJECTED)
        case _:
            return _entry(state, EntryKind.NO_DECISION)


def _reminder(state: ApprovalState, now: datetime) -> NewEntry | None:
    """Remind once for all instants that have passed: who was away gets one mail, not three."""
    passed = sum(instant <= now for instant in state.remind_at)
    if passed <= state.reminders:
        return None
    return _entry(state, EntryKind.REMINDED, Reminded(reminders=passed))


def _changes(state: ApprovalState, now: datetime) -> NewEntry | None:
    """Give the requester as long as the level has; silence expires."""
    if state.deadline_at is None:
        deadline_at = _after(state, now, state.current.timeout_s)
        return _entry(state, EntryKind.CHANGES_REQUESTED, ChangesRequested(deadline_at=deadline_at))
    return _entry(state, EntryKind.EXPIRED) if now >= state.deadline_at else None


def _opened(*, level: int, round_: int, opened: LevelOpened) -> NewEntry:
    return NewEntry(
        kind=EntryKind.LEVEL_OPENED, level=level, round=round_, payload=opened.to_json()
    )


def _entry(state: ApprovalState, kind: EntryKind, payload: WireModel | None = None) -> NewEntry:
    return NewEntry(
        kind=kind,
        level=state.level,
        round=state.round,
        payload=payload.to_json() if payload else {},
    )
