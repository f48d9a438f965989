"""What time requires of a request: asking, reminding, escalating, giving up."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.approvals import (
    BOSS,
    DAY_S,
    FIRST,
    HOUR_S,
    SECOND,
    T0,
    THIRD,
    Paper,
    a_level,
    a_request,
    opened,
)
from workflows import approval
from workflows.approval.models import ApprovalStatus
from workflows.approval.state import ENDS
from workflows.approval.transitions import ALLOWED, advance, step, wake_at

README = Path(approval.__file__).with_name("README.md")


def test_a_new_request_asks_its_first_level() -> None:
    paper = Paper(a_request(a_level(FIRST, SECOND, timeoutS=DAY_S)))

    assert paper.advance() == ["level_opened"]
    assert (paper.state.level, paper.state.round) == (1, 1)
    assert paper.state.undecided == (FIRST, SECOND)
    assert wake_at(paper.state) == T0 + timedelta(days=1)


def test_an_agreed_level_leads_to_the_next() -> None:
    paper = opened(a_level(FIRST), a_level(BOSS))
    paper.decides(FIRST)

    assert paper.advance(timedelta(hours=1)) == ["level_opened"]
    assert (paper.state.level, paper.state.round) == (2, 1)
    assert paper.state.undecided == (BOSS,)
    assert paper.state.deadline_at == T0 + timedelta(days=2, hours=1)


def test_the_last_level_agreed_closes_the_request() -> None:
    paper = opened(a_level(FIRST))
    paper.decides(FIRST)

    assert paper.advance() == ["closed"]
    assert (paper.state.status, paper.state.closed) == ("approved", True)
    assert wake_at(paper.state) is None
    assert paper.advance(timedelta(days=100)) == []


def test_reminders_come_at_their_shares_of_the_time() -> None:
    paper = opened(a_level(FIRST, timeoutS=10 * HOUR_S, remindAt=[0.5, 0.9]))

    assert paper.advance(timedelta(hours=4)) == []
    assert paper.advance(timedelta(hours=1)) == ["reminded"]
    assert paper.advance() == []
    assert wake_at(paper.state) == T0 + timedelta(hours=9)
    assert paper.advance(timedelta(hours=4)) == ["reminded"]
    assert wake_at(paper.state) == T0 + timedelta(hours=10)


def test_reminders_that_were_slept_through_are_one() -> None:
    paper = opened(a_level(FIRST, timeoutS=10 * HOUR_S, remindAt=[0.5, 0.9]))

    assert paper.advance(timedelta(hours=9, minutes=30)) == ["reminded"]
    assert paper.advance() == []


def test_time_runs_in_the_open_hours_of_the_requests_calendar() -> None:
    level = a_level(timeoutS=4 * HOUR_S, remindAt=[0.5])
    paper = opened(level, calendar="berlin_office")  # on New Year's Day

    opens = T0.replace(day=2, hour=8)
    assert wake_at(paper.state) == opens + timedelta(hours=2)
    assert paper.state.deadline_at == opens + timedelta(hours=4)


def test_silence_escalates_to_those_named_at_the_same_level() -> None:
    paper = opened(a_level(FIRST, escalateTo=[BOSS]), a_level(THIRD))

    paper.wake()

    assert paper.kinds == ["level_opened", "no_decision", "level_opened"]
    assert (paper.state.level, paper.state.round) == (1, 2)
    assert paper.state.undecided == (BOSS,)
    paper.decides(BOSS)
    paper.advance()
    assert (paper.state.level, paper.state.round) == (2, 1)


def test_silence_escalates_to_the_next_level_when_nobody_is_named() -> None:
    paper = opened(a_level(FIRST), a_level(BOSS))

    paper.wake()

    assert paper.kinds == ["level_opened", "no_decision", "level_opened"]
    assert (paper.state.level, paper.state.round) == (2, 1)


@pytest.mark.parametrize("escalate_to", [[], [BOSS]])
def test_silence_at_the_last_level_expires_and_is_no_approval(escalate_to: list[str]) -> None:
    paper = opened(a_level(FIRST, escalateTo=escalate_to))

    for _ in range(1 + len(escalate_to)):
        paper.wake()

    assert paper.kinds[-3:] == ["no_decision", "expired", "closed"]
    assert paper.state.status == "expired"


def test_silence_of_the_escalation_expires_although_there_is_a_next_level() -> None:
    paper = opened(a_level(FIRST, escalateTo=[BOSS]), a_level(THIRD))

    paper.wake()
    paper.wake()

    assert paper.state.status == "expired"


def test_silence_approves_where_that_was_asked_for() -> None:
    paper = opened(a_level(FIRST, onTimeout="approve"))

    paper.wake()

    assert paper.kinds == ["level_opened", "auto_approved", "closed"]
    assert paper.state.status == "approved"


def test_silence_that_approves_leads_to_the_next_level() -> None:
    paper = opened(a_level(FIRST, onTimeout="approve"), a_level(BOSS))

    paper.wake()

    assert (paper.state.level, paper.state.status) == (2, "awaiting_decision")


def test_silence_rejects_where_that_was_asked_for() -> None:
    paper = opened(a_level(FIRST, onTimeout="reject"), a_level(BOSS))

    paper.wake()

    assert paper.kinds == ["level_opened", "auto_rejected", "closed"]
    assert paper.state.status == "rejected"


def test_an_approval_of_one_is_not_enough_for_all_when_time_is_up() -> None:
    paper = opened(a_level(FIRST, SECOND, policy="all"))
    paper.decides(FIRST)

    paper.wake()

    assert paper.state.status == "expired"


def test_a_requester_who_does_not_answer_lets_the_request_expire() -> None:
    paper = opened(a_level(FIRST, timeoutS=DAY_S))
    paper.decides(FIRST, "request_changes")
    paper.advance(timedelta(hours=20))
    assert wake_at(paper.state) == T0 + timedelta(hours=20 + 24)

    paper.wake()

    assert paper.kinds[-2:] == ["expired", "closed"]


def test_a_resubmitted_request_is_asked_of_whoever_stood_in_last() -> None:
    paper = opened(a_level(FIRST))
    paper.delegates(FIRST, THIRD)
    paper.decides(THIRD, "request_changes")
    paper.advance()
    paper.resubmits()

    paper.advance()

    assert paper.state.undecided == (THIRD,)


def test_a_new_version_of_a_document_is_decided_from_the_first_level_on() -> None:
    old, new = "a" * 64, "b" * 64
    document = {"sha256": old, "name": "Contract", "mediaType": "application/pdf"}
    paper = opened(a_level(FIRST), a_level(BOSS), kind="document", amount=None, document=document)
    paper.decides(FIRST, document_sha256=old)
    paper.advance()
    paper.decides(BOSS, "request_changes", document_sha256=old)
    paper.advance()

    paper.resubmits(document_sha256=new)
    paper.advance()

    assert (paper.state.level, paper.state.round, paper.state.undecided) == (1, 2, (FIRST,))
    assert paper.decides(FIRST, document_sha256=old) == "document_changed"
    assert paper.decides(FIRST, document_sha256=new) == "recorded"
    paper.advance()
    assert (paper.state.level, paper.state.round, paper.state.undecided) == (2, 2, (BOSS,))
    assert paper.decides(BOSS, document_sha256=new) == "recorded"
    assert paper.state.status is ApprovalStatus.APPROVED


def test_an_answer_without_a_new_document_goes_to_the_level_that_asked() -> None:
    paper = opened(a_level(FIRST), a_level(BOSS))
    paper.decides(FIRST)
    paper.advance()
    paper.decides(BOSS, "request_changes")
    paper.advance()

    paper.resubmits(comment="blue")
    paper.advance()

    assert (paper.state.level, paper.state.round, paper.state.undecided) == (2, 2, (BOSS,))


def test_a_quorum_larger_than_the_escalation_is_all_of_it() -> None:
    paper = opened(a_level(FIRST, SECOND, policy={"quorum": 2}, escalateTo=[BOSS]))
    paper.wake()

    paper.decides(BOSS)

    assert paper.state.status == "approved"


def test_a_sleep_through_several_deadlines_does_not_skip_anybodys_time() -> None:
    paper = opened(a_level(FIRST, escalateTo=[BOSS]))

    assert paper.advance(timedelta(days=30)) == ["no_decision", "level_opened"]
    assert paper.state.deadline_at == T0 + timedelta(days=32)


def test_a_step_names_entries_to_write_about_and_nobody() -> None:
    paper = opened(a_level(FIRST))
    paper.delegates(FIRST, THIRD)
    seen = paper.entries[1].sequence

    told = step(paper.state, paper.entries, seen=seen).to_json()

    assert told == {
        "sequence": 3,
        "level": 1,
        "round": 1,
        "status": "awaiting_decision",
        "closed": False,
        "publish": False,
        "logHash": paper.entries[-1].hash,
        "openedAt": "2030-01-01T12:00:00Z",
        "deadlineAt": "2030-01-03T12:00:00Z",
        "wakeAt": "2030-01-03T12:00:00Z",
        "notices": [{"sequence": 3, "kind": "delegated"}],
    }


def test_what_is_due_is_due_once() -> None:
    paper = opened(a_level(FIRST), a_level(BOSS))
    paper.decides(FIRST)
    paper.advance()

    assert advance(paper.state, paper.now) == ()


def test_ends_lead_nowhere_and_everything_else_leads_to_an_end() -> None:
    assert set(ALLOWED) == set(ApprovalStatus) - ENDS
    assert all(set(followers) & ENDS for followers in ALLOWED.values())


def test_the_readme_shows_the_states_as_the_table_has_them() -> None:
    diagram = README.read_text("utf-8").partition("stateDiagram-v2")[2].partition("```")[0]
    shown = {tuple(line.split(" --> ")) for line in map(str.strip, diagram.splitlines()) if line}

    edges = {(str(before), str(after)) for before in ALLOWED for after in ALLOWED[before]}
    assert shown == edges | {("[*]", "requested")} | {(str(end), "[*]") for end in ENDS}
