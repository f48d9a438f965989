"""The inbox: for whoever proved who they are, and nobody else."""

import base64
import json
from collections.abc import Generator

import pytest

from tests.support.approvals import BOSS, FIRST, HOUR_S, SECOND, a_level
from tests.support.office import Office, opened_office

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

INBOX = "/api/inbox"


@pytest.fixture(scope="module")
def closed_office(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Office]:
    """An office that trusts the platform, which authenticates nobody here."""
    folder = tmp_path_factory.mktemp("closed-office")
    with opened_office(azurite, folder, APP_IDENTITY="easy_auth") as office:
        yield office


def test_an_inbox_shows_what_waits_the_most_urgent_first(office: Office) -> None:
    reader = "reader@example.com"
    office.link(office.ask(a_level(reader), title="Later"), reader)
    office.link(office.ask(a_level(reader, SECOND, timeoutS=HOUR_S), title="Sooner"), reader)
    office.link(office.ask(a_level(BOSS), title="Somebody else's"), BOSS)

    page = office.get(INBOX, **{"X-Dev-Principal": reader}).body.decode()

    assert "2 requests to decide" in page
    assert page.index("Sooner") < page.index("Later")
    assert "Somebody else" not in page
    assert "in 60 minutes</time>" in page or "in 59 minutes</time>" in page


def test_an_inbox_leads_to_the_page_where_one_decides(office: Office) -> None:
    reader = "clerk@example.com"
    request_id = office.ask(a_level(reader))
    mailed = office.link(request_id, reader)

    page = office.get(INBOX, **{"X-Dev-Principal": reader}).body.decode()

    assert f'href="{mailed}"' in page
    assert office.act(mailed, "approve").status == 303
    assert "Nothing waits for you" in (
        office.get(INBOX, **{"X-Dev-Principal": reader}).body.decode()
    )


def test_nobody_has_no_inbox_and_is_told_where_to_sign_in(office: Office) -> None:
    answer = office.get(INBOX)

    assert answer.status == 401
    assert 'href="/api/sign-in?next=/api/inbox"' in answer.body.decode()


FORGED = base64.b64encode(
    json.dumps({"claims": [{"typ": "preferred_username", "val": FIRST}]}).encode()
).decode()


@pytest.mark.parametrize(
    "header", [FORGED, "", "not base64!", "e30=", base64.b64encode(b"[" * 2000).decode()]
)
def test_what_anybody_can_write_into_a_header_proves_nothing(
    closed_office: Office, header: str
) -> None:
    closed_office.link(closed_office.ask(), FIRST)

    for path in (INBOX, "/api/approvals/inbox", "/api/approvals/approval-R1"):
        answer = closed_office.get(
            path, **{"X-MS-CLIENT-PRINCIPAL": header, "X-Dev-Principal": FIRST}
        )
        assert answer.status == 401, path
        assert b"A new chair" not in answer.body


def test_a_header_of_100_kb_is_no_internal_error(closed_office: Office) -> None:
    answer = closed_office.get(INBOX, **{"X-MS-CLIENT-PRINCIPAL": "A" * 100_000})

    assert answer.status in {400, 401, 431}


def test_in_an_office_of_the_platform_one_signs_in_there(closed_office: Office) -> None:
    page = closed_office.get(INBOX).body.decode()

    assert "/.auth/login/aad?post_login_redirect_uri=/api/inbox" in page
    assert closed_office.get("/api/sign-in").status == 404
