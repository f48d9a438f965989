"""The outside world of an order in memory: stock, payments, a carrier, mail, stored requests.

Behaves like the ports in workflows.order_processing.gateways and keeps books that tests can audit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.catalogue import Article
from shared.notifications.contacts import Contact
from shared.order_book import Refund, SettledOrder
from shared.ordering import Address
from shared.price_list import PriceList
from shared.saga import Undone
from shared.storage import Row
from shared.stored_requests import StoredRequests
from workflows.order_processing import gateways
from workflows.order_processing.models import OrderLine
from workflows.order_processing.questions import (
    Booking,
    BookShipment,
    Direction,
    Payment,
    PaymentStatus,
    Reservation,
    Shipment,
    Shortage,
)


@dataclass
class MemoryRows:
    """A table: insert without an etag, replace under one."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict[tuple[str, str], Row])
    version: int = 0

    def read(self, partition_key: str, row_key: str) -> Row | None:
        return self.rows.get((partition_key, row_key))

    def write(self, *rows: Row) -> bool:
        for row in rows:
            known = self.rows.get((row.partition_key, row.row_key))
            if (known.etag if known else "") != row.etag:
                return False
        for row in rows:
            self.version += 1
            self.rows[row.partition_key, row.row_key] = Row(
                partition_key=row.partition_key,
                row_key=row.row_key,
                fields=dict(row.fields),
                etag=str(self.version),
            )
        return True


class MemoryCatalogue:
    """What the price list sells."""

    def __init__(self) -> None:
        self._articles = {
            (article.sku, article.currency): article for article in PriceList().articles()
        }

    def find(self, sku: str, currency: str) -> Article | None:
        return self._articles.get((sku, currency))

    def is_sold(self, sku: str) -> bool:
        return any(known == sku for known, _ in self._articles)


@dataclass
class MemoryStock:
    """Reservations by id: held, committed or released; so many pieces of some SKUs on request."""

    pieces: dict[str, int] = field(default_factory=dict[str, int])
    loses_holds: bool = False
    warehouses: tuple[str, ...] = ("main",)
    reservations: dict[str, str] = field(default_factory=dict[str, str])
    held_until: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def reserve(
        self, reservation_id: str, *, items: Sequence[OrderLine], expires_at: datetime
    ) -> Reservation:
        assert expires_at.tzinfo
        if shortages := self._shortages(items):
            return Reservation(reserved=False, shortages=shortages)
        if self.reservations.setdefault(reservation_id, "held") == "released":
            return Reservation(reserved=False)
        return Reservation(reserved=True, warehouses=self.warehouses)

    def _shortages(self, items: Sequence[OrderLine]) -> tuple[Shortage, ...]:
        return tuple(
            Shortage(sku=item.sku, requested=item.quantity, available=self.pieces[item.sku])
            for item in items
            if item.quantity > self.pieces.get(item.sku, item.quantity)
        )

    def extend(self, reservation_id: str, *, until: datetime) -> Reservation:
        self.held_until[reservation_id] = until
        if self.reservations.get(reservation_id) != "held" or self.loses_holds:
            return Reservation(reserved=False)
        return Reservation(reserved=True, warehouses=self.warehouses)

    def commit(self, reservation_id: str) -> Reservation:
        if self.loses_holds:
            return Reservation(reserved=False)
        if self.reservations.get(reservation_id) in {"held", "committed"}:
            self.reservations[reservation_id] = "committed"
            return Reservation(reserved=True)
        return Reservation(reserved=False)

    def release(self, reservation_id: str) -> None:
        self.reservations[reservation_id] = "released"


