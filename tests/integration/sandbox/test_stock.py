"""The warehouse: all or nothing, once, also when everybody comes at the same moment."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from shared.sandbox.stock import (
    OutOfStock,
    ReservationClosed,
    ReservationState,
    Reserved,
    Shortage,
    StockLedger,
    StockLevel,
    StockLine,
)
from shared.storage import Row, Storage, Value
from tests.integration.sandbox.rivals import Rivals, at_once

pytestmark = pytest.mark.integration

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LATER = T0 + timedelta(minutes=30)


class SetClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.time = T0

    def now(self) -> datetime:
        return self.time


def a_ledger(storage: Storage, **levels: int) -> StockLedger:
    ledger = StockLedger(storage, clock=SetClock())
    ledger.seed(levels)
    return ledger


def lines(**quantities: int) -> list[StockLine]:
    return [StockLine(sku=sku, quantity=quantity) for sku, quantity in quantities.items()]


def held(reservation_id: str, *, until: datetime = LATER) -> Reserved:
    return Reserved(reservation_id=reservation_id, expires_at=until, warehouses=("main",))


def test_a_reservation_holds_pieces_without_taking_them(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=5)

    answer = ledger.reserve("r1", lines(cup=2), expires_at=LATER)

    assert answer == held("r1")
    assert ledger.available("cup") == 3
    assert ledger.levels() == {"cup": StockLevel(sku="cup", on_hand=5, reserved=2)}


def test_one_short_sku_leaves_the_others_untouched(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=5, pot=1)

    answer = ledger.reserve("r1", lines(cup=2, pot=2, lid=1), expires_at=LATER)

    assert answer == OutOfStock(
        missing=(
            Shortage(sku="lid", requested=1, available=0),
            Shortage(sku="pot", requested=2, available=1),
        )
    )
    assert ledger.available("cup") == 5
    assert ledger.available("pot") == 1


def test_lines_of_the_same_sku_count_together(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=3)

    answer = ledger.reserve("r1", [*lines(cup=2), *lines(cup=2)], expires_at=LATER)

    assert answer == OutOfStock(missing=(Shortage(sku="cup", requested=4, available=3),))


def test_twenty_callers_cannot_share_the_last_piece(rivals: Rivals) -> None:
    ledgers = [a_ledger(rivals.storage(), cup=1) for _ in range(20)]

    answers = at_once(
        [
            partial(ledger.reserve, f"r{number}", lines(cup=1), expires_at=LATER)
            for number, ledger in enumerate(ledgers)
        ]
    )

    assert sum(isinstance(answer, Reserved) for answer in answers) == 1
    assert sum(isinstance(answer, OutOfStock) for answer in answers) == 19
    assert ledgers[0].levels() == {"cup": StockLevel(sku="cup", on_hand=1, reserved=1)}


def test_twenty_reservations_over_two_shelves_all_succeed_when_there_is_enough(
    storage: Storage,
) -> None:
    ledger = a_ledger(storage, cup=40, pot=20)

    answers = at_once(
        [
            partial(ledger.reserve, f"r{number}", lines(cup=2, pot=1), expires_at=LATER)
            for number in range(20)
        ]
    )

    assert all(isinstance(answer, Reserved) for answer in answers)
    assert ledger.available("cup") == 0
    assert ledger.available("pot") == 0


def test_parallel_duplicates_reserve_once(rivals: Rivals) -> None:
    ledgers = [a_ledger(rivals.storage(), cup=50) for _ in range(10)]

    answers = at_once(
        [partial(ledger.reserve, "r1", lines(cup=3), expires_at=LATER) for ledger in ledgers]
    )

    assert set(answers) == {held("r1")}
    assert ledgers[0].available("cup") == 47


def test_parallel_commits_and_releases_end_released_with_everything_back(rivals: Rivals) -> None:
    ledgers = [a_ledger(rivals.storage(), cup=5) for _ in range(10)]
    ledgers[0].reserve("r1", lines(cup=3), expires_at=LATER)

    at_once(
        [
            partial(ledger.commit if number % 2 else ledger.release, "r1")
            for number, ledger in enumerate(ledgers)
        ]
    )

    assert ledgers[0].levels() == {"cup": StockLevel(sku="cup", on_hand=5, reserved=0)}


def test_a_commit_takes_the_pieces_once(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=5)
    ledger.reserve("r1", lines(cup=2), expires_at=LATER)

    assert ledger.commit("r1") is ReservationState.COMMITTED
    assert ledger.commit("r1") is ReservationState.COMMITTED
    assert ledger.levels() == {"cup": StockLevel(sku="cup", on_hand=3, reserved=0)}


def test_a_release_gives_a_hold_back_once(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=5)
    ledger.reserve("r1", lines(cup=2), expires_at=LATER)

    assert ledger.release("r1") is ReservationState.RELEASED
    assert ledger.release("r1") is ReservationState.RELEASED
    assert ledger.levels() == {"cup": StockLevel(sku="cup", on_hand=5, reserved=0)}


def test_a_release_puts_committed_pieces_back(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=5)
    ledger.reserve("r1", lines(cup=2), expires_at=LATER)
    ledger.commit("r1")

    assert ledger.release("r1") is ReservationState.RELEASED
    assert ledger.levels() == {"cup": StockLevel(sku="cup", on_hand=5, reserved=0)}


def test_a_commit_after_a_release_takes_nothing(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=5)
    ledger.reserve("r1", lines(cup=2), expires_at=LATER)
    ledger.release("r1")

    assert ledger.commit("r1") is ReservationState.RELEASED
    assert ledger.levels() == {"cup": StockLevel(sku="cup", on_hand=5, reserved=0)}


def test_a_commit_of_nothing_says_so(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=5)

    assert ledger.commit("r1") is ReservationState.UNKNOWN


def test_a_reserve_that_arrives_after_its_release_holds_nothing(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=5)
    ledger.release("r1")

    answer = ledger.reserve("r1", lines(cup=2), expires_at=LATER)

    assert answer == ReservationClosed(reservation_id="r1", state=ReservationState.RELEASED)
    assert ledger.available("cup") == 5


def test_a_refusal_is_repeated_even_when_stock_has_come_back(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=2)
    ledger.reserve("r1", lines(cup=2), expires_at=LATER)
    refused = ledger.reserve("r2", lines(cup=2), expires_at=LATER)
    ledger.release("r1")

    assert ledger.reserve("r2", lines(cup=2), expires_at=LATER) == refused
    assert isinstance(ledger.reserve("r3", lines(cup=2), expires_at=LATER), Reserved)


def test_an_expired_hold_goes_to_whoever_needs_it(storage: Storage) -> None:
    clock = SetClock()
    ledger = StockLedger(storage, clock=clock)
    ledger.seed({"cup": 2})
    ledger.reserve("r1", lines(cup=2), expires_at=LATER)

    clock.time = LATER
    answer = ledger.reserve("r2", lines(cup=1), expires_at=LATER + timedelta(minutes=30))

    assert isinstance(answer, Reserved)
    assert ledger.commit("r1") is ReservationState.EXPIRED
    assert ledger.levels() == {"cup": StockLevel(sku="cup", on_hand=2, reserved=1)}


def test_an_expired_hold_that_nobody_needed_can_still_be_committed(storage: Storage) -> None:
    clock = SetClock()
    ledger = StockLedger(storage, clock=clock)
    ledger.seed({"cup": 2})
    ledger.reserve("r1", lines(cup=1), expires_at=LATER)

    clock.time = LATER
    ledger.reserve("r2", lines(cup=1), expires_at=LATER + timedelta(minutes=30))

    assert ledger.commit("r1") is ReservationState.COMMITTED


def test_many_rivals_for_expired_holds_never_promise_a_piece_twice(rivals: Rivals) -> None:
    clock = SetClock()
    first = StockLedger(rivals.storage(), clock=clock)
    first.seed({"cup": 4})
    for number in range(4):
        first.reserve(f"old{number}", lines(cup=1), expires_at=LATER)
    clock.time = LATER
    much_later = LATER + timedelta(hours=1)
    ledgers = [StockLedger(rivals.storage(), clock=clock) for _ in range(8)]

    answers = at_once(
        [
            partial(ledger.reserve, f"new{number}", lines(cup=1), expires_at=much_later)
            for number, ledger in enumerate(ledgers)
        ]
    )

    assert sum(isinstance(answer, Reserved) for answer in answers) == 4
    assert first.levels() == {"cup": StockLevel(sku="cup", on_hand=4, reserved=4)}


def test_a_hold_is_extended_and_never_shortened(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=2)
    ledger.reserve("r1", lines(cup=2), expires_at=LATER)
    much_later = LATER + timedelta(hours=1)

    longer = held("r1", until=much_later)
    assert ledger.extend("r1", until=much_later) == longer
    assert ledger.extend("r1", until=LATER) == longer
    assert ledger.levels() == {"cup": StockLevel(sku="cup", on_hand=2, reserved=2)}


def test_an_expired_hold_that_was_extended_in_time_gives_way_to_nobody(storage: Storage) -> None:
    clock = SetClock()
    ledger = StockLedger(storage, clock=clock)
    ledger.seed({"cup": 1})
    ledger.reserve("r1", lines(cup=1), expires_at=LATER)
    clock.time = LATER  # it is over, and nobody has asked for the piece

    assert isinstance(ledger.extend("r1", until=LATER + timedelta(hours=1)), Reserved)
    rival = ledger.reserve("r2", lines(cup=1), expires_at=LATER + timedelta(hours=1))
    assert isinstance(rival, OutOfStock)
    assert ledger.commit("r1") is ReservationState.COMMITTED


def test_a_hold_that_somebody_took_is_held_anew_once_the_pieces_are_back(storage: Storage) -> None:
    clock = SetClock()
    ledger = StockLedger(storage, clock=clock)
    ledger.seed({"cup": 2, "pot": 1})
    ledger.reserve("r1", lines(cup=1, pot=1), expires_at=LATER)
    clock.time = LATER
    much_later = LATER + timedelta(hours=1)
    ledger.reserve("r2", lines(cup=2), expires_at=much_later)

    closed = ReservationClosed(reservation_id="r1", state=ReservationState.EXPIRED)
    assert ledger.extend("r1", until=much_later) == closed
    assert ledger.available("pot") == 1  # all or nothing
    ledger.release("r2")
    assert ledger.extend("r1", until=much_later) == held("r1", until=much_later)
    assert ledger.levels() == {
        "cup": StockLevel(sku="cup", on_hand=2, reserved=1),
        "pot": StockLevel(sku="pot", on_hand=1, reserved=1),
    }


def test_what_is_not_held_any_more_cannot_be_extended(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=1)
    ledger.release("gone")
    ledger.reserve("sold", lines(cup=1), expires_at=LATER)
    ledger.commit("sold")
    much_later = LATER + timedelta(hours=1)

    assert ledger.extend("nobody's", until=much_later) == ReservationClosed(
        reservation_id="nobody's", state=ReservationState.UNKNOWN
    )
    assert ledger.extend("gone", until=much_later) == ReservationClosed(
        reservation_id="gone", state=ReservationState.RELEASED
    )
    assert isinstance(ledger.extend("sold", until=much_later), Reserved)
    assert ledger.levels() == {"cup": StockLevel(sku="cup", on_hand=0, reserved=0)}


def test_of_whoever_extends_and_whoever_needs_the_last_piece_one_has_it(rivals: Rivals) -> None:
    clock = SetClock()
    first = StockLedger(rivals.storage(), clock=clock)
    first.seed({"cup": 1})
    first.reserve("r0", lines(cup=1), expires_at=LATER)
    clock.time = LATER
    until = LATER + timedelta(hours=1)
    ledgers = [StockLedger(rivals.storage(), clock=clock) for _ in range(8)]

    answers = at_once(
        [
            partial(ledger.extend, "r0", until=until)
            if number % 2
            else partial(ledger.reserve, f"r{number + 1}", lines(cup=1), expires_at=until)
            for number, ledger in enumerate(ledgers)
        ]
    )

    held = [r for r in first.reservations() if r.state is ReservationState.HELD]
    assert len(held) == 1
    assert {a.reservation_id for a in answers if isinstance(a, Reserved)} == {
        held[0].reservation_id
    }
    assert first.levels() == {"cup": StockLevel(sku="cup", on_hand=1, reserved=1)}


def a_ledger_of_two(storage: Storage) -> StockLedger:
    ledger = StockLedger(storage, clock=SetClock())
    ledger.seed({"cup": {"main": 2, "north": 3}, "pot": {"north": 1}, "cup-2": 7})
    return ledger


def on_shelves(ledger: StockLedger) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (shelf.warehouse, shelf.level.sku): (shelf.level.on_hand, shelf.level.reserved)
        for shelf in ledger.shelves()
    }


def test_pieces_in_several_warehouses_count_together(storage: Storage) -> None:
    ledger = a_ledger_of_two(storage)

    assert ledger.available("cup") == 5
    assert ledger.levels()["cup"] == StockLevel(sku="cup", on_hand=5, reserved=0)


def test_a_reservation_over_two_warehouses_is_held_sold_and_given_back_as_one(
    storage: Storage,
) -> None:
    ledger = a_ledger_of_two(storage)
    untouched = on_shelves(ledger)

    answer = ledger.reserve("r1", lines(cup=4, pot=1), expires_at=LATER)

    assert isinstance(answer, Reserved)
    assert answer.warehouses == ("main", "north")
    assert on_shelves(ledger) == {
        ("main", "cup"): (2, 1),
        ("north", "cup"): (3, 3),
        ("north", "pot"): (1, 1),
        ("main", "cup-2"): (7, 0),
    }
    assert ledger.commit("r1") is ReservationState.COMMITTED
    assert ledger.levels()["cup"] == StockLevel(sku="cup", on_hand=1, reserved=0)
    assert ledger.release("r1") is ReservationState.RELEASED
    assert on_shelves(ledger) == untouched


def test_a_repeated_reservation_keeps_its_warehouses(storage: Storage) -> None:
    ledger = a_ledger_of_two(storage)
    first = ledger.reserve("r1", lines(cup=1), expires_at=LATER)  # north is fuller
    ledger.reserve("r2", lines(cup=2), expires_at=LATER)

    assert ledger.reserve("r1", lines(cup=1), expires_at=LATER) == first
    assert first == Reserved(reservation_id="r1", expires_at=LATER, warehouses=("north",))


def test_rivals_over_two_warehouses_never_share_a_piece(rivals: Rivals) -> None:
    a_ledger_of_two(rivals.storage())
    ledgers = [StockLedger(rivals.storage(), clock=SetClock()) for _ in range(8)]

    answers = at_once(
        [
            partial(ledger.reserve, f"r{number}", lines(cup=2), expires_at=LATER)
            for number, ledger in enumerate(ledgers)
        ]
    )

    assert sum(isinstance(answer, Reserved) for answer in answers) == 2
    assert ledgers[0].available("cup") == 1


def test_shelves_and_reservations_from_before_there_were_more_warehouses_go_on(
    storage: Storage,
) -> None:
    ledger = StockLedger(storage, clock=SetClock())
    table = storage.table("Stock")
    shelf: dict[str, Value] = {"sku": "cup", "on_hand": 5, "reserved": 2}
    table.write(Row(partition_key="stock", row_key="sku:cup", fields=shelf))
    hold: dict[str, Value] = {
        "reservation_id": "r1",
        "state": "held",
        "expires_at": "2026-01-05T09:30:00.000000+00:00",
        "lines": '[["cup", 2]]',
        "missing": "[]",
    }
    table.write(Row(partition_key="stock", row_key="reservation:r1", fields=hold))

    assert ledger.reserve("r1", lines(cup=2), expires_at=LATER) == held("r1")
    assert ledger.commit("r1") is ReservationState.COMMITTED
    assert ledger.reserve("r2", lines(cup=3), expires_at=LATER) == held("r2")
    assert on_shelves(ledger) == {("main", "cup"): (3, 3)}


def test_the_same_id_for_other_lines_is_a_mistake_of_the_caller(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=5)
    ledger.reserve("r1", lines(cup=2), expires_at=LATER)

    with pytest.raises(ValueError, match="other lines"):
        ledger.reserve("r1", lines(cup=3), expires_at=LATER)


def test_a_reservation_can_span_as_many_skus_as_one_transaction_holds(storage: Storage) -> None:
    skus = {f"sku{number:02}": 1 for number in range(99)}
    ledger = a_ledger(storage, **skus)

    assert isinstance(ledger.reserve("r1", lines(**skus), expires_at=LATER), Reserved)
    with pytest.raises(ValueError, match="at most 99"):
        ledger.reserve("r2", lines(one_more=1, **skus), expires_at=LATER)


def test_seeding_again_leaves_existing_shelves_as_they_are(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=5)
    ledger.reserve("r1", lines(cup=2), expires_at=LATER)

    ledger.seed({"cup": 100, "pot": 1})

    assert ledger.levels() == {
        "cup": StockLevel(sku="cup", on_hand=5, reserved=2),
        "pot": StockLevel(sku="pot", on_hand=1, reserved=0),
    }


def test_seeding_puts_nothing_more_of_what_is_somewhere_already(storage: Storage) -> None:
    ledger = a_ledger(storage, cup=5)

    ledger.seed({"cup": {"north": 100}})

    assert ledger.available("cup") == 5


def test_skus_and_ids_may_hold_any_character(storage: Storage) -> None:
    ledger = StockLedger(storage, clock=SetClock())
    sku = "Größe #7/8 'groß'?\\%=~"
    ledger.seed({sku: {sku: 1}})

    answer = ledger.reserve(sku, [StockLine(sku=sku, quantity=1)], expires_at=LATER)

    assert isinstance(answer, Reserved)
    assert [held.reservation_id for held in ledger.reservations()] == [sku]
    assert ledger.available(sku) == 0
