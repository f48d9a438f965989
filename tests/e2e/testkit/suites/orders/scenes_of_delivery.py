"""Parcels under the test kit: what carriers tell, what they keep to themselves, what comes of it.

Run by test_testkit in a process of its own, because the application keeps its settings.
"""

import json
import os
from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from funchost.testing import BlockingHost
from scripts.layout import ROOT
from shared.sandbox.carrier import CarrierLedger
from shared.settings.storage import STORAGE_SETTING, ConnectionString
from shared.standard_webhooks import WebhookSecret
from shared.storage import Storage
from tests.support.app_clock import let_the_app_follow
from tests.support.books import Books
from tests.support.orders import order
from workflows.delivery_tracking import names

TRANSIT: Final = timedelta(days=3)
HOUR: Final = timedelta(hours=1)
SECRET: Final = WebhookSecret(bytes(range(32)))
SECRET_TEXT: Final = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="  # noqa: S105 - of no account


@pytest.fixture(scope="session")
def books() -> Books:
    return Books(os.environ[STORAGE_SETTING], stock={"notebook": 1000})


@pytest.fixture
def ledger(books: Books) -> Generator[CarrierLedger]:
    connection = ConnectionString(value=os.environ[STORAGE_SETTING])
    with Storage(connection, prefix=books.prefix) as storage:
        yield CarrierLedger(storage, transit=TRANSIT)


@pytest.fixture
def host(books: Books, monkeypatch: pytest.MonkeyPatch) -> Generator[BlockingHost]:
    settings = {
        "APP_DATA_PREFIX": books.prefix,
        "SANDBOX_TRANSIT_S": str(TRANSIT.total_seconds()),
        "CARRIER_WEBHOOK_SECRET": SECRET_TEXT,
    }
    with BlockingHost.open(ROOT, settings=settings) as host:
        let_the_app_follow(host, monkeypatch)
        yield host


def shipped(host: BlockingHost, order_id: str, service: str = "standard") -> datetime:
    """Submit an order and wait until its parcel is followed."""
    answer = host.call_http("POST", "/api/orders", json=order(order_id, service=service))
    assert answer.status == 202, answer.text
    began = host.now
    host.advance(HOUR)
    return began


def parcel(host: BlockingHost, order_id: str) -> Any:
    return host.call_http("GET", f"/api/workflows/tracking-{order_id}").json()["customStatus"]


def told(
    host: BlockingHost, order_id: str, code: str, at: datetime, *, shipment_id: str, number: int = 1
) -> None:
    """Tell of a scan as the carrier would, and see it taken."""
    data = {
        "shipmentId": shipment_id,
        "reference": f"tracking-{order_id}",
        "scanId": f"{code}-{number}",
        "code": code,
        "at": at.isoformat(),
    }
    body = json.dumps({"type": "shipment.scanned", "data": data}).encode()
    signed = SECRET.sign(body, notice_id=f"{order_id}-{code}-{number}", at=host.now)
    headers = {"Content-Type": "application/json", **signed}
    answer = host.call_http("POST", "/api/webhooks/carrier", body=body, headers=headers)
    assert answer.status == 204, answer.text


def test_what_the_carrier_tells_is_known_at_once_in_any_order_and_after_a_crash(
    host: BlockingHost, books: Books
) -> None:
    began = shipped(host, "D1")
    shipment_id = parcel(host, "D1")["shipmentId"]

    for _ in range(2):
        told(host, "D1", "delivered", host.now, shipment_id=shipment_id)
    told(host, "D1", "in_transit", host.now - HOUR / 2, shipment_id=shipment_id)
    host.crash_and_restart()
    status = host.until_done("order-D1")

    assert status.output["status"] == "delivered"
    assert status.updated_at - began < 2 * HOUR
    assert books.read().mails_to("D1").count("Your order is delivered") == 1


def test_what_is_told_while_the_carrier_is_asked_is_not_lost(host: BlockingHost) -> None:
    began = shipped(host, "D2")
    shipment_id = parcel(host, "D2")["shipmentId"]
    picked_up_at = began + TRANSIT * 0.2
    host.faults.slow(names.CHECK_SHIPMENT, HOUR / 2, times=1)
    host.advance(picked_up_at + HOUR / 4 - host.now)

    told(host, "D2", "delivered", host.now, shipment_id=shipment_id)
    status = host.until_done("order-D2")

    assert status.output["status"] == "delivered"
    assert status.updated_at < picked_up_at + HOUR


def test_no_notice_is_lost_from_one_generation_to_the_next(host: BlockingHost) -> None:
    shipped(host, "D3")
    shipment_id = parcel(host, "D3")["shipmentId"]

    for number in range(25):
        told(host, "D3", "failed_attempt", host.now, shipment_id=shipment_id, number=number)
        host.advance(timedelta(minutes=1))

    known = parcel(host, "D3")
    assert (known["status"], known["attempts"]) == ("attempt_failed", 25)
    told(host, "D3", "returned", host.now, shipment_id=shipment_id)
    host.advance(timedelta(minutes=1))
    ended = host.call_http("GET", "/api/workflows/tracking-D3").json()
    assert ended["output"]["status"] == "returned"


def test_a_silent_parcel_is_looked_for_and_late_and_comes_after_all(
    host: BlockingHost, books: Books, ledger: CarrierLedger
) -> None:
    shipped(host, "D4", "sandbox_silent")
    host.advance(timedelta(days=5))

    known = parcel(host, "D4")
    assert (known["status"], known["trouble"], known["late"]) == ("in_transit", "silent", True)
    assert ledger.asked(known["shipmentId"]) == ("inquiry:1",)
    status = host.until_done("order-D4")
    assert status.output["status"] == "delivered"
    told_of = books.read().mails_to("D4")
    assert told_of.count("We are looking for your order") == 1
    assert told_of.count("Your order is late") == 1


def test_a_lost_parcel_is_claimed(host: BlockingHost, ledger: CarrierLedger) -> None:
    shipped(host, "D5", "sandbox_lost")
    shipment_id = parcel(host, "D5")["shipmentId"]

    host.until_done("order-D5")

    ended = host.call_http("GET", "/api/workflows/tracking-D5").json()["output"]
    assert (ended["status"], ended["claimed"]) == ("lost", True)
    assert ledger.asked(shipment_id) == ("claim", "inquiry:1")


def test_a_second_attempt_is_told_as_such(host: BlockingHost, books: Books) -> None:
    shipped(host, "D6", "sandbox_failed_attempt")

    status = host.until_done("order-D6")

    assert status.output["status"] == "delivered"
    ended = host.call_http("GET", "/api/workflows/tracking-D6").json()["output"]
    # It comes after 4.5 days, and 3 were said; on the fourth evening it was at the door.
    assert (ended["attempts"], ended["late"]) == (1, True)
    subjects = books.read().mails_to("D6")
    assert subjects.count("We missed you with your order") == 1
    assert subjects.count("Your order arrives today") == 2
    assert "Your order is late" not in subjects
