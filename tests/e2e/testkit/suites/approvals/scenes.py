"""Approvals under the test kit: months of waiting in moments, every path of the state machine.

Run by test_testkit in a process of its own.
"""

import re
from datetime import timedelta
from typing import Any

import pytest

from funchost.testing import BlockingHost
from tests.support.app_clock import let_the_app_follow
from tests.support.approval_cases import Case
from tests.support.approvals import (
    BOSS,
    DAY_S,
    FIRST,
    HOUR_S,
    OPERATOR,
    REQUESTER,
    SECOND,
    THIRD,
    a_level,
    a_request,
)
from workflows.approval import desk, names


def test_two_levels_agree(ask: Any) -> None:
    case = ask(a_level(FIRST), a_level(BOSS))
    assert case.decides(FIRST) == "recorded"
    assert case.rests()["level"] == 2
    assert case.decides(BOSS, level=2, comment="fine") == "recorded"

    status = case.ended()

    assert status.output["status"] == "approved"
    assert case.took < timedelta(minutes=1)
    assert case.kinds == ["level_opened", "decided", "level_opened", "decided", "closed"]
    assert status.output["entries"] == 6
    assert case.told(REQUESTER) == ["Approved"]


@pytest.mark.parametrize("days", [1, 2, 14])
def test_silence_expires_after_the_levels_time_to_the_minute(ask: Any, days: int) -> None:
    case = ask(a_level(FIRST, timeoutS=days * DAY_S))

    status = case.ended()

    assert status.output["status"] == "expired"
    assert timedelta() <= case.took - timedelta(days=days) < timedelta(minutes=1)
    assert case.kinds == ["level_opened", "no_decision", "expired", "closed"]
    assert case.told(REQUESTER) == ["Nobody decided in time"]


def test_a_level_decided_on_day_nine_of_fourteen_is_over_at_once(ask: Any) -> None:
    case = ask(a_level(FIRST, timeoutS=14 * DAY_S))
    case.host.advance(timedelta(days=9))
    assert case.decides(FIRST) == "recorded"

    case.host.at_rest()
    status = case.host.status(case.instance_id)

    assert status.runtime_status == "Completed"
    assert timedelta(days=9) <= case.took < timedelta(days=9, minutes=1)


def test_silence_escalates_at_the_same_level_then_goes_on(ask: Any) -> None:
    case = ask(a_level(FIRST, timeoutS=DAY_S, escalateTo=[BOSS]), a_level(THIRD))
    case.host.advance(timedelta(days=1, minutes=1))
    custom = case.rests()
    assert (custom["level"], custom["round"]) == (1, 2)
    assert case.decides(FIRST) == "not-an-approver"
    assert case.decides(BOSS) == "recorded"
    assert case.rests()["level"] == 2
    assert case.decides(THIRD, level=2) == "recorded"

    assert case.ended().output["status"] == "approved"
    assert case.told(BOSS) == ["Please decide"]


def test_silence_escalates_to_the_next_level(ask: Any) -> None:
    case = ask(a_level(FIRST, timeoutS=DAY_S), a_level(BOSS))
    case.host.advance(timedelta(days=1, minutes=1))
    assert case.rests()["level"] == 2
    assert case.decides(FIRST) == "already-decided"
    case.decides(BOSS, level=2)

    assert case.ended().output["status"] == "approved"
    assert "no_decision" in case.kinds


def test_silence_of_everybody_expires_and_never_approves(ask: Any) -> None:
    case = ask(a_level(FIRST, escalateTo=[SECOND]), a_level(BOSS))

    status = case.ended()

    assert status.output["status"] == "expired"
    assert timedelta(days=4) <= case.took < timedelta(days=4, minutes=1)


def test_silence_rejects_where_that_was_asked_for(ask: Any) -> None:
    case = ask(a_level(FIRST, onTimeout="reject"), a_level(BOSS))

    assert case.ended().output["status"] == "rejected"
    assert case.kinds == ["level_opened", "auto_rejected", "closed"]


