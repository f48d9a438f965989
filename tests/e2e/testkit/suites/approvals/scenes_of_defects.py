"""What goes wrong in such systems and does not here: docs/defects.md says which is which."""

from datetime import timedelta
from typing import Any

import pytest

from funchost.testing import BlockingHost
from tests.support.approval_cases import Case
from tests.support.approvals import (
    BOSS,
    DAY_S,
    FIRST,
    HOUR_S,
    OPERATOR,
    REQUESTER,
    SECOND,
    a_level,
    a_request,
)
from workflows.approval import names


def refused(host: BlockingHost, *chain: Any, **changes: Any) -> list[str]:
    """Submit what must not be taken; return the fields that are named."""
    answer = host.call_http("POST", "/api/approvals", json={**a_request(**changes), "chain": chain})
    assert answer.status == 400, answer.text
    return [problem["pointer"] for problem in answer.json()["errors"]]


def posted(host: BlockingHost, path: str, who: str | None, body: Any) -> tuple[int, str]:
    headers = {"X-Dev-Principal": who} if who else {}
    answer = host.call_http("POST", f"/api/approvals/{path}", json=body, headers=headers)
    return answer.status, answer.json()["type"].rpartition(":")[2]


def test_an_empty_chain_is_refused(host: BlockingHost) -> None:
    assert refused(host) == ["/chain"]
    assert refused(host, a_level(approvers=[])) == ["/chain/0/approvers"]


def test_only_who_is_asked_decides_and_never_the_requester(ask: Any, host: BlockingHost) -> None:
    case = ask(a_level(FIRST))
    yes = {"decision": "approve"}
    place = f"{case.instance_id}/levels/1"

    assert posted(host, place, None, yes) == (401, "identity-required")
    assert posted(host, place, SECOND, yes) == (403, "not-an-approver")
    assert posted(host, place, REQUESTER, yes) == (403, "self-approval")
    assert posted(host, place, SECOND, {**yes, "approverEmail": FIRST}) == (400, "invalid-request")
    assert refused(host, a_level(REQUESTER)) == ["/chain/0/approvers/0"]
    assert refused(host, a_level(FIRST, escalateTo=[REQUESTER])) == ["/chain/0/escalateTo/0"]
    assert case.kinds == ["level_opened"]


def test_a_decision_for_another_level_is_refused_and_not_kept_for_later(ask: Any) -> None:
    case = ask(a_level(FIRST), a_level(FIRST, BOSS))
    assert case.decides(FIRST, level=2) == "not-current-level"
    assert case.decides(BOSS, level=2) == "not-an-approver"

    assert case.decides(FIRST) == "recorded"
    assert case.rests()["status"] == "awaiting_decision"

    assert case.decides(FIRST, level=1, comment="again") == "already-decided"
    assert case.decides(FIRST, level=2) == "recorded"
    assert case.ended().output["status"] == "approved"


def test_what_is_no_open_approval_is_answered_and_never_a_500(ask: Any, host: BlockingHost) -> None:
    host.faults.slow(names.ADVANCE, timedelta(seconds=20), times=1)
    early: Case = ask(a_level(FIRST))
    host.freeze()

    assert early.decides(FIRST) == "not-an-approver"
    for elsewhere in ("approval-unknown", "order-1", "batch-1", "x"):
        assert posted(host, f"{elsewhere}/levels/1", FIRST, {"decision": "approve"}) == (
            404,
            "instance-unknown",
        )
    host.flow()
    host.advance(timedelta(minutes=1))
    assert early.decides(FIRST) == "recorded"


def test_only_a_decision_is_a_decision(ask: Any, host: BlockingHost) -> None:
    case = ask(a_level(FIRST))
    for body in (
        {"approved": "false"},
        {"approved": True},
        {"decision": "false"},
        {"decision": True},
        {"decision": "approved"},
        {},
    ):
        place = f"{case.instance_id}/levels/1"
        assert posted(host, place, FIRST, body) == (400, "invalid-request")

    assert case.kinds == ["level_opened"]


def test_a_decision_ends_a_wait_of_sixty_days_at_once(ask: Any) -> None:
    case = ask(a_level(FIRST, timeoutS=60 * DAY_S))
    case.host.advance(timedelta(days=10))
    case.decides(FIRST)
    case.host.at_rest()

    status = case.host.status(case.instance_id)
    assert status.runtime_status == "Completed"
    assert case.took < timedelta(days=10, minutes=1)


