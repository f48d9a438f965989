"""The pages of an approval in a real browser: readable, usable and inert for everybody."""

from collections.abc import Callable

import pytest

from tests.support.approvals import BOSS, FIRST, SECOND, a_level
from tests.support.browser import DESKTOP, PHONE, Browser, Scheme
from tests.support.office import Office

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SCRIPT = "<script>window.ran = 1</script><img src=x onerror=window.ran=1>"


def a_question(office: Office) -> str:
    _, link = office.asked(
        a_level(FIRST, SECOND, policy="all", escalateTo=[BOSS]),
        description="A line.\n\n" + "Unbroken" * 40,
    )
    office.act(office.link(_, SECOND), "approve", comment="Fine with me.")
    return link


def a_receipt(office: Office) -> str:
    _, link = office.asked()
    office.act(link, "reject", comment="Not this year.")
    return link


def a_refusal(_office: Office) -> str:
    return "/api/approvals/links/x"


def an_inbox(office: Office) -> str:
    office.link(office.ask(a_level(FIRST), title="A title " * 20))
    return "/api/inbox"


@pytest.mark.parametrize("made", [a_question, a_receipt, a_refusal, an_inbox])
@pytest.mark.parametrize(
    ("size", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone", "desktop"]
)
def test_every_page_fits_and_is_accessible(
    office: Office,
    browser: Browser,
    made: Callable[[Office], str],
    size: tuple[int, int],
    scheme: Scheme,
) -> None:
    path = made(office)

    with browser.window(size, scheme=scheme, headers={"X-Dev-Principal": FIRST}) as sight:
        sight.page.goto(office.host.url(path))

        assert sight.accessibility_problems() == []
        assert sight.overflow() <= 0
        assert [said for said in sight.complaints if "403" not in said] == []


def test_a_keyboard_is_enough_to_decide(office: Office, browser: Browser) -> None:
    _, link = office.asked()

    with browser.window() as sight:
        sight.page.goto(office.host.url(link))
        reached: list[str] = []
        while "Approve" not in reached:
            sight.page.keyboard.press("Tab")
            assert sight.style_of(":focus", "outlineWidth") == "3px"
            reached.append(sight.page.evaluate("document.activeElement.textContent.trim()"))
            assert len(reached) < 10, reached
        sight.page.keyboard.press("Enter")

        sight.page.get_by_role("heading", name="You approved the request").wait_for()
        assert sight.page.url == office.host.url(link)


def test_without_scripts_everything_works(office: Office, browser: Browser) -> None:
    request_id, link = office.asked()

    with browser.window(PHONE, scripts=False) as sight:
        sight.page.goto(office.host.url(link))
        sight.page.get_by_text("Let somebody else decide").click()
        sight.page.get_by_label("Their mail address").fill(BOSS)
        sight.page.get_by_role("button", name="Hand over").click()
        sight.page.get_by_role("heading", name=f"You handed this over to {BOSS}").wait_for()

        sight.page.goto(office.host.url(office.link(request_id, BOSS)))
        sight.page.get_by_label("Comment").fill("Zwei Stühle: 承認")
        sight.page.get_by_role("button", name="Ask for changes").click()

        sight.page.get_by_role("heading", name="You asked for changes").wait_for()
        assert sight.page.get_by_text("Zwei Stühle: 承認").is_visible()


def test_reloading_after_a_decision_decides_nothing_again(office: Office, browser: Browser) -> None:
    request_id, link = office.asked()

    with browser.window() as sight:
        sight.page.goto(office.host.url(link))
        sight.page.get_by_role("button", name="Reject").click()
        sight.page.get_by_role("heading", name="You rejected the request").wait_for()
        office.waits(request_id, "closed")
        before = office.entries(request_id)
        sight.page.reload()

        assert sight.page.get_by_role("heading", name="You rejected the request").is_visible()
    assert office.entries(request_id) == before


def test_what_anybody_wrote_is_text_and_never_markup(office: Office, browser: Browser) -> None:
    request_id, link = office.asked(
        a_level(FIRST, SECOND, policy="all"), title=f"Chair {SCRIPT}", description=SCRIPT
    )
    office.act(office.link(request_id, SECOND), "approve", comment=SCRIPT)

    with browser.window() as sight:
        sight.page.goto(office.host.url(link))

        assert sight.page.evaluate("window.ran") is None
        assert sight.page.locator("h1").inner_text() == f"Chair {SCRIPT}"
        assert sight.page.locator(".prose").inner_text() == SCRIPT
        assert sight.page.locator("blockquote").inner_text() == SCRIPT
        assert sight.page.locator("script, main img").count() == 0
        assert sight.complaints == []
