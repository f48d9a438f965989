"""The frame of every page in a real browser, seen through the developer's sign-in."""

from collections.abc import Generator

import pytest

from tests.support.browser import DESKTOP, PHONE, Browser, Scheme
from tests.support.funchost import FuncHost, opened_host

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SIGN_IN = "/api/sign-in"


@pytest.fixture(scope="module")
def host(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[FuncHost]:
    settings = {"AzureWebJobsStorage": azurite, "APP_IDENTITY": "development"}
    with opened_host(tmp_path_factory.mktemp("pages"), settings) as host:
        yield host


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_and_is_accessible_and_complains_of_nothing(
    host: FuncHost, browser: Browser, size: tuple[int, int], scheme: Scheme
) -> None:
    with browser.window(size, scheme=scheme) as sight:
        sight.page.goto(host.url(SIGN_IN))

        assert sight.accessibility_problems() == []
        assert sight.overflow() <= 0
        assert sight.complaints == []
        assert sight.style_of("body", "backgroundColor") == (
            "rgb(245, 246, 248)" if scheme == "light" else "rgb(16, 22, 27)"
        )


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")])
def test_the_description_of_the_api_fits_and_is_accessible(
    host: FuncHost, browser: Browser, size: tuple[int, int], scheme: Scheme
) -> None:
    with browser.window(size, scheme=scheme) as sight:
        sight.page.goto(host.url("/api/docs"))

        assert sight.accessibility_problems() == []
        assert sight.overflow() <= 0
        assert sight.complaints == []


def test_a_keyboard_is_enough_and_where_it_is_can_be_seen(host: FuncHost, browser: Browser) -> None:
    with browser.window() as sight:
        sight.page.goto(host.url(SIGN_IN))

        sight.page.keyboard.press("Tab")
        assert sight.page.evaluate("document.activeElement.textContent") == "Skip to the content"
        sight.page.keyboard.press("Tab")
        assert sight.style_of(":focus", "outlineStyle") == "solid"
        sight.page.keyboard.type("a@example.com")
        sight.page.keyboard.press("Tab")
        sight.page.keyboard.press("Space")
        sight.page.keyboard.press("Enter")

        sight.page.get_by_role("heading", name="You are a@example.com").wait_for()
        assert sight.page.locator(".byline").inner_text() == "With approval.auto_approve."


def test_without_scripts_signing_in_and_out_works(host: FuncHost, browser: Browser) -> None:
    with browser.window(PHONE, scripts=False) as sight:
        sight.page.goto(host.url(SIGN_IN))
        sight.page.get_by_label("Mail address").fill("a@example.com")
        sight.page.get_by_role("button", name="Sign in").click()
        sight.page.get_by_role("heading", name="You are a@example.com").wait_for()
        sight.page.get_by_role("button", name="Sign out").click()

        sight.page.get_by_role("heading", name="Sign in").wait_for()


def test_a_script_that_got_into_a_page_would_not_run(host: FuncHost, browser: Browser) -> None:
    with browser.window() as sight:
        sight.page.goto(host.url(SIGN_IN))

        sight.page.evaluate(
            """() => {
              const script = document.createElement("script");
              script.textContent = "window.ran = true";
              document.body.append(script);
            }"""
        )

        assert sight.page.evaluate("window.ran") is None
        assert any("Content Security Policy" in said for said in sight.complaints)


def test_a_page_is_sent_as_html_that_nobody_keeps(host: FuncHost) -> None:
    answer = host.request("GET", SIGN_IN)

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
