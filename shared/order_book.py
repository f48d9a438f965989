"""The book of settled orders: one row for each order that has ended, found by when it ended.

Written by order processing, read by exports. A row holds no personal data and no payment token.
Rows are partitioned by day, and within a day ordered by instant; an order is recorded under the
instant at which its orchestration ended, so that recording it again changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from shared.models import JsonObject
from shared.storage import Row, Storage, Stretch, Table, instant_text, key_text

TABLE: Final = "orderbook"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledOrder:
    """How an order ended; money in minor units."""

    order_id: str
    status: str
    settled_at: datetime
    total_minor: int
    captured_minor: int
    currency: str


class OrderBook:
    """The table of settled orders. Its methods may raise ``StorageUnavailableError``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def open(cls, storage: Storage) -> Self:
        """Open the book of an account."""
        return cls(storage.table(TABLE))

    def record(self, order: SettledOrder) -> None:
        """Note how an order ended; a repeat changes nothing."""
        at = instant_text(order.settled_at)
        self._table.put(
            Row(
                partition_key=_day(order.settled_at),
                row_key=f"{at} {key_text(order.order_id)}",
                fields={
                    "orderId": order.order_id,
                    "status": order.status,
                    "settledAt": at,
                    "totalMinor": order.total_minor,
                    "capturedMinor": order.captured_minor,
                    "currency": order.currency,
                },
            )
        )

    def stretches(
        self, begin: datetime, end: datetime, *, after: str, rows: int
    ) -> Iterator[Stretch]:
        """Cut what ended in [begin, end) and lies behind a position into stretches.

        Args:
            begin: The first instant, aware.
            end: The instant behind the last.
            after: The position of the last stretch that is known, or nothing.
            rows: How many rows a stretch has at most.
        """
        stands_on, _, last = after.partition(" ")
        for day in _days(begin, end):
            if day < stands_on:
                continue
            first = max(instant_text(begin), f"{last}!" if day == stands_on else "")
            yield from self._table.stretches(day, first, instant_text(end), rows=rows)

    def read(self, stretch: Stretch) -> list[JsonObject]:
        """Return the rows of a stretch as JSON objects."""
        return [dict(row.fields) for row in self._table.along(stretch)]


def open_order_book(storage: Storage) -> OrderBook:
    """Open the book of an account."""
    return OrderBook.open(storage)


def _day(instant: datetime) -> str:
    return instant.astimezone(UTC).date().isoformat()


def _days(begin: datetime, end: datetime) -> Iterator[str]:
    day = begin.astimezone(UTC).date()
    while day.isoformat() <= _day(end):
        yield day.isoformat()
        day += timedelta(days=1)