def test_silence_approves_only_for_whoever_may_ask_for_it(ask: Any, host: BlockingHost) -> None:
    body = a_request(a_level(FIRST, onTimeout="approve"), request_id="X1")
    refused = host.call_http(
        "POST", "/api/approvals", json=body, headers={"X-Dev-Principal": REQUESTER}
    )
    assert refused.status == 400
    assert refused.json()["errors"][0]["pointer"] == "/chain/0/onTimeout"

    case = ask(a_level(FIRST, onTimeout="approve"), roles="approval.auto_approve")

    assert case.ended().output["status"] == "approved"
    assert case.kinds == ["level_opened", "auto_approved", "closed"]


def test_reminders_go_to_those_who_have_not_decided(ask: Any) -> None:
    level = a_level(FIRST, SECOND, policy="all", timeoutS=10 * HOUR_S, remindAt=[0.5, 0.9])
    case = ask(level)
    case.host.advance(timedelta(hours=1))
    case.decides(FIRST)
    assert case.rests()["remindAt"]
    case.host.advance(timedelta(hours=8, minutes=30))
    assert case.rests()["remindAt"] is None
    case.decides(SECOND)

    assert case.ended().output["status"] == "approved"
    assert case.kinds.count("reminded") == 2
    assert case.told(FIRST) == ["Please decide"]
    assert case.told(SECOND) == ["Please decide"] + ["Reminder, please decide"] * 2


def test_all_of_three_and_a_quorum_of_two(ask: Any) -> None:
    case = ask(
        a_level(FIRST, SECOND, THIRD, policy="all"),
        a_level(FIRST, SECOND, THIRD, policy={"quorum": 2}),
    )
    for who in (FIRST, SECOND, THIRD):
        assert case.decides(who) == "recorded"
    assert case.rests()["level"] == 2
    assert case.decides(SECOND, "reject", level=2) == "recorded"
    assert case.decides(FIRST, level=2) == "recorded"
    assert case.rests()["status"] == "awaiting_decision"
    assert case.decides(THIRD, level=2) == "recorded"

    assert case.ended().output["status"] == "approved"


def test_a_quorum_out_of_reach_rejects(ask: Any) -> None:
    case = ask(a_level(FIRST, SECOND, THIRD, policy={"quorum": 2}))
    case.decides(FIRST, "reject")
    case.decides(SECOND, "reject")

    assert case.ended().output["status"] == "rejected"
    assert case.decides(THIRD) == "already-decided"


def test_changes_are_asked_for_made_and_decided_anew(ask: Any) -> None:
    case = ask(a_level(FIRST))
    case.decides(FIRST, "request_changes", comment="which colour?")
    assert case.rests()["status"] == "changes_requested"
    case.host.advance(timedelta(hours=5))
    assert case.call(REQUESTER, "resubmit", {"comment": "blue"}) == (200, "recorded")
    assert case.rests()["round"] == 2
    assert case.decides(FIRST) == "recorded"

    assert case.ended().output["status"] == "approved"
    assert case.told(REQUESTER) == ["Please change your request", "Approved"]
    assert case.told(FIRST) == ["Please decide", "Please decide"]


def test_a_requester_who_never_answers_lets_it_expire(ask: Any) -> None:
    case = ask(a_level(FIRST, timeoutS=DAY_S))
    case.host.advance(timedelta(hours=12))
    case.decides(FIRST, "request_changes")

    status = case.ended()

    assert status.output["status"] == "expired"
    assert timedelta() <= case.took - timedelta(hours=36) < timedelta(minutes=1)


def test_a_substitute_is_written_to_and_decides(ask: Any) -> None:
    case = ask(a_level(FIRST))
    assert case.call(FIRST, "delegate", {"to": REQUESTER}) == (400, "invalid-request")
    assert case.call(FIRST, "delegate", {"to": THIRD}) == (200, "recorded")
    case.host.at_rest()
    assert case.told(THIRD) == ["You were named to decide"]
    assert case.decides(FIRST) == "not-an-approver"
    assert case.decides(THIRD) == "recorded"

    assert case.ended().output["status"] == "approved"


