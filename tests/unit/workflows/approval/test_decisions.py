"""What people may do to a request, and what they are told when they may not."""

import pytest

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
    code_of,
    opened,
    somebody,
)
from workflows.approval.decisions import Decide, Delegate, Reassign, Refusal, Withdraw, decide
from workflows.approval.entries import Decided
from workflows.approval.models import Choice

DOCUMENT = {"sha256": "a" * 64, "name": "Contract", "mediaType": "application/pdf"}


def test_the_first_decision_settles_a_level_of_any() -> None:
    paper = opened(a_level(FIRST, SECOND))

    assert paper.decides(FIRST) == "recorded"
    assert paper.state.status == "approved"
    assert paper.decides(SECOND, "reject") == "already_decided"


def test_all_have_to_agree_at_a_level_of_all() -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all"))

    paper.decides(FIRST)
    assert paper.state.status == "awaiting_decision"
    paper.decides(SECOND)
    assert paper.state.status == "approved"


@pytest.mark.parametrize("policy", ["any", "all"])
def test_one_rejection_ends_the_request(policy: str) -> None:
    paper = opened(a_level(FIRST, SECOND, policy=policy), a_level(BOSS))

    paper.decides(FIRST, "reject")

    assert paper.state.status == "rejected"
    assert paper.advance() == ["closed"]


def test_a_quorum_is_enough() -> None:
    paper = opened(a_level(FIRST, SECOND, THIRD, policy={"quorum": 2}))

    paper.decides(FIRST)
    paper.decides(SECOND, "reject")
    assert paper.state.status == "awaiting_decision"
    paper.decides(THIRD)
    assert paper.state.status == "approved"


def test_a_quorum_that_cannot_be_reached_any_more_is_a_rejection() -> None:
    paper = opened(a_level(FIRST, SECOND, THIRD, policy={"quorum": 2}))

    paper.decides(FIRST, "reject")
    assert paper.state.status == "awaiting_decision"
    paper.decides(SECOND, "reject")
    assert paper.state.status == "rejected"


def test_the_same_decision_again_is_no_second_one() -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all"))
    paper.decides(FIRST, comment="fine")

    assert paper.decides(FIRST, comment="fine") == "repeated"
    assert paper.decides(FIRST, comment="other words") == "already_decided"
    assert paper.decides(FIRST, "reject") == "already_decided"


def test_a_decision_is_recognised_by_its_id_when_the_request_has_moved_on() -> None:
    paper = opened(a_level(FIRST), a_level(FIRST))
    paper.decides(FIRST, decision_id="d1")
    paper.advance()
    assert paper.state.level == 2

    assert paper.decides(FIRST, level=2, decision_id="d1") == "repeated"
    assert paper.decides(FIRST, level=2, decision_id="d2") == "recorded"


def test_who_lost_the_answer_is_told_so_when_the_request_has_moved_on() -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all"), a_level(BOSS))
    paper.decides(FIRST, comment="fine")
    paper.decides(SECOND)
    paper.advance()

    assert paper.decides(FIRST, level=1, comment="fine") == "repeated"
    assert paper.decides(FIRST, "reject", level=1) == "already_decided"
    paper.decides(BOSS, level=2)
    paper.advance()
    assert paper.decides(FIRST, level=1, comment="fine") == "repeated"


def test_what_was_said_in_an_earlier_round_is_no_answer_to_this_one() -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all"))
    paper.decides(FIRST)
    paper.decides(SECOND, "request_changes")
    paper.advance()
    paper.resubmits()
    paper.advance()

    assert paper.decides(FIRST) == "recorded"


@pytest.mark.parametrize("level", [-1, 0, 2, 3])
def test_no_level_but_the_current_one_can_be_decided(level: int) -> None:
    paper = opened(a_level(FIRST), a_level(FIRST))

    assert paper.decides(FIRST, level=level) == "not_current_level"


def test_nothing_can_be_decided_before_the_first_level_is_asked() -> None:
    assert Paper(a_request()).decides(FIRST, level=1) == "not_an_approver"


