"""The style sheet for everybody, and the sign-in for developers alone."""

import asyncio
from collections.abc import Iterator
from typing import Any

import azure.functions as func
import pytest

from shared.pages.assets import asset_path
from shared.settings import current_settings
from workflows.site import http

FORM = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Sec-Fetch-Site": "same-origin",
}
INBOX = "/api/inbox"


@pytest.fixture(autouse=True)
def fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    monkeypatch.setenv("APP_IDENTITY", "development")
    current_settings.cache_clear()
    yield
    current_settings.cache_clear()


def call(built: Any, request: func.HttpRequest) -> func.HttpResponse:
    response: func.HttpResponse = asyncio.run(built.build().get_user_function()(request))
    return response


def get(params: dict[str, str] | None = None, **headers: str) -> func.HttpResponse:
    request = func.HttpRequest(
        method="GET",
        url="http://localhost/api/sign-in",
        params=params or {},
        headers=headers,
        body=b"",
    )
    return call(http.sign_in, request)


def post(body: bytes, **headers: str) -> func.HttpResponse:
    request = func.HttpRequest(
        method="POST",
        url="http://localhost/api/sign-in",
        headers={**FORM, **headers},
        body=body,
    )
    return call(http.sign_in, request)


def asset(name: str) -> func.HttpResponse:
    request = func.HttpRequest(
        method="GET", url="http://localhost/api/assets/x", route_params={"name": name}, body=b""
    )
    return call(http.get_asset, request)


def test_a_style_sheet_may_be_kept_for_ever() -> None:
    answer = asset(asset_path("style.css").rpartition("/")[2])

    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["", "style.css", "..", "../rendering.py", "x" * 300])
def test_a_file_that_pages_do_not_refer_to_is_not_there(name: str) -> None:
    assert asset(name).status_code == 404


def test_signing_in_leads_on_to_where_one_was_going() -> None:
    assert f'value="{INBOX}"'.encode() in get({"next": INBOX}).get_body()

    answer = post(b"address=A%40example.com&approval.operator=yes&next=/api/inbox")

    assert (answer.status_code, answer.headers["Location"]) == (303, INBOX)
    cookie = answer.headers["Set-Cookie"]
    assert "a@example.com/approval.operator;" in cookie.replace('"', "")
    shown = get(Cookie=cookie.partition(";")[0]).get_body().decode()
    assert "You are a@example.com" in shown
    assert "approval.operator" in shown


@pytest.mark.parametrize("following", ["https://evil.example", "//evil.example", "/api/..//x"])
def test_signing_in_leads_nowhere_else(following: str) -> None:
    assert b"evil" not in get({"next": following}).get_body()

    answer = post(f"address=a@example.com&next={following}".encode())

    assert answer.headers["Location"] == "/api/sign-in"


def test_signing_out_forgets_who_one_was() -> None:
    answer = post(b"leave=yes")

    assert "Max-Age=0" in answer.headers["Set-Cookie"]


def test_what_is_no_address_is_told_beside_the_field() -> None:
    answer = post(b"address=%3Cscript%3E")

    assert answer.status_code == 400
    assert b"That is not a mail address." in answer.get_body()
    assert "Set-Cookie" not in answer.headers


def test_another_site_signs_nobody_in() -> None:
    answer = post(b"address=a@example.com", **{"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("identity", ["none", "easy_auth"])
def test_outside_development_there_is_no_such_page(
    monkeypatch: pytest.MonkeyPatch, identity: str
) -> None:
    monkeypatch.setenv("APP_IDENTITY", identity)

    assert get().status_code == 404
    assert post(b"address=a@example.com").status_code == 404