def test_operators_reassign(ask: Any) -> None:
    case = ask(a_level(FIRST))
    wanted = {"from": FIRST, "to": THIRD}
    assert case.call(SECOND, "reassign", wanted) == (403, "not-an-operator")
    assert case.call(OPERATOR, "reassign", wanted, "approval.operator") == (200, "recorded")
    case.decides(THIRD)

    assert case.ended().output["status"] == "approved"


def test_the_requester_takes_it_back_and_it_is_over_at_once(ask: Any) -> None:
    case = ask(a_level(FIRST, timeoutS=14 * DAY_S))
    assert case.call(FIRST, "withdraw", {}) == (403, "not-the-requester")
    assert case.call(REQUESTER, "withdraw", {}) == (200, "recorded")

    status = case.ended()

    assert status.output["status"] == "withdrawn"
    assert case.took < timedelta(minutes=1)
    assert case.told(FIRST) == ["Please decide", "Withdrawn"]
    assert case.call(REQUESTER, "withdraw", {}) == (200, "repeated")
    assert case.decides(FIRST) == "request-closed"


def decided_without_poke(case: Case, monkeypatch: pytest.MonkeyPatch) -> str:
    """Decide while the runtime takes no events, as when the process dies after the append."""

    async def dies(*_: object) -> bool:
        return False

    with monkeypatch.context() as broken:
        broken.setattr(desk, "_poke", dies)
        return case.decides(FIRST)


