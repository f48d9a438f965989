"""The report of a real job, as numbers and as a page in a real browser."""

import pytest

from tests.support.browser import DESKTOP, PHONE, Browser, Scheme
from tests.support.suppliers import HEADER, Desk

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

JOB = "report-1"
REPORT = f"/api/batches/{JOB}/report"
BAD = 12


def a_list() -> bytes:
    rows = [b"A-%d,%d,EUR,standard,%d\n" % (number, number, number % 7) for number in range(600)]
    for number in range(BAD):
        rows[number * 50] = b"A-%d,free,EUR,standard,1\n" % number
    return HEADER + b"".join(rows)


@pytest.fixture(scope="module")
def job(desk: Desk) -> Desk:
    """The desk, at which a job has ended."""
    desk.put("report.csv", a_list())
    desk.accepted(JOB, dataSource="imports/report.csv", batchSize=25)
    desk.ended(JOB)
    return desk


def test_a_report_adds_up(job: Desk) -> None:
    found = job.call("GET", f"/{JOB}/report").json

    assert (found["jobId"], found["status"]) == (JOB, "completed_with_errors")
    assert found["tally"] == {
        "rows": 600,
        "accepted": 600 - BAD,
        "rejected": BAD,
        "blank": 0,
    }
    assert found["failures"] == [{"reason": "invalid_row", "rows": BAD}]
    assert found["units"]["planned"] == found["units"]["done"] == 24
    assert len(found["slowest"]) == 10
    assert sum(found["pace"]["rowsPerS"]) * found["pace"]["widthS"] == pytest.approx(600, rel=0.05)
    assert [line["name"] for line in found["sums"]] == ["priceMinor", "stock"]


def test_a_report_of_nobody_is_not_found(job: Desk) -> None:
    assert job.call("GET", "/nobody/report").status == 404


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_is_accessible_and_complains_of_nothing(
    job: Desk, browser: Browser, size: tuple[int, int], scheme: Scheme
) -> None:
    with browser.window(size, scheme=scheme, headers={"Accept": "text/html"}) as sight:
        sight.page.goto(job.host.url(REPORT))
        sight.page.get_by_text("The same as a table").click()

        assert sight.page.title() == f"Batch {JOB}: Completed with errors"
        assert sight.accessibility_problems() == []
        assert sight.overflow() <= 0
        assert sight.complaints == []
        accent = "rgb(15, 95, 75)" if scheme == "light" else "rgb(122, 211, 181)"
        assert sight.style_of("path.line", "stroke") == accent
        assert sight.page.locator("path.line").bounding_box()


def test_a_script_that_got_into_the_page_would_not_run(job: Desk, browser: Browser) -> None:
    with browser.window(headers={"Accept": "text/html"}) as sight:
        sight.page.goto(job.host.url(REPORT))

        sight.page.evaluate(
            """() => {
              const script = document.createElement("script");
              script.textContent = "window.ran = true";
              document.body.append(script);
            }"""
        )

        assert sight.page.evaluate("window.ran") is None
        assert any("Content Security Policy" in said for said in sight.complaints)
