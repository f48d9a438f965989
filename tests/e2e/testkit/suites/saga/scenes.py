"""The order saga on the whole application under the test kit: its books tell what it did.

Run by test_testkit in a process of its own; all tests here share one set of books.
"""

import os
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest

from funchost.testing import BlockingHost
from funchost.testing.requests import HttpResult
from scripts.layout import ROOT
from shared.sandbox.orders import OrderBook
from shared.sandbox.payments import payment_id_for
from shared.settings.storage import STORAGE_SETTING, ConnectionString
from shared.storage import Storage
from tests.support.books import Books, Reading
from workflows.saga import names

SETTLED = {"action": "accept", "reason": "settled by hand"}
CANARIES = ("tok_", "@example.com", "Canary Street")


@pytest.fixture(scope="session")
def books() -> Books:
    return Books(os.environ[STORAGE_SETTING], stock={"notebook": 1000})


@pytest.fixture
def host(books: Books) -> Generator[BlockingHost]:
    # A parcel stays with the sender for days, so that it can be called back.
    settings = {"APP_DATA_PREFIX": books.prefix, "SANDBOX_TRANSIT_S": "864000"}
    with BlockingHost.open(ROOT, settings=settings) as host:
        yield host


def body(**changes: Any) -> dict[str, Any]:
    return {
        "customer": {"customerId": "c-1", "email": "saga@example.com"},
        "items": [{"sku": "notebook", "quantity": 2}],
        "currency": "EUR",
        "shippingAddress": {
            "street": "Canary Street 7",
            "city": "Springfield",
            "postalCode": "12345",
            "country": "DE",
        },
        "payment": {"token": "tok_sandbox_approved"},
        **changes,
    }


def start(host: BlockingHost, order_id: str, **changes: Any) -> HttpResult:
    return host.call_http("POST", f"/api/saga/order/{order_id}", json=body(**changes))


def started(host: BlockingHost, order_id: str, **changes: Any) -> str:
    answer = start(host, order_id, **changes)
    assert answer.status == 202, answer.text
    instance_id: str = answer.json()["instanceId"]
    return instance_id


def cancel(host: BlockingHost, instance_id: str) -> HttpResult:
    return host.call_http(
        "POST", f"/api/sagas/{instance_id}/cancel", json={"reason": "changed my mind"}
    )


def ledger(output: Any) -> dict[str, str]:
    return {entry["step"]: entry["status"] for entry in output["ledger"]}


def money(reading: Reading, order_id: str) -> tuple[str, ...]:
    payment = payment_id_for(f"saga-order-{order_id}:process_payment")
    return tuple(e.kind.value for e in reading.effects if e.payment_id == payment)


def stock(reading: Reading, order_id: str) -> list[str]:
    wanted = f"saga-order-{order_id}:reserve_inventory"
    return [r.state.value for r in reading.reservations if r.reservation_id == wanted]


def statuses(books: Books, order_id: str) -> list[str]:
    connection = ConnectionString(value=os.environ[STORAGE_SETTING])
    with Storage(connection, prefix=books.prefix) as storage:
        return [entry.status for entry in OrderBook(storage).history(order_id)]


def test_an_order_saga_goes_to_its_end(host: BlockingHost, books: Books) -> None:
    status = host.until_done(started(host, "S1"))

    assert status.output["status"] == "completed"
    assert set(ledger(status.output).values()) == {"completed"}
    assert status.output["output"]["totalMinor"] == 1300
    reading = books.read()
    assert money(reading, "S1") == ("authorize", "capture")
    assert stock(reading, "S1") == ["committed"]
    assert reading.parcels_of("S1") == 1
    assert statuses(books, "S1") == ["processing", "completed"]


def test_the_status_shows_what_is_done_and_what_is_current(host: BlockingHost) -> None:
    host.faults.slow(names.BOOK_SHIPMENT, timedelta(hours=1), times=1)
    instance_id = started(host, "S2")
    host.advance(timedelta(minutes=1))

    shown = host.call_http("GET", f"/api/workflows/{instance_id}").json()["customStatus"]

    assert shown == {
        "sagaId": "S2",
        "saga": "order",
        "status": "running",
        "current": ["create_shipment"],
        "done": ["price_order", "open_order", "reserve_inventory", "process_payment"],
        "failed": [],
        "compensated": [],
    }
    host.until_done(instance_id)


BEFORE_THE_PIVOT = {
    "open_order": names.UPDATE_ORDER_STATUS,
    "reserve_inventory": names.RESERVE_STOCK,
    "process_payment": names.AUTHORIZE_PAYMENT,
    "create_shipment": names.BOOK_SHIPMENT,
}


