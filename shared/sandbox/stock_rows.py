"""How the warehouses' book is written down: one row per shelf, one per reservation, one partition.

Nothing is decided here.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final

from shared.sandbox.reservations import (
    Pick,
    Reservation,
    ReservationState,
    Shelf,
    ShelfMove,
    Shortage,
    StockLevel,
    StockLine,
)
from shared.storage import Row, instant_text, key_text

PARTITION = "stock"
MAIN: Final = "main"  # the warehouse whose shelves have the SKU alone for a key
SHELVES = ("sku:", "sku;")  # the first row key and the end: ";" follows ":"
RESERVATIONS = ("reservation:", "reservation;")
_OTHER = "$"  # in no key's text, and before everything in it but blanks and exclamation marks
_AFTER_OTHERS = "%"


def shelf_key(warehouse: str, sku: str) -> str:
    """Return the row key of a SKU's shelf."""
    key = SHELVES[0] + key_text(sku)
    return key if warehouse == MAIN else f"{key}{_OTHER}{key_text(warehouse)}"


def shelves_of(sku: str) -> tuple[str, str]:
    """Return the first row key and the end of a SKU's shelves; a few others may be between."""
    key = shelf_key(MAIN, sku)
    return key, f"{key}{_AFTER_OTHERS}"


def reservation_key(reservation_id: str) -> str:
    """Return the row key of a reservation."""
    return RESERVATIONS[0] + key_text(reservation_id)


def new_shelf(warehouse: str, sku: str, on_hand: int) -> Row:
    """Return the row of a shelf that does not exist yet."""
    return Row(
        partition_key=PARTITION,
        row_key=shelf_key(warehouse, sku),
        fields={"sku": sku, "warehouse": warehouse, "on_hand": on_hand, "reserved": 0},
    )


def shelf(row: Row) -> Shelf:
    """Return what a shelf's row says."""
    level = StockLevel(
        sku=row.text("sku"), on_hand=row.integer("on_hand"), reserved=row.integer("reserved")
    )
    return Shelf(warehouse=str(row.fields.get("warehouse", MAIN)), level=level)


def moved(rows: Mapping[str, Row], picks: Iterable[Pick], move: ShelfMove) -> list[Row]:
    """Return the picks' shelves after the move, still under the etags that were read.

    Args:
        rows: the shelves by their row keys.
        picks: what is moved, each from another shelf.
        move: what one piece does.
    """
    if move == ShelfMove():
        return []
    return [
        row.changed(
            on_hand=row.integer("on_hand") + move.on_hand * pick.quantity,
            reserved=row.integer("reserved") + move.reserved * pick.quantity,
        )
        for pick in picks
        for row in (rows[shelf_key(pick.warehouse, pick.sku)],)
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
            "picks": json.dumps(
                [[pick.warehouse, pick.sku, pick.quantity] for pick in reservation.picks]
            ),
            "missing": json.dumps(
                [[short.sku, short.requested, short.available] for short in reservation.missing]
            ),
        },
        etag=etag,
    )


def reservation(row: Row) -> Reservation:
    """Return what a reservation's row says."""
    lines = tuple(
        StockLine(sku=sku, quantity=quantity) for sku, quantity in json.loads(row.text("lines"))
    )
    return Reservation(
        reservation_id=row.text("reservation_id"),
        state=ReservationState(row.text("state")),
        expires_at=row.instant("expires_at") if row.text("expires_at") else None,
        lines=lines,
        picks=_picks(row, lines),
        missing=tuple(
            Shortage(sku=sku, requested=requested, available=available)
            for sku, requested, available in json.loads(row.text("missing"))
        ),
    )


def _picks(row: Row, lines: Iterable[StockLine]) -> tuple[Pick, ...]:
    """Read where the pieces come from; rows from before there were more warehouses do not say."""
    if "picks" not in row.fields:
        return tuple(Pick(warehouse=MAIN, sku=line.sku, quantity=line.quantity) for line in lines)
    return tuple(
        Pick(warehouse=warehouse, sku=sku, quantity=quantity)
        for warehouse, sku, quantity in json.loads(row.text("picks"))
    )
