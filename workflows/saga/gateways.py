"""What this domain needs of the outside: a catalogue, the book of orders, and who may still cancel.

Stock, money and parcels are touched by the activities of order_processing, called by name. Every
call may raise ``ProviderUnavailableError`` or ``StorageUnavailableError``; then repeat it.
"""

import functools
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from shared.price_list import seeded_catalogue
from shared.quote import Catalogue
from shared.sandbox.orders import OrderBook
from shared.settings import current_settings
from shared.storage import Row, Table, Value, instant_text, key_text, open_storage
from shared.stored_requests import StoredRequests
from workflows.saga import names

_ROW_KEY = "way-back"


class Orders(Protocol):
    """Who knows how orders stand."""

    def note(self, order_id: str, *, key: str, status: str, at: datetime) -> bool:
        """Note a status once per key; False when the key was called off."""
        ...

    def call_off(self, order_id: str, key: str, *, status: str, at: datetime) -> None:
        """Note a status in place of what was noted under a key, or will be."""
        ...


class Cancellations:
    """Whether a saga was cancelled or went past its pivot: whichever is written first stands.

    Args:
        table: A row by instance.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def close(self, instance_id: str) -> bool:
        """Let nobody cancel any more; False when somebody has."""
        return self._table.until_written(partial(self._try, instance_id, {"cancelled": False}))

    def cancel(self, instance_id: str, *, actor: str, reason: str, at: datetime) -> bool:
        """Cancel; False when it is too late. Again is as good as once."""
        wish: dict[str, Value] = {
            "cancelled": True,
            "actor": actor,
            "reason": reason,
            "at": instant_text(at),
        }
        return self._table.until_written(partial(self._try, instance_id, wish))

    def _try(self, instance_id: str, wish: dict[str, Value]) -> bool:
        known = self._table.read(key_text(instance_id), _ROW_KEY)
        if known:
            return known.flag("cancelled") is wish["cancelled"]
        self._table.write_or_retry(
            Row(partition_key=key_text(instance_id), row_key=_ROW_KEY, fields=wish)
        )
        return True


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
        cancellations=Cancellations(storage.table(names.CANCELLATIONS_TABLE)),
    )
