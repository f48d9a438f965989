"""Links in mails: what they show and let happen, and everything that they refuse."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.principal import digest_of_address
from shared.signed_links import LinkClaims, LinkKeys, sign
from tests.support.approvals import BOSS, FIRST, REQUESTER, SECOND, a_level
from tests.support.funchost import Answer
from tests.support.office import Office, keys

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

REFUSED = "This link cannot be used"
LATER = datetime.now(UTC) + timedelta(days=1)


def text(answer: Answer) -> str:
    return answer.body.decode()


def a_link(request_id: str, *, by: LinkKeys | None = None, **changes: Any) -> str:
    """Return the path of a link that we sign ourselves."""
    approver: str = changes.pop("approver", FIRST)
    named: dict[str, Any] = {"level": 1, "round_": 1, "expires_at": LATER, **changes}
    claims = LinkClaims.of(f"approval-{request_id}", approver=digest_of_address(approver), **named)
    return f"/api/approvals/links/{sign(claims, by or keys('new'))}"


def test_a_link_shows_what_is_asked_and_what_happens_next(office: Office) -> None:
    _, link = office.asked(
        a_level(FIRST, onTimeout="reject"), a_level(SECOND), description="With arm rests."
    )

    page = text(office.get(link))

    for shown in (
        "A new chair",
        "Purchase",
        "Level 1 of 2",
        "199.00 EUR",
        "With arm rests.",
        REQUESTER,
        f"Deciding as <bdi>{FIRST}</bdi>",
        "Decide in 2 days",
        "If nobody decides by then, the request is rejected.",
        f"Level 1: {FIRST} was asked to decide",
    ):
        assert shown in page


def test_a_deadline_in_business_hours_is_told_on_the_clock_of_that_place(office: Office) -> None:
    _, plain = office.asked()
    _, link = office.asked(calendar="berlin_office")

    assert "Europe/Berlin, counted in business hours" in text(office.get(link))
    assert "business hours" not in text(office.get(plain))


def test_looking_changes_nothing_however_often_and_whoever_looks(office: Office) -> None:
    request_id, link = office.asked()
    before = office.entries(request_id)

    answers = [
        office.host.request(method, link, headers={"Purpose": "prefetch"})
        for method in ("GET", "HEAD") * 10
    ]

    assert {answer.status for answer in answers} == {200}
    assert office.entries(request_id) == before


@pytest.mark.parametrize(
    ("action", "kind", "did"),
    [
        ("approve", "closed", "You approved the request"),
        ("reject", "closed", "You rejected the request"),
        ("request_changes", "changes_requested", "You asked for changes to the request"),
    ],
)
def test_a_decision_is_recorded_and_shown_on_a_page_of_its_own(
    office: Office, action: str, kind: str, did: str
) -> None:
    request_id, link = office.asked()

    answer = office.act(link, action, comment="Because\r\nof this.")

    assert (answer.status, answer.headers["location"]) == (303, link)
    shown = office.get(link)
    assert shown.status == 200
    assert did in text(shown)
    assert "Because\nof this." in text(shown)
    decided = office.waits(request_id, "decided")
    assert (decided.actor, decided.proof) == (FIRST, "signed_link")
    assert decided.payload["comment"] == "Because\nof this."
    assert office.waits(request_id, kind).level == 1


def test_a_used_link_does_nothing_more(office: Office) -> None:
    request_id, link = office.asked(a_level(FIRST, SECOND, policy="all"))
    proof = office.proof(link)
    fields = {"proof": proof, "action": "approve"}
    assert office.post(link, fields).status == 303
    before = office.entries(request_id)

    twice = office.post(link, fields)
    otherwise = office.post(link, {"proof": proof, "action": "reject"})
    handing_over = office.post(link, {"proof": proof, "action": "delegate", "to": BOSS})

    assert twice.status == 303  # the same again has succeeded before
    for answer in (otherwise, handing_over):
        assert answer.status in {403, 409}
    assert REFUSED in text(otherwise)
    assert office.entries(request_id) == before


def test_whatever_is_wrong_with_a_link_one_text_is_told_and_nothing_changes(
    office: Office,
) -> None:
    request_id, link = office.asked(a_level(FIRST), a_level(SECOND))
    proof = office.proof(link)
    before = office.entries(request_id)
    stranger = LinkKeys.parse("new:" + base64.b64encode(b"x" * 32).decode())
    unknown = LinkKeys.parse("gone:" + base64.b64encode(b"x" * 32).decode())
    head, _, mac = link.rpartition(".")
    wrong = [
        "/api/approvals/links/x",
        "/api/approvals/links/" + "x" * 3000,
        link[:-1],
        f"{head}.{mac[::-1]}",
        a_link(request_id, by=stranger),
        a_link(request_id, by=unknown),
        a_link(request_id, expires_at=datetime(2020, 1, 1, tzinfo=UTC)),
        a_link(request_id, level=2),
        a_link(request_id, level=2, approver=SECOND),
        a_link(request_id, round_=2),
        a_link(request_id, approver=SECOND),
        a_link(request_id, approver=REQUESTER),
        a_link("nobody-asked-for-this"),
    ]

    shown = [office.get(path) for path in wrong]
    sent = [office.post(path, {"proof": proof, "action": "approve"}) for path in wrong]

    assert {answer.status for answer in (*shown, *sent)} == {403}
    assert len({answer.body for answer in shown}) == 1
    assert REFUSED in text(shown[0])
    assert office.entries(request_id) == before


def test_a_link_of_a_key_that_no_longer_signs_still_decides(office: Office) -> None:
    request_id = office.ask()
    office.link(request_id)

    answer = office.act(a_link(request_id, by=keys("old")), "approve")

    assert answer.status == 303
    assert office.waits(request_id, "decided").actor == FIRST


@pytest.mark.parametrize(
    ("proof", "headers"),
    [
        ("", {}),
        ("x", {}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
        (None, {"Sec-Fetch-Site": "", "Origin": "https://evil.example"}),
    ],
)
def test_a_form_that_another_page_made_up_is_refused(
    office: Office, proof: str | None, headers: dict[str, str]
) -> None:
    request_id, link = office.asked()
    fields = {"proof": office.proof(link) if proof is None else proof, "action": "approve"}

    answer = office.post(link, fields, headers=headers)

    assert answer.status == 403
    assert "This form was not sent from here" in text(answer)
    assert not [entry for entry in office.entries(request_id) if entry.kind == "decided"]


def test_the_form_of_another_link_is_refused(office: Office) -> None:
    request_id, link = office.asked()
    _, other = office.asked()

    answer = office.post(link, {"proof": office.proof(other), "action": "approve"})

    assert answer.status == 403
    assert not [entry for entry in office.entries(request_id) if entry.kind == "decided"]


@pytest.mark.parametrize("fields", [{}, {"action": "win"}, {"action": "approve", "isAdmin": "1"}])
def test_a_form_that_the_page_does_not_send_is_refused(
    office: Office, fields: dict[str, str]
) -> None:
    request_id, link = office.asked()

    answer = office.post(link, {"proof": office.proof(link), **fields})

    assert answer.status == 400
    assert not [entry for entry in office.entries(request_id) if entry.kind == "decided"]


def test_a_comment_that_is_too_long_is_told_and_kept_on_the_page(office: Office) -> None:
    request_id, link = office.asked()
    comment = "long " * 900

    answer = office.act(link, "approve", comment=comment)

    assert answer.status == 422
    assert comment.strip() in text(answer)
    assert 'aria-invalid="true"' in text(answer)
    assert not [entry for entry in office.entries(request_id) if entry.kind == "decided"]


def test_whoever_is_named_decides_with_a_link_of_their_own(office: Office) -> None:
    request_id, link = office.asked()

    answer = office.act(link, "delegate", to=f" {BOSS.upper()} ")

    assert answer.status == 303
    assert f"You handed this over to {BOSS}" in text(office.get(link))
    assert office.act(office.link(request_id, BOSS), "approve").status == 303
    assert office.waits(request_id, "closed").payload["outcome"] == "approved"


def test_whoever_handed_over_can_decide_no_more(office: Office) -> None:
    request_id, link = office.asked()
    proof = office.proof(link)
    office.act(link, "delegate", to=BOSS)

    answer = office.post(link, {"proof": proof, "action": "approve"})

    assert (answer.status, REFUSED in text(answer)) == (403, True)
    assert not [entry for entry in office.entries(request_id) if entry.kind == "decided"]


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (REQUESTER, f"{REQUESTER}: the requester cannot be asked."),
        (SECOND, f"{SECOND}: is asked already."),
        ("nobody", "Expected a mail address"),
        ("", "Expected a mail address"),
    ],
)
def test_whoever_cannot_be_named_is_told_beside_the_field(
    office: Office, to: str, said: str
) -> None:
    request_id, link = office.asked(a_level(FIRST, SECOND))

    answer = office.act(link, "delegate", to=to)

    assert answer.status == 422
    assert said in text(answer)
    assert f'value="{to}"' in text(answer)
    assert not [entry for entry in office.entries(request_id) if entry.kind == "delegated"]


def test_whoever_comes_second_is_told_that_nothing_was_recorded(office: Office) -> None:
    request_id, link = office.asked(a_level(FIRST, SECOND))
    other = office.link(request_id, SECOND)
    late = office.proof(other)
    office.act(link, "reject")

    answer = office.post(other, {"proof": late, "action": "approve"})

    assert answer.status == 409
    assert "Nothing was recorded" in text(answer)
    assert REFUSED in text(office.get(other))
    assert office.waits(request_id, "closed").payload["outcome"] == "rejected"


def test_a_link_leads_nowhere_else(office: Office) -> None:
    _, link = office.asked()

    answer = office.post(
        f"{link}?next=https://evil.example",
        {"proof": office.proof(link), "action": "approve"},
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
    )

    assert answer.headers["location"] == link


CONTRACT = b"%PDF-1.7\n" + b"clause\n" * 300


def a_document(office: Office) -> tuple[str, str, str]:
    """Ask about a document; return request id, link and the document's hash."""
    document = office.keep(CONTRACT, name='Vertrag ä "1".pdf', media_type="application/pdf")
    request_id = office.ask(
        a_level(FIRST), kind="document", title="Terms", document=document, amount=None
    )
    return request_id, office.link(request_id), document["sha256"]


