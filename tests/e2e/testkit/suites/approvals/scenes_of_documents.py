"""Documents under approval, from the upload to the publication."""

import hashlib
import json
from datetime import timedelta
from typing import Any, Final

import pytest

from funchost.testing import BlockingHost, HttpResult
from tests.support.approval_cases import Case
from tests.support.approvals import BOSS, FIRST, OPERATOR, REQUESTER, SECOND, a_level, a_request
from workflows.approval import names

PLAN: Final = b"%PDF-1.7 the plan"
BETTER: Final = b"%PDF-1.7 a better plan"


def uploaded(host: BlockingHost, content: bytes) -> dict[str, Any]:
    """Upload a document; return what a request names it by."""
    answer = host.call_http(
        "POST",
        "/api/approvals/documents",
        body=content,
        headers={"Content-Type": "application/pdf", "X-Document-Name": "the%20plan.pdf"},
    )
    assert answer.status in {200, 201}, answer.text
    told = answer.json()
    return {name: told[name] for name in ("sha256", "name", "mediaType")}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def asked_about(ask: Any, document: Any, *chain: Any) -> Case:
    case: Case = ask(*chain, kind="document", amount=None, document=document)
    return case


def fetched(case: Case, content: bytes, who: str, roles: str = "") -> HttpResult:
    return case.host.call_http(
        "GET",
        f"/api/approvals/{case.instance_id}/documents/{sha256(content)}",
        headers={"X-Dev-Principal": who, "X-Dev-Roles": roles},
    )


def test_what_is_published_is_what_was_approved(ask: Any, host: BlockingHost) -> None:
    case = asked_about(ask, uploaded(host, PLAN), a_level(FIRST), a_level(BOSS))
    case.decides(FIRST, documentSha256=sha256(PLAN))
    case.host.at_rest()
    case.decides(BOSS, level=2, documentSha256=sha256(PLAN))

    status = case.ended()

    published = case.storage.container(names.PUBLISHED_CONTAINER)
    place = f"{case.request_id}/{sha256(PLAN)}"
    assert published.read(place) == PLAN
    manifest = json.loads(published.read(f"{place}.manifest.json") or b"")
    assert [(one["actor"], one["level"]) for one in manifest["approvals"]] == [
        (FIRST, 1),
        (BOSS, 2),
    ]
    assert case.kinds[-2:] == ["closed", "published"]
    assert manifest["log"]["sequence"] == status.output["entries"] - 1
    report = case.host.call_http(
        "GET",
        f"/api/approvals/{case.instance_id}/audit",
        headers={"X-Dev-Principal": OPERATOR, "X-Dev-Roles": "approval.operator"},
    ).json()
    assert report["verified"]
    assert report["entries"][-1]["hash"] == status.output["logHash"]
    assert report["entries"][-2]["hash"] == manifest["log"]["hash"]


def test_a_decision_is_about_the_version_that_was_read(ask: Any, host: BlockingHost) -> None:
    case = asked_about(ask, uploaded(host, PLAN), a_level(FIRST, SECOND, policy="all"))
    assert case.decides(FIRST) == "invalid-request"
    assert case.decides(FIRST, documentSha256=sha256(PLAN)) == "recorded"
    case.decides(SECOND, "request_changes", documentSha256=sha256(PLAN))
    uploaded(host, BETTER)
    case.host.at_rest()
    assert case.call(REQUESTER, "resubmit", {"documentSha256": sha256(BETTER)})[0] == 200
    case.host.at_rest()

    assert case.decides(FIRST, documentSha256=sha256(PLAN)) == "document-changed"
    assert case.decides(SECOND, documentSha256=sha256(BETTER)) == "recorded"
    assert case.rests()["status"] == "awaiting_decision"  # what was said of the old one is void
    assert case.decides(FIRST, documentSha256=sha256(BETTER)) == "recorded"
    case.ended()

    published = list(case.storage.container(names.PUBLISHED_CONTAINER).names(case.request_id))
    assert f"{case.request_id}/{sha256(BETTER)}" in published
    assert f"{case.request_id}/{sha256(PLAN)}" not in published


@pytest.mark.parametrize("outcome", ["reject", "silence"])
def test_what_was_not_approved_is_not_published(ask: Any, host: BlockingHost, outcome: str) -> None:
    case = asked_about(ask, uploaded(host, PLAN), a_level(FIRST))
    if outcome == "reject":
        case.decides(FIRST, "reject", documentSha256=sha256(PLAN))

    case.ended()

    assert not list(case.storage.container(names.PUBLISHED_CONTAINER).names(case.request_id))
    assert host.activity_calls(names.PUBLISH_DOCUMENT) == []


def test_an_interrupted_publication_is_completed_once(ask: Any, host: BlockingHost) -> None:
    host.faults.lose_answer(names.PUBLISH_DOCUMENT, times=2)
    case = asked_about(ask, uploaded(host, PLAN), a_level(FIRST))
    case.decides(FIRST, documentSha256=sha256(PLAN))

    case.ended()

    assert case.kinds.count("published") == 1
    assert len(host.activity_calls(names.PUBLISH_DOCUMENT)) > 1


def test_a_document_is_handed_to_those_who_take_part_and_nobody_else(
    ask: Any, host: BlockingHost
) -> None:
    case = asked_about(ask, uploaded(host, PLAN), a_level(FIRST))
    uploaded(host, BETTER)

    for who, roles in ((FIRST, ""), (REQUESTER, ""), (OPERATOR, "approval.operator")):
        answer = fetched(case, PLAN, who, roles)
        assert (answer.status, answer.body) == (200, PLAN)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert fetched(case, PLAN, SECOND).status == 404
    assert fetched(case, PLAN, "").status == 401
    assert fetched(case, BETTER, FIRST).status == 404  # kept, but no version of this request


def test_a_request_names_what_was_uploaded(host: BlockingHost) -> None:
    known = uploaded(host, PLAN)
    for wrong, pointer in (
        ({**known, "sha256": "0" * 64}, "/document/sha256"),
        ({**known, "mediaType": "image/png"}, "/document/mediaType"),
    ):
        body = a_request(kind="document", amount=None, document=wrong, request_id="D0")
        answer = host.call_http("POST", "/api/approvals", json=body)
        assert answer.status == 400
        assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


def test_a_new_version_was_uploaded_too(ask: Any, host: BlockingHost) -> None:
    case = asked_about(ask, uploaded(host, PLAN), a_level(FIRST))
    case.decides(FIRST, "request_changes", documentSha256=sha256(PLAN))
    case.host.advance(timedelta(minutes=1))

    assert case.call(REQUESTER, "resubmit", {"documentSha256": "0" * 64}) == (
        400,
        "invalid-request",
    )


def test_without_a_chain_the_rules_say_who_is_asked(host: BlockingHost) -> None:
    body = a_request(request_id=f"rules{host.now:%H%M%S%f}", amount={"minor": 1, "currency": "EUR"})
    del body["chain"]
    answer = host.call_http("POST", "/api/approvals", json=body)
    host.at_rest()

    seen = host.call_http(
        "GET",
        f"/api/approvals/{answer.json()['instanceId']}",
        headers={"X-Dev-Principal": "manager@example.com"},
    ).json()

    assert answer.status == 202
    assert seen["waitingFor"] == ["manager@example.com"]
    assert [level["approvers"] for level in seen["chain"]] == [
        ["manager@example.com"],
        ["finance.one@example.com", "finance.two@example.com"],
    ]