@dataclass
class MemoryPayments:
    """Payments by key; the token says what the provider answers, as in the sandbox."""

    payments: dict[str, PaymentStatus] = field(default_factory=dict[str, PaymentStatus])
    settles_after: int = 3
    refuses_capture: bool = False
    finds: int = 0
    amounts: dict[str, int] = field(default_factory=dict[str, int])

    def authorize(self, key: str, *, amount_minor: int, currency: str, token: str) -> Payment:
        assert currency
        first = {
            "tok_sandbox_declined": PaymentStatus.DECLINED,
            "tok_sandbox_pending_settles": PaymentStatus.PENDING,
            "tok_sandbox_pending_forever": PaymentStatus.PENDING,
        }.get(token, PaymentStatus.AUTHORIZED)
        if key not in self.payments and token.endswith("_forever"):
            self.settles_after = 10**9
        self.payments.setdefault(key, first)
        self.amounts[key] = amount_minor
        return self._payment(key)

    def find(self, key: str) -> Payment:
        self.finds += 1
        if self.payments.get(key) is PaymentStatus.PENDING and self.finds >= self.settles_after:
            self.payments[key] = PaymentStatus.AUTHORIZED
        return self._payment(key)

    def capture(self, key: str) -> Payment:
        if self.payments.get(key) is PaymentStatus.AUTHORIZED and not self.refuses_capture:
            self.payments[key] = PaymentStatus.CAPTURED
        return self._payment(key)

    def undo(self, key: str) -> Payment:
        undone = {
            PaymentStatus.CAPTURED: PaymentStatus.REFUNDED,
            PaymentStatus.AUTHORIZED: PaymentStatus.VOIDED,
            PaymentStatus.PENDING: PaymentStatus.VOIDED,
            PaymentStatus.ABSENT: PaymentStatus.VOIDED,
        }
        known = self.payments.get(key, PaymentStatus.ABSENT)
        self.payments[key] = undone.get(known, known)
        return self._payment(key)

    def _payment(self, key: str) -> Payment:
        status = self.payments.get(key)
        if status is None:
            return Payment(status=PaymentStatus.ABSENT)
        return Payment(status=status, payment_id=f"pay-{key}")


@dataclass
class MemoryCarrier:
    """Shipments by key: booked or cancelled; and which of them are returns."""

    refuses: bool = False
    returns: set[str] = field(default_factory=set[str])
    picked_up: bool = False
    shipments: dict[str, str] = field(default_factory=dict[str, str])
    parcels: dict[str, int] = field(default_factory=dict[str, int])

    def book(self, booking: BookShipment, *, address: Callable[[], Address]) -> Booking:
        key, at = booking.key, booking.at
        order_id, service, parcels = booking.order_id, booking.service, booking.parcels
        assert address().street
        if booking.direction is Direction.RETURN:
            self.returns.add(key)
        assert order_id
        assert service
        assert at.tzinfo
        if self.refuses:
            return Booking()
        self.shipments.setdefault(key, "booked")
        self.parcels[key] = parcels
        return Booking(shipment=Shipment(shipment_id=f"shp-{key}", tracking_number=f"TRK-{key}"))

    def cancel(self, key: str, *, at: datetime) -> Undone:
        assert at.tzinfo
        if self.picked_up:
            return Undone(undone=False, reason="already_picked_up")
        if key in self.shipments:
            self.shipments[key] = "cancelled"
        return Undone(undone=True)


@dataclass
class MemoryMail:
    """Messages by key."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def tell(self, key: str, *, contact: Contact, subject: str, text: str, at: datetime) -> bool:
        message = {"recipient": contact.email, "subject": subject, "text": text, "at": at}
        self.messages.setdefault(key, message)
        return True


@dataclass
class MemoryBook:
    """Settled orders and refunds by id: the first record counts."""

    orders: dict[str, SettledOrder] = field(default_factory=dict[str, SettledOrder])
    refunds: dict[str, Refund] = field(default_factory=dict[str, Refund])

    def record(self, order: SettledOrder, *, now: datetime) -> None:
        assert now.tzinfo
        self.orders.setdefault(order.order_id, order)

    def record_refund(self, refund: Refund, *, now: datetime) -> None:
        assert now.tzinfo
        self.refunds.setdefault(refund.order_id, refund)


@dataclass
class MemoryOutside:
    """Everything outside, with its books open."""

    stock: MemoryStock = field(default_factory=MemoryStock)
    payments: MemoryPayments = field(default_factory=MemoryPayments)
    carrier: MemoryCarrier = field(default_factory=MemoryCarrier)
    mail: MemoryMail = field(default_factory=MemoryMail)
    book: MemoryBook = field(default_factory=MemoryBook)
    rows: MemoryRows = field(default_factory=MemoryRows)

    @property
    def requests(self) -> StoredRequests:
        return StoredRequests(self.rows)

    def ports(self) -> gateways.Outside:
        return gateways.Outside(
            catalogue=MemoryCatalogue(),
            stock=self.stock,
            payments=self.payments,
            carrier=self.carrier,
            post=self.mail,
            book=self.book,
        )
