"""The carrier: a parcel is booked once, called back in time or not, and travels with the clock."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from shared.errors import ProviderUnavailableError
from shared.sandbox.carrier import (
    AlreadyPickedUp,
    Cancelled,
    CarrierLedger,
    NothingToCancel,
    Refused,
    Shipment,
    TrackingStatus,
    shipment_id_for,
)
from shared.storage import Storage
from tests.integration.sandbox.rivals import Rivals, at_once

pytestmark = pytest.mark.integration

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TRANSIT = 5 * DAY


@pytest.fixture
def ledger(storage: Storage) -> CarrierLedger:
    return CarrierLedger(storage, transit=TRANSIT)


def booked(ledger: CarrierLedger, service: str = "standard") -> Shipment:
    shipment = ledger.book("o1:ship", order_id="o1", service=service, at=T0)
    assert isinstance(shipment, Shipment)
    return shipment


def test_a_booking_says_who_brings_it_and_when(ledger: CarrierLedger) -> None:
    shipment = booked(ledger)

    assert shipment.estimated_delivery_at == T0 + TRANSIT
    assert shipment.tracking_number.startswith("SBX")
    assert shipment.order_id == "o1"
    assert ledger.find("o1:ship") == shipment
    assert ledger.shipments() == (shipment,)


def test_express_takes_half_the_time(ledger: CarrierLedger) -> None:
    assert booked(ledger, "express").estimated_delivery_at == T0 + TRANSIT / 2


def test_parallel_duplicates_book_one_parcel(rivals: Rivals) -> None:
    ledgers = [CarrierLedger(rivals.storage(), transit=TRANSIT) for _ in range(8)]

    shipments = at_once([partial(booked, ledger) for ledger in ledgers])

    assert len(set(shipments)) == 1
    assert len(ledgers[0].shipments()) == 1


def test_a_late_duplicate_at_another_time_changes_nothing(ledger: CarrierLedger) -> None:
    shipment = booked(ledger)

    assert ledger.book("o1:ship", order_id="o1", service="standard", at=T0 + DAY) == shipment


def test_a_key_belongs_to_one_booking(ledger: CarrierLedger) -> None:
    booked(ledger)

    with pytest.raises(ValueError, match="another booking"):
        ledger.book("o1:ship", order_id="o2", service="standard", at=T0)


@pytest.mark.parametrize(
    ("service", "reason"),
    [("sandbox_refused", "service_refused"), ("by_balloon", "unknown_service")],
)
def test_a_refusal_is_an_answer_and_books_nothing(
    ledger: CarrierLedger, service: str, reason: str
) -> None:
    answer = ledger.book("o1:ship", order_id="o1", service=service, at=T0)

    assert answer == Refused(reason=reason)
    assert ledger.find("o1:ship") is None
    assert ledger.shipments() == ()


def test_a_carrier_that_is_down_books_nothing(ledger: CarrierLedger) -> None:
    for _ in range(3):
        with pytest.raises(ProviderUnavailableError):
            booked(ledger, "sandbox_down")

    assert ledger.find("o1:ship") is None


def test_an_outage_lasts_for_the_calls_that_the_service_names(ledger: CarrierLedger) -> None:
    for _ in range(2):
        with pytest.raises(ProviderUnavailableError):
            booked(ledger, "sandbox_down_2")

    assert ledger.shipments() == ()
    assert booked(ledger, "sandbox_down_2") == ledger.find("o1:ship")


def test_a_lost_answer_is_found_by_asking_and_books_once(ledger: CarrierLedger) -> None:
    with pytest.raises(ProviderUnavailableError):
        booked(ledger, "sandbox_lost_answer")

    found = ledger.find("o1:ship")

    assert found is not None
    assert booked(ledger, "sandbox_lost_answer") == found
    assert ledger.shipments() == (found,)


def test_a_parcel_can_be_called_back_until_it_is_picked_up(ledger: CarrierLedger) -> None:
    shipment = booked(ledger)

    answer = ledger.cancel(shipment.shipment_id, "o1:cancel", at=T0 + timedelta(hours=23))
    again = ledger.cancel(shipment.shipment_id, "o1:cancel", at=T0 + 3 * DAY)

    assert answer == Cancelled()
    assert again == Cancelled()
    assert ledger.find("o1:ship") is None
    tracking = ledger.track(shipment.shipment_id, as_of=T0 + 6 * DAY)
    assert tracking.status is TrackingStatus.CANCELLED
    assert tracking.next_check_after == timedelta(0)


def test_a_parcel_on_its_way_cannot_be_called_back(ledger: CarrierLedger) -> None:
    shipment = booked(ledger)

    answer = ledger.cancel(shipment.shipment_id, "o1:cancel", at=T0 + DAY)

    assert answer == AlreadyPickedUp(picked_up_at=T0 + DAY)
    assert ledger.find("o1:ship") == shipment


def test_a_booking_called_off_before_it_came_is_refused(ledger: CarrierLedger) -> None:
    answer = ledger.cancel(shipment_id_for("o1:ship"), "o1:cancel", at=T0)

    late = ledger.book("o1:ship", order_id="o1", service="standard", at=T0)

    assert answer == NothingToCancel()
    assert late == Refused(reason="called_off")
    assert ledger.shipments() == ()


def test_a_race_of_booking_and_cancelling_leaves_no_parcel(rivals: Rivals) -> None:
    ledgers = [CarrierLedger(rivals.storage(), transit=TRANSIT) for _ in range(8)]

    def book(ledger: CarrierLedger) -> object:
        return ledger.book("o1:ship", order_id="o1", service="standard", at=T0)

    def cancel(ledger: CarrierLedger) -> object:
        return ledger.cancel(shipment_id_for("o1:ship"), "o1:cancel", at=T0)

    at_once([partial(cancel if number % 2 else book, each) for number, each in enumerate(ledgers)])

    assert ledgers[0].shipments() == ()


def test_a_parcel_is_where_the_clock_says(ledger: CarrierLedger) -> None:
    shipment = booked(ledger)

    early = ledger.track(shipment.shipment_id, as_of=T0 + timedelta(hours=36))
    done = ledger.track(shipment.shipment_id, as_of=T0 + TRANSIT)

    assert early.status is TrackingStatus.PICKED_UP
    assert early.next_check_after == timedelta(hours=12)
    assert done.status is TrackingStatus.DELIVERED
    assert done.scans[-1].at == shipment.estimated_delivery_at


def test_a_changed_transit_setting_leaves_booked_parcels_alone(rivals: Rivals) -> None:
    shipment = booked(CarrierLedger(rivals.storage(), transit=TRANSIT))
    ledger = CarrierLedger(rivals.storage(), transit=TRANSIT * 2)

    assert ledger.find("o1:ship") == shipment
    assert ledger.track(shipment.shipment_id, as_of=T0 + TRANSIT).status is TrackingStatus.DELIVERED


def test_an_unknown_shipment_cannot_be_tracked(ledger: CarrierLedger) -> None:
    with pytest.raises(LookupError, match="no shipment shp_unknown"):
        ledger.track("shp_unknown", as_of=T0)
