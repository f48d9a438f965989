"""Where pieces come from: one warehouse if any can serve all, else as few as possible."""

from collections import Counter
from itertools import chain, combinations
from random import Random

from hypothesis import given, strategies as st

from shared.sandbox.allocation import Allocation, allocated
from shared.sandbox.reservations import Pick, Shelf, Shortage, StockLevel, StockLine

type There = dict[str, dict[str, int]]  # by warehouse and SKU

PIECES = st.dictionaries(st.sampled_from("abc"), st.integers(0, 4), max_size=3)
THERE = st.dictionaries(st.sampled_from("nesw"), PIECES, max_size=4)
WANTED = st.dictionaries(st.sampled_from("abc"), st.integers(1, 6), min_size=1, max_size=3)


def lines(wanted: dict[str, int]) -> list[StockLine]:
    return [StockLine(sku=sku, quantity=wanted[sku]) for sku in sorted(wanted)]


def shelves(there: There) -> list[Shelf]:
    return [
        Shelf(warehouse=name, level=StockLevel(sku=sku, on_hand=pieces + 1, reserved=1))
        for name, stock in there.items()
        for sku, pieces in stock.items()
    ]


def found(there: There, *, most_shelves: int = 99, **wanted: int) -> Allocation:
    return allocated(lines(wanted), shelves(there), most_shelves=most_shelves)


def picked(allocation: Allocation) -> list[tuple[str, str, int]]:
    return [(pick.warehouse, pick.sku, pick.quantity) for pick in allocation.picks]


def can(warehouses: tuple[str, ...], there: There, wanted: dict[str, int]) -> bool:
    return all(
        sum(there[name].get(sku, 0) for name in warehouses) >= pieces
        for sku, pieces in wanted.items()
    )


def test_one_warehouse_serves_everything_if_any_can() -> None:
    there = {"east": {"cup": 9}, "north": {"cup": 2, "pot": 1}, "west": {"pot": 9}}

    assert picked(found(there, cup=2, pot=1)) == [("north", "cup", 2), ("north", "pot", 1)]


def test_of_two_that_can_the_fuller_one_serves_and_then_the_first_by_name() -> None:
    assert picked(found({"east": {"cup": 3}, "north": {"cup": 4}}, cup=2)) == [("north", "cup", 2)]
    assert picked(found({"north": {"cup": 3}, "east": {"cup": 3}}, cup=2)) == [("east", "cup", 2)]


def test_a_line_is_split_only_when_it_has_to_be() -> None:
    there = {"east": {"cup": 2, "pot": 2}, "north": {"cup": 3}}

    assert picked(found(there, cup=5, pot=1)) == [
        ("north", "cup", 3),
        ("east", "cup", 2),
        ("east", "pot", 1),
    ]


def test_what_is_short_in_all_warehouses_together_is_told_and_nothing_is_taken() -> None:
    assert found({"east": {"cup": 2, "pot": 9}, "north": {"cup": 1}}, cup=4, pot=1) == Allocation(
        missing=(Shortage(sku="cup", requested=4, available=3),)
    )


def test_what_needs_more_shelves_than_may_be_touched_counts_as_short() -> None:
    there = {"east": {"cup": 1, "pot": 3}, "north": {"cup": 2}}

    assert found(there, most_shelves=2, cup=3, pot=1) == Allocation(
        missing=(Shortage(sku="cup", requested=3, available=2),)
    )
    assert not found(there, most_shelves=3, cup=3, pot=1).missing


@given(there=THERE, wanted=WANTED)
def test_all_lines_are_served_from_as_few_warehouses_as_possible_or_none(
    there: There, wanted: dict[str, int]
) -> None:
    allocation = allocated(lines(wanted), shelves(there), most_shelves=99)

    taken = Counter[str]()
    for pick in allocation.picks:
        assert 0 < pick.quantity <= there[pick.warehouse][pick.sku]
        taken[pick.sku] += pick.quantity
    names = sorted(there)
    possible = chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))
    fewest = next((len(some) for some in possible if can(some, there, wanted)), None)
    if fewest is None:
        assert allocation.missing
        assert not taken
    else:
        assert taken == wanted
        assert len({pick.warehouse for pick in allocation.picks}) == fewest


@given(there=THERE, wanted=WANTED, order=st.randoms())
def test_the_order_in_which_shelves_are_read_does_not_matter(
    there: There, wanted: dict[str, int], order: Random
) -> None:
    shuffled = shelves(there)
    order.shuffle(shuffled)

    assert allocated(lines(wanted), shuffled, most_shelves=99) == allocated(
        lines(wanted), shelves(there), most_shelves=99
    )


def test_a_shelf_whose_pieces_are_all_promised_is_not_there() -> None:
    full = Shelf(warehouse="east", level=StockLevel(sku="cup", on_hand=3, reserved=3))
    other = Shelf(warehouse="west", level=StockLevel(sku="cup", on_hand=1, reserved=0))

    assert allocated(lines({"cup": 1}), [full, other], most_shelves=99).picks == (
        Pick(warehouse="west", sku="cup", quantity=1),
    )
