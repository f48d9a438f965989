"""The console in a real browser: looking, finding, acting, deciding; by keyboard and on phones.

Run by test_testkit in a process of its own, around the app in virtual time.
"""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from tests.support.browser import DESKTOP, PHONE
from tests.support.console import (
    APPROVER,
    CONSOLE,
    OPERATOR,
    READER,
    WORKFLOWS,
    World,
    headers_of,
)

PAGES = {
    "overview": CONSOLE,
    "list": f"{WORKFLOWS}?status=Completed",
    "nothing found": f"{WORKFLOWS}?idPrefix=nobody",
    "wrong filter": f"{WORKFLOWS}?outcome=NO!",
    "finished": f"{WORKFLOWS}/order-A1",
    "stuck": f"{WORKFLOWS}/order-forsaken",
    "question": f"{WORKFLOWS}/order-forsaken/terminate",
    "event": f"{WORKFLOWS}/order-forsaken/events",
    "attention": f"{CONSOLE}/attention",
    "jobs": f"{CONSOLE}/batches",
    "job": f"{CONSOLE}/batches/catalogue",
    "inbox": "/api/inbox",
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_and_is_accessible_on_phones_and_desks_by_day_and_by_night(
    world: World, name: str
) -> None:
    with world.window(PAGES[name], size=PHONE, scheme="dark") as sight:
        assert sight.page.locator("h1").count() == 1
        assert sight.overflow() <= 0
        assert sight.accessibility_problems() == []

        sight.page.emulate_media(color_scheme="light")
        sight.page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})

        assert sight.overflow() <= 0
        assert sight.accessibility_problems() == []
        assert [said for said in sight.complaints if "400" not in said] == []


def test_an_operator_filters_opens_and_reads_why(world: World) -> None:
    with world.window(CONSOLE) as sight:
        sight.page.get_by_role("navigation", name="Console").get_by_text("Workflows").click()
        sight.page.get_by_label("Outcome").fill("payment_declined")
        sight.page.get_by_role("button", name="Filter").click()
        ids = sight.page.locator(".list th.id a").all_inner_texts()
        assert ids == ["order-declined"]

        sight.page.get_by_role("link", name="order-declined").click()

        sight.page.get_by_role("heading", name="order-declined").wait_for()
        assert "payment_declined" in sight.page.locator(".sentence").inner_text()
        assert "authorize_payment" in sight.page.locator(".gantt").inner_text()


def test_without_scripts_the_list_is_paged_to_its_end(world: World) -> None:
    with world.window(WORKFLOWS, scripts=False, size=PHONE) as sight:
        sight.page.get_by_label("Parts of other workflows, too").check()
        sight.page.get_by_role("button", name="Filter").click()
        seen = sight.page.locator(".list th.id a").all_inner_texts()
        while sight.page.locator("a[rel=next]").count():
            sight.page.locator("a[rel=next]").click()
            seen += sight.page.locator(".list th.id a").all_inner_texts()

    assert len(seen) == len(set(seen))
    assert {"order-A1", "tracking-A1", "order-stuck", "approval-desks"} <= set(seen)


def test_the_list_stays_fresh_until_it_is_paused(world: World) -> None:
    with world.window(f"{WORKFLOWS}?idPrefix=order-fresh") as sight:
        sight.page.get_by_text("No workflow is like that").wait_for()

        world.order("fresh1")
        sight.page.get_by_role("link", name="order-fresh1").wait_for()

        assert sight.page.locator("[role=status]").inner_text() == "1 workflow shown: 1 running"
        sight.page.get_by_role("button", name="Pause updates").click()
        assert "Paused" in sight.page.locator("[data-live-updated]").inner_text()
        assert sight.complaints == []


def test_a_keyboard_leads_from_the_timeline_to_the_history(world: World) -> None:
    with world.window(f"{WORKFLOWS}/order-A1") as sight:
        sight.page.locator(".gantt svg a").first.focus()
        sight.page.keyboard.press("Enter")

        row = sight.page.locator("tr:target")
        assert "validate_order" in row.inner_text()
        row.locator("summary").press("Enter")
        assert '"orderId": "A1"' in row.locator("pre").inner_text()


def test_an_operator_suspends_resumes_and_terminates_and_says_why(world: World) -> None:
    with world.window(f"{WORKFLOWS}/order-waiting") as sight:
        for action, said in (
            ("Suspend", "The workflow is being suspended."),
            ("Resume", "The workflow goes on."),
            ("Terminate", "The workflow is being terminated."),
        ):
            sight.page.get_by_role("link", name=action, exact=True).click()
            sight.page.get_by_role("button", name=action).click()  # a reason is missing
            assert sight.page.url.endswith(action.lower())
            sight.page.get_by_label("Reason").fill(f"{action} for a test")
            sight.page.get_by_role("button", name=action).click()
            sight.page.get_by_text(said).wait_for()
            world.host.at_rest()
            sight.page.goto(world.url(f"{WORKFLOWS}/order-waiting"))

        assert "Terminated" in sight.page.locator(".story").inner_text()
        audit = sight.page.locator("section[aria-labelledby=audit]").inner_text()
        assert re.findall(r"(\w+) for a test", audit) == ["Terminate", "Resume", "Suspend"]
        assert OPERATOR in audit
    assert world.host.status("order-waiting").runtime_status == "Terminated"


