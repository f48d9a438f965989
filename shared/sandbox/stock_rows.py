"""How the warehouse's book is written down: one row per shelf, one per reservation, one partition.

Nothing is decided here.
"""

import json
from collections.abc import Iterable, Mapping

from shared.sandbox.reservations import (
    Reservation,
    ReservationState,
    ShelfMove,
    Shortage,
    StockLevel,
    StockLine,
)
from shared.storage import Row, instant_text, key_text

PARTITION = "stock"
SHELVES = ("sku:", "sku;")  # the first row key and the end: ";" follows ":"
RESERVATIONS = ("reservation:", "reservation;")


def shelf_key(sku: str) -> str:
    """Return the row key of a SKU's shelf."""
    return SHELVES[0] + key_text(sku)


def reservation_key(reservation_id: str) -> str:
    """Return the row key of a reservation."""
    return RESERVATIONS[0] + key_text(reservation_id)


def new_shelf(sku: str, on_hand: int) -> Row:
    """Return the row of a shelf that does not exist yet."""
    return Row(
        partition_key=PARTITION,
        row_key=shelf_key(sku),
        fields={"sku": sku, "on_hand": on_hand, "reserved": 0},
    )


def level(shelf: Row) -> StockLevel:
    """Return what a shelf's row says."""
    return StockLevel(
        sku=shelf.text("sku"),
        on_hand=shelf.integer("on_hand"),
        reserved=shelf.integer("reserved"),
    )


def moved(shelves: Mapping[str, Row], lines: Iterable[StockLine], move: ShelfMove) -> list[Row]:
    """Return the shelves' rows after the move, still under the etags that were read."""
    if move == ShelfMove():
        return []
    return [
        shelf.changed(
            on_hand=shelf.integer("on_hand") + move.on_hand * line.quantity,
            reserved=shelf.integer("reserved") + move.reserved * line.quantity,
        )
        for line in lines
        for shelf in (shelves[line.sku],)
    ]


def reservation_row(reservation: Reservation, *, etag: str = "") -> Row:
    """Return a reservation's row; with the etag it replaces that version, without it is new."""
    expires_at = reservation.expires_at
    return Row(
        partition_key=PARTITION,
        row_key=reservation_key(reservation.reservation_id),
        fields={
            "reservation_id": reservation.reservation_id,
            "state": reservation.state.value,
            "expires_at": instant_text(expires_at) if expires_at else "",
            "lines": json.dumps([[line.sku, line.quantity] for line in reservation.lines]),
            "missing": json.dumps(
                [[short.sku, short.requested, short.available] for short in reservation.missing]
            ),
        },
        etag=etag,
    )


def reservation(row: Row) -> Reservation:
    """Return what a reservation's row says."""
    return Reservation(
        reservation_id=row.text("reservation_id"),
        state=ReservationState(row.text("state")),
        expires_at=row.instant("expires_at") if row.text("expires_at") else None,
        lines=tuple(
            StockLine(sku=sku, quantity=quantity) for sku, quantity in json.loads(row.text("lines"))
        ),
        missing=tuple(
            Shortage(sku=sku, requested=requested, available=available)
            for sku, requested, available in json.loads(row.text("missing"))
        ),
    )
