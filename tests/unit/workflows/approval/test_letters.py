"""Who is written to about what, and that nobody is asked for what is settled."""

from tests.support.approvals import (
    BOSS,
    FIRST,
    REQUESTER,
    SECOND,
    THIRD,
    Paper,
    a_level,
    opened,
)
from workflows.approval.letters import Letter, letters
from workflows.approval.models import ApprovalRequest


def written(paper: Paper, kind: str) -> dict[str, Letter]:
    """Return the letters about the last entry of a kind, by recipient."""
    entry = next(entry for entry in reversed(paper.entries) if entry.kind == kind)
    found = letters(
        entry, paper.state, ApprovalRequest.from_json(paper.body), link=lambda who: f"link-of-{who}"
    )
    by_recipient = {letter.recipient: letter for letter in found}
    assert len(by_recipient) == len(found)
    return by_recipient


def test_every_approver_is_asked_with_a_link_of_their_own() -> None:
    found = written(opened(a_level(FIRST, SECOND, policy="all")), "level_opened")

    assert set(found) == {FIRST, SECOND}
    assert found[FIRST].subject == "Please decide: A new chair"
    assert "199.00 EUR" in found[FIRST].text
    assert "2030-01-03 12:00 UTC" in found[FIRST].text
    assert f"link-of-{FIRST}" in found[FIRST].text
    assert SECOND not in found[FIRST].text


def test_only_who_has_not_decided_is_reminded() -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all", remindAt=[0.5]))
    paper.decides(FIRST)
    paper.wake()

    assert set(written(paper, "reminded")) == {SECOND}


def test_nobody_is_asked_about_a_level_that_is_settled() -> None:
    paper = opened(a_level(FIRST, SECOND), a_level(BOSS))
    paper.decides(FIRST)

    assert written(paper, "level_opened") == {}


def test_a_substitute_is_asked_and_nobody_else() -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all"))
    paper.delegates(FIRST, THIRD)

    assert set(written(paper, "delegated")) == {THIRD}


def test_the_requester_reads_what_to_change() -> None:
    paper = opened()
    paper.decides(FIRST, "request_changes", comment="which colour?")
    paper.advance()

    found = written(paper, "changes_requested")

    assert set(found) == {REQUESTER}
    assert "which colour?" in found[REQUESTER].text


def test_the_requester_hears_how_it_ended() -> None:
    paper = opened()
    paper.decides(FIRST, "reject", comment="too red")
    paper.advance()

    found = written(paper, "closed")

    assert set(found) == {REQUESTER}
    assert found[REQUESTER].subject == "Rejected: A new chair"
    assert "too red" in found[REQUESTER].text


def test_the_requester_reads_at_which_level_it_ended_and_whether_by_time() -> None:
    silent = opened(a_level(FIRST, onTimeout="reject"), a_level(SECOND))
    silent.wake()
    expired = opened(a_level(FIRST), a_level(SECOND))
    expired.decides(FIRST)
    expired.advance()
    expired.wake()
    unanswered = opened()
    unanswered.decides(FIRST, "request_changes")
    unanswered.advance()
    unanswered.wake()
    refused = opened()
    refused.decides(FIRST, "reject")
    refused.advance()

    told = [
        written(paper, "closed")[REQUESTER].text.splitlines()[-1]
        for paper in (silent, expired, unanswered, refused)
    ]

    assert told == [
        "It was rejected at level 1 of 2, because nobody decided in time.",
        "Nobody decided at level 2 of 2 in time.",
        "The changes that level 1 of 1 asked for did not come in time.",
        "It was rejected at level 1 of 1.",
    ]


def test_who_is_still_asked_hears_that_it_was_taken_back() -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all"))
    paper.decides(FIRST)
    paper.withdraws()
    paper.advance()

    assert set(written(paper, "closed")) == {REQUESTER, SECOND}


def test_some_entries_concern_nobody_by_mail() -> None:
    paper = opened()
    paper.decides(FIRST)

    assert written(paper, "decided") == {}
