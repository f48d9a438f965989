"""The adapters of both domains over the sandbox's ledgers in Azurite."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

import pytest

from shared.notifications.contacts import Contact
from shared.ordering import Address
from shared.sandbox.carrier import CarrierLedger, TrackingStatus
from shared.sandbox.payments import PaymentLedger
from shared.sandbox.stock import StockLedger
from shared.settings.storage import ConnectionString
from shared.storage import Storage
from shared.stored_requests import StoredRequests
from tests.support.functions import always
from tests.support.playing import T0
from workflows.delivery_tracking import adapters as tracking
from workflows.delivery_tracking.journey import CODES, journey
from workflows.delivery_tracking.models import DeliveryStatus, Scan
from workflows.delivery_tracking.scans import KeptScans
from workflows.order_processing import adapters
from workflows.order_processing.models import OrderLine
from workflows.order_processing.questions import (
    Booking,
    BookShipment,
    Direction,
    Payment,
    PaymentStatus,
    Reservation,
    Shortage,
)

pytestmark = pytest.mark.integration

TRANSIT = timedelta(hours=10)


HOME: Final = Address(
    name="Recipient", street="1 Example Street", city="X", postal_code="12345", country="DE"
)


def booked(
    carrier: adapters.SandboxCarrier,
    *,
    service: str = "standard",
    direction: Direction = Direction.OUTBOUND,
) -> Booking:
    question = BookShipment(order_id="A1", key="k", service=service, direction=direction, at=T0)
    return carrier.book(question, address=always(HOME))


@pytest.fixture
def storage(azurite: str) -> Iterator[Storage]:
    prefix = f"t{uuid.uuid4().hex[:15]}"
    with Storage(ConnectionString(value=azurite), prefix=prefix) as opened:
        yield opened


@pytest.fixture
def payments(storage: Storage) -> adapters.SandboxPayments:
    return adapters.SandboxPayments(PaymentLedger(storage))


@pytest.fixture
def carrier(storage: Storage) -> adapters.SandboxCarrier:
    return adapters.SandboxCarrier(CarrierLedger(storage, transit=TRANSIT))


def authorize(payments: adapters.SandboxPayments, outcome: str, *, amount: int = 500) -> Payment:
    return payments.authorize(
        "k", amount_minor=amount, currency="EUR", token=f"tok_sandbox_{outcome}"
    )


def lines(quantity: int) -> list[OrderLine]:
    return [OrderLine(sku="lamp", quantity=quantity, unit_price_minor=1)]


def test_stock_is_held_sold_and_given_back(storage: Storage) -> None:
    ledger = StockLedger(storage)
    ledger.seed({"lamp": 5})
    stock = adapters.SandboxStock(ledger)
    until = T0 + timedelta(days=10_000)

    held = Reservation(reserved=True, warehouses=("main",))
    assert stock.reserve("one", items=lines(3), expires_at=until) == held
    assert stock.reserve("two", items=lines(3), expires_at=until) == Reservation(
        reserved=False, shortages=(Shortage(sku="lamp", requested=3, available=2),)
    )
    assert stock.extend("one", until=until + timedelta(days=1)) == held
    assert stock.extend("two", until=until) == Reservation(reserved=False)
    assert stock.commit("one") == Reservation(reserved=True)
    assert stock.reserve("three", items=lines(2), expires_at=until).reserved
    stock.release("three")
    assert stock.commit("three") == Reservation(reserved=False)
    assert ledger.levels()["lamp"].available == 2


def test_a_reservation_released_before_it_came_holds_nothing(storage: Storage) -> None:
    ledger = StockLedger(storage)
    ledger.seed({"lamp": 5})
    stock = adapters.SandboxStock(ledger)

    stock.release("late")

    late = stock.reserve("late", items=lines(1), expires_at=T0 + timedelta(days=10_000))
    assert late == Reservation(reserved=False)
    assert ledger.levels()["lamp"].available == 5


def test_money_is_held_and_taken_once(payments: adapters.SandboxPayments) -> None:
    held = authorize(payments, "approved")

    assert held.status is PaymentStatus.AUTHORIZED
    assert authorize(payments, "approved") == held
    assert payments.capture("k").status is PaymentStatus.CAPTURED
    assert payments.capture("k").status is PaymentStatus.CAPTURED
    assert payments.find("k").payment_id == held.payment_id


def test_money_that_was_taken_is_given_back(
    payments: adapters.SandboxPayments, storage: Storage
) -> None:
    authorize(payments, "approved")
    payments.capture("k")

    assert payments.undo("k").status is PaymentStatus.REFUNDED
    assert payments.undo("k").status is PaymentStatus.REFUNDED
    assert PaymentLedger(storage).balance("EUR").net_minor == 0


def test_a_payment_undone_before_it_came_holds_nothing(
    payments: adapters.SandboxPayments, storage: Storage
) -> None:
    assert payments.undo("k").status is PaymentStatus.VOIDED

    assert authorize(payments, "approved").status is PaymentStatus.VOIDED
    assert PaymentLedger(storage).balance("EUR").held_minor == 0


def test_what_the_provider_never_heard_of_is_absent(payments: adapters.SandboxPayments) -> None:
    assert payments.find("k") == Payment(status=PaymentStatus.ABSENT)
    assert payments.capture("k") == Payment(status=PaymentStatus.ABSENT)


def test_a_decline_stays_a_decline_also_when_undone(payments: adapters.SandboxPayments) -> None:
    assert authorize(payments, "declined").status is PaymentStatus.DECLINED
    assert payments.undo("k").status is PaymentStatus.DECLINED


def test_a_key_used_for_another_amount_holds_nothing_more(
    payments: adapters.SandboxPayments, storage: Storage
) -> None:
    authorize(payments, "approved")

    assert authorize(payments, "approved", amount=501).status is PaymentStatus.DECLINED
    assert PaymentLedger(storage).balance("EUR").held_minor == 500


def test_a_parcel_is_booked_once_and_called_back_until_it_is_picked_up(
    carrier: adapters.SandboxCarrier,
) -> None:
    first = booked(carrier)

    assert first.shipment is not None
    assert booked(carrier) == first
    assert carrier.cancel("k", at=T0 + TRANSIT).reason == "already_picked_up"
    assert carrier.cancel("k", at=T0).undone


def test_a_parcel_called_off_before_it_came_is_not_booked(carrier: adapters.SandboxCarrier) -> None:
    assert carrier.cancel("k", at=T0).undone

    assert booked(carrier) == Booking(reason="called_off")


def test_a_refusal_is_an_answer(carrier: adapters.SandboxCarrier) -> None:
    refused = booked(carrier, service="sandbox_refused")

    assert refused == Booking(reason="service_refused")


@pytest.mark.parametrize(
    ("service", "last"),
    [
        ("standard", DeliveryStatus.DELIVERED),
        ("sandbox_refused", DeliveryStatus.DELIVERED),  # what it says is about the way out
        ("sandbox_return_lost", DeliveryStatus.IN_TRANSIT),
        ("sandbox_return_unused", DeliveryStatus.BOOKED),
    ],
)
def test_a_return_is_brought_unless_its_service_says_what_becomes_of_returns(
    carrier: adapters.SandboxCarrier, storage: Storage, service: str, last: DeliveryStatus
) -> None:
    label = booked(carrier, service=service, direction=Direction.RETURN).shipment
    assert label is not None
    reader = tracking.SandboxCarrier(CarrierLedger(storage, transit=TRANSIT))
    in_the_end = T0 + 10 * TRANSIT

    scans = reader.reading(label.shipment_id, as_of=in_the_end).scans

    assert journey(scans, as_of=in_the_end).status is last


def test_a_return_that_the_carrier_refuses_is_not_booked(carrier: adapters.SandboxCarrier) -> None:
    service = "sandbox_return_refused"

    refused = booked(carrier, service=service, direction=Direction.RETURN)

    assert refused == Booking(reason="service_refused")
    assert booked(carrier, service=service).shipment is not None


def test_a_parcel_is_read_in_this_domains_words(
    carrier: adapters.SandboxCarrier, storage: Storage
) -> None:
    parcel = booked(carrier, service="sandbox_returned").shipment
    assert parcel is not None
    reader = tracking.SandboxCarrier(CarrierLedger(storage, transit=TRANSIT))

    def said(share: float) -> DeliveryStatus:
        as_of = T0 + TRANSIT * share
        return journey(reader.reading(parcel.shipment_id, as_of=as_of).scans, as_of=as_of).status

    assert [said(share) for share in (0, 0.2, 0.4, 0.8, 1.0, 1.2, 2.0)] == [
        DeliveryStatus.BOOKED,
        DeliveryStatus.IN_TRANSIT,
        DeliveryStatus.IN_TRANSIT,
        DeliveryStatus.OUT_FOR_DELIVERY,
        DeliveryStatus.ATTEMPT_FAILED,
        DeliveryStatus.RETURNING,
        DeliveryStatus.RETURNED,
    ]


def test_a_parcel_that_was_called_off_has_ended(
    carrier: adapters.SandboxCarrier, storage: Storage
) -> None:
    parcel = booked(carrier).shipment
    assert parcel is not None
    reader = tracking.SandboxCarrier(CarrierLedger(storage, transit=TRANSIT))
    before = reader.reading(parcel.shipment_id, as_of=T0).scans
    assert carrier.cancel("k", at=T0).undone

    scans = (*before, *reader.reading(parcel.shipment_id, as_of=T0).scans)

    assert journey(scans, as_of=T0).status is DeliveryStatus.CANCELLED


def test_a_carrier_is_asked_once_for_each_silence_and_once_to_pay(storage: Storage) -> None:
    ledger = CarrierLedger(storage, transit=TRANSIT)
    desk = tracking.SandboxCarrier(ledger)

    for _ in range(2):
        assert desk.trace("shp", number=1, at=T0)
        assert desk.trace("shp", number=2, at=T0)
        assert desk.claim("shp", at=T0)

    assert ledger.asked("shp") == ("claim", "inquiry:1", "inquiry:2")
    assert ledger.shipments() == ()


def in_turn(scans: Iterable[Scan]) -> list[Scan]:
    return sorted(scans, key=lambda scan: scan.scan_id)


def test_scans_are_kept_once_whoever_tells_of_them_first(storage: Storage) -> None:
    kept = KeptScans.open(storage)
    first = Scan(scan_id="a/1", code="in_transit", at=T0)
    again = Scan(scan_id="a/1", code="delivered", at=T0)
    second = Scan(scan_id="a/2", code="delivered", at=T0)

    assert kept.merged("shp", [first]) == (first,)
    assert in_turn(kept.merged("shp", [again, second])) == [first, second]
    assert in_turn(KeptScans.open(storage).of("shp")) == [first, second]
    assert kept.of("another") == ()


def test_every_word_of_the_carrier_has_a_translation() -> None:
    assert set(TrackingStatus) <= set(CODES)


def test_a_contact_is_found_where_the_request_was_kept(storage: Storage) -> None:
    requests = StoredRequests(storage.table("orderrequests"))
    customer = {"customerId": "c-1", "email": "customer@example.com"}
    requests.keep("A1", body={"customer": customer}, contact="", now=T0)

    contacts = tracking.StoredContacts(storage)
    assert contacts.of("A1", table="orderrequests") == Contact(email="customer@example.com")


def test_a_request_survives_its_table_whole_and_is_claimed_once(storage: Storage) -> None:
    requests = StoredRequests(storage.table("orderrequests"))
    body = {"text": "ü🏠" * 15_000}

    _, is_new = requests.keep("A1", body=body, contact="", now=T0)
    found, is_new_again = requests.keep("A1", body=body, contact="", now=T0)

    assert (is_new, is_new_again) == (True, False)
    assert found.body == body
    assert found.claimed_at == T0
    assert requests.claim(found, now=T0 + timedelta(seconds=9))
    assert not requests.claim(found, now=T0 + timedelta(seconds=9))
    requests.mark_started("A1")
    assert requests.load("A1").started
