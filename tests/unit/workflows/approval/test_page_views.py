"""What people read on the pages of an approval."""

from datetime import timedelta
from typing import Any

import pytest

from shared.models import JsonObject
from tests.support.approvals import (
    BOSS,
    DAY_S,
    FIRST,
    REQUESTER,
    SECOND,
    T0,
    THIRD,
    Paper,
    a_level,
    opened,
)
from workflows.approval.models import ApprovalRequest
from workflows.approval.page_views import Case, Question, Receipt, history, question, receipt

SHA256 = "ab" * 32


def case_of(paper: Paper) -> Case:
    request = ApprovalRequest.from_json(paper.body)
    return Case(request=request, state=paper.state, entries=paper.entries)


def asked(paper: Paper, approver: str = FIRST, **changes: Any) -> Question:
    return question(case_of(paper), approver, now=paper.now, **changes)


def got(paper: Paper, approver: str = FIRST, *, level: int = 1, round_: int = 1) -> Receipt | None:
    return receipt(case_of(paper), approver, level=level, round_=round_)


def told(paper: Paper) -> list[str]:
    return [line.said for line in history(paper.entries)]


def test_an_approver_reads_what_is_asked_by_whom_for_how_much_and_until_when() -> None:
    paper = opened(a_level(FIRST), a_level(BOSS))
    paper.now += timedelta(hours=3)

    page = asked(paper)

    assert (page.title, page.kind, page.requester) == ("A new chair", "Purchase", REQUESTER)
    assert (page.amount, page.asked_at, page.approver) == ("199.00 EUR", T0, FIRST)
    assert (page.level, page.levels) == (1, 2)
    assert page.deadline_at == T0 + timedelta(days=2)
    assert page.document is None
    assert not page.is_urgent


def test_the_last_day_is_urgent() -> None:
    paper = opened()
    paper.now += timedelta(days=1, seconds=1)

    assert asked(paper).is_urgent


def test_a_document_is_shown_in_its_current_version() -> None:
    document = {"sha256": SHA256, "name": "Terms.pdf", "mediaType": "application/pdf"}
    paper = opened(kind="document", document=document)
    paper.decides(FIRST, "request_changes", document_sha256=SHA256)
    paper.advance()
    paper.resubmits(document_sha256="cd" * 32)
    paper.advance()

    shown = asked(paper, document_size=7).document

    assert shown is not None
    assert (shown.name, shown.sha256, shown.size) == ("Terms.pdf", "cd" * 32, 7)


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (a_level(FIRST), "Your decision settles this level."),
        (a_level(FIRST, SECOND), "Of 2 approvers, whoever decides first settles this level."),
        (a_level(FIRST, SECOND, policy="all"), "All 2 approvers must agree."),
        (a_level(FIRST, SECOND, THIRD, policy={"quorum": 2}), "2 of 3 approvers must agree."),
    ],
)
def test_how_many_must_agree_is_said(level: JsonObject, said: str) -> None:
    assert asked(opened(level)).asks == said


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (a_level(onTimeout="reject"), "the request is rejected."),
        (a_level(onTimeout="approve"), "this level counts as approved."),
        (a_level(escalateTo=[BOSS]), f"{BOSS} will be asked."),
        (a_level(), "the next level will be asked."),
    ],
)
def test_what_silence_means_is_said(level: JsonObject, said: str) -> None:
    assert asked(opened(level, a_level(SECOND))).silence == f"If nobody decides by then, {said}"


def test_silence_of_those_whom_silence_escalated_to_expires() -> None:
    paper = opened(a_level(onTimeout="escalate", escalateTo=[BOSS]))
    paper.advance(timedelta(seconds=2 * DAY_S))

    assert asked(paper, BOSS).silence == "If nobody decides by then, the request expires."


def test_a_question_is_for_a_level_that_is_asked() -> None:
    paper = opened()
    paper.decides(FIRST)

    with pytest.raises(ValueError, match="open"):
        asked(paper)


def test_the_history_tells_everything_that_people_and_time_did() -> None:
    paper = opened(a_level(FIRST, remindAt=[0.5], escalateTo=[BOSS]), a_level(SECOND, THIRD))
    paper.delegates(FIRST, THIRD)
    paper.advance(timedelta(days=1))
    paper.advance(timedelta(days=1))
    paper.decides(BOSS, comment="Fine.")
    paper.advance()
    paper.decides(SECOND, "reject", comment="Not this year.")
    paper.advance()

    assert told(paper) == [
        f"{REQUESTER} asked for approval",
        f"Level 1: {FIRST} was asked to decide",
        f"{FIRST} handed over to {THIRD}",
        "A reminder was sent",
        "Nobody decided in time",
        f"Level 1: {BOSS} was asked to decide instead",
        f"{BOSS} approved the request",
        f"Level 2: {SECOND} and {THIRD} were asked to decide",
        f"{SECOND} rejected the request",
        "The request was closed: rejected",
    ]
    assert [line.comment for line in history(paper.entries) if line.comment] == [
        "Fine.",
        "Not this year.",
    ]
    assert [line.said[:3] for line in history(paper.entries) if line.settles] == [
        "bos",
        "sec",
        "The",
    ]


def test_the_history_tells_of_changes_and_of_taking_back() -> None:
    paper = opened()
    paper.decides(FIRST, "request_changes", comment="Which colour?")
    paper.advance()
    paper.resubmits(comment="Green.")
    paper.advance()
    paper.withdraws()
    paper.advance()

    assert told(paper)[2:] == [
        f"{FIRST} asked for changes to the request",
        f"{REQUESTER} submitted it again",
        f"Level 1: {FIRST} was asked to decide",
        f"{REQUESTER} took it back",
        "The request was closed: withdrawn",
    ]


def test_of_many_people_a_few_are_named() -> None:
    many = [f"a{number}@example.com" for number in range(5)]

    assert told(opened(a_level(*many)))[1] == (
        "Level 1: a0@example.com, a1@example.com and 3 others were asked to decide"
    )


@pytest.mark.parametrize(
    ("choice", "did", "after"),
    [
        ("approve", "You approved the request", "Others are still asked."),
        ("reject", "You rejected the request", "The request is rejected."),
        (
            "request_changes",
            "You asked for changes to the request",
            "The requester has been asked to change it.",
        ),
    ],
)
def test_a_receipt_says_what_one_did_and_what_became_of_it(
    choice: str, did: str, after: str
) -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all"))
    paper.decides(FIRST, choice, comment="Because.")

    found = got(paper)

    assert found is not None
    assert (found.did, found.after, found.comment) == (did, after, "Because.")


def test_a_receipt_follows_the_request() -> None:
    paper = opened(a_level(FIRST), a_level(SECOND))
    paper.decides(FIRST)
    after = [got(paper)]
    paper.advance()
    after.append(got(paper))
    paper.decides(SECOND)
    after.append(got(paper))

    assert [found.after for found in after if found] == [
        "The request goes on to the next level.",
        "The request goes on to the next level.",
        "The request is approved.",
    ]


def test_whoever_handed_over_reads_to_whom() -> None:
    paper = opened()
    paper.delegates(FIRST, BOSS)

    found = got(paper)

    assert found is not None
    assert found.did == f"You handed this over to {BOSS}"


def test_whoever_did_nothing_in_a_round_gets_no_receipt() -> None:
    paper = opened(a_level(FIRST, SECOND))
    paper.decides(FIRST)

    assert got(paper, SECOND) is None
    assert got(paper, FIRST, level=2) is None
    assert got(paper, FIRST, round_=2) is None
