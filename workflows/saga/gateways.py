"""What this domain needs of the outside: a catalogue, the book of orders, and who may still cancel.

Stock, money and parcels are touched by the activities of order_processing, called by name. Every
call may raise ``ProviderUnavailableError`` or ``StorageUnavailableError``; then repeat it.
"""

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.cancellations import Cancellations
from shared.price_list import seeded_catalogue
from shared.quote import Catalogue
from shared.sandbox.orders import OrderBook
from shared.settings import current_settings
from shared.storage import open_storage
from shared.stored_requests import StoredRequests
from workflows.saga import names


class Orders(Protocol):
    """Who knows how orders stand."""

    def note(self, order_id: str, *, key: str, status: str, at: datetime) -> bool:
        """Note a status once per key; False when the key was called off."""
        ...

    def call_off(self, order_id: str, key: str, *, status: str, at: datetime) -> None:
        """Note a status in place of what was noted under a key, or will be."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything outside that sagas touch here."""

    catalogue: Catalogue
    orders: Orders
    cancellations: Cancellations


@functools.cache
def kept_requests() -> StoredRequests:
    """Open the table of stored requests, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return StoredRequests(storage.table(names.REQUESTS_TABLE))


@functools.cache
def outside() -> Outside:
    """Connect to the outside, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return Outside(
        catalogue=seeded_catalogue(storage),
        orders=OrderBook(storage),
        cancellations=Cancellations.open(storage),
    )
