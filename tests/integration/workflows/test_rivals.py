"""Of many who decide, cancel or note at the same moment, storage lets exactly one be first."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.attention import Action, Alert, OpenStep, Trouble
from shared.cancellations import Cancellations
from shared.sandbox.orders import OrderBook
from shared.settings.storage import ConnectionString
from shared.storage import Storage
from tests.support.playing import T0
from workflows.attention.gateways import Board
from workflows.attention.models import AskedRound, DecisionRequest, RoundState
from workflows.attention.transitions import Refusal
from workflows.order_processing.amendments import Amendments

pytestmark = pytest.mark.integration

RIVALS = 12


@pytest.fixture
def storage(azurite: str) -> Iterator[Storage]:
    prefix = f"t{uuid.uuid4().hex[:15]}"
    with Storage(ConnectionString(value=azurite), prefix=prefix) as opened:
        yield opened


@pytest.fixture
def board(storage: Storage) -> Board:
    return Board(storage.table("Attention"))


def together[T](calls: Sequence[Callable[[], T]]) -> list[T]:
    with ThreadPoolExecutor(len(calls)) as rivals:
        return [done.result() for done in [rivals.submit(call) for call in calls]]


def an_alert(round_: int = 1, *, reminder: int = 0) -> Alert:
    return Alert(
        instance_id="order-A1",
        workflow="order_processing_orchestrator",
        round=round_,
        reminder=reminder,
        trouble=Trouble.COMPENSATION,
        open=(OpenStep(step="authorize_payment", error="provider_unavailable", attempts=8),),
        undone=("reserve_stock",),
        at=T0 + timedelta(hours=reminder),
    )


def decision(board: Board, number: int) -> Callable[[], AskedRound | Refusal]:
    action = list(Action)[number % 3]
    request = DecisionRequest(action=action, reason=f"operator {number}")
    return lambda: board.decide("order-A1", request, actor=f"op{number}@example.com", at=T0)


def test_of_many_operators_one_decides_and_the_others_are_told(board: Board) -> None:
    board.ask(an_alert())

    answers = together([decision(board, number) for number in range(RIVALS)])

    taken = [answer for answer in answers if isinstance(answer, AskedRound)]
    refused = [answer.code for answer in answers if isinstance(answer, Refusal)]
    assert len(taken) == 1
    assert refused == ["decided"] * (RIVALS - 1)
    assert board.decision("order-A1", 1) == taken[0].decision
    assert board.open_rounds() == []


def test_the_same_decision_many_times_is_one(board: Board) -> None:
    board.ask(an_alert())

    answers = together([decision(board, 3)] * RIVALS)

    assert {getattr(answer, "state", None) for answer in answers} == {RoundState.DECIDED}


def test_an_alert_that_is_repeated_opens_one_round_and_counts_reminders(board: Board) -> None:
    together([lambda: board.ask(an_alert()) for _ in range(RIVALS)])
    board.ask(an_alert(reminder=2))
    board.ask(an_alert(reminder=1))

    (asked,) = board.open_rounds()

    assert (asked.round, asked.reminders, asked.opened_at) == (1, 2, T0)


def test_a_reminder_that_comes_late_does_not_open_a_decided_round(board: Board) -> None:
    board.ask(an_alert())
    decision(board, 0)()

    assert board.ask(an_alert(reminder=5)).state is RoundState.DECIDED


def test_the_newest_round_is_the_one_that_is_decided(board: Board) -> None:
    board.ask(an_alert())
    decision(board, 0)()
    board.ask(an_alert(2))

    taken = decision(board, 1)()

    assert isinstance(taken, AskedRound)
    assert taken.round == 2
    assert board.decision("order-A1", 3) is None


def test_a_cancellation_and_the_pivot_exclude_each_other(storage: Storage) -> None:
    cancellations = Cancellations(storage.table("Cancellations"))
    for number in range(RIVALS):
        instance_id = f"saga-x-{number}"

        def cancel(instance_id: str = instance_id) -> bool:
            return cancellations.cancel(instance_id, actor="a", reason="r", at=T0)

        def close(instance_id: str = instance_id) -> bool:
            return cancellations.close(instance_id)

        cancelled, closed = together([cancel, close])

        assert cancelled is not closed
        assert (cancel(), close()) == (cancelled, closed)  # the first answer stands


def test_an_order_book_notes_a_status_once_per_key_and_none_that_was_called_off(
    storage: Storage,
) -> None:
    book = OrderBook(storage)

    together([lambda: book.note("A1", key="k", status="processing", at=T0)] * RIVALS)
    together([lambda: book.call_off("A1", "k", status="failed", at=T0)] * RIVALS)
    late = [
        book.note("A1", key="k", status="processing", at=T0),
        book.note("A1", key="other", status="completed", at=T0),
    ]

    assert late == [False, True]
    assert [(e.sequence, e.status) for e in book.history("A1")] == [
        (1, "processing"),
        (2, "failed"),
        (3, "completed"),
    ]


def test_a_status_that_never_came_is_called_off_as_well(storage: Storage) -> None:
    book = OrderBook(storage)

    book.call_off("A2", "k", status="failed", at=T0)

    assert not book.note("A2", key="k", status="processing", at=T0)
    assert [entry.status for entry in book.history("A2")] == ["failed"]


def test_of_many_words_and_the_deadline_one_comes_first_and_stands(storage: Storage) -> None:
    amendments = Amendments.open(storage)

    def saying(number: int) -> Callable[[], Mapping[str, int] | None]:
        if number % 3 == 0:
            return lambda: amendments.close("order-A1", 1)
        return lambda: amendments.say("order-A1", 1, {"lamp": number}, at=T0)

    answers = together([saying(number) for number in range(RIVALS)])

    stands = amendments.find("order-A1", 1)
    assert answers == [stands] * RIVALS
    assert amendments.latest("order-A1") == stands


def test_the_words_of_rounds_are_kept_apart_and_the_last_one_is_known(storage: Storage) -> None:
    amendments = Amendments.open(storage)
    for number in (1, 2, 10):
        amendments.say("order-A1", number, {"lamp": 20 - number}, at=T0)
    amendments.close("order-A1", 11)

    assert amendments.find("order-A1", 2) == {"lamp": 18}
    assert amendments.find("order-A1", 11) is None
    assert amendments.latest("order-A1") == {"lamp": 10}
    assert amendments.latest("order-A2") is None
