"""Exports: what orders came to, by window and by themselves, every order once."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from shared.order_book import OrderBook, SettledOrder
from tests.support.funchost import Answer, until
from tests.support.orders import JSON, accepted, ended, order
from tests.support.suppliers import Desk

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

NOW: Final = datetime.now(UTC)
STATUS = "/api/workflows/export-order_export"
# A first export reaches back to the beginning of the day before.
ORDERS: Final = [
    SettledOrder(
        order_id=f"B{number}",
        status="delivered",
        ended_at=NOW - (timedelta(days=1) if number % 2 else timedelta(hours=1)),
        total_minor=100,
        captured_minor=100 * (number % 2),
        currency="EUR" if number else "JPY",
    )
    for number in range(7)
]


@pytest.fixture(scope="module")
def book(desk: Desk) -> OrderBook:
    """A book in which orders were entered a day ago, and an hour ago."""
    book = OrderBook.open(desk.storage)
    for order_ in ORDERS:
        book.record(order_, now=order_.ended_at)
    return book


def a_window(begin: datetime, end: datetime) -> dict[str, str]:
    return {"from": begin.isoformat(), "to": end.isoformat()}


def exported(desk: Desk, job_id: str) -> list[str]:
    """Return the orders in a job's output."""
    return [line["orderId"] for line in desk.lines("output", job_id)]


def begun_before(status: Answer, now: datetime) -> bool:
    """Tell whether an instance that began now would be told from the one before."""
    if status.status == 404:
        return True
    return datetime.fromisoformat(status.json["createdAt"]) < now.replace(microsecond=0)


def increment(desk: Desk) -> Any:
    """Do what the schedule does, and wait for the end."""
    before = desk.host.request("GET", STATUS)
    # A status tells its beginning in whole seconds: begun in the same one, two look like one.
    until(lambda: begun_before(before, datetime.now(UTC)), patience_s=30, what="a new second")
    answer = desk.host.request(
        "POST", "/admin/functions/batch_processing_start_export", body=b"{}", headers=JSON
    )
    assert answer.status == 202, answer.body

    def output() -> Any:
        found = desk.host.request("GET", STATUS)
        is_new = before.status == 404 or found.json["createdAt"] != before.json["createdAt"]
        return found.json["output"] if found.status == 200 and is_new else None

    return until(output, patience_s=50, what="the increment ends")


@pytest.mark.usefixtures("book")
def test_increments_meet_and_hold_every_order_once(desk: Desk) -> None:
    first, second = increment(desk), increment(desk)

    assert (first["status"], first["moved"]) == ("completed", True)
    assert sorted(exported(desk, first["jobId"])) == [f"B{number}" for number in range(7)]
    # A second later there may be a window, but there is nothing in it.
    assert second["status"] in {"completed", "nothing_new"}
    assert not second.get("jobId") or exported(desk, second["jobId"]) == []


@pytest.mark.usefixtures("book")
def test_a_window_is_exported_with_totals_per_day_and_currency(desk: Desk) -> None:
    window = a_window(NOW - timedelta(days=2), NOW - timedelta(minutes=30))

    desk.accepted("backfill-1", pipeline="order_export", window=window)
    desk.ended("backfill-1")

    sums = desk.call("GET", "/backfill-1/report").json["sums"]
    expected: Counter[str] = Counter()
    for booked in ORDERS:
        of_its_day = f"{booked.ended_at.date().isoformat()} {booked.currency}"
        expected[f"capturedMinor {of_its_day}"] += booked.captured_minor
        expected[f"totalMinor {of_its_day}"] += booked.total_minor
        expected[f"refundedMinor {of_its_day}"] += 0
    assert {line["name"]: line["written"] for line in sums} == expected
    assert len(exported(desk, "backfill-1")) == 7


def test_a_window_that_may_still_change_is_refused(desk: Desk) -> None:
    now = datetime.now(UTC)  # the run may have begun long ago
    window = a_window(now - timedelta(days=1), now)

    answer = desk.submit("too-soon", pipeline="order_export", window=window)

    assert answer.status == 400
    assert answer.json["errors"] == [
        {
            "pointer": "/window/to",
            "code": "future",
            "detail": "the window may be read 10 minutes after its end",
        }
    ]


def test_an_order_that_ends_is_in_the_book(desk: Desk, book: OrderBook) -> None:
    accepted(desk.host, order("C1", token="tok_sandbox_declined"))  # noqa: S106 - no secret
    ended(desk.host, ["C1"])

    begin = NOW - timedelta(minutes=1)
    rows = [
        row
        for stretch in book.stretches(begin, begin + timedelta(days=1), after="", rows=100)
        for row in book.read(stretch)
    ]
    assert [(row["orderId"], row["status"], row["capturedMinor"]) for row in rows] == [
        ("C1", "payment_declined", 0)
    ]