@pytest.mark.parametrize("step", BEFORE_THE_PIVOT)
def test_a_step_that_fails_undoes_what_was_begun(
    host: BlockingHost, books: Books, step: str
) -> None:
    host.faults.fail(BEFORE_THE_PIVOT[step], times=None, error=ConnectionError("no answer"))
    order_id = f"F-{step}"

    output = host.until_done(started(host, order_id)).output

    assert output["status"] == "compensated"
    assert output["reason"] == f"{step}: unexpected_failure"
    begun = list(BEFORE_THE_PIVOT)[: list(BEFORE_THE_PIVOT).index(step) + 1]
    assert [s for s, status in ledger(output).items() if status == "compensated"] == begun
    reading = books.read()
    assert money(reading, order_id) in {(), ("authorize", "void")}
    assert stock(reading, order_id) in ([], ["released"])
    assert reading.parcels_of(order_id) == 0
    assert statuses(books, order_id)[-1] == "failed"


def test_a_lost_answer_is_undone_as_well(host: BlockingHost, books: Books) -> None:
    output = host.until_done(started(host, "S3", shipping={"service": "sandbox_refused"})).output

    assert output["reason"] == "create_shipment: refused_by_carrier"
    assert money(books.read(), "S3") == ("authorize", "void")
    assert statuses(books, "S3") == ["processing", "failed"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"payment": {"token": "tok_sandbox_declined"}}, "payment_not_authorized"),
        ({"payment": {"token": "tok_sandbox_pending_forever"}}, "payment_not_authorized"),
        ({"items": [{"sku": "notebook", "quantity": 9999}]}, "out_of_stock"),
        ({"items": [{"sku": "unheard-of", "quantity": 1}]}, "not_valid"),
        (
            {"items": [{"sku": "notebook", "quantity": 1, "unitPriceMinor": 1}]},
            "not_valid",
        ),
        ({"items": [{"sku": "free-sample", "quantity": 1}]}, "not_valid"),
    ],
)
def test_a_no_is_an_answer_and_is_not_asked_twice(
    host: BlockingHost, books: Books, changes: Any, reason: str
) -> None:
    order_id = f"N{len(books.read().reservations)}-{reason}-{len(str(changes))}"

    output = host.until_done(started(host, order_id, **changes)).output

    assert output["status"] == "compensated"
    assert output["reason"].endswith(f": {reason}")
    assert {entry["attempts"] for entry in output["ledger"]} <= {0, 1}
    assert not {"capture"} & set(money(books.read(), order_id))


def test_after_the_pivot_it_only_goes_forward_and_asks_operators(
    host: BlockingHost, books: Books
) -> None:
    host.faults.fail(names.COMMIT_STOCK, times=None, error=ConnectionError("no answer"))
    instance_id = started(host, "S4")
    host.advance(timedelta(hours=1))
    assert host.status(instance_id).custom_status["status"] == "needs_attention"
    assert cancel(host, instance_id).status == 409

    host.faults.clear(names.COMMIT_STOCK)
    retry = {"action": "retry", "reason": "the warehouse is back", "step": "commit_inventory"}
    answer = host.call_http("POST", f"/api/workflows/{instance_id}/attention", json=retry)

    assert answer.status == 202
    assert host.until_done(instance_id).output["status"] == "completed"
    assert money(books.read(), "S4") == ("authorize", "capture")


def test_a_capture_without_an_answer_is_never_undone_on_a_guess(
    host: BlockingHost, books: Books
) -> None:
    host.faults.fail(names.CAPTURE_PAYMENT, times=None, error=ConnectionError("no answer"))
    instance_id = started(host, "S5")
    host.advance(timedelta(hours=1))

    host.call_http("POST", f"/api/workflows/{instance_id}/attention", json=SETTLED)

    output = host.until_done(instance_id).output
    assert output["status"] == "settled_by_operator"
    assert ledger(output)["capture_payment"] == "accepted"
    assert ledger(output)["commit_inventory"] == "not_started"
    assert money(books.read(), "S5") == ("authorize",)


def test_a_compensation_that_fails_is_settled_step_by_step(
    host: BlockingHost, books: Books
) -> None:
    for name in (names.VOID_PAYMENT, names.RELEASE_STOCK):
        host.faults.fail(name, times=None, error=ConnectionError("no answer"))
    instance_id = started(host, "S6", shipping={"service": "sandbox_refused"})
    host.advance(timedelta(minutes=10))
    host.faults.clear(names.RELEASE_STOCK)

    skip = {"action": "skip", "reason": "voided by hand", "step": "process_payment"}
    host.call_http("POST", f"/api/workflows/{instance_id}/attention", json=skip)

    output = host.until_done(instance_id).output
    assert output["status"] == "settled_by_operator"
    assert ledger(output) == {
        "price_order": "not_needed",
        "open_order": "compensated",
        "reserve_inventory": "compensated",
        "process_payment": "skipped",
        "create_shipment": "compensated",
        "capture_payment": "not_started",
        "commit_inventory": "not_started",
        "update_order_status": "not_started",
    }
    assert stock(books.read(), "S6") == ["released"]