def test_an_action_that_no_longer_fits_changes_nothing_and_says_so(world: World) -> None:
    with world.window(f"{WORKFLOWS}/order-A2/suspend") as sight:
        sight.page.get_by_label("Reason").fill("too late")
        sight.page.get_by_role("button", name="Suspend").click()

        alert = sight.page.get_by_role("alert").inner_text()
        assert alert == "Nothing was changed: the workflow has ended."
        assert sight.page.get_by_label("Reason").input_value() == "too late"


def test_an_operator_decides_what_a_compensation_cannot(world: World) -> None:
    world.host.faults.clear()
    with world.window(f"{WORKFLOWS}/order-stuck") as sight:
        sight.page.get_by_role("link", name="Decide").click()
        item = sight.page.get_by_role("listitem").filter(has=sight.page.get_by_text("order-stuck"))
        item.get_by_label("Retry").check()
        item.get_by_label("Reason").fill("the provider is back")
        item.get_by_role("button", name="Decide").click()
        sight.page.get_by_text("Decided: the workflow tries again.").wait_for()
        world.host.advance(timedelta(minutes=2))

        sight.page.reload()
        assert sight.page.locator("h2").all_inner_texts() == ["order-forsaken"]
    assert world.host.status("order-stuck").output["status"] == "compensated"


def test_an_approver_finds_what_waits_and_approves(world: World) -> None:
    with world.window("/api/inbox", who=APPROVER) as sight:
        sight.page.get_by_text("25 desks for the second floor").click()
        sight.page.get_by_role("button", name="Approve").click()

        sight.page.get_by_role("heading", name="You approved the request").wait_for()


def test_a_job_is_paused_resumed_and_cancelled(world: World) -> None:
    with world.window(f"{CONSOLE}/batches") as sight:
        sight.page.get_by_role("link", name="catalogue").click()
        for button, said in (
            ("Pause", "The job pauses"),
            ("Resume", "The job goes on"),
            ("Cancel it for good", "The job ends early"),
        ):
            if button.startswith("Cancel"):
                sight.page.get_by_text("Cancel the job").click()
            sight.page.get_by_role("button", name=button, exact=True).click()
            sight.page.get_by_text(said).wait_for()
            world.host.at_rest()
            sight.page.reload()


def test_a_reader_sees_everything_and_changes_nothing(world: World) -> None:
    body = urlencode({"reason": "because", "cascade": "yes"})
    with world.window(f"{WORKFLOWS}/order-A1", who=READER) as sight:
        assert sight.page.get_by_text("Read only").is_visible()
        assert sight.page.get_by_role("link", name="Purge").count() == 0
        sight.page.goto(world.url(f"{CONSOLE}/attention"))
        assert sight.page.locator("main form").count() == 0

    for action in ("purge", "terminate"):
        answer = world.host.call_http(
            "POST",
            f"{WORKFLOWS}/order-A1/{action}",
            body=body.encode(),
            headers={
                **headers_of(READER),
                "Content-Type": "application/x-www-form-urlencoded",
                "Sec-Fetch-Site": "same-origin",
            },
        )
        assert answer.status == 403
    assert world.host.status("order-A1").runtime_status == "Completed"


@pytest.mark.parametrize("path", [CONSOLE, WORKFLOWS, f"{WORKFLOWS}/order-A1", PAGES["question"]])
def test_strangers_are_led_to_the_door_and_others_told_what_they_need(
    world: World, path: str
) -> None:
    nobody = world.host.call_http("GET", path)
    somebody = world.host.call_http("GET", path, headers=headers_of("somebody@example.com"))

    assert nobody.status == 401
    assert f'href="/api/sign-in?next={path}"' in nobody.text
    assert somebody.status == 403
    assert "order-A1" not in somebody.text


@pytest.mark.parametrize(
    "origin",
    [{}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}],
)
def test_a_form_of_another_site_changes_nothing(world: World, origin: dict[str, str]) -> None:
    answer = world.host.call_http(
        "POST",
        f"{WORKFLOWS}/order-A1/purge",
        body=b"reason=because",
        headers={
            **headers_of(OPERATOR),
            "Content-Type": "application/x-www-form-urlencoded",
            **origin,
        },
    )

    assert answer.status == 403
    assert world.host.status("order-A1").runtime_status == "Completed"
