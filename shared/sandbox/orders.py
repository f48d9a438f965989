"""A shop's book of orders: the status of each, and how it came to it.

The history is a chain of rows that are never changed, beside one row with the newest; both are
written together or not at all. The caller says what time it is and which status it should be: which
status may follow which is the caller's business.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from shared.sandbox.outages import answers_for
from shared.storage import Row, Storage, Table, Value, instant_text, key_text

_NEWEST: Final = "newest"
_FIRST, _END = "status:", "status;"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """One status that an order has had.

    Attributes:
        key: the idempotency key under which it was noted.
        calls_off: a key under which nothing may be noted any more; empty for none.
    """

    sequence: int
    status: str
    at: datetime
    key: str
    calls_off: str


class OrderBook:
    """Note, call off, look up. Every call may raise ``ProviderUnavailableError``; then repeat it.

    Args:
        storage: where the book is kept.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @answers_for("order book")
    def note(self, order_id: str, *, key: str, status: str, at: datetime) -> bool:
        """Note a status, once per key; False when the key was called off before."""
        return self._noted(order_id, key=key, status=status, at=at, calls_off="")

    @answers_for("order book")
    def call_off(self, order_id: str, key: str, *, status: str, at: datetime) -> None:
        """Note a status in place of what was noted under the key, or will be."""
        self._noted(order_id, key=f"{key}:undo", status=status, at=at, calls_off=key)

    @answers_for("order book")
    def history(self, order_id: str) -> tuple[StatusEntry, ...]:
        """Return every status of an order, the oldest first."""
        rows = self._table.between(key_text(order_id), _FIRST, _END)
        return tuple(map(_entry, rows))

    def _noted(self, order_id: str, *, key: str, status: str, at: datetime, calls_off: str) -> bool:
        entry = StatusEntry(sequence=0, status=status, at=at, key=key, calls_off=calls_off)
        return self._table.until_written(partial(self._try_note, key_text(order_id), entry))

    def _try_note(self, partition: str, entry: StatusEntry) -> bool:
        # First the row that every entry changes: whatever comes after it makes the write lose.
        newest = self._table.read(partition, _NEWEST)
        known = [_entry(row) for row in self._table.between(partition, _FIRST, _END)]
        if any(other.calls_off == entry.key for other in known):
            return False
        if any(other.key == entry.key for other in known):
            return True
        sequence = newest.integer("sequence") + 1 if newest else 1
        fields: dict[str, Value] = {
            "sequence": sequence,
            "status": entry.status,
            "at": instant_text(entry.at),
            "key": entry.key,
            "calls_off": entry.calls_off,
        }
        self._table.write_or_retry(
            (newest or Row(partition_key=partition, row_key=_NEWEST)).changed(**fields),
            Row(partition_key=partition, row_key=f"{_FIRST}{sequence:06}", fields=fields),
        )
        return True

    @property
    def _table(self) -> Table:
        return self._storage.table("Orders")


def _entry(row: Row) -> StatusEntry:
    return StatusEntry(
        sequence=row.integer("sequence"),
        status=row.text("status"),
        at=row.instant("at"),
        key=row.text("key"),
        calls_off=row.text("calls_off"),
    )
