"""Approval requests as clients send them, and a log in memory that people and time write to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.chain import Entry, NewEntry, sealed
from shared.models import JsonObject
from shared.principal import Principal, Proof, Role
from workflows.approval.decisions import (
    Command,
    Decide,
    Delegate,
    Outcome,
    Reassign,
    Repeated,
    Resubmit,
    Withdraw,
    decide,
)
from workflows.approval.entries import Decided, EntryKind, Requested
from workflows.approval.models import ApprovalRequest, Choice
from workflows.approval.state import ApprovalState, fold
from workflows.approval.transitions import advance, wake_at

T0: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)
REQUESTER: Final = "requester@example.com"
FIRST: Final = "first@example.com"
SECOND: Final = "second@example.com"
THIRD: Final = "third@example.com"
BOSS: Final = "boss@example.com"
OPERATOR: Final = "operator@example.com"
HOUR_S: Final = 3600
DAY_S: Final = 24 * HOUR_S


def a_level(*approvers: str, **changes: Any) -> JsonObject:
    """Return a level of two days that expires in silence."""
    return {
        "approvers": list(approvers or (FIRST,)),
        "policy": "any",
        "timeoutS": 2 * DAY_S,
        "onTimeout": "escalate",
        "remindAt": [],
        **changes,
    }


def a_request(*chain: JsonObject, request_id: str = "R1", **changes: Any) -> JsonObject:
    """Return a body of ``POST /api/approvals``: somebody wants a new chair."""
    return {
        "requestId": request_id,
        "kind": "purchase",
        "title": "A new chair",
        "requester": REQUESTER,
        "amount": {"minor": 19900, "currency": "EUR"},
        "chain": list(chain or (a_level(),)),
        **changes,
    }


def somebody(address: str, *roles: Role) -> Principal:
    return Principal(id=address, roles=frozenset(roles), proof=Proof.DEVELOPMENT)


@dataclass
class Paper:
    """One request's log and the time of its orchestration."""

    body: JsonObject
    now: datetime = T0
    entries: list[Entry] = field(default_factory=list[Entry])

    def __post_init__(self) -> None:
        request = ApprovalRequest.from_json(self.body)
        assert request.chain is not None
        facts = Requested(
            kind=request.kind,
            requester=request.requester,
            digest="0" * 64,
            amount=request.amount,
            document=request.document,
            chain=request.chain,
            calendar=request.calendar,
        )
        self._append([NewEntry(kind=EntryKind.REQUESTED, payload=facts.to_json())])

    @property
    def state(self) -> ApprovalState:
        state = fold(self.entries)
        assert state is not None
        return state

    @property
    def kinds(self) -> list[str]:
        """What happened, without the request itself."""
        return [entry.kind for entry in self.entries[1:]]

    def advance(self, later: timedelta = timedelta()) -> list[str]:
        """Let time pass in one leap; return the kinds that were due then."""
        self.now += later
        due = advance(self.state, self.now)
        self._append(due)
        return [entry.kind for entry in due]

    def wake(self) -> None:
        """Let time pass until something is due."""
        at = wake_at(self.state)
        assert at is not None
        self.advance(at - self.now)

    def say(self, command: Command, actor: Principal) -> Outcome:
        """Let somebody act; time does not pass, and nothing follows by itself."""
        outcome = decide(self.state, command, actor)
        if isinstance(outcome, NewEntry):
            self._append([outcome])
        return outcome

    def decides(
        self, approver: str, choice: str = "approve", *, level: int | None = None, **said: Any
    ) -> str:
        """Return "recorded", "repeated" or the code of a refusal."""
        at = self.state.level if level is None else level
        command = Decide(level=at, decided=Decided(decision=Choice(choice), **said))
        return code_of(self.say(command, somebody(approver)))

    def delegates(self, approver: str, to: str) -> str:
        return code_of(self.say(Delegate(to=to), somebody(approver)))

    def reassigns(self, from_: str, to: str, *, by: Principal) -> str:
        return code_of(self.say(Reassign(from_=from_, to=to), by))

    def withdraws(self, requester: str = REQUESTER) -> str:
        return code_of(self.say(Withdraw(), somebody(requester)))

    def resubmits(self, requester: str = REQUESTER, **changed: Any) -> str:
        return code_of(self.say(Resubmit(**changed), somebody(requester)))

    def _append(self, new: Sequence[NewEntry]) -> None:
        self.entries += sealed("R1", self.entries, new, at=self.now)


def code_of(outcome: Outcome) -> str:
    match outcome:
        case NewEntry():
            return "recorded"
        case Repeated():
            return "repeated"
        case refusal:
            return refusal.code


def opened(*chain: JsonObject, **changes: Any) -> Paper:
    """Return a request whose first level is being asked."""
    paper = Paper(a_request(*chain, **changes))
    paper.advance()
    return paper
