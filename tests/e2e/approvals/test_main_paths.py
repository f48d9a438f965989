"""Approvals over HTTP in real time: asked, decided, handed over, sent back, taken back, seen."""

import re

import pytest

from shared.chain import first_break
from tests.support.approvals import (
    BOSS,
    FIRST,
    OPERATOR,
    REQUESTER,
    SECOND,
    THIRD,
    a_level,
    a_request,
)
from tests.support.funchost import until
from tests.support.signatures import END_PATIENCE_S, Office, code_of

pytestmark = pytest.mark.e2e

LINK = re.compile(r"http://localhost:(\d+)/api/approvals/links/(v1\.\S+)")


def test_two_levels_agree_and_the_requester_hears_of_it(office: Office) -> None:
    request = office.submit(a_request(a_level(FIRST), a_level(BOSS), request_id="two-levels"))
    first = office.decide(FIRST, request, comment="fine with me")
    office.until_level(request, 2)
    second = office.decide(BOSS, request, level=2)

    output = office.ended(request)

    assert (first.status, code_of(first), first.json["status"]) == (
        200,
        "recorded",
        "awaiting_decision",
    )
    assert (second.status, second.json["status"]) == (200, "approved")
    assert (output["status"], output["entries"]) == ("approved", 6)
    entries = office.entries(request)
    assert output["logHash"] == entries[-1].hash
    assert first_break(request, entries) is None
    subjects = {message.recipient: message.subject for message in office.mails(request)}
    assert subjects == {
        FIRST: "Please decide: A new chair",
        BOSS: "Please decide: A new chair",
        REQUESTER: "Approved: A new chair",
    }


def test_a_rejection_ends_it_and_nobody_else_is_asked(office: Office) -> None:
    request = office.submit(a_request(a_level(FIRST, SECOND), a_level(BOSS), request_id="no"))
    office.decide(FIRST, request, "reject", comment="too red")

    assert office.ended(request)["status"] == "rejected"
    assert {message.recipient for message in office.mails(request)} == {FIRST, SECOND, REQUESTER}
    assert code_of(office.decide(SECOND, request)) == "already-decided"


def test_changes_are_asked_for_made_and_decided(office: Office) -> None:
    request = office.submit(a_request(a_level(FIRST), request_id="changes"))
    office.decide(FIRST, request, "request_changes", comment="which colour?")
    assert office.act(REQUESTER, request, "resubmit", {"comment": "blue"}).status == 200
    office.until_level(request, 1, round_=2)
    office.decide(FIRST, request)

    assert office.ended(request)["status"] == "approved"


def test_a_substitute_gets_a_link_and_decides(office: Office) -> None:
    request = office.submit(a_request(a_level(FIRST), request_id="substitute"))
    assert office.act(FIRST, request, "delegate", {"to": THIRD}).status == 200
    assert code_of(office.decide(FIRST, request)) == "not-an-approver"
    office.decide(THIRD, request)

    assert office.ended(request)["status"] == "approved"


def test_an_operator_reassigns(office: Office) -> None:
    request = office.submit(a_request(a_level(FIRST), request_id="reassigned"))
    body = {"from": FIRST, "to": THIRD}
    assert office.act(OPERATOR, request, "reassign", body).status == 403
    assert office.act(OPERATOR, request, "reassign", body, "approval.operator").status == 200
    office.decide(THIRD, request)

    assert office.ended(request)["status"] == "approved"


def test_a_request_is_taken_back(office: Office) -> None:
    request = office.submit(a_request(a_level(FIRST), request_id="back"))
    assert office.act(REQUESTER, request, "withdraw", {}).status == 200

    assert office.ended(request)["status"] == "withdrawn"
    assert code_of(office.decide(FIRST, request)) == "request-closed"


def test_the_same_request_again_is_the_same_one_and_another_one_is_refused(
    office: Office,
) -> None:
    body = a_request(a_level(FIRST), request_id="again")
    office.submit(body)

    assert office.post(REQUESTER, "", body).status == 202
    assert office.post(REQUESTER, "", {**body, "title": "A desk"}).status == 409
    office.decide(FIRST, "again")
    office.ended("again")
    assert office.post(REQUESTER, "", body).status == 200


def test_rules_say_who_is_asked_when_the_request_does_not(office: Office) -> None:
    body = a_request(request_id="by-rule")
    del body["chain"]
    request = office.submit(body)

    told = office.look(REQUESTER, request).json

    assert told["chain"]
    assert told["waitingFor"]
    assert REQUESTER not in told["waitingFor"]


def test_a_reminder_comes_while_somebody_thinks(office: Office) -> None:
    level = a_level(FIRST, timeoutS=60, remindAt=[0.02])
    request = office.submit(a_request(level, request_id="reminded"))

    until(
        lambda: any(message.subject.startswith("Reminder") for message in office.mails(request)),
        patience_s=END_PATIENCE_S,
        what="a reminder is sent",
    )
    office.decide(FIRST, request)

    assert office.ended(request)["status"] == "approved"


def test_what_waits_is_in_the_inbox_until_it_is_decided(office: Office) -> None:
    who = "inbox@example.com"
    request = office.submit(a_request(a_level(who), request_id="in-the-inbox"))
    (waiting,) = office.get(who, "/inbox").json["waiting"]
    assert waiting["requestId"] == request
    assert waiting["links"]["decide"] == f"/api/approvals/approval-{request}/levels/1"

    office.decide(who, request)

    assert office.get(who, "/inbox").json == {"waiting": []}


def test_a_request_is_shown_to_those_who_take_part(office: Office) -> None:
    request = office.submit(a_request(a_level(FIRST), a_level(BOSS), request_id="seen"))
    office.decide(FIRST, request, comment="fine")
    office.until_level(request, 2)

    shown = office.look(BOSS, request).json

    assert shown["you"] == {
        "isRequester": False,
        "isOperator": False,
        "mayDecide": True,
        "mayResubmit": False,
    }
    assert [entry["kind"] for entry in shown["entries"]] == [
        "requested",
        "level_opened",
        "decided",
        "level_opened",
    ]
    assert shown["entries"][2]["comment"] == "fine"
    assert office.look(REQUESTER, request).status == 200
    assert office.look(OPERATOR, request, "approval.operator").status == 200
    assert office.look("stranger@example.com", request).status == 404
    assert office.look(OPERATOR, request).status == 404


def test_each_mail_has_a_link_of_its_own(office: Office) -> None:
    level = a_level(FIRST, SECOND, policy="all")
    request = office.submit(a_request(level, request_id="links"))

    mails = until(
        lambda: found if len(found := office.mails(request)) == 2 else None,
        patience_s=END_PATIENCE_S,
        what="both are written to",
    )
    found = [LINK.search(message.text) for message in mails or ()]
    links = {link[2] for link in found if link and link[1] == str(office.host.port)}

    assert len(links) == 2