def test_impossible_levels_are_refused_by_name(host: BlockingHost) -> None:
    for timeout in (0, -1, 59, 91 * DAY_S, 3600.5, "60"):
        assert refused(host, a_level(timeoutS=timeout)) == ["/chain/0/timeoutS"]
    for silence in ("both", ["approve", "reject"], None):
        assert refused(host, a_level(onTimeout=silence)) == ["/chain/0/onTimeout"]
    assert refused(host, a_level(autoApprove=True)) == ["/chain/0/autoApprove"]
    assert refused(host, a_level(level=1), a_level(level=1)) == [
        "/chain/0/level",
        "/chain/1/level",
    ]


def test_one_decision_never_settles_two_levels_of_one_approver(ask: Any) -> None:
    case = ask(a_level(FIRST), a_level(FIRST))
    case.decides(FIRST, decisionId="D1")

    assert (case.rests()["level"], case.rests()["status"]) == (2, "awaiting_decision")
    assert case.decides(FIRST, decisionId="D1") == "repeated"
    assert case.rests()["level"] == 2


@pytest.mark.parametrize(
    ("end", "status", "kind"),
    [
        ({"onTimeout": "reject"}, "rejected", "auto_rejected"),
        ({"onTimeout": "escalate"}, "expired", "expired"),
    ],
)
def test_an_end_by_time_says_which_and_the_status_says_so_too(
    ask: Any, end: dict[str, str], status: str, kind: str
) -> None:
    case = ask(a_level(FIRST, **end))

    ended = case.ended()

    assert ended.output["status"] == ended.custom_status["status"] == status
    assert (ended.output["level"], ended.custom_status["level"]) == (1, 1)
    assert kind in case.kinds
    (told,) = [mail.text for mail in case.mails() if mail.recipient == REQUESTER]
    assert "level 1" in told


def test_patience_counts_business_hours(ask: Any) -> None:
    case = ask(a_level(FIRST, timeoutS=41 * HOUR_S), calendar="berlin_office")

    case.ended()

    # The office is open for 38 hours a week, whenever one begins to count.
    assert timedelta(days=7) < case.took < timedelta(days=30)


def test_an_ended_request_is_a_conflict_and_a_purged_one_is_gone(
    ask: Any, host: BlockingHost
) -> None:
    case = ask(a_level(FIRST))
    case.decides(FIRST)
    case.ended()
    place = f"{case.instance_id}/levels/1"
    no = {"decision": "reject"}
    assert posted(host, place, FIRST, no) == (409, "already-decided")

    host.call_http("DELETE", f"/runtime/webhooks/durabletask/instances/{case.instance_id}")

    assert posted(host, place, FIRST, no) == (410, "instance-purged")


@pytest.mark.parametrize("level", ["0", "-1", "01x", "1%2F..", "999999999", "one", "1_level_2"])
def test_a_level_that_is_none_is_refused(ask: Any, host: BlockingHost, level: str) -> None:
    case = ask(a_level(FIRST))

    place = f"{case.instance_id}/levels/{level}"
    status, _ = posted(host, place, FIRST, {"decision": "approve"})

    assert status in {400, 404, 409}
    assert case.kinds == ["level_opened"]


def audit(case: Case, who: str = OPERATOR, roles: str = "approval.operator") -> Any:
    return case.host.call_http(
        "GET",
        f"/api/approvals/{case.instance_id}/audit",
        headers={"X-Dev-Principal": who, "X-Dev-Roles": roles},
    )


def test_a_changed_entry_is_found(ask: Any) -> None:
    case = ask(a_level(FIRST))
    case.decides(FIRST, comment="too much")
    case.ended()
    whole = audit(case).json()
    table = case.storage.table(names.LOG_TABLE)
    row = table.read(case.request_id, "e:00000003")
    assert row is not None

    table.put(row.changed(actor=SECOND))
    changed = audit(case).json()

    assert (whole["verified"], whole["findings"]) == (True, [])
    assert [entry["kind"] for entry in whole["entries"]] == [
        "requested",
        "level_opened",
        "decided",
        "closed",
    ]
    assert (changed["verified"], changed["firstBroken"]) == (False, 3)
    assert changed["findings"] == [{"sequence": 3, "reason": "changed"}]


def test_evidence_is_for_operators(ask: Any) -> None:
    case = ask(a_level(FIRST))

    assert audit(case, REQUESTER, "").status == 403
    assert audit(case, "", "").status == 401
    nowhere = Case(host=case.host, storage=case.storage, request_id="none", began=case.began)
    assert audit(nowhere).status == 404
