"""The order book over Azurite: every order once, and nothing behind what has been read."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.order_book import READABLE_AFTER, OrderBook, Refund, SettledOrder
from shared.settings.storage import ConnectionString
from shared.storage import Row, Storage

pytestmark = pytest.mark.integration

T0 = datetime(2030, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def storage(azurite: str) -> Iterator[Storage]:
    with Storage(ConnectionString(value=azurite), prefix=f"t{uuid.uuid4().hex[:15]}") as opened:
        yield opened


@pytest.fixture
def book(storage: Storage) -> OrderBook:
    return OrderBook.open(storage)


def an_order(order_id: str, *, status: str = "delivered") -> SettledOrder:
    return SettledOrder(
        order_id=order_id,
        status=status,
        ended_at=T0,
        total_minor=500,
        captured_minor=500,
        currency="EUR",
    )


def booked(book: OrderBook, begin: datetime, end: datetime, *, rows: int = 100) -> list[str]:
    return [
        str(row["orderId"])
        for stretch in book.stretches(begin, end, after="", rows=rows)
        for row in book.read(stretch)
    ]


def test_an_order_is_booked_when_it_is_recorded(book: OrderBook) -> None:
    book.record(an_order("A1"), now=T0 + timedelta(hours=1))

    [stretch] = book.stretches(T0, T0 + DAY, after="", rows=10)
    assert book.read(stretch) == [
        {
            "entryId": "A1",
            "orderId": "A1",
            "status": "delivered",
            "endedAt": "2030-01-01T12:00:00.000000+00:00",
            "bookedAt": "2030-01-01T13:00:00.000000+00:00",
            "totalMinor": 500,
            "capturedMinor": 500,
            "refundedMinor": 0,
            "currency": "EUR",
        }
    ]


def test_a_refund_is_booked_beside_its_order_once_whoever_records_it(book: OrderBook) -> None:
    refund = Refund(order_id="A1", refunded_at=T0 + DAY, refunded_minor=500, currency="EUR")
    book.record(an_order("A1"), now=T0)
    book.record_refund(refund, now=T0 + DAY)
    book.record_refund(replace(refund, refunded_at=T0 + 2 * DAY), now=T0 + 2 * DAY)

    rows = [
        row
        for stretch in book.stretches(T0, T0 + 3 * DAY, after="", rows=10)
        for row in book.read(stretch)
    ]

    assert [(row["entryId"], row["orderId"]) for row in rows] == [("A1", "A1"), ("A1:refund", "A1")]
    assert sum(row["capturedMinor"] - row["refundedMinor"] for row in rows) == 0
    assert rows[1] == {
        "entryId": "A1:refund",
        "orderId": "A1",
        "status": "refunded",
        "endedAt": "2030-01-03T12:00:00.000000+00:00",
        "bookedAt": "2030-01-02T12:00:00.000000+00:00",
        "totalMinor": 0,
        "capturedMinor": 0,
        "refundedMinor": 500,
        "currency": "EUR",
    }


def test_a_row_of_a_time_without_refunds_says_that_nothing_was_refunded(
    storage: Storage, book: OrderBook
) -> None:
    old = Row(
        partition_key="2030-01-01",
        row_key="2030-01-01T12:00:00.000000+00:00 A1",
        fields={"orderId": "A1", "capturedMinor": 500},
    )
    storage.table("orderbook").put(old)

    [stretch] = book.stretches(T0, T0 + DAY, after="", rows=10)

    assert book.read(stretch) == [
        {"entryId": "A1", "orderId": "A1", "capturedMinor": 500, "refundedMinor": 0}
    ]


@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=1), timedelta(hours=7), DAY])
def test_an_order_recorded_again_is_booked_once(book: OrderBook, later: timedelta) -> None:
    book.record(an_order("A1"), now=T0)
    book.record(an_order("A1"), now=T0 + later)

    assert booked(book, T0 - DAY, T0 + 3 * DAY) == ["A1"]
    assert booked(book, T0, T0 + timedelta(microseconds=1)) == ["A1"]


def lose_the_row(storage: Storage, book: OrderBook, order_id: str) -> None:
    """Leave of a booking what a process leaves that dies between its two writes."""
    place = Row(
        partition_key=f"order:{order_id}",
        row_key="place",
        fields={"bookedAt": T0.isoformat(timespec="microseconds")},
    )
    storage.table("orderbook").put(place)
    assert booked(book, T0, T0 + DAY) == []


def test_a_booking_that_died_half_way_is_finished_where_it_began(
    storage: Storage, book: OrderBook
) -> None:
    lose_the_row(storage, book, "A1")

    book.record(an_order("A1"), now=T0 + timedelta(minutes=2))

    assert booked(book, T0, T0 + timedelta(microseconds=1)) == ["A1"]


def test_a_booking_finished_late_is_not_behind_what_readers_have_read(
    storage: Storage, book: OrderBook
) -> None:
    lose_the_row(storage, book, "A1")
    recorded_at = T0 + timedelta(hours=3)
    readers_stand_at = recorded_at - READABLE_AFTER

    book.record(an_order("A1"), now=recorded_at)
    book.record(an_order("A1"), now=recorded_at + timedelta(hours=1))

    assert booked(book, T0 - DAY, readers_stand_at) == []
    assert booked(book, readers_stand_at, T0 + DAY) == ["A1"]


def test_windows_that_meet_hold_every_order_once(book: OrderBook) -> None:
    instants = [T0 + timedelta(hours=6) * number for number in range(12)]
    for number, instant in enumerate(instants):
        book.record(an_order(f"A{number:02}"), now=instant)

    found = [
        order
        for begin in instants[::3]
        for order in booked(book, begin, begin + timedelta(hours=18), rows=2)
    ]

    assert found == [f"A{number:02}" for number in range(12)]


def test_reading_goes_on_behind_a_position(book: OrderBook) -> None:
    for number in range(5):
        book.record(an_order(f"A{number}"), now=T0 + timedelta(hours=8 * number))
    end = T0 + 3 * DAY

    first = next(book.stretches(T0, end, after="", rows=2))
    rest = book.stretches(T0, end, after=first.position, rows=2)

    assert [row["orderId"] for stretch in (first, *rest) for row in book.read(stretch)] == [
        f"A{number}" for number in range(5)
    ]
