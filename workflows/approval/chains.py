"""What makes a request impossible although each of its fields is well formed.

Everything is found before anything is kept, whoever made the chain: the client or the rule table.
"""

from collections.abc import Iterable, Iterator, Sequence

from shared.errors import FieldProblem
from workflows.approval.calendars import CALENDARS
from workflows.approval.models import (
    ApprovalRequest,
    Level,
    OnTimeout,
    Quorum,
    RequestKind,
)


def request_problems(request: ApprovalRequest) -> tuple[FieldProblem, ...]:
    """Return what is wrong with the request apart from its chain."""
    return (*_document_problems(request), *_calendar_problems(request))


def chain_problems(
    chain: Sequence[Level], *, requester: str, may_auto_approve: bool
) -> tuple[FieldProblem, ...]:
    """Return what is wrong with a chain; pointers are into the body of the request.

    Args:
        chain: the levels, first to last.
        requester: who must not take part in deciding.
        may_auto_approve: whether silence may be asked to approve.
    """
    return tuple(
        problem
        for number, level in enumerate(chain)
        for problem in (
            *_level_problems(f"/chain/{number}", level, requester),
            *_silence_problems(f"/chain/{number}", level, may_auto_approve=may_auto_approve),
        )
    )


def _document_problems(request: ApprovalRequest) -> Iterator[FieldProblem]:
    if request.kind is RequestKind.DOCUMENT and request.document is None:
        yield _problem("/document", "missing", "a document request needs its document")
    if request.kind is not RequestKind.DOCUMENT and request.document is not None:
        yield _problem("/document", "unexpected", "only a document request has a document")


def _calendar_problems(request: ApprovalRequest) -> Iterator[FieldProblem]:
    if request.calendar is not None and request.calendar not in CALENDARS:
        yield _problem("/calendar", "unknown", f"known calendars: {', '.join(CALENDARS)}")


def _level_problems(pointer: str, level: Level, requester: str) -> Iterator[FieldProblem]:
    yield from _people_problems(f"{pointer}/approvers", level.approvers, requester)
    yield from _people_problems(f"{pointer}/escalateTo", level.escalate_to, requester)
    match level.policy:
        case Quorum(quorum=quorum) if quorum > len(level.approvers):
            yield _problem(
                f"{pointer}/policy", "quorum-too-large", "there are fewer approvers than that"
            )
        case _:
            pass


def _silence_problems(
    pointer: str, level: Level, *, may_auto_approve: bool
) -> Iterator[FieldProblem]:
    if level.escalate_to and level.on_timeout is not OnTimeout.ESCALATE:
        yield _problem(
            f"{pointer}/escalateTo", "unexpected", "only a level that escalates has somebody to"
        )
    if level.on_timeout is OnTimeout.APPROVE and not may_auto_approve:
        yield _problem(
            f"{pointer}/onTimeout", "role-required", "needs the role approval.auto_approve"
        )


def _people_problems(pointer: str, people: Iterable[str], requester: str) -> Iterator[FieldProblem]:
    seen: set[str] = set()
    for number, person in enumerate(people):
        if person == requester:
            yield _problem(
                f"{pointer}/{number}", "self-approval", "nobody decides their own request"
            )
        if person in seen:
            yield _problem(f"{pointer}/{number}", "duplicate", "is asked already")
        seen.add(person)


def _problem(pointer: str, code: str, detail: str) -> FieldProblem:
    return FieldProblem(pointer=pointer, code=code, detail=detail)
