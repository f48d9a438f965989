"""The book of settled orders: one row for each order that has ended, found by when it was booked.

Written by order processing, read by exports. A row holds no personal data and no payment token.
An order whose money went back has a second row, ``{orderId}:refund``, whoever gave it back and how
often that is told; so what was captured less what was refunded is what was earned.

Rows are partitioned by day, and within a day ordered by the instant of booking. That is an instant
of whoever writes, not the one at which the order ended: an exporter that has read up to an instant
must never find a row behind it later, and an order that ended while storage was away is booked when
it is back. The first booking of an order fixes its place; a booking that was begun and never
arrived gets a new one, long before readers come to the old one (``READABLE_AFTER``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, Protocol, Self

from shared.models import JsonObject
from shared.storage import Row, Storage, Stretch, Table, Value, instant_text, key_text

TABLE: Final = "orderbook"

# Begun so long ago, a booking has arrived or never will: a storage call gives up within a minute.
_ARRIVES_WITHIN: Final = timedelta(minutes=5)
# Behind this, nothing is booked any more; the rest is for clocks that differ.
READABLE_AFTER: Final = timedelta(minutes=10)

_PLACE: Final = "place"
_REFUND: Final = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledOrder:
    """How an order ended, and when its orchestration said so; money in minor units."""

    order_id: str
    status: str
    ended_at: datetime
    total_minor: int
    captured_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """That an order's money went back, and when its orchestration said so; in minor units."""

    order_id: str
    refunded_at: datetime
    refunded_minor: int
    currency: str


class Book(Protocol):
    """What order processing needs of the book."""

    def record(self, order: SettledOrder, *, now: datetime) -> None:
        """Book an order once."""
        ...

    def record_refund(self, refund: Refund, *, now: datetime) -> None:
        """Book an order's refund once."""
        ...


class OrderBook:
    """The table of settled orders. Its methods may raise ``StorageUnavailableError``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def open(cls, storage: Storage) -> Self:
        """Open the book of an account."""
        return cls(storage.table(TABLE))

    def record(self, order: SettledOrder, *, now: datetime) -> None:
        """Book an order once, however often it is recorded.

        Args:
            order: How it ended.
            now: The writer's instant, under which it is booked unless it has been.
        """
        self._book(order.order_id, _settled(order), now)

    def record_refund(self, refund: Refund, *, now: datetime) -> None:
        """Book an order's refund once, however often and by whomever it is recorded.

        Args:
            refund: What went back.
            now: The writer's instant, under which it is booked unless it has been.
        """
        self._book(f"{refund.order_id}:{_REFUND}", _refunded(refund), now)

    def _book(self, entry_id: str, fields: dict[str, Value], now: datetime) -> None:
        booked_at = self._table.until_written(partial(self._placed, entry_id, now))
        row = Row(
            partition_key=_day(booked_at),
            row_key=_key(entry_id, booked_at),
            fields={"entryId": entry_id, "bookedAt": instant_text(booked_at), **fields},
        )
        self._table.put(row)

    def _placed(self, entry_id: str, now: datetime) -> datetime:
        """Return the instant of the booking that counts: the first that arrived, or this one."""
        place = Row(
            partition_key=f"order:{key_text(entry_id)}",
            row_key=_PLACE,
            fields={"bookedAt": instant_text(now)},
        )
        if self._table.write(place):
            return now
        found = self._table.read(place.partition_key, place.row_key)
        if found is None:
            raise LookupError(f"the place of {entry_id} is gone")
        known = found.instant("bookedAt")
        if now - known < _ARRIVES_WITHIN or self._table.read(_day(known), _key(entry_id, known)):
            return known
        self._table.write_or_retry(found.changed(bookedAt=instant_text(now)))
        return now

    def stretches(
        self, begin: datetime, end: datetime, *, after: str, rows: int
    ) -> Iterator[Stretch]:
        """Cut what was booked in [begin, end) and lies behind a position into stretches.

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
        # Rows of a time without refunds say nothing of them.
        return [
            {"entryId": row.text("orderId"), "refundedMinor": 0, **row.fields}
            for row in self._table.along(stretch)
        ]


def open_order_book(storage: Storage) -> OrderBook:
    """Open the book of an account."""
    return OrderBook.open(storage)


def _settled(order: SettledOrder) -> dict[str, Value]:
    return {
        "orderId": order.order_id,
        "status": order.status,
        "endedAt": instant_text(order.ended_at),
        "totalMinor": order.total_minor,
        "capturedMinor": order.captured_minor,
        "refundedMinor": 0,
        "currency": order.currency,
    }


def _refunded(refund: Refund) -> dict[str, Value]:
    return {
        "orderId": refund.order_id,
        "status": "refunded",
        "endedAt": instant_text(refund.refunded_at),
        "totalMinor": 0,
        "capturedMinor": 0,
        "refundedMinor": refund.refunded_minor,
        "currency": refund.currency,
    }


def _key(entry_id: str, booked_at: datetime) -> str:
    return f"{instant_text(booked_at)} {key_text(entry_id)}"


def _day(instant: datetime) -> str:
    return instant.astimezone(UTC).date().isoformat()


def _days(begin: datetime, end: datetime) -> Iterator[str]:
    day = begin.astimezone(UTC).date()
    while day.isoformat() <= _day(end):
        yield day.isoformat()
        day += timedelta(days=1)
