"""Orders that are sent back, weeks of it in moments: what comes back, what does not, what may not.

Run by test_testkit in a process of its own, with the books that all scenes of orders share.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from funchost.testing import BlockingHost
from tests.support.app_clock import let_the_app_follow
from tests.support.books import Books
from tests.support.orders import order, total_of
from workflows.order_processing import names

REASON: Final = {"reason": "too small, says the customer"}
PAID: Final = 1300
TRANSIT: Final = timedelta(days=3)


@pytest.fixture(autouse=True)
def clock(host: BlockingHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window of returns is the application's to tell: its clock is the host's."""
    let_the_app_follow(host, monkeypatch)


def ordered(host: BlockingHost, order_id: str, **members: Any) -> None:
    body = order(order_id, **members)
    assert total_of(body) == PAID
    assert host.call_http("POST", "/api/orders", json=body).status == 202


def delivered(host: BlockingHost, order_id: str, **members: Any) -> None:
    ordered(host, order_id, **members)
    assert host.until_done(f"order-{order_id}").output["status"] == "delivered"
    host.advance(timedelta(minutes=1))  # mails of one instant have no order


def send_back(host: BlockingHost, order_id: str, reason: dict[str, str] = REASON) -> Any:
    return host.call_http("POST", f"/api/orders/{order_id}/return", json=reason)


def shown(host: BlockingHost, order_id: str) -> Any:
    return host.call_http("GET", f"/api/orders/{order_id}").json()


def test_a_delivered_order_comes_back_and_is_restocked_and_refunded_once(
    host: BlockingHost, books: Books
) -> None:
    delivered(host, "R1")
    before = shown(host, "R1")
    taken = send_back(host, "R1")
    host.advance(timedelta(hours=1))
    on_its_way = shown(host, "R1")
    again = send_back(host, "R1", {"reason": "another one"})

    status = host.until_done("return-R1")

    assert before["mayReturn"]
    assert before["links"]["return"] == "/api/orders/R1/return"
    assert (taken.status, again.status) == (202, 202)
    assert on_its_way["return"]["status"] == "awaiting_parcel"
    assert not on_its_way["mayReturn"]
    assert status.output["status"] == "received"
    assert status.output["refundedMinor"] == PAID
    reading = books.read()
    assert reading.money_of("R1") == ("authorize", "capture", "refund")
    assert reading.stock_of("R1") == "released"
    told = reading.mails_to("R1")
    assert told[-2:] == ("How to send your order back", "Your order is refunded")
    # The way back is nobody's news: the last word of the delivery is that it was delivered.
    assert told[:-2][-1] == "Your order is delivered"
    after = shown(host, "R1")
    assert (after["status"], after["return"]["status"]) == ("delivered", "received")
    assert after["return"]["refundedMinor"] == PAID
    assert send_back(host, "R1").status == 200


def test_an_order_may_be_sent_back_before_it_has_arrived(host: BlockingHost, books: Books) -> None:
    ordered(host, "R2")
    host.advance(timedelta(hours=1))

    taken = send_back(host, "R2")

    assert taken.status == 202, taken.text
    assert host.until_done("order-R2").output["status"] == "delivered"
    assert host.until_done("return-R2").output["status"] == "received"
    assert books.read().money_of("R2") == ("authorize", "capture", "refund")


def test_what_gets_lost_on_its_way_back_is_refunded_and_not_restocked(
    host: BlockingHost, books: Books
) -> None:
    delivered(host, "R3", service="sandbox_return_lost")
    send_back(host, "R3")

    status = host.until_done("return-R3")

    assert status.output["status"] == "lost"
    assert books.read().money_of("R3") == ("authorize", "capture", "refund")
    assert books.read().stock_of("R3") == "committed"


@pytest.mark.parametrize(
    ("order_id", "service", "end"),
    [
        ("R4", "sandbox_return_unused", "return_expired"),
        ("R5", "sandbox_return_refused", "return_refused"),
    ],
)
def test_what_is_not_handed_in_or_not_taken_changes_nothing(
    host: BlockingHost, books: Books, order_id: str, service: str, end: str
) -> None:
    delivered(host, order_id, service=service)
    send_back(host, order_id)

    status = host.until_done(f"return-{order_id}")

    assert status.output["status"] == end
    assert books.read().parcels_of(order_id) == 1  # nobody can hand anything in any more
    assert books.read().money_of(order_id) == ("authorize", "capture")
    assert books.read().stock_of(order_id) == "committed"


