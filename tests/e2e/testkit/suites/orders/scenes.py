"""Orders under the test kit: weeks of business in moments, and the books to match.

Run by test_testkit in a process of its own. The application keeps its settings for the life of the
process, so that all tests here share one set of books.
"""

from datetime import timedelta
from typing import Any, Final

import pytest

from funchost.testing import BlockingHost, InstanceStatus
from tests.support.app_clock import let_the_app_follow
from tests.support.books import Books
from tests.support.functions import always
from tests.support.orders import order, total_of
from workflows.delivery_tracking import names as tracking_names
from workflows.order_processing import names

TRANSIT: Final = timedelta(days=3)
LIMIT: Final = timedelta(days=14)


def submitted(host: BlockingHost, order_id: str, **members: Any) -> str:
    answer = host.call_http("POST", "/api/orders", json=order(order_id, **members))
    assert answer.status == 202, answer.text
    instance_id: str = answer.json()["instanceId"]
    return instance_id


def took(status: InstanceStatus) -> timedelta:
    return status.updated_at - status.created_at


def test_an_order_is_delivered_after_three_days(host: BlockingHost, books: Books) -> None:
    status = host.until_done(submitted(host, "A1"))

    assert status.output["status"] == "delivered"
    assert TRANSIT <= took(status) < TRANSIT + timedelta(days=1)
    reading = books.read()
    assert reading.money_of("A1") == ("authorize", "capture")
    assert reading.stock_of("A1") == "committed"
    assert reading.parcels_of("A1") == 1
    told = host.call_http("GET", f"/api/workflows/{status.instance_id}").json()
    assert told["runtimeStatus"] == "Completed"
    assert told["output"]["status"] == "delivered"


def test_a_parcel_without_scans_is_lost_after_two_weeks(host: BlockingHost) -> None:
    status = host.until_done(submitted(host, "A2", service="sandbox_lost"))

    assert status.output["status"] == "lost"
    assert LIMIT <= took(status) < LIMIT + timedelta(days=1)


def test_money_and_goods_survive_crashes_and_repeated_calls(
    host: BlockingHost, books: Books
) -> None:
    effects = (names.RESERVE_STOCK, names.AUTHORIZE_PAYMENT, names.CAPTURE_PAYMENT)
    for name in (*effects, names.BOOK_SHIPMENT, names.COMMIT_STOCK):
        host.faults.lose_answer(name)
        host.faults.slow(name, timedelta(seconds=20), times=1)
    instance_id = submitted(host, "A3")
    for _ in range(6):
        host.advance(timedelta(seconds=15))
        host.crash_and_restart()

    status = host.until_done(instance_id)

    assert status.output["status"] == "delivered"
    assert books.read().money_of("A3") == ("authorize", "capture")
    assert books.read().parcels_of("A3") == 1
    assert len(host.activity_calls(names.AUTHORIZE_PAYMENT)) > 1


def test_without_a_carrier_the_money_is_not_taken(host: BlockingHost, books: Books) -> None:
    host.faults.fail(names.BOOK_SHIPMENT, times=None, error=ConnectionError("no answer"))

    status = host.until_done(submitted(host, "A4"))

    assert status.output["status"] == "compensated"
    assert books.read().money_of("A4") == ("authorize", "void")
    assert books.read().stock_of("A4") == "released"


def test_what_was_sold_is_what_left_the_shelves(host: BlockingHost, books: Books) -> None:
    body = order("A5")
    submitted_id = host.call_http("POST", "/api/orders", json=body).json()["instanceId"]
    host.faults.deliver_twice(names.CAPTURE_PAYMENT)
    host.until_done(submitted_id)

    captured = [effect for effect in books.read().effects if effect.kind.value == "capture"]
    assert total_of(body) in [effect.amount_minor for effect in captured]
    assert len(host.activity_calls(names.CAPTURE_PAYMENT)) == 2
    assert books.read().money_of("A5") == ("authorize", "capture")


def test_a_customer_is_told_of_the_way(host: BlockingHost, books: Books) -> None:
    host.faults.fail(tracking_names.CHECK_SHIPMENT, times=2, error=TimeoutError("no answer"))

    host.until_done(submitted(host, "A6"))

    assert len(books.read().mails_to("A6")) >= 2