def test_a_lost_poke_is_made_up_for_by_the_sweep(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    case = ask(a_level(FIRST, timeoutS=14 * DAY_S))
    assert decided_without_poke(case, monkeypatch) == "recorded"
    assert case.rests()["status"] == "awaiting_decision"

    case.host.call_http("POST", "/admin/functions/approval_sweep", json={"input": ""})
    case.host.at_rest()

    assert case.host.status(case.instance_id).runtime_status == "Completed"


def test_a_lost_poke_heals_within_a_day_even_without_a_sweep(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = ask(a_level(FIRST, timeoutS=14 * DAY_S))
    decided_without_poke(case, monkeypatch)

    status = case.ended()

    assert status.output["status"] == "approved"
    assert case.took <= timedelta(days=1, minutes=1)


def test_the_same_decision_again_wakes_whoever_was_not_woken(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = ask(a_level(FIRST, timeoutS=14 * DAY_S))
    decided_without_poke(case, monkeypatch)
    assert case.rests()["status"] == "awaiting_decision"

    assert case.decides(FIRST) == "repeated"
    case.host.at_rest()

    assert case.host.status(case.instance_id).runtime_status == "Completed"


def test_made_up_pokes_change_nothing(ask: Any) -> None:
    case = ask(a_level(FIRST, timeoutS=3 * DAY_S))
    event = names.poke(case.request_id, level=1, round_=1, sequence=3)
    for _ in range(3):
        case.host.raise_event(case.instance_id, event, {"decision": "approve"})
        assert case.rests()["status"] == "awaiting_decision"
    case.host.advance(timedelta(days=1))
    assert case.decides(FIRST) == "recorded"

    status = case.ended()

    assert status.output["status"] == "approved"
    assert case.took < timedelta(days=1, minutes=1)


def test_storage_that_stays_away_for_hours_ends_nothing(ask: Any) -> None:
    case = ask(a_level(FIRST, timeoutS=14 * DAY_S))
    case.host.faults.fail(
        names.ADVANCE, times=40, error="StorageUnavailableError: storage_unavailable: no answer"
    )
    case.decides(FIRST)

    status = case.ended()

    assert status.output["status"] == "approved"
    assert timedelta(hours=1) < case.took < timedelta(days=1)


def test_a_mail_room_that_is_down_ends_nothing(ask: Any, host: BlockingHost) -> None:
    host.faults.fail(names.NOTIFY, times=None, error=ConnectionError("no answer"))
    case = ask(a_level(FIRST), a_level(BOSS))
    case.decides(FIRST)
    case.host.advance(timedelta(minutes=1))
    case.decides(BOSS, level=2)

    assert case.ended().output["status"] == "approved"
    assert case.mails() == []


@pytest.mark.parametrize("trouble", ["deliver_twice", "lose_answer"])
def test_doubled_work_writes_nothing_twice(ask: Any, host: BlockingHost, trouble: str) -> None:
    for name in (names.ADVANCE, names.NOTIFY):
        getattr(host.faults, trouble)(name, times=None)
    case = ask(a_level(FIRST), a_level(BOSS))
    case.decides(FIRST)
    case.host.at_rest()
    case.decides(BOSS, level=2)

    assert case.ended().output["status"] == "approved"
    assert case.kinds == ["level_opened", "decided", "level_opened", "decided", "closed"]
    assert case.told(FIRST) == ["Please decide"]
    assert case.told(REQUESTER) == ["Approved"]


def test_crashes_at_any_moment_lose_and_double_nothing(ask: Any, host: BlockingHost) -> None:
    for name in (names.ADVANCE, names.NOTIFY):
        host.faults.slow(name, timedelta(seconds=20), times=4)
    case = ask(a_level(FIRST), a_level(BOSS))
    for _ in range(3):
        host.advance(timedelta(seconds=15))
        host.crash_and_restart()
    host.advance(timedelta(minutes=5))
    assert case.decides(FIRST) == "recorded"
    host.crash_and_restart()
    host.advance(timedelta(minutes=5))
    assert case.decides(BOSS, level=2) == "recorded"

    assert case.ended().output["status"] == "approved"
    assert case.kinds == ["level_opened", "decided", "level_opened", "decided", "closed"]


def test_fifty_rounds_begin_a_new_generation(ask: Any) -> None:
    case = ask(a_level(FIRST, timeoutS=90 * DAY_S))
    case.host.advance(timedelta(days=75))
    assert case.decides(FIRST) == "recorded"

    status = case.ended()

    assert status.output["status"] == "approved"
    assert timedelta(days=75) <= case.took < timedelta(days=75, minutes=1)
    history = case.host.call_http(
        "GET",
        f"/api/workflows/{case.instance_id}?include=history",
        headers={"X-Dev-Principal": OPERATOR, "X-Dev-Roles": "workflow.operator"},
    )
    assert len(history.json()["historyEvents"]) < 400


def test_a_request_that_waits_for_days_says_why_at_every_stage(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = ask(a_level(FIRST), a_level(BOSS, timeoutS=4 * DAY_S, remindAt=[0.5]))
    let_the_app_follow(case.host, monkeypatch)

    def why() -> str:
        answer = case.host.call_http(
            "GET",
            f"/api/workflows/{case.instance_id}/explain",
            headers={"X-Dev-Principal": OPERATOR, "X-Dev-Roles": "workflow.operator"},
        )
        assert answer.status == 200, answer.text
        assert answer.json()["isStuck"] is False
        sentence: str = answer.json()["sentence"]
        return sentence

    first = why()
    case.host.advance(timedelta(days=1))
    case.decides(FIRST)
    case.host.at_rest()
    second = why()
    case.host.advance(timedelta(days=3))
    reminded = why()
    case.decides(BOSS, level=2)
    case.ended()

    assert first.startswith("Waiting for approval of level 1 since ")
    assert second.startswith("Waiting for approval of level 2 since ")
    assert "a reminder goes out on " in second
    assert "a reminder" not in reminded
    assert "it expires tomorrow at " in reminded
    assert re.fullmatch(r"Completed at \d\d:\d\d as approved \(UTC\)\.", why())