def test_an_order_whose_parcel_is_lost_while_it_is_sent_back_is_refunded_once(
    host: BlockingHost, books: Books
) -> None:
    ordered(host, "R6", service="sandbox_lost")
    host.advance(timedelta(hours=1))
    send_back(host, "R6")

    ends = [host.until_done(each).output["status"] for each in ("return-R6", "order-R6")]

    assert ends == ["received", "lost"]
    assert books.read().money_of("R6") == ("authorize", "capture", "refund")
    assert books.read().stock_of("R6") == "released"


def test_a_return_survives_crashes_lost_answers_and_repeated_calls(
    host: BlockingHost, books: Books
) -> None:
    delivered(host, "R11")
    for name in (names.BOOK_SHIPMENT, names.VOID_PAYMENT, names.RELEASE_STOCK):
        host.faults.lose_answer(name)
        host.faults.slow(name, timedelta(seconds=20), times=1)
    host.faults.deliver_twice(names.RECORD_REFUND)
    send_back(host, "R11")
    for _ in range(3):
        host.advance(timedelta(seconds=15))
        host.crash_and_restart()
    host.advance(TRANSIT - timedelta(minutes=1))
    for _ in range(8):
        host.advance(timedelta(seconds=15))
        host.crash_and_restart()

    status = host.until_done("return-R11")

    assert status.output["status"] == "received"
    reading = books.read()
    assert reading.money_of("R11") == ("authorize", "capture", "refund")
    assert reading.stock_of("R11") == "released"
    assert reading.parcels_of("R11") == 2  # there and back
    assert reading.mails_to("R11").count("Your order is refunded") == 1
    assert len(host.activity_calls(names.VOID_PAYMENT)) > 1


def test_a_refund_that_resists_waits_for_an_operator_and_the_goods_do_not(
    host: BlockingHost, books: Books
) -> None:
    delivered(host, "R12")
    host.faults.fail(names.VOID_PAYMENT, times=None, error=ConnectionError("no answer"))
    send_back(host, "R12")
    host.advance(TRANSIT + timedelta(minutes=10))
    stuck = shown(host, "R12")["return"]
    goods = books.read().stock_of("R12")
    host.faults.clear(names.VOID_PAYMENT)

    word = {"action": "retry", "reason": "the provider is back"}
    taken = host.call_http("POST", "/api/workflows/return-R12/attention", json=word)
    status = host.until_done("return-R12")

    assert (stuck["status"], goods, taken.status) == ("needs_attention", "released", 202)
    assert status.output["status"] == "received"
    assert status.output["refundedMinor"] == PAID
    assert books.read().money_of("R12") == ("authorize", "capture", "refund")


def test_what_may_not_be_sent_back_is_refused_by_name(host: BlockingHost) -> None:
    ordered(host, "R7", token="tok_sandbox_pending_forever")  # noqa: S106 - of the sandbox
    host.advance(timedelta(seconds=30))
    early = send_back(host, "R7")
    host.until_done("order-R7")
    unpaid = send_back(host, "R7")
    delivered(host, "R8")
    ended = datetime.fromisoformat(host.status("order-R8").output["completedAt"])
    host.advance(timedelta(days=5, seconds=5) - (host.now - ended))
    late = send_back(host, "R8")
    nobody = send_back(host, "R9")
    without = send_back(host, "R8", {})

    refused = {
        name: (answer.status, answer.json()["type"].rpartition(":")[2])
        for name, answer in {
            "early": early,
            "unpaid": unpaid,
            "late": late,
            "nobody": nobody,
            "without": without,
        }.items()
    }
    assert refused == {
        "early": (409, "not-shipped-yet"),
        "unpaid": (409, "nothing-to-return"),
        "late": (409, "return-window-over"),
        "nobody": (404, "instance-unknown"),
        "without": (400, "invalid-request"),
    }
    assert without.json()["errors"][0]["pointer"] == "/reason"
    assert host.call_http("GET", "/api/workflows/return-R7").status == 404


def test_why_an_order_comes_back_is_in_no_history(host: BlockingHost) -> None:
    delivered(host, "R10")
    send_back(host, "R10", {"reason": "canary-7f3a"})
    host.until_done("return-R10")

    for instance in ("return-R10", "tracking-return:R10", "order-R10"):
        answer = host.call_http("GET", f"/api/workflows/{instance}?include=history")
        assert answer.status == 200
        assert "canary-7f3a" not in answer.text
        assert "@example.com" not in answer.text
