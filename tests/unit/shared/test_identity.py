"""Who is believed to be calling, and that nothing malformed is ever more than nobody."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import azure.functions as func
import pytest

from shared import identity
from shared.identity import (
    development_cookie,
    development_principal,
    easy_auth_principal,
    principal_of,
)
from shared.principal import Principal, Proof, Role
from shared.settings import current_settings

EMULATOR = "UseDevelopmentStorage=true"
ROLE_TYPE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    current_settings.cache_clear()
    yield
    current_settings.cache_clear()


def setting(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name in ("APP_IDENTITY", "WEBSITE_AUTH_ENABLED"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"AzureWebJobsStorage": EMULATOR, **values}.items():
        monkeypatch.setenv(name, value)


def a_request(**headers: str) -> func.HttpRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return func.HttpRequest(method="GET", url="http://localhost/", headers=named, body=b"")


def claims(*pairs: tuple[str, str], **more: Any) -> str:
    document = {
        "auth_typ": "aad",
        "role_typ": ROLE_TYPE,
        "claims": [{"typ": name, "val": value} for name, value in pairs],
        **more,
    }
    return base64.b64encode(json.dumps(document).encode()).decode()


CALLER = claims(("preferred_username", "Approver@Example.com"), ("name", "A. P."))


def test_nobody_is_believed_unless_the_settings_say_whom(monkeypatch: pytest.MonkeyPatch) -> None:
    setting(monkeypatch, WEBSITE_AUTH_ENABLED="True")

    request = a_request(X_MS_CLIENT_PRINCIPAL=CALLER, X_Dev_Principal="a@example.com")

    assert principal_of(request) is None


def test_the_platforms_word_counts_while_the_platform_authenticates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setting(monkeypatch, APP_IDENTITY="easy_auth", WEBSITE_AUTH_ENABLED="True")

    assert principal_of(a_request(X_MS_CLIENT_PRINCIPAL=CALLER)) == Principal(
        id="approver@example.com", proof=Proof.EASY_AUTH
    )
    assert principal_of(a_request()) is None


@pytest.mark.parametrize("enabled", ["", "False", "0", "yes"])
def test_a_header_that_the_platform_did_not_write_is_ignored(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, enabled: str
) -> None:
    setting(monkeypatch, APP_IDENTITY="easy_auth", WEBSITE_AUTH_ENABLED=enabled)
    identity._say_that_easy_auth_is_off.cache_clear()

    assert principal_of(a_request(X_MS_CLIENT_PRINCIPAL=CALLER)) is None
    assert principal_of(a_request(X_MS_CLIENT_PRINCIPAL=CALLER)) is None
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "APP_IDENTITY is easy_auth, but WEBSITE_AUTH_ENABLED is not True"
    ]


@pytest.mark.parametrize(
    "document",
    [
        b"\xff\xfe",
        b"[" * 5000,
        b"null",
        b'{"claims": 7}',
        b'{"claims": [7, null, {"typ": 1, "val": []}]}',
        b'{"claims": [{"typ": "upn"}]}',
        b'{"claims": [{"typ": "upn", "val": "no address"}]}',
        b'{"claims": [{"typ": "name", "val": "a@example.com"}]}',
    ],
    ids=lambda document: document[:40].decode("ascii", "replace"),
)
def test_claims_that_name_no_caller_are_nobody(document: bytes) -> None:
    assert easy_auth_principal(base64.b64encode(document).decode()) is None


@pytest.mark.parametrize("header", ["", "not base64!", "e30", "\u00e4\ud800", "A" * 100_000])
def test_a_header_that_is_not_base64_of_a_sane_size_is_nobody(header: str) -> None:
    assert easy_auth_principal(header) is None
    assert easy_auth_principal(claims(*[("upn", "a@example.com")] * 2000)) is None


def test_a_caller_with_two_names_is_nobody() -> None:
    two = [("preferred_username", "a@example.com"), ("preferred_username", "b@example.com")]

    assert easy_auth_principal(claims(*two)) is None


def test_roles_are_read_under_the_directorys_name_for_them() -> None:
    header = claims(
        ("upn", "a@example.com"),
        (ROLE_TYPE, "approval.operator"),
        ("roles", "approval.auto_approve"),
        ("groups", "approval.operator"),
        (ROLE_TYPE, "root"),
    )

    found = easy_auth_principal(header)

    assert found is not None
    assert found.roles == {Role.OPERATOR, Role.AUTO_APPROVE}


def test_an_e_mail_that_its_owner_wrote_is_not_believed() -> None:
    unverified = claims(("email", "a@example.com"))
    verified = claims(("email", "a@example.com"), ("email_verified", "true"))

    assert easy_auth_principal(unverified) is None
    assert easy_auth_principal(verified) == Principal(id="a@example.com", proof=Proof.EASY_AUTH)


def test_a_developer_is_whoever_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    setting(monkeypatch, APP_IDENTITY="development")
    request = a_request(X_Dev_Principal="A@example.com", X_Dev_Roles="approval.operator, x")

    found = principal_of(request)

    assert found is not None
    assert (found.id, found.proof) == ("a@example.com", Proof.DEVELOPMENT)
    assert found.has(Role.OPERATOR)
    assert not found.has(Role.AUTO_APPROVE)


def test_a_developers_browser_stays_signed_in_until_it_is_signed_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setting(monkeypatch, APP_IDENTITY="development")
    someone = development_principal("a@example.com", "approval.operator,approval.auto_approve")
    assert someone is not None

    set_cookie = development_cookie(someone)
    sent_back = set_cookie.partition(";")[0]

    assert {"HttpOnly", "SameSite=Strict", "Path=/api"} <= set(set_cookie.split("; "))
    assert principal_of(a_request(Cookie=f"other=1; {sent_back}")) == someone
    assert "Max-Age=0" in development_cookie(None)
    assert principal_of(a_request(Cookie=development_cookie(None).partition(";")[0])) is None


@pytest.mark.parametrize(
    "cookie", ["", "=", "dev-principal", "dev-principal=;", "dev-principal=x", "a=\x00", "[]=7"]
)
def test_a_cookie_that_names_nobody_is_nobody(monkeypatch: pytest.MonkeyPatch, cookie: str) -> None:
    setting(monkeypatch, APP_IDENTITY="development")

    assert principal_of(a_request(Cookie=cookie)) is None
    assert principal_of(a_request(Cookie=cookie + "x" * 100_000)) is None
