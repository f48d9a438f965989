"""The rules of stock, without storage."""

from itertools import product

import pytest
from hypothesis import given, strategies as st

from shared.sandbox.reservations import (
    MOVES,
    ReservationState,
    Shelf,
    StockLevel,
    StockLine,
    merged,
    summed,
)

lines = st.lists(
    st.builds(StockLine, sku=st.sampled_from("abc"), quantity=st.integers(1, 9)), min_size=1
)


@given(lines)
def test_merging_keeps_every_piece_and_names_each_sku_once(asked: list[StockLine]) -> None:
    found = merged(asked)

    assert sum(line.quantity for line in found) == sum(line.quantity for line in asked)
    assert [line.sku for line in found] == sorted({line.sku for line in asked})


def test_a_reservation_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one line"):
        merged([])
    with pytest.raises(ValueError, match="0 pieces"):
        merged([StockLine(sku="cup", quantity=0)])


def test_the_pieces_of_all_warehouses_count_together() -> None:
    shelves = [
        Shelf(warehouse=name, level=StockLevel(sku="cup", on_hand=5, reserved=3))
        for name in ("main", "north")
    ]

    found = summed(shelves)

    assert found == {"cup": StockLevel(sku="cup", on_hand=10, reserved=6)}
    assert found["cup"].available == 4


@pytest.mark.parametrize(
    ("before", "after"),
    [pair for pair in product(ReservationState, ReservationState) if pair in MOVES],
)
def test_a_move_undoes_what_the_reservation_did_to_its_shelf(
    before: ReservationState, after: ReservationState
) -> None:
    # What one piece in each state has done to (on hand, reserved) since it was on the shelf.
    done = dict.fromkeys(ReservationState, (0, 0)) | {
        ReservationState.HELD: (0, 1),
        ReservationState.COMMITTED: (-1, 0),
    }
    move = MOVES[before, after]

    on_hand, reserved = done[before]
    assert (on_hand + move.on_hand, reserved + move.reserved) == done[after]


def test_every_reservation_can_be_released_and_a_released_one_never_moves() -> None:
    released = ReservationState.RELEASED

    assert all((state, released) in MOVES for state in ReservationState if state is not released)
    assert not any(before is released for before, _ in MOVES)