def test_an_earlier_level_has_been_decided() -> None:
    paper = opened(a_level(FIRST, SECOND), a_level(BOSS))
    paper.decides(FIRST)
    assert paper.decides(SECOND, level=1) == "already_decided"

    paper.advance()

    assert paper.decides(SECOND, level=1) == "already_decided"


def test_between_two_levels_nobody_can_decide_the_next_one_yet() -> None:
    paper = opened(a_level(FIRST), a_level(FIRST))
    paper.decides(FIRST)

    assert paper.decides(FIRST, level=2) == "not_current_level"


def test_who_is_not_asked_decides_nothing() -> None:
    paper = opened(a_level(FIRST), a_level(BOSS))

    assert paper.decides(BOSS) == "not_an_approver"
    assert paper.decides("nobody@example.com") == "not_an_approver"


def test_an_approver_of_an_earlier_level_does_not_decide_the_next() -> None:
    paper = opened(a_level(FIRST), a_level(BOSS))
    paper.decides(FIRST)
    paper.advance()

    assert paper.decides(FIRST, level=2) == "not_an_approver"


def test_nobody_decides_their_own_request_even_if_a_chain_says_so() -> None:
    paper = opened(a_level(REQUESTER, FIRST))

    assert paper.decides(REQUESTER) == "self_approval"
    assert paper.delegates(REQUESTER, THIRD) == "self_approval"


@pytest.mark.parametrize("end", ["expired", "withdrawn"])
def test_after_an_end_without_decision_the_request_is_closed(end: str) -> None:
    paper = opened()
    if end == "expired":
        paper.wake()
    else:
        paper.withdraws()

    assert paper.state.status == end
    assert paper.decides(FIRST) == "request_closed"
    assert paper.delegates(FIRST, SECOND) == "request_closed"
    assert paper.resubmits() == "request_closed"


def test_a_decision_bound_to_an_earlier_round_does_not_count() -> None:
    paper = opened(a_level(FIRST, escalateTo=[FIRST, BOSS]))
    paper.wake()
    assert paper.state.round == 2
    stale = Decide(level=1, round=1, decided=Decided(decision=Choice.APPROVE))

    outcome = decide(paper.state, stale, somebody(FIRST))

    assert isinstance(outcome, Refusal)
    assert outcome.code == "not_current_level"


def test_changes_are_asked_for_made_and_decided_anew() -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all"))
    paper.decides(FIRST)
    paper.decides(SECOND, "request_changes", comment="which colour?")
    assert paper.state.status == "changes_requested"
    assert paper.decides(FIRST) == "repeated"
    assert paper.advance() == ["changes_requested"]

    assert paper.resubmits(comment="blue") == "recorded"
    assert paper.resubmits(comment="blue") == "repeated"
    assert paper.resubmits(comment="red") == "no_changes_requested"
    assert paper.advance() == ["level_opened"]

    assert (paper.state.level, paper.state.round) == (1, 2)
    assert paper.state.decisions == {}
    paper.decides(FIRST)
    paper.decides(SECOND)
    assert paper.state.status == "approved"


def test_changes_that_nobody_asked_for_are_refused() -> None:
    paper = opened()

    assert paper.resubmits() == "no_changes_requested"
    assert paper.resubmits(FIRST) == "not_the_requester"


def test_a_decision_is_about_the_current_version_of_the_document() -> None:
    paper = opened(a_level(FIRST), kind="document", document=DOCUMENT)
    assert paper.decides(FIRST, document_sha256="b" * 64) == "document_changed"
    assert paper.decides(FIRST) == "invalid_request"
    paper.decides(FIRST, "request_changes", document_sha256="a" * 64)

    paper.resubmits(document_sha256="b" * 64)
    paper.advance()

    assert paper.decides(FIRST, document_sha256="a" * 64) == "document_changed"
    assert paper.decides(FIRST, document_sha256="b" * 64) == "recorded"


