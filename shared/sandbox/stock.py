"""The warehouses' book: shelves and reservations in one table, changed together or not at all.

Shelves and reservations share a partition, so that a reservation over many SKUs and warehouses is
one transaction under the etags of every shelf it touches: two orders cannot both take the last
piece, and no crash leaves half a reservation. What is allowed is decided in
``shared.sandbox.reservations``, where pieces come from in ``shared.sandbox.allocation``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from shared.clock import Clock, system_clock
from shared.sandbox import stock_rows
from shared.sandbox.allocation import allocated
from shared.sandbox.outages import answers_for
from shared.sandbox.reservations import (
    MOVES,
    OutOfStock,
    Pick,
    Reservation,
    ReservationClosed,
    ReservationState,
    ReserveAnswer,
    Reserved,
    Shelf,
    ShelfMove,
    Shortage,
    StockLevel,
    StockLine,
    merged,
    reserve_answer,
    summed,
)
from shared.storage import Row, Storage, Table, instant_text
from shared.storage.table import MOST_ROWS_TOGETHER

__all__ = [
    "OutOfStock",
    "Reservation",
    "ReservationClosed",
    "ReservationState",
    "ReserveAnswer",
    "Reserved",
    "Shelf",
    "Shortage",
    "StockLedger",
    "StockLevel",
    "StockLine",
]

_MOST_SHELVES = MOST_ROWS_TOGETHER - 1  # the reservation itself is one row of the transaction


class StockLedger:
    """Reserve, extend, commit, release; all may raise ``ProviderUnavailableError``: then repeat it.

    Args:
        storage: where the book is kept.
        clock: tells which holds have expired.
    """

    def __init__(self, storage: Storage, *, clock: Clock | None = None) -> None:
        self._storage = storage
        self._clock = clock or system_clock()

    @answers_for("warehouse")
    def reserve(
        self, reservation_id: str, lines: Sequence[StockLine], *, expires_at: datetime
    ) -> ReserveAnswer:
        """Hold all lines or none, from as few warehouses as possible.

        The id is the idempotency key and the first answer stands, also ``OutOfStock``: a new try
        after a refusal needs a new id. A call that arrives after ``release`` holds nothing. What
        would take more than 99 shelves together counts as short.

        Raises:
            ValueError: no lines, less than one piece, more than 99 SKUs, or an id that was used
                for other lines.
        """
        wanted = merged(lines)
        if len(wanted) > _MOST_SHELVES:
            raise ValueError(f"{len(wanted)} SKUs in one reservation; at most {_MOST_SHELVES}")
        asked = Reservation(
            reservation_id=reservation_id,
            state=ReservationState.HELD,
            lines=wanted,
            expires_at=expires_at,
        )
        return self._table.until_written(partial(self._try_reserve, asked), in_turn=True)

    @answers_for("warehouse")
    def extend(self, reservation_id: str, *, until: datetime) -> ReserveAnswer:
        """Hold on for longer, and never for less long.

        A hold past its expiry lives on while nobody has taken its pieces; once somebody has, all of
        them are held anew or none. What was committed stays, what was given back stays so.

        Returns:
            ``Reserved``, or what says that nothing is held: then nothing has changed.
        """
        return self._table.until_written(
            partial(self._try_extend, reservation_id, until), in_turn=True
        )

    @answers_for("warehouse")
    def commit(self, reservation_id: str) -> ReservationState:
        """Take the held pieces off the shelf.

        Returns:
            ``COMMITTED``, also when it was before and when the hold was past its expiry but nobody
            had taken the pieces; anything else means that nothing is held and nothing changed.
        """
        return self._move(reservation_id, ReservationState.COMMITTED)

    @answers_for("warehouse")
    def release(self, reservation_id: str) -> ReservationState:
        """Give everything back, whatever was reserved or committed; always ends ``RELEASED``.

        A reservation that was never made is marked too, so that a late ``reserve`` holds nothing.
        """
        return self._move(reservation_id, ReservationState.RELEASED)

    @answers_for("warehouse")
    def available(self, sku: str) -> int:
        """Return how many pieces all warehouses can promise; 0 for an unknown SKU."""
        return sum(shelf.level.available for shelf in map(stock_rows.shelf, self._rows_of(sku)))

    @answers_for("warehouse")
    def levels(self) -> dict[str, StockLevel]:
        """Return what there is of every SKU in all warehouses together."""
        return summed(self.shelves())

    @answers_for("warehouse")
    def shelves(self) -> tuple[Shelf, ...]:
        """Return every shelf."""
        rows = self._table.between(stock_rows.PARTITION, *stock_rows.SHELVES)
        return tuple(map(stock_rows.shelf, rows))

    @answers_for("warehouse")
    def reservation(self, reservation_id: str) -> Reservation | None:
        """Return a reservation as it stands."""
        row = self._reservation_row(reservation_id)
        return stock_rows.reservation(row) if row else None

    @answers_for("warehouse")
    def reservations(self) -> tuple[Reservation, ...]:
        """Return every reservation ever asked for, in the order of ids."""
        rows = self._table.between(stock_rows.PARTITION, *stock_rows.RESERVATIONS)
        return tuple(map(stock_rows.reservation, rows))

    @answers_for("warehouse")
    def seed(self, levels: Mapping[str, int | Mapping[str, int]]) -> None:
        """Put pieces of SKUs that have no shelf yet on shelves; what has one stays as it is.

        Args:
            levels: for each SKU the pieces in each warehouse, or those in the main one.
        """
        existing = self.levels()
        for sku, pieces in levels.items():
            if sku not in existing:
                places = {stock_rows.MAIN: pieces} if isinstance(pieces, int) else pieces
                self._table.write(
                    *(stock_rows.new_shelf(place, sku, there) for place, there in places.items())
                )

    @property
    def _table(self) -> Table:
        return self._storage.table("Stock")

    def _reservation_row(self, reservation_id: str) -> Row | None:
        key = stock_rows.reservation_key(reservation_id)
        return self._table.read(stock_rows.PARTITION, key)

    def _rows_of(self, sku: str) -> Iterator[Row]:
        """Read a SKU's shelves in all warehouses."""
        rows = self._table.between(stock_rows.PARTITION, *stock_rows.shelves_of(sku))
        return (row for row in rows if row.text("sku") == sku)

    def _picked_from(self, picks: Iterable[Pick]) -> dict[str, Row]:
        """Read the shelves that something was picked from, by their keys."""
        table = self._table
        keys = [stock_rows.shelf_key(pick.warehouse, pick.sku) for pick in picks]
        read = ((key, table.read(stock_rows.PARTITION, key)) for key in keys)
        return {key: row for key, row in read if row}

    def _try_reserve(self, asked: Reservation) -> ReserveAnswer:
        known = self.reservation(asked.reservation_id)
        if known:
            if known.lines and known.lines != asked.lines:
                raise ValueError(f"reservation {asked.reservation_id} was used for other lines")
            return reserve_answer(known)
        held = self._hold(asked)
        if isinstance(held, Reservation):
            return reserve_answer(held)
        refused = replace(asked, state=ReservationState.REFUSED, missing=held, expires_at=None)
        self._table.write_or_retry(stock_rows.reservation_row(refused))
        return reserve_answer(refused)

    def _try_extend(self, reservation_id: str, until: datetime) -> ReserveAnswer:
        row = self._reservation_row(reservation_id)
        if row is None:
            return ReservationClosed(reservation_id=reservation_id, state=ReservationState.UNKNOWN)
        known = stock_rows.reservation(row)
        longer = replace(known, state=ReservationState.HELD, expires_at=until)
        match known:
            case Reservation(state=ReservationState.HELD, expires_at=datetime() as expires_at):
                if expires_at >= until:
                    return reserve_answer(known)
                self._table.write_or_retry(stock_rows.reservation_row(longer, etag=row.etag))
                return reserve_answer(longer)
            case Reservation(state=ReservationState.EXPIRED):
                held = self._hold(longer, etag=row.etag)
                return reserve_answer(held if isinstance(held, Reservation) else known)
            case _:
                return reserve_answer(known)

    def _hold(self, asked: Reservation, *, etag: str = "") -> Reservation | tuple[Shortage, ...]:
        """Hold everything, or nothing and tell what is short; expired holds of others give way."""
        while True:
            rows = [row for line in asked.lines for row in self._rows_of(line.sku)]
            found = allocated(asked.lines, map(stock_rows.shelf, rows), most_shelves=_MOST_SHELVES)
            if not found.missing:
                held = replace(asked, picks=found.picks)
                shelves = {row.row_key: row for row in rows}
                self._table.write_or_retry(
                    stock_rows.reservation_row(held, etag=etag),
                    *stock_rows.moved(shelves, held.picks, ShelfMove(reserved=1)),
                )
                return held
            if not self._reclaim({shortage.sku for shortage in found.missing}):
                return found.missing

    def _reclaim(self, skus: set[str]) -> bool:
        """End the expired holds on these SKUs; tell whether there were any."""
        rows = self._table.rows(
            "PartitionKey eq @partition and state eq @held and expires_at le @now",
            partition=stock_rows.PARTITION,
            held=ReservationState.HELD.value,
            now=instant_text(self._clock.now()),
        )
        expired = [
            (row, hold)
            for row, hold in ((row, stock_rows.reservation(row)) for row in rows)
            if any(line.sku in skus for line in hold.lines)
        ]
        for row, hold in expired:
            # As it was found: one that was extended meanwhile is not expired any more.
            self._change(hold, ReservationState.EXPIRED, etag=row.etag)
        return bool(expired)

    def _move(self, reservation_id: str, target: ReservationState) -> ReservationState:
        return self._table.until_written(
            partial(self._try_move, reservation_id, target), in_turn=True
        )

    def _try_move(self, reservation_id: str, target: ReservationState) -> ReservationState:
        row = self._reservation_row(reservation_id)
        known = (
            stock_rows.reservation(row)
            if row
            else Reservation(
                reservation_id=reservation_id, state=ReservationState.UNKNOWN, lines=()
            )
        )
        return self._change(known, target, etag=row.etag if row else "")

    def _change(
        self, known: Reservation, target: ReservationState, *, etag: str
    ) -> ReservationState:
        move = MOVES.get((known.state, target))
        if move is None:
            return known.state
        shelves = self._picked_from(known.picks) if move != ShelfMove() else {}
        changed = stock_rows.reservation_row(replace(known, state=target), etag=etag)
        self._table.write_or_retry(changed, *stock_rows.moved(shelves, known.picks, move))
        return target
