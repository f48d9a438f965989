"""A carrier's book: book a parcel once, follow it, call it back while it is still at the sender.

The service's name decides what happens, on purpose; fractions are of the transit time (a setting):

=========================== =====================================================================
service                     what the carrier does
=========================== =====================================================================
``standard``                label, picked up (0.2), in transit (0.4), out for delivery (0.8),
                            delivered (1.0)
``express``                 the same in half the time
``sandbox_down``            never answers a booking
``sandbox_down_N``          does not answer the first N ``book`` calls of a key, with nothing
                            written; N is 0 to 999
``sandbox_lost_answer``     books, and the answer to that call is lost
``sandbox_refused``         refuses with ``service_refused``
``sandbox_uncollected``     makes a label, and never comes for the parcel
``sandbox_lost``            as ``standard`` until in transit; then no scan ever comes
``sandbox_silent``          as ``standard`` until in transit; no scan for four transit times, then
                            delivered (4.4)
``sandbox_failed_attempt``  fails to deliver (1.0), goes out again (1.3), delivers (1.5)
``sandbox_returned``        fails to deliver (1.0), turns round (1.2), is back (2.0)
``sandbox_return_refused``  delivers; a return is refused with ``service_refused``
``sandbox_return_lost``     delivers; of a return no scan comes after in transit
``sandbox_return_unused``   delivers; a return is never handed in
``sandbox_return_down``     delivers; the booking of a return is never answered
anything else               refuses with ``unknown_service``
=========================== =====================================================================

The caller says what time it is. Deciding what a late or lost parcel means is the caller's, too.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from shared.errors import ProviderUnavailableError
from shared.ids import derived_id
from shared.sandbox import itinerary
from shared.sandbox.itinerary import Scan, Service, Tracking, TrackingStatus, service_named
from shared.sandbox.outages import answers_for, suffer_outage
from shared.storage import Row, Storage, Table, instant_text

__all__ = [
    "AlreadyPickedUp",
    "Cancelled",
    "CarrierLedger",
    "NothingToCancel",
    "Refused",
    "Scan",
    "Shipment",
    "Tracking",
    "TrackingStatus",
    "shipment_id_for",
]

_CARRIER = "sandbox"
_ROW_KEY = "shipment"
_CALLED_OFF = "called_off"
_INQUIRY = "inquiry:"
_CLAIM = "claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """A booking that stands."""

    shipment_id: str
    order_id: str
    tracking_number: str
    carrier: str
    service: str
    estimated_delivery_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing was booked and asking again does not help.

    ``reason`` is ``service_refused``, ``unknown_service``, or ``called_off`` when the booking was
    cancelled before this call.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The booking is undone, by this call or an earlier one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyPickedUp:
    """Too late: the parcel is on its way and the booking stands."""

    picked_up_at: datetime


@dataclass(frozen=True, slots=True)
class NothingToCancel:
    """There was no booking; a late one under that key will be refused."""


type CancelAnswer = Cancelled | AlreadyPickedUp | NothingToCancel


def shipment_id_for(key: str) -> str:
    """Return the id of the shipment that is, or will be, booked under this key."""
    return derived_id("shp", key)


class CarrierLedger:
    """Book, cancel, track. Every call may raise ``ProviderUnavailableError``; then repeat it.

    Args:
        storage: where the book is kept.
        transit: how long a standard delivery takes; fixed for a parcel when it is booked.
    """

    def __init__(self, storage: Storage, *, transit: timedelta) -> None:
        self._storage = storage
        self._transit = transit

    @answers_for("carrier")
    def book(  # noqa: PLR0913 - a parcel has so many sides
        self,
        key: str,
        *,
        order_id: str,
        service: str,
        at: datetime,
        parcels: int = 1,
        is_return: bool = False,
        weight_g: int = 0,
    ) -> Shipment | Refused:
        """Book the parcels of an order; a repeat under the same key answers with the first booking.

        Args:
            key: the idempotency key.
            order_id: whose parcels they are.
            service: see the module's table.
            at: the time of booking, from which the journey is counted.
            parcels: how many.
            is_return: they come back from the customer; whatever the service, they are brought,
                unless its name says what becomes of returns.
            weight_g: all together; 0 when nobody weighed them.

        Raises:
            ValueError: the key was used for another order or service.
        """
        shipment_id = shipment_id_for(key)
        known = self._row(shipment_id)
        if known:
            return _repeated(known, order_id=order_id, service=service)
        treated = service_named(service, is_return=is_return)
        if treated.refused_because:
            return Refused(reason=treated.refused_because)
        if treated.always_down:
            raise ProviderUnavailableError("the sandbox's carrier is down on purpose")
        suffer_outage(
            self._table, shipment_id, operation="booking desk", calls=treated.outage_calls
        )
        booking = Row(
            partition_key=shipment_id,
            row_key=_ROW_KEY,
            fields={
                "order_id": order_id,
                "service": service,
                "booked_at": instant_text(at),
                "transit_us": self._transit * treated.pace // timedelta(microseconds=1),
                "tracking_number": _tracking_number(key),
                "parcels": parcels,
                "is_return": is_return,
                "weight_g": weight_g,
                "cancelled_at": "",
            },
        )
        return self._table.until_written(
            partial(self._try_book, booking, loses_answer=treated.loses_answer)
        )

    @answers_for("carrier")
    def find(self, key: str) -> Shipment | None:
        """Return the booking that stands under a key; ``None`` when there is none or it is off."""
        row = self._row(shipment_id_for(key))
        return _shipment(row) if row and not row.text("cancelled_at") else None

    @answers_for("carrier")
    def shipments(self) -> tuple[Shipment, ...]:
        """Return every booking that stands."""
        rows = self._table.rows("RowKey eq @row and cancelled_at eq @never", row=_ROW_KEY, never="")
        return tuple(map(_shipment, rows))

    @answers_for("carrier")
    def cancel(self, shipment_id: str, key: str, *, at: datetime) -> CancelAnswer:
        """Call a parcel back; possible until it is picked up.

        A booking that has not come is called off too, so that a late ``book`` under its key is
        refused: ``shipment_id_for`` gives the id when the answer with it was lost.

        Args:
            shipment_id: from ``Shipment`` or ``shipment_id_for``.
            key: the idempotency key, kept with the cancellation.
            at: the time of asking.
        """
        return self._table.until_written(partial(self._try_cancel, shipment_id, key, at))

    @answers_for("carrier")
    def track(self, shipment_id: str, *, as_of: datetime) -> Tracking:
        """Return where a parcel is at a moment.

        Raises:
            LookupError: there is no such shipment.
        """
        row = self._row(shipment_id)
        if row is None:
            raise LookupError(f"no shipment {shipment_id}: ids come from book or find")
        if row.text("cancelled_at"):
            called_off = Scan(
                code=TrackingStatus.CANCELLED, at=row.instant("cancelled_at"), place="sender"
            )
            return Tracking(
                status=called_off.code, scans=(called_off,), next_check_after=timedelta(0)
            )
        return itinerary.tracking(
            _service(row), booked_at=row.instant("booked_at"), transit=_transit(row), as_of=as_of
        )

    @answers_for("carrier")
    def inquire(self, shipment_id: str, *, number: int, at: datetime) -> None:
        """Let the carrier look for a parcel: once per number, the first time stands."""
        self._note(shipment_id, f"{_INQUIRY}{number}", at)

    @answers_for("carrier")
    def claim(self, shipment_id: str, *, at: datetime) -> None:
        """Ask the carrier to pay for a parcel; once, the first time stands."""
        self._note(shipment_id, _CLAIM, at)

    @answers_for("carrier")
    def asked(self, shipment_id: str) -> tuple[str, ...]:
        """Return what was asked of the carrier about a parcel: ``inquiry:1``, ``claim``."""
        rows = self._table.rows("PartitionKey eq @partition", partition=shipment_id)
        return tuple(
            row.row_key for row in rows if row.row_key == _CLAIM or row.row_key.startswith(_INQUIRY)
        )

    def _note(self, shipment_id: str, row_key: str, at: datetime) -> None:
        noted = {"asked_at": instant_text(at)}
        self._table.write(Row(partition_key=shipment_id, row_key=row_key, fields=noted))

    @property
    def _table(self) -> Table:
        return self._storage.table("Shipments")

    def _row(self, shipment_id: str) -> Row | None:
        return self._table.read(shipment_id, _ROW_KEY)

    def _try_book(self, booking: Row, *, loses_answer: bool) -> Shipment | Refused:
        known = self._row(booking.partition_key)
        if known:
            return _repeated(
                known, order_id=booking.text("order_id"), service=booking.text("service")
            )
        self._table.write_or_retry(booking)
        if loses_answer:
            raise ProviderUnavailableError("the sandbox lost its answer on purpose")
        return _shipment(booking)

    def _try_cancel(self, shipment_id: str, key: str, at: datetime) -> CancelAnswer:
        row = self._row(shipment_id)
        note = {"cancelled_at": instant_text(at), "cancel_key": key}
        if row is None:
            blank = Row(partition_key=shipment_id, row_key=_ROW_KEY)
            self._table.write_or_retry(blank.changed(order_id="", **note))
            return NothingToCancel()
        if row.text("cancelled_at"):
            return Cancelled() if row.text("order_id") else NothingToCancel()
        picked_up_at = itinerary.picked_up_at(
            _service(row), booked_at=row.instant("booked_at"), transit=_transit(row)
        )
        if picked_up_at and picked_up_at <= at:
            return AlreadyPickedUp(picked_up_at=picked_up_at)
        self._table.write_or_retry(row.changed(**note))
        return Cancelled()


def _repeated(known: Row, *, order_id: str, service: str) -> Shipment | Refused:
    if known.text("cancelled_at"):
        return Refused(reason=_CALLED_OFF)
    if (known.text("order_id"), known.text("service")) != (order_id, service):
        raise ValueError(f"the key of shipment {known.partition_key} was used for another booking")
    return _shipment(known)


def _shipment(row: Row) -> Shipment:
    return Shipment(
        shipment_id=row.partition_key,
        order_id=row.text("order_id"),
        tracking_number=row.text("tracking_number"),
        carrier=_CARRIER,
        service=row.text("service"),
        estimated_delivery_at=row.instant("booked_at") + _transit(row),
    )


def _service(row: Row) -> Service:
    is_return = bool(row.fields.get("is_return", False))  # older rows do not say
    return service_named(row.text("service"), is_return=is_return)


def _transit(row: Row) -> timedelta:
    return timedelta(microseconds=row.integer("transit_us"))


def _tracking_number(key: str) -> str:
    digest = hashlib.sha256(key.encode()).digest()
    return f"SBX{int.from_bytes(digest[:8]) % 10**12:012d}"
