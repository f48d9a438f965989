"""Pages: what values cannot do in them, and what their answers forbid."""

from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given, strategies as st

from shared.pages import Pages, attachment, find_asset, local_path, see_other
from shared.pages.assets import asset_path

TEMPLATE = """{% extends "frame.html" %}{% block title %}{{ text }}{% endblock %}
{% block content %}<p title="{{ text }}">{{ text }}</p>{% endblock %}"""


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    (tmp_path / "page.html").write_text(TEMPLATE, encoding="utf-8")
    return Pages(tmp_path)


def shown(pages: Pages, text: str) -> str:
    return pages.render("page.html", text=text).get_body().decode()


def test_markup_in_a_value_is_text(pages: Pages) -> None:
    page = shown(pages, "\"'><script>alert(1)</script><img src=x onerror=alert(1)>")

    assert "<script" not in page
    assert "<img src=x" not in page
    assert page.count("&lt;script&gt;") == 3


@pytest.mark.parametrize(
    "harmful", ["\u202e", "\u2066", "\u200f", "\u061c", "\u2028", "\ufeff", "\x00", "\x1b", "\x85"]
)
def test_what_turns_text_round_or_hides_is_shown_and_does_nothing(
    pages: Pages, harmful: str
) -> None:
    page = shown(pages, f"pay {harmful}001")

    assert harmful not in page
    assert "pay \ufffd001" in page


def test_text_in_any_language_stays_as_it_is(pages: Pages) -> None:
    text = "Überweisung 承認 موافقة\nsecond line"

    assert text in shown(pages, text)


def test_an_answer_lets_nothing_run_nothing_frame_and_nothing_keep_it(pages: Pages) -> None:
    answer = pages.render("page.html", text="")
    headers = answer.headers

    assert (answer.mimetype, answer.charset) == ("text/html", "utf-8")
    assert headers["Content-Security-Policy"].split("; ") == [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_with_scripts_lets_in_files_of_ours_and_nothing_written_into_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "page.html").write_text(TEMPLATE, encoding="utf-8")

    answer = Pages(tmp_path, scripts=True).render("page.html", text="")

    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert policy[-2:] == ["script-src 'self'", "connect-src 'self'"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_a_page_names_nothing_outside(pages: Pages) -> None:
    assert "://" not in shown(pages, "")


def test_files_are_found_under_a_name_that_changes_with_their_content() -> None:
    path = asset_path("style.css")

    asset = find_asset(path.rpartition("/")[2])

    assert asset is not None
    assert asset.media_type == "text/css"
    assert b"prefers-color-scheme" in asset.content
    assert find_asset("style.css") is None
    assert find_asset("style.0000000000000000.css") is None
    assert find_asset("../__init__.py") is None


def test_a_redirect_leads_on_without_repeating_the_post() -> None:
    answer = see_other("/api/approvals/links/v1.a.b-_.c")

    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/api/approvals/links/v1.a.b-_.c",
    )


def test_what_a_redirect_carries_along_stays_a_value() -> None:
    answer = see_other("/api/console", query={"done": "a&b=c#\r\nX: y"})

    assert answer.headers["Location"] == "/api/console?done=a%26b%3Dc%23%0D%0AX%3A+y"


ELSEWHERE = [
    "",
    "https://evil.example",
    "//evil.example/api",
    "/\\evil.example",
    "/api//evil.example",
    "/api",
    "/api/",
    "/api/../x",
    "/api/./x",
    "/api/x?next=//evil.example",
    "/api/x#y",
    "/api/x\r\nSet-Cookie: a=b",
    "/api/%2e%2e/x",
    "javascript:alert(1)",
    "/other",
]


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_redirect_to_anywhere_else_is_impossible(path: str) -> None:
    assert local_path(path) is None
    with pytest.raises(ValueError, match="our own paths"):
        see_other(path)


@given(st.one_of(st.text(), st.from_regex(r"/api[/.\\:a-z]*", fullmatch=True)))
def test_whatever_passes_for_a_path_of_ours_stays_on_our_site(text: str) -> None:
    if local_path(text) is not None:
        led_to = urlsplit(urljoin("https://here.example/api/sign-in", text))
        assert led_to.netloc == "here.example"
        assert led_to.path.startswith("/api/")


def test_a_file_is_saved_under_its_name_and_never_shown_as_a_page() -> None:
    answer = attachment(b"<script>", name='ä"\r\n/x.html', media_type="text/html")

    assert answer.headers["Content-Disposition"] == (
        "attachment; filename*=UTF-8''%C3%A4%22%0D%0A%2Fx.html"
    )
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.get_body() == b"<script>"