def test_a_document_is_shown_with_its_hash_and_can_be_read(office: Office) -> None:
    _, link, sha256 = a_document(office)

    page = text(office.get(link))
    file = office.get(f"{link}/document")

    assert sha256 in page
    assert "application/pdf, 2.1 KB" in page
    assert file.body == CONTRACT
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''Vertrag%20%C3%A4%20%221%22.pdf"
    )
    assert "sandbox" in file.headers["content-security-policy"]
    assert file.headers["x-content-type-options"] == "nosniff"


def test_a_decision_is_about_the_version_that_was_read(office: Office) -> None:
    request_id, link, sha256 = a_document(office)

    other = office.act(link, "approve", document="ab" * 32)
    none = office.act(link, "approve")
    right = office.act(link, "approve", document=sha256)

    assert (other.status, none.status, right.status) == (409, 409, 303)
    assert "The document has changed" in text(other)
    assert office.waits(request_id, "decided").payload["documentSha256"] == sha256


def test_a_document_can_be_read_for_as_long_as_it_can_be_decided(office: Office) -> None:
    _, link, sha256 = a_document(office)
    office.act(link, "approve", document=sha256)
    _, plain = office.asked()

    for path in (f"{link}/document", f"{plain}/document", "/api/approvals/links/x/document"):
        answer = office.get(path)
        assert (answer.status, REFUSED in text(answer)) == (403, True)
