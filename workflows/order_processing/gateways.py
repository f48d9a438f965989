"""Ports to the systems outside, and the adapters that reach them.

A port says what this domain needs, in its own words; every call may raise
``ProviderUnavailableError`` or ``StorageUnavailableError``, and every call that changes something
is safe to repeat under the same key. The systems themselves are simulated in shared.sandbox, or
they are real and reached by shared.providers, as the settings say.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.cancellations import Cancellations
from shared.notifications.contacts import Contact
from shared.order_book import Book, open_order_book
from shared.ordering import Address
from shared.post import Post
from shared.price_list import PriceList, seeded_catalogue
from shared.providers.carrier import HttpCarrier
from shared.providers.stripe_intents import TABLE as STRIPE_INTENTS, IntentBook
from shared.providers.stripe_payments import StripePayments
from shared.quote import Catalogue
from shared.saga import Undone
from shared.sandbox.carrier import (
    CarrierLedger,
)
from shared.sandbox.payments import (
    PaymentLedger,
)
from shared.sandbox.stock import StockLedger
from shared.settings import Settings, current_settings
from shared.storage import Storage, open_storage
from shared.stored_requests import StoredRequests
from workflows.order_processing import names
from workflows.order_processing.adapters import (
    CardPayments,
    CarrierByHttp,
    SandboxCarrier,
    SandboxPayments,
    SandboxStock,
)
from workflows.order_processing.amendments import Amendments
from workflows.order_processing.models import OrderLine
from workflows.order_processing.questions import (
    Booking,
    BookShipment,
    Payment,
    Reservation,
)


class Stock(Protocol):
    """Where goods are held."""

    def reserve(
        self, reservation_id: str, *, items: Sequence[OrderLine], expires_at: datetime
    ) -> Reservation:
        """Hold everything or nothing."""
        ...

    def extend(self, reservation_id: str, *, until: datetime) -> Reservation:
        """Hold on for longer; not reserved when somebody else has taken the pieces."""
        ...

    def commit(self, reservation_id: str) -> Reservation:
        """Turn the hold into a sale; not reserved when the hold is gone."""
        ...

    def release(self, reservation_id: str) -> None:
        """Give back whatever is held; nothing when nothing is."""
        ...


class Payments(Protocol):
    """Where money is held and taken; a payment is known by the key it was authorized under."""

    def authorize(self, key: str, *, amount_minor: int, currency: str, token: str) -> Payment:
        """Hold the amount."""
        ...

    def find(self, key: str) -> Payment:
        """Say what is known; ABSENT when nothing is."""
        ...

    def capture(self, key: str) -> Payment:
        """Take the held amount."""
        ...

    def undo(self, key: str) -> Payment:
        """Void the hold or refund what was taken; nothing when there is nothing."""
        ...


class Carrier(Protocol):
    """Who carries parcels; a shipment is known by the key it was booked under."""

    def book(self, booking: BookShipment, *, address: Callable[[], Address]) -> Booking:
        """Hand over an order's parcels, or have them fetched from the customer.

        Args:
            booking: What is handed over.
            address: Loads where the customer lives; it is called by whoever needs to know.
        """
        ...

    def cancel(self, key: str, *, at: datetime) -> Undone:
        """Take it back, also when it was never booked; not undone when it is on its way."""
        ...


class Writer(Protocol):
    """Who writes to customers."""

    def tell(self, key: str, *, contact: Contact, subject: str, text: str, at: datetime) -> bool:
        """Write once per key, as they chose; False when it is refused for good."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything outside that an order touches."""

    catalogue: Catalogue
    stock: Stock
    payments: Payments
    carrier: Carrier
    post: Writer
    book: Book


@functools.cache
def kept_requests(table: str = names.REQUESTS_TABLE) -> StoredRequests:
    """Open a table of stored requests, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return StoredRequests(storage.table(table))


@functools.cache
def open_cancellations() -> Cancellations:
    """Open what was cancelled, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    return Cancellations.open(open_storage(settings.storage, prefix=settings.data_prefix))


@functools.cache
def open_amendments() -> Amendments:
    """Open what customers would take instead, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    return Amendments.open(open_storage(settings.storage, prefix=settings.data_prefix))


@functools.cache
def outside() -> Outside:
    """Connect to the outside, once per process.

    Raises:
        ProviderUnavailableError: The warehouse did not answer; the next call tries again.
    """
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    catalogue = seeded_catalogue(storage)
    stock = StockLedger(storage)
    stock.seed(PriceList().places())
    return Outside(
        catalogue=catalogue,
        stock=SandboxStock(stock),
        payments=_payments(settings, storage),
        carrier=_carrier(settings, storage),
        post=Post.open(settings, storage),
        book=open_order_book(storage),
    )


def _carrier(settings: Settings, storage: Storage) -> Carrier:
    if settings.carrier is None:
        return SandboxCarrier(CarrierLedger(storage, transit=settings.sandbox_transit))
    return CarrierByHttp(HttpCarrier(settings.carrier))


def _payments(settings: Settings, storage: Storage) -> Payments:
    if settings.stripe is None:
        return SandboxPayments(PaymentLedger(storage))
    return CardPayments(
        StripePayments.connect(
            settings.stripe.api_key,
            intents=IntentBook(storage.table(STRIPE_INTENTS)),
            base_url=settings.stripe.base_url,
        )
    )