def test_a_saga_that_is_cancelled_is_undone(host: BlockingHost, books: Books) -> None:
    host.faults.slow(names.BOOK_SHIPMENT, timedelta(minutes=5), times=1)
    instance_id = started(host, "S7")
    host.advance(timedelta(minutes=1))

    answers = [cancel(host, instance_id) for _ in range(2)]

    assert [answer.status for answer in answers] == [202, 202]
    output = host.until_done(instance_id).output
    assert (output["status"], output["reason"]) == ("compensated", "cancelled")
    assert ledger(output)["create_shipment"] == "compensated"
    reading = books.read()
    assert money(reading, "S7") == ("authorize", "void")
    assert reading.parcels_of("S7") == 0
    assert cancel(host, instance_id).status == 409


def test_a_cancellation_ends_the_pauses_between_attempts(host: BlockingHost) -> None:
    host.faults.fail(names.BOOK_SHIPMENT, times=None, error=ConnectionError("no answer"))
    instance_id = started(host, "S8")
    host.advance(timedelta(seconds=8))

    cancel(host, instance_id)

    status = host.until_done(instance_id)
    assert status.output["reason"] == "cancelled"
    assert status.updated_at - status.created_at < timedelta(seconds=9)


def test_a_cancellation_whose_event_is_lost_is_found_at_the_pivot(
    host: BlockingHost, books: Books
) -> None:
    host.faults.slow(names.BOOK_SHIPMENT, timedelta(minutes=5), times=1)
    instance_id = started(host, "S9")
    host.advance(timedelta(minutes=1))
    host.crash_and_restart()
    from workflows.saga.gateways import outside  # noqa: PLC0415 - as the app has opened it

    outside().cancellations.cancel(instance_id, actor="function_key", reason="x", at=host.now)

    output = host.until_done(instance_id).output
    assert (output["status"], output["reason"]) == ("compensated", "cancelled")
    assert money(books.read(), "S9") == ("authorize", "void")


def test_who_cancelled_and_why_is_in_no_history(host: BlockingHost) -> None:
    host.faults.slow(names.BOOK_SHIPMENT, timedelta(minutes=5), times=1)
    instance_id = started(host, "S10")
    host.advance(timedelta(minutes=1))
    cancel(host, instance_id)
    host.until_done(instance_id)

    shown = host.call_http("GET", f"/api/workflows/{instance_id}?include=history").text

    assert "changed my mind" not in shown
    assert not [canary for canary in CANARIES if canary in shown]


def test_the_same_saga_again_is_the_same_instance_and_never_runs_twice(
    host: BlockingHost, books: Books
) -> None:
    instance_id = started(host, "S11")
    again = start(host, "S11")
    host.until_done(instance_id)
    after = start(host, "S11")
    other = start(host, "S11", items=[{"sku": "notebook", "quantity": 3}])

    assert (again.status, after.status, other.status) == (202, 200, 409)
    assert again.json()["instanceId"] == after.json()["instanceId"] == instance_id
    assert money(books.read(), "S11") == ("authorize", "capture")


def test_the_general_way_in_starts_the_same_saga(host: BlockingHost) -> None:
    general = host.call_http("POST", "/api/sagas/order", json={"sagaId": "S12", "input": body()})
    special = start(host, "S12")

    assert (general.status, special.status) == (202, 202)
    assert general.json() == special.json()
    assert general.json()["links"]["cancel"] == "/api/sagas/saga-order-S12/cancel"
    host.until_done("saga-order-S12")


@pytest.mark.parametrize(
    ("path", "sent", "status", "pointer"),
    [
        ("/api/saga/order/P1", body(orderId="P2"), 400, "/orderId"),
        ("/api/saga/order/P1", body(total=1), 400, "/total"),
        ("/api/saga/order/P1", body(steps=[{"activity": "x"}]), 400, "/steps"),
        ("/api/saga/order/P%231", body(), 400, "/orderId"),
        ("/api/saga/order/P1", body(items=[]), 400, "/items"),
        ("/api/sagas/order", {"sagaId": "P1", "input": body(total=1)}, 400, "/input/total"),
        ("/api/sagas/order", {"sagaId": "-", "input": body()}, 400, "/sagaId"),
        ("/api/sagas/order", {"sagaId": "P1", "input": None}, 400, "/input"),
        ("/api/sagas/unheard_of", {"sagaId": "P1", "input": {}}, 404, None),
    ],
)
def test_what_is_wrong_is_refused_with_the_field_and_starts_nothing(
    host: BlockingHost, path: str, sent: Any, status: int, pointer: str | None
) -> None:
    answer = host.call_http("POST", path, json=sent)

    assert answer.status == status, answer.text
    assert [e["pointer"] for e in answer.json().get("errors", [])] == ([pointer] if pointer else [])
    assert host.call_http("GET", "/api/workflows/saga-order-P1").status == 404


def test_what_is_no_saga_cannot_be_cancelled(host: BlockingHost) -> None:
    assert cancel(host, "saga-order-unheard-of").status == 404
    assert cancel(host, "order-S1").status == 404
    answer = host.call_http("POST", "/api/sagas/saga-order-x/cancel", json={})
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/reason"]
