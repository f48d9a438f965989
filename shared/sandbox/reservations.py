"""The rules of stock: what a reservation is, how it may change, and what that does to the shelf.

Pure values and one table of moves. Keeping them in storage is ``shared.sandbox.stock``.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLine:
    """A wish: so many pieces of one SKU."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLevel:
    """A SKU's pieces that are there, and how many of them are held for somebody."""

    sku: str
    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        """How many pieces can still be promised."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A SKU's place in a warehouse."""

    warehouse: str
    level: StockLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """So many pieces of a reservation come from this shelf."""

    warehouse: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """A SKU of which there is too little; an unknown SKU has 0 available."""

    sku: str
    requested: int
    available: int


class ReservationState(StrEnum):
    """Where a reservation stands."""

    HELD = "held"  # the pieces are promised until the hold expires
    COMMITTED = "committed"  # they have left the shelf for good
    RELEASED = "released"  # they are back; also what is left of a release that came first
    EXPIRED = "expired"  # the hold ran out and somebody else needed the pieces
    REFUSED = "refused"  # there was too little, and nothing was ever held
    UNKNOWN = "unknown"  # nobody asked for this reservation


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """Everything asked for is held, or was and has been committed since.

    It comes from these ``warehouses``, a parcel from each.
    """

    reservation_id: str
    expires_at: datetime
    warehouses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfStock:
    """Nothing is held: at least one SKU is short."""

    missing: tuple[Shortage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationClosed:
    """Nothing is held: this reservation was released, or its hold expired, before this call."""

    reservation_id: str
    state: ReservationState


type ReserveAnswer = Reserved | OutOfStock | ReservationClosed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A reservation as the ledger keeps it."""

    reservation_id: str
    state: ReservationState
    lines: tuple[StockLine, ...]
    picks: tuple[Pick, ...] = ()
    missing: tuple[Shortage, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfMove:
    """What one reserved piece does to its shelf."""

    on_hand: int = 0
    reserved: int = 0


# Every change of state that is allowed; a pair that is not here changes nothing.
MOVES: Mapping[tuple[ReservationState, ReservationState], ShelfMove] = {
    (ReservationState.HELD, ReservationState.COMMITTED): ShelfMove(on_hand=-1, reserved=-1),
    (ReservationState.HELD, ReservationState.RELEASED): ShelfMove(reserved=-1),
    (ReservationState.HELD, ReservationState.EXPIRED): ShelfMove(reserved=-1),
    # A committed order that is undone before it ships puts its pieces back.
    (ReservationState.COMMITTED, ReservationState.RELEASED): ShelfMove(on_hand=1),
    (ReservationState.EXPIRED, ReservationState.RELEASED): ShelfMove(),
    (ReservationState.REFUSED, ReservationState.RELEASED): ShelfMove(),
    (ReservationState.UNKNOWN, ReservationState.RELEASED): ShelfMove(),
}


def merged(lines: Iterable[StockLine]) -> tuple[StockLine, ...]:
    """Return one line per SKU, in the order of SKUs.

    Raises:
        ValueError: there is no line, or one asks for less than one piece.
    """
    wanted: dict[str, int] = {}
    for line in lines:
        if line.quantity < 1:
            raise ValueError(f"{line.sku}: {line.quantity} pieces cannot be reserved")
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    if not wanted:
        raise ValueError("a reservation needs at least one line")
    return tuple(StockLine(sku=sku, quantity=wanted[sku]) for sku in sorted(wanted))


def summed(shelves: Iterable[Shelf]) -> dict[str, StockLevel]:
    """Return each SKU's pieces in all warehouses together."""
    on_hand: Counter[str] = Counter()
    reserved: Counter[str] = Counter()
    for level in (shelf.level for shelf in shelves):
        on_hand[level.sku] += level.on_hand
        reserved[level.sku] += level.reserved
    return {
        sku: StockLevel(sku=sku, on_hand=pieces, reserved=reserved[sku])
        for sku, pieces in on_hand.items()
    }


def reserve_answer(known: Reservation) -> ReserveAnswer:
    """Return the answer that a repeated ``reserve`` gets: the first one, unless it was undone."""
    match known:
        case Reservation(
            state=ReservationState.HELD | ReservationState.COMMITTED,
            expires_at=datetime() as expires_at,
        ):
            return Reserved(
                reservation_id=known.reservation_id,
                expires_at=expires_at,
                warehouses=tuple(sorted({pick.warehouse for pick in known.picks})),
            )
        case Reservation(state=ReservationState.REFUSED):
            return OutOfStock(missing=known.missing)
        case _:
            return ReservationClosed(reservation_id=known.reservation_id, state=known.state)
