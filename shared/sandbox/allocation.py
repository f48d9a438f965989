"""Which warehouses a reservation takes its pieces from: pure, and the same for the same shelves.

One warehouse for everything if any can serve it all, else as few as possible; among equals the one
with most of the pieces asked for, then the first by name. All lines or none.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from shared.sandbox.reservations import Pick, Shelf, Shortage, StockLine

# By SKU: how many pieces each warehouse can promise; one with none is not there.
type _Pieces = Mapping[str, Counter[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Where every line comes from, or, when something is ``missing``, what is short."""

    picks: tuple[Pick, ...] = ()
    missing: tuple[Shortage, ...] = ()


def allocated(
    lines: Sequence[StockLine], shelves: Iterable[Shelf], *, most_shelves: int
) -> Allocation:
    """Serve the lines from the shelves.

    Args:
        lines: one for each SKU.
        shelves: where there is any of them.
        most_shelves: how many may be touched, at least one for each line; pieces on further ones
            count as not there.
    """
    pieces = _pieces(lines, shelves)
    there = [(line, pieces[line.sku].total()) for line in lines]
    missing = tuple(
        Shortage(sku=line.sku, requested=line.quantity, available=available)
        for line, available in there
        if available < line.quantity
    )
    if missing:
        return Allocation(missing=missing)
    chosen = next(warehouses for warehouses in _choices(pieces) if _can(warehouses, lines, pieces))
    return _served(lines, pieces, chosen, most_shelves)


def _pieces(lines: Sequence[StockLine], shelves: Iterable[Shelf]) -> _Pieces:
    wanted = {line.sku for line in lines}
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for shelf in shelves:
        level = shelf.level
        if level.sku in wanted and level.available > 0:
            found[level.sku][shelf.warehouse] += level.available
    return found


def _choices(pieces: _Pieces) -> Iterator[tuple[str, ...]]:
    """Every set of warehouses, the best first. Warehouses are few, so all sets may be looked at."""
    everywhere: Counter[str] = Counter()
    for there in pieces.values():
        everywhere += there
    ranked = _ranked(everywhere)
    for size in range(1, len(ranked) + 1):
        yield from combinations(ranked, size)


def _ranked(there: Mapping[str, int]) -> list[str]:
    return sorted(there, key=lambda warehouse: (-there[warehouse], warehouse))


def _can(warehouses: Iterable[str], lines: Iterable[StockLine], pieces: _Pieces) -> bool:
    return all(
        sum(pieces[line.sku][warehouse] for warehouse in warehouses) >= line.quantity
        for line in lines
    )


def _served(
    lines: Sequence[StockLine], pieces: _Pieces, warehouses: Sequence[str], most_shelves: int
) -> Allocation:
    picks: list[Pick] = []
    missing: list[Shortage] = []
    for number, line in enumerate(lines, start=1):
        there = {name: pieces[line.sku][name] for name in warehouses if pieces[line.sku][name]}
        kept_for_others = len(lines) - number
        taken = list(islice(_picks(line, there), most_shelves - len(picks) - kept_for_others))
        available = sum(pick.quantity for pick in taken)
        picks += taken
        if available < line.quantity:
            missing.append(Shortage(sku=line.sku, requested=line.quantity, available=available))
    if missing:
        return Allocation(missing=tuple(missing))
    return Allocation(picks=tuple(picks))


def _picks(line: StockLine, there: Mapping[str, int]) -> Iterator[Pick]:
    """Take a line from where most of it is, and on until there is enough."""
    needed = line.quantity
    for warehouse in _ranked(there):
        taken = min(needed, there[warehouse])
        yield Pick(warehouse=warehouse, sku=line.sku, quantity=taken)
        needed -= taken
        if not needed:
            return