def test_a_customer_cancels_until_the_money_is_taken(host: BlockingHost, books: Books) -> None:
    pending = "tok_sandbox_pending_forever"
    submitted(host, "A7", token=pending)
    host.advance(timedelta(seconds=30))
    cancel = "/api/orders/A7/cancel"

    before = host.call_http("GET", "/api/orders/A7").json()
    taken = host.call_http("POST", cancel, json={"reason": "ordered twice"})
    status = host.until_done("order-A7")

    assert (before["status"], before["mayCancel"]) == ("awaiting_payment", True)
    assert taken.status == 202, taken.text
    assert status.output["status"] == "cancelled"
    assert books.read().money_of("A7") == ()
    assert books.read().stock_of("A7") == "released"
    after = host.call_http("GET", "/api/orders/A7").json()
    assert (after["status"], after["mayCancel"]) == ("cancelled", False)
    again = host.call_http("POST", cancel, json={"reason": "ordered twice"})
    assert again.status == 409, again.text


def test_a_shipped_order_is_not_cancelled_any_more(host: BlockingHost, books: Books) -> None:
    submitted(host, "A8")
    host.advance(timedelta(hours=1))

    late = host.call_http("POST", "/api/orders/A8/cancel", json={"reason": "changed my mind"})
    unknown = host.call_http("POST", "/api/orders/A9/cancel", json={"reason": "changed my mind"})

    assert host.call_http("GET", "/api/orders/A8").json()["status"] == "shipped"
    assert (late.status, unknown.status) == (409, 404)
    assert host.until_done("order-A8").output["status"] == "delivered"
    assert books.read().money_of("A8") == ("authorize", "capture")


def test_a_customer_takes_what_is_there(host: BlockingHost, books: Books) -> None:
    submitted(host, "A11", lines=(("limited-print", 4, 25000),))  # three are there
    host.faults.slow(names.NOTIFY_CUSTOMER, timedelta(seconds=20), times=1)
    host.advance(timedelta(seconds=5))

    asked = host.call_http("GET", "/api/orders/A11").json()
    word = {"items": [{"sku": "limited-print", "quantity": 3}]}
    taken = host.call_http("POST", asked["links"]["amend"], json=word)
    host.advance(timedelta(minutes=1))  # the word is heard, though the mail was still on its way

    assert (asked["status"], asked["mayCancel"]) == ("awaiting_customer", True)
    assert asked["shortages"] == [{"sku": "limited-print", "requested": 4, "available": 3}]
    assert taken.status == 202, taken.text
    assert host.call_http("GET", "/api/orders/A11").json()["status"] == "shipped"
    late = host.call_http("POST", asked["links"]["amend"], json={"items": word["items"] * 2})
    assert late.status == 400, late.text
    output = host.until_done("order-A11").output
    assert output["status"] == "delivered"
    assert output["amounts"]["capturedMinor"] == 75000
    assert output["amendedItems"] == [{**word["items"][0], "unitPriceMinor": 25000}]
    assert books.read().money_of("A11") == ("authorize", "capture")
    assert books.read().mails_to("A11")[0] == "Your order is partly out of stock"


def test_a_customer_who_says_nothing_gets_nothing_and_pays_nothing(
    host: BlockingHost, books: Books
) -> None:
    lines = (("notebook", 2, 650), ("retired-mug", 1, 1450))

    status = host.until_done(submitted(host, "A12", lines=lines))

    assert status.output["status"] == "out_of_stock"
    assert timedelta(days=1) <= took(status) < timedelta(days=1, hours=1)
    assert (books.read().money_of("A12"), books.read().stock_of("A12")) == ((), "released")


def test_an_order_of_long_ago_is_forgotten_with_its_delivery_and_the_books_are_kept(
    host: BlockingHost, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance_id = submitted(host, "A10")
    ended = host.until_done(instance_id)
    known = [instance_id, "tracking-A10"]
    let_the_app_follow(host, monkeypatch)

    def seen() -> list[int]:
        host.call_http("POST", "/admin/functions/management_retain", json={"input": ""})
        host.at_rest()
        return [host.call_http("GET", f"/api/workflows/{one}").status for one in known]

    assert seen() == [200, 200]
    age = timedelta(days=90, minutes=10)
    monkeypatch.setattr("shared.clock.SystemClock.now", always(ended.updated_at + age))

    assert seen() == [404, 404]
    assert books.read().money_of("A10") == ("authorize", "capture")
    again = host.call_http("POST", "/api/orders", json=order("A10"))
    assert again.status == 410, again.text