def test_a_request_without_a_document_gets_none() -> None:
    paper = opened()
    assert paper.decides(FIRST, document_sha256="a" * 64) == "document_changed"
    paper.decides(FIRST, "request_changes")

    assert paper.resubmits(document_sha256="a" * 64) == "invalid_request"


def test_a_substitute_decides_and_the_delegator_does_not() -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all"))

    assert paper.delegates(FIRST, THIRD) == "recorded"
    assert paper.delegates(FIRST, THIRD) == "repeated"
    assert paper.decides(FIRST) == "not_an_approver"
    assert paper.decides(THIRD) == "recorded"
    paper.decides(SECOND)
    assert paper.state.status == "approved"


@pytest.mark.parametrize("to", [REQUESTER, SECOND, FIRST])
def test_neither_the_requester_nor_an_approver_can_stand_in(to: str) -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all"))

    assert paper.delegates(FIRST, to) == "invalid_request"


def test_a_delegation_that_is_bound_to_a_round_counts_in_no_other() -> None:
    paper = opened(a_level(FIRST), a_level(FIRST))
    paper.decides(FIRST)
    paper.advance()

    late = paper.say(Delegate(to=THIRD, level=1, round=1), somebody(FIRST))
    early = paper.say(Delegate(to=THIRD, level=2, round=2), somebody(FIRST))
    right = paper.say(Delegate(to=THIRD, level=2, round=1), somebody(FIRST))

    assert [code_of(outcome) for outcome in (late, early, right)] == [
        "not_current_level",
        "not_current_level",
        "recorded",
    ]


def test_who_has_decided_delegates_nothing() -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all"))
    paper.decides(FIRST)

    assert paper.delegates(FIRST, THIRD) == "already_decided"
    assert paper.delegates("nobody@example.com", THIRD) == "not_an_approver"


def test_operators_reassign_what_somebody_does_not_get_to() -> None:
    operator = somebody(OPERATOR, Role.OPERATOR)
    paper = opened(a_level(FIRST, SECOND, policy="all"))
    paper.decides(SECOND)

    assert paper.reassigns(FIRST, THIRD, by=somebody(OPERATOR)) == "not_an_operator"
    assert paper.reassigns(FIRST, REQUESTER, by=operator) == "invalid_request"
    assert paper.reassigns(BOSS, THIRD, by=operator) == "invalid_request"
    assert paper.reassigns(SECOND, THIRD, by=operator) == "already_decided"
    assert paper.reassigns(FIRST, THIRD, by=operator) == "recorded"
    assert paper.decides(FIRST) == "not_an_approver"
    assert paper.decides(THIRD) == "recorded"


def test_an_operator_does_not_reassign_their_own_request() -> None:
    paper = opened()
    requester = somebody(REQUESTER, Role.OPERATOR)

    assert code_of(paper.say(Reassign(from_=FIRST, to=SECOND), requester)) == "self_approval"


def test_only_the_requester_takes_the_request_back_and_only_while_it_is_open() -> None:
    paper = opened()

    assert paper.withdraws(FIRST) == "not_the_requester"
    assert paper.withdraws() == "recorded"
    assert paper.withdraws() == "repeated"
    assert paper.advance() == ["closed"]
    assert paper.state.status == "withdrawn"

    decided = opened()
    decided.decides(FIRST)
    assert decided.withdraws() == "request_closed"


def test_an_operator_takes_a_request_back_in_the_requesters_place() -> None:
    paper = opened()

    assert code_of(paper.say(Withdraw(), somebody(OPERATOR))) == "not_the_requester"
    assert code_of(paper.say(Withdraw(), somebody(OPERATOR, Role.OPERATOR))) == "recorded"
    assert paper.entries[-1].actor == OPERATOR


def test_a_request_can_be_taken_back_before_anybody_is_asked() -> None:
    paper = Paper(a_request())

    assert paper.withdraws() == "recorded"
    assert paper.advance() == ["closed"]
