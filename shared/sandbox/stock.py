"""A warehouse's book: shelves and reservations in one table, changed together or not at all.

Shelves and reservations share a partition, so that a reservation over many SKUs is one transaction
under the etags of every shelf it touches: two orders cannot both take the last piece, and no crash
leaves half a reservation. What is allowed is decided in ``shared.sandbox.reservations``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from shared.clock import Clock, system_clock
from shared.sandbox import stock_rows
from shared.sandbox.outages import answers_for
from shared.sandbox.reservations import (
    MOVES,
    OutOfStock,
    Reservation,
    ReservationClosed,
    ReservationState,
    ReserveAnswer,
    Reserved,
    ShelfMove,
    Shortage,
    StockLevel,
    StockLine,
    merged,
    reserve_answer,
    shortages,
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
    "Shortage",
    "StockLedger",
    "StockLevel",
    "StockLine",
]

_MOST_SKUS = MOST_ROWS_TOGETHER - 1  # the reservation itself is one row of the transaction


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
        """Hold all lines or none.

        The id is the idempotency key and the first answer stands, also ``OutOfStock``: a new try
        after a refusal needs a new id. A call that arrives after ``release`` holds nothing.

        Raises:
            ValueError: no lines, less than one piece, more than 99 SKUs, or an id that was used
                for other lines.
        """
        wanted = merged(lines)
        if len(wanted) > _MOST_SKUS:
            raise ValueError(f"{len(wanted)} SKUs in one reservation; at most {_MOST_SKUS}")
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
        """Return how many pieces can be promised; 0 for an unknown SKU."""
        shelf = self._shelves((sku,)).get(sku)
        return stock_rows.level(shelf).available if shelf else 0

    @answers_for("warehouse")
    def levels(self) -> dict[str, StockLevel]:
        """Return every shelf by its SKU."""
        rows = self._table.between(stock_rows.PARTITION, *stock_rows.SHELVES)
        return {level.sku: level for level in map(stock_rows.level, rows)}

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
    def seed(self, levels: Mapping[str, int]) -> None:
        """Put pieces on the shelves that do not exist yet; existing shelves stay as they are."""
        existing = self.levels()
        for sku, on_hand in levels.items():
            if sku not in existing:
                self._table.write(stock_rows.new_shelf(sku, on_hand))

    @property
    def _table(self) -> Table:
        return self._storage.table("Stock")

    def _reservation_row(self, reservation_id: str) -> Row | None:
        key = stock_rows.reservation_key(reservation_id)
        return self._table.read(stock_rows.PARTITION, key)

    def _shelves(self, skus: Iterable[str]) -> dict[str, Row]:
        table = self._table
        read = ((sku, table.read(stock_rows.PARTITION, stock_rows.shelf_key(sku))) for sku in skus)
        return {sku: shelf for sku, shelf in read if shelf}

    def _try_reserve(self, asked: Reservation) -> ReserveAnswer:
        known = self.reservation(asked.reservation_id)
        if known:
            if known.lines and known.lines != asked.lines:
                raise ValueError(f"reservation {asked.reservation_id} was used for other lines")
            return reserve_answer(known)
        missing = self._hold(asked)
        if not missing:
            return reserve_answer(asked)
        refused = replace(asked, state=ReservationState.REFUSED, missing=missing, expires_at=None)
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
                missing = self._hold(longer, etag=row.etag)
                return reserve_answer(known if missing else longer)
            case _:
                return reserve_answer(known)

    def _hold(self, asked: Reservation, *, etag: str = "") -> tuple[Shortage, ...]:
        """Hold everything, or nothing and tell what is short; expired holds of others give way."""
        while True:
            shelves = self._shelves(line.sku for line in asked.lines)
            levels = {sku: stock_rows.level(row) for sku, row in shelves.items()}
            missing = shortages(asked.lines, levels)
            if not missing:
                held = stock_rows.moved(shelves, asked.lines, ShelfMove(reserved=1))
                self._table.write_or_retry(stock_rows.reservation_row(asked, etag=etag), *held)
                return ()
            if not self._reclaim({shortage.sku for shortage in missing}):
                return missing

    def _reclaim(self, skus: set[str]) -> bool:
        """End the expired holds on these SKUs; tell whether there were any."""
        rows = self._table.rows(
            "PartitionKey eq @partition and state eq @held and expires_at le @now",
            partition=stock_rows.PARTITION,
            held=ReservationState.HELD.value,
            now=instant_text(self._clock.now()),
        )
        expired = [
            hold
            for hold in map(stock_rows.reservation, rows)
            if any(line.sku in skus for line in hold.lines)
        ]
        for hold in expired:
            self._try_move(hold.reservation_id, ReservationState.EXPIRED)
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
        move = MOVES.get((known.state, target))
        if move is None:
            return known.state
        shelves = self._shelves(line.sku for line in known.lines)
        changed = stock_rows.reservation_row(
            replace(known, state=target), etag=row.etag if row else ""
        )
        self._table.write_or_retry(changed, *stock_rows.moved(shelves, known.lines, move))
        return target
