"""What a request for approval may look like, field by field, and what no chain may say."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.http import field_problems
from tests.support.approvals import BOSS, DAY_S, FIRST, REQUESTER, SECOND, a_level, a_request
from workflows.approval import names
from workflows.approval.chains import chain_problems, request_problems
from workflows.approval.models import ApprovalRequest, DecisionBody, Quorum

WRONG_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"chain": []}, "/chain"),
    ({"chain": [a_level()] * 21}, "/chain"),
    ({"chain": [a_level(*(f"a{n}@example.com" for n in range(51)))]}, "/chain/0/approvers"),
    ({"chain": [{**a_level(), "approvers": []}]}, "/chain/0/approvers"),
    ({"chain": [a_level("no address")]}, "/chain/0/approvers/0"),
    ({"chain": [a_level(policy="some")]}, "/chain/0/policy"),
    ({"chain": [a_level(policy={"quorum": 0})]}, "/chain/0/policy"),
    ({"chain": [a_level(policy={"quorum": True})]}, "/chain/0/policy"),
    ({"chain": [a_level(policy={"quorum": 1, "of": 2})]}, "/chain/0/policy"),
    ({"chain": [a_level(timeoutS=59)]}, "/chain/0/timeoutS"),
    ({"chain": [a_level(timeoutS=90 * DAY_S + 1)]}, "/chain/0/timeoutS"),
    ({"chain": [a_level(timeoutS=3600.5)]}, "/chain/0/timeoutS"),
    ({"chain": [a_level(onTimeout="ignore")]}, "/chain/0/onTimeout"),
    ({"chain": [a_level(remindAt=[0])]}, "/chain/0/remindAt/0"),
    ({"chain": [a_level(remindAt=[0.9, 0.5])]}, "/chain/0/remindAt"),
    ({"chain": [a_level(level=1)]}, "/chain/0/level"),
    ({"amount": {"minor": -1, "currency": "EUR"}}, "/amount/minor"),
    ({"amount": {"minor": 5}}, "/amount/currency"),
    ({"amount": {"minor": 1.5, "currency": "EUR"}}, "/amount/minor"),
    ({"amount": {"minor": 5, "currency": "XYZ"}}, "/amount/currency"),
    ({"title": ""}, "/title"),
    ({"title": "two\nlines"}, "/title"),
    ({"title": "reads \u202ebackwards"}, "/title"),
    ({"description": "bell\x07"}, "/description"),
    ({"description": "isolate \u2066"}, "/description"),
    ({"description": "x" * 4001}, "/description"),
    ({"requester": "nobody"}, "/requester"),
    ({"requester": f"{'a' * 250}@example.com"}, "/requester"),
    ({"requestId": "../x"}, "/requestId"),
    ({"kind": "party"}, "/kind"),
    ({"isAdmin": True}, "/isAdmin"),
    ({"status": "approved"}, "/status"),
]


def pointers(body: dict[str, Any]) -> list[str]:
    """Return the fields that are refused on their own."""
    try:
        ApprovalRequest.from_json(body)
    except ValidationError as error:
        return [problem.pointer for problem in field_problems(error)]
    return []


def chain_of(body: dict[str, Any], *, may_auto_approve: bool = False) -> list[tuple[str, str]]:
    request = ApprovalRequest.from_json(body)
    assert request.chain is not None
    found = chain_problems(
        request.chain, requester=request.requester, may_auto_approve=may_auto_approve
    )
    return [(problem.pointer, problem.code) for problem in found]


def test_an_ordinary_request_is_accepted() -> None:
    request = ApprovalRequest.from_json(a_request(a_level(FIRST, policy={"quorum": 1})))

    assert request.chain is not None
    assert request.chain[0].policy == Quorum(quorum=1)
    assert request.to_json()["chain"][0]["policy"] == {"quorum": 1}


def test_addresses_are_turned_into_lower_case() -> None:
    request = ApprovalRequest.from_json(a_request(requester="Requester@Example.COM"))

    assert request.requester == REQUESTER


@pytest.mark.parametrize(("change", "pointer"), WRONG_FIELDS)
def test_a_wrong_field_is_named(change: dict[str, Any], pointer: str) -> None:
    assert pointers({**a_request(), **change}) == [pointer]


@pytest.mark.parametrize("value", ["false", "true", 1, 0, True, None, "approved", ""])
def test_a_decision_is_one_of_three_words(value: object) -> None:
    with pytest.raises(ValidationError):
        DecisionBody.from_json({"decision": value})


def test_who_decides_is_not_taken_from_the_body() -> None:
    with pytest.raises(ValidationError, match="approverEmail"):
        DecisionBody.from_json({"decision": "approve", "approverEmail": FIRST})


def test_lines_of_a_comment_end_as_lines_do() -> None:
    body = DecisionBody.from_json({"decision": "approve", "comment": "one\r\ntwo"})

    assert body.comment == "one\ntwo"


@pytest.mark.parametrize(
    ("level", "problem"),
    [
        (a_level(FIRST, REQUESTER), ("/chain/0/approvers/1", "self-approval")),
        (a_level(FIRST, escalateTo=[REQUESTER]), ("/chain/0/escalateTo/0", "self-approval")),
        (a_level(FIRST, "FIRST@example.com"), ("/chain/0/approvers/1", "duplicate")),
        (a_level(FIRST, escalateTo=[BOSS, BOSS]), ("/chain/0/escalateTo/1", "duplicate")),
        (a_level(FIRST, policy={"quorum": 2}), ("/chain/0/policy", "quorum-too-large")),
        (
            a_level(FIRST, onTimeout="reject", escalateTo=[BOSS]),
            ("/chain/0/escalateTo", "unexpected"),
        ),
        (a_level(FIRST, onTimeout="approve"), ("/chain/0/onTimeout", "role-required")),
    ],
)
def test_what_a_chain_may_not_say_is_named(level: dict[str, Any], problem: tuple[str, str]) -> None:
    assert chain_of(a_request(level)) == [problem]


def test_silence_may_approve_for_whoever_has_the_role() -> None:
    body = a_request(a_level(FIRST, SECOND, onTimeout="approve"))

    assert chain_of(body, may_auto_approve=True) == []


@pytest.mark.parametrize("kind", ["document", "expense"])
def test_a_document_belongs_to_document_requests_alone(kind: str) -> None:
    document = {"sha256": "a" * 64, "name": "Contract", "mediaType": "application/pdf"}
    body = a_request(kind=kind, document=None if kind == "document" else document)

    (problem,) = request_problems(ApprovalRequest.from_json(body))

    assert problem.pointer == "/document"


def test_a_calendar_is_one_that_exists() -> None:
    (problem,) = request_problems(ApprovalRequest.from_json(a_request(calendar="moon_office")))

    assert problem.pointer == "/calendar"
    assert "berlin_office" in problem.detail


def test_an_instance_belongs_to_a_request_or_to_another_domain() -> None:
    assert names.request_of(names.instance_of("R1")) == "R1"
    assert names.request_of("order-R1") is None
    assert names.request_of("approval-") is None
