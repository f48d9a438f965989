"""What is refused, with which answer, and that nothing is kept of it."""

import base64
from typing import Any

import pytest

from tests.support.approvals import (
    BOSS,
    FIRST,
    REQUESTER,
    SECOND,
    a_level,
    a_request,
)
from tests.support.signatures import Office, code_of

pytestmark = pytest.mark.e2e

BAD_REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({"chain": []}, "/chain"),
    ({"chain": [a_level()] * 1000}, ""),
    ({"chain": [a_level(*(f"a{n}@example.com" for n in range(51)))]}, "/chain/0/approvers"),
    ({"chain": [a_level(FIRST, FIRST)]}, "/chain/0/approvers/1"),
    ({"chain": [a_level(FIRST, REQUESTER)]}, "/chain/0/approvers/1"),
    ({"chain": [a_level(escalateTo=[REQUESTER])]}, "/chain/0/escalateTo/0"),
    ({"chain": [a_level(onTimeout="reject", escalateTo=[BOSS])]}, "/chain/0/escalateTo"),
    ({"chain": [a_level(policy={"quorum": 2})]}, "/chain/0/policy"),
    ({"chain": [a_level(policy={"quorum": 0})]}, "/chain/0/policy"),
    ({"chain": [a_level(timeoutS=59)]}, "/chain/0/timeoutS"),
    ({"chain": [a_level(timeoutS=7_776_001)]}, "/chain/0/timeoutS"),
    ({"chain": [a_level(onTimeout="approve")]}, "/chain/0/onTimeout"),
    ({"chain": [a_level(level=2)]}, "/chain/0/level"),
    ({"amount": {"minor": 100}}, "/amount/currency"),
    ({"amount": {"minor": -1, "currency": "EUR"}}, "/amount/minor"),
    ({"kind": "document"}, "/document"),
    ({"title": "an \u202edlo eltit"}, "/title"),
    ({"description": "x" * 4001}, "/description"),
    ({"calendar": "nowhere"}, "/calendar"),
    ({"status": "approved"}, "/status"),
    ({"requestId": "a/../b"}, "/requestId"),
    (
        {
            "kind": "document",
            "document": {"sha256": "a" * 64, "name": "x", "mediaType": "application/pdf"},
        },
        "/document/sha256",
    ),
]


@pytest.mark.parametrize(
    ("change", "pointer"), BAD_REQUESTS, ids=[str(n) for n in range(len(BAD_REQUESTS))]
)
def test_a_request_that_cannot_be_decided_is_refused_and_names_the_field(
    office: Office, change: dict[str, Any], pointer: str
) -> None:
    answer = office.post(REQUESTER, "", {**a_request(request_id="bad"), **change})

    assert answer.status in {400, 413}
    assert answer.headers["content-type"] == "application/problem+json"
    if pointer:
        assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert office.look(REQUESTER, "bad").status == 404


def test_nobody_asks_in_somebody_elses_name(office: Office) -> None:
    body = a_request(a_level(SECOND), request_id="not-mine")

    answer = office.post(SECOND, "", body)

    assert (answer.status, code_of(answer)) == (403, "requester-mismatch")
    assert office.post("helper@example.com", "", body, "approval.operator").status == 202


@pytest.fixture(scope="module")
def request_id(office: Office) -> str:
    """A request that waits for its first level and is decided by none of these tests."""
    return office.submit(a_request(a_level(FIRST, SECOND, policy="all"), a_level(BOSS)))


BAD_DECISIONS: list[Any] = [
    {},
    {"decision": "yes"},
    {"decision": True},
    {"decision": "false"},
    {"approved": True, "approverEmail": FIRST},
    {"decision": "approve", "approverEmail": FIRST},
    {"decision": "approve", "comment": "x" * 4001},
    {"decision": "approve", "comment": "bell\u0007"},
    {"decision": "approve", "comment": "\u202e"},
    {"decision": "approve", "documentSha256": "nonsense"},
    {"decision": "approve", "decisionId": "../x"},
    [],
    "approve",
    b"",
    b"not json",
    b'{"decision": "approve", "decision": "reject"}',
]


@pytest.mark.parametrize("body", BAD_DECISIONS, ids=str)
def test_a_decision_is_exactly_what_it_has_to_be(
    office: Office, request_id: str, body: Any
) -> None:
    answer = office.act(FIRST, request_id, "levels/1", body)

    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(office.entries(request_id)) == 2


@pytest.mark.parametrize("level", ["0", "-1", "01x", "99", "999", "1.5", "%31%00", "one"])
def test_only_the_current_level_can_be_decided(office: Office, request_id: str, level: str) -> None:
    answer = office.act(FIRST, request_id, f"levels/{level}", {"decision": "approve"})

    assert answer.status in {400, 404, 409}
    assert len(office.entries(request_id)) == 2


def test_a_future_level_cannot_be_decided_in_advance(office: Office, request_id: str) -> None:
    answer = office.decide(BOSS, request_id, level=2)

    assert (answer.status, code_of(answer)) == (403, "not-an-approver")
    assert len(office.entries(request_id)) == 2


def test_strangers_and_the_requester_decide_nothing(office: Office, request_id: str) -> None:
    stranger = office.decide("stranger@example.com", request_id)
    own = office.decide(REQUESTER, request_id)

    assert (stranger.status, code_of(stranger)) == (403, "not-an-approver")
    assert (own.status, code_of(own)) == (403, "self-approval")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Dev-Principal": "not an address"},
        {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(b'{"claims": []}').decode()},
        {"X-MS-CLIENT-PRINCIPAL": "%%%"},
        {"X-MS-CLIENT-PRINCIPAL": "A" * 7000},
        {"X-MS-CLIENT-PRINCIPAL-NAME": FIRST},
    ],
    ids=["none", "malformed", "easy-auth", "bad-base64", "long", "name-only"],
)
def test_whoever_does_not_say_who_they_are_is_asked_to(
    office: Office, request_id: str, headers: dict[str, str]
) -> None:
    path = f"/approval-{request_id}/levels/1"

    answer = office.post(None, path, {"decision": "approve"}, **headers)

    assert (answer.status, code_of(answer)) == (401, "identity-required")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert office.get(None, "/inbox").status == 401
    assert len(office.entries(request_id)) == 2


@pytest.mark.parametrize(
    "instance_id", ["approval-unknown", "order-A1", "approval-", "nonsense", "approval-a%2fb"]
)
def test_what_is_no_approval_is_not_found(office: Office, instance_id: str) -> None:
    for what in ("levels/1", "delegate", "reassign", "withdraw", "resubmit"):
        bodies = {
            "levels/1": {"decision": "approve"},
            "delegate": {"to": BOSS},
            "reassign": {"from": FIRST, "to": BOSS},
        }
        answer = office.post(
            FIRST, f"/{instance_id}/{what}", bodies.get(what, {}), "approval.operator"
        )
        assert answer.status == 404
    assert office.get(FIRST, f"/{instance_id}", "approval.operator").status == 404
