"""Any chain, any people, any timing: what must hold of every approval, whatever happens."""

from datetime import timedelta
from typing import Any

from hypothesis import given, strategies as st

from shared.chain import first_break
from shared.principal import Role
from tests.support.approvals import (
    BOSS,
    FIRST,
    OPERATOR,
    REQUESTER,
    SECOND,
    THIRD,
    Paper,
    a_level,
    a_request,
    somebody,
)
from workflows.approval.entries import Decided, EntryKind, LevelOpened
from workflows.approval.models import Choice, OnTimeout
from workflows.approval.state import ApprovalState, Stage, approvals_needed, fold, follow
from workflows.approval.transitions import ALLOWED, wake_at

APPROVERS = (FIRST, SECOND, THIRD, BOSS)
PEOPLE = (*APPROVERS, REQUESTER, OPERATOR)
STEPS = 25


@st.composite
def levels(draw: st.DrawFn) -> dict[str, Any]:
    approvers = draw(st.lists(st.sampled_from(APPROVERS), min_size=1, max_size=3, unique=True))
    quorums = st.integers(1, len(approvers)).map(lambda count: {"quorum": count})
    on_timeout = draw(st.sampled_from([choice.value for choice in OnTimeout]))
    escalates = on_timeout == "escalate" and draw(st.booleans())
    return a_level(
        *approvers,
        policy=draw(st.one_of(st.sampled_from(["any", "all"]), quorums)),
        onTimeout=on_timeout,
        timeoutS=draw(st.integers(60, 10_000)),
        remindAt=draw(st.sampled_from([[], [0.5], [0.25, 0.9]])),
        escalateTo=draw(st.lists(st.sampled_from(APPROVERS), min_size=1, max_size=2, unique=True))
        if escalates
        else [],
    )


CHAINS = st.lists(levels(), min_size=1, max_size=4)
ACTIONS = st.one_of(
    st.tuples(
        st.just("decide"),
        st.sampled_from(PEOPLE),
        st.sampled_from([choice.value for choice in Choice]),
        st.integers(-1, 1),
    ),
    st.tuples(st.just("delegate"), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)),
    st.tuples(st.just("reassign"), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)),
    st.tuples(st.just("resubmit"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("withdraw"), st.sampled_from((*APPROVERS, REQUESTER))),
    st.tuples(st.just("wait"), st.integers(0, 12_000)),
    st.tuples(st.just("advance")),
)


def act(paper: Paper, action: tuple[Any, ...]) -> None:
    match action:
        case ("decide", who, what, offset):
            paper.decides(who, what, level=paper.state.level + offset)
        case ("delegate", who, to):
            paper.delegates(who, to)
        case ("reassign", from_, to):
            paper.reassigns(from_, to, by=somebody(OPERATOR, Role.OPERATOR))
        case ("resubmit", who):
            paper.resubmits(who)
        case ("withdraw", who):
            paper.withdraws(who)
        case ("wait", seconds):
            paper.advance(timedelta(seconds=seconds))
        case _:
            paper.advance()


def until_closed(paper: Paper) -> None:
    """Let time alone finish it: every round has a deadline, so this ends."""
    for _ in range(200):
        if paper.state.closed:
            return
        at = wake_at(paper.state)
        paper.advance(at - paper.now if at else timedelta())
    raise AssertionError("time alone does not end it")


@given(chain=CHAINS, actions=st.lists(ACTIONS, max_size=STEPS))
def test_every_request_ends_once_and_its_log_explains_why(
    chain: list[dict[str, Any]], actions: list[tuple[Any, ...]]
) -> None:
    paper = Paper(a_request(*chain))

    for action in actions:
        act(paper, action)
    until_closed(paper)

    assert first_break("R1", paper.entries) is None
    assert [entry.kind for entry in paper.entries].count(EntryKind.CLOSED) == 1
    assert paper.entries[-1].kind == EntryKind.CLOSED
    assert fold(paper.entries) == paper.state
    check_every_step(paper)
    check_approval_was_earned(paper)


def check_every_step(paper: Paper) -> None:
    state: ApprovalState | None = None
    decided = set[tuple[str, int, int]]()
    for entry in paper.entries:
        before = state
        state = follow(before, entry, entry.sequence)
        if before is None:
            continue
        assert entry.sequence == before.sequence + 1
        assert state.status == before.status or state.status in ALLOWED[before.status]
        assert entry.actor != REQUESTER or entry.kind in {
            EntryKind.WITHDRAWN,
            EntryKind.RESUBMITTED,
        }
        if entry.kind == EntryKind.DECIDED:
            assert before.stage is Stage.OPEN
            assert entry.actor in before.approvers
            key = (entry.actor, entry.level, entry.round)
            assert key not in decided, "two decisions of one approver in one round"
            decided.add(key)


def check_approval_was_earned(paper: Paper) -> None:
    """An approved request had the approvals it needed, or silence that was asked to approve."""
    if paper.state.status != "approved":
        return
    level, round_ = paper.state.level, paper.state.round
    assert level == len(paper.state.requested.chain)
    here = [entry for entry in paper.entries if (entry.level, entry.round) == (level, round_)]
    if any(entry.kind == EntryKind.AUTO_APPROVED for entry in here):
        assert paper.state.current.on_timeout is OnTimeout.APPROVE
        return
    asked = next(
        LevelOpened.from_json(entry.payload)
        for entry in here
        if entry.kind == EntryKind.LEVEL_OPENED
    )
    approvals = {
        entry.actor
        for entry in here
        if entry.kind == EntryKind.DECIDED
        and Decided.from_json(entry.payload).decision is Choice.APPROVE
    }
    assert len(approvals) >= approvals_needed(asked.policy, len(asked.approvers))


@given(chain=CHAINS)
def test_silence_alone_never_approves_unless_every_level_asked_for_it(
    chain: list[dict[str, Any]],
) -> None:
    paper = Paper(a_request(*chain))

    until_closed(paper)

    last = chain[paper.state.level - 1]
    if paper.state.status == "approved":
        assert last["onTimeout"] == "approve"
    else:
        assert paper.state.status in {"expired", "rejected"}
