"""An order is cancelled at any moment before the pivot, and at none after it."""

from datetime import timedelta

import pytest

from shared.cancellation import CLOSE_CANCELLATION
from tests.support.order_world import UNDOING, World
from tests.support.playing import Call
from workflows.order_processing import names

STEPS = (
    names.VALIDATE_ORDER,
    names.RESERVE_STOCK,
    names.AUTHORIZE_PAYMENT,
    names.COMMIT_STOCK,
    names.BOOK_SHIPMENT,
    CLOSE_CANCELLATION,
)
# How many of what is undone was begun when so many steps were.
BEGUN = (0, 1, 2, 2, 3)


def a_second(call: Call) -> timedelta:
    """Every activity takes a second, so that a moment says which one runs."""
    return timedelta(seconds=1) if call.kind == "activity" else timedelta()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch, takes=a_second)


@pytest.mark.parametrize("step", range(5))
def test_whoever_cancels_in_time_is_heard_after_the_step_that_runs(world: World, step: int) -> None:
    world.raised = {"cancel": timedelta(seconds=step + 0.5)}

    run = world.run()

    assert run.output["status"] == "cancelled"
    assert run.output["reason"] == "cancelled"
    assert run.names[: step + 1] == list(STEPS[: step + 1])
    undone = [name for name in run.names if name in UNDOING]
    assert undone == list(UNDOING[len(UNDOING) - BEGUN[step] :])
    assert world.told() == ["cancelled_as_asked"]
    assert set(world.outside.payments.payments.values()) <= {"voided"}
    assert set(world.outside.stock.reservations.values()) <= {"released"}


def test_a_wish_that_nobody_announced_is_found_at_the_pivot(world: World) -> None:
    world.is_cancelled = True

    run = world.run()

    assert run.output["status"] == "cancelled"
    assert names.CAPTURE_PAYMENT not in run.names
    assert [name for name in run.names if name in UNDOING] == list(UNDOING)


@pytest.mark.parametrize("seconds", [5.5, 6.5, 7.5])
def test_past_the_pivot_nobody_is_heard(world: World, seconds: float) -> None:
    world.raised = {"cancel": timedelta(seconds=seconds)}

    run = world.run()

    assert run.output["status"] == "delivered"
    assert world.outside.payments.payments == {"order-A1:authorize": "captured"}


def test_whether_somebody_cancelled_must_be_known_before_the_money_is_taken(world: World) -> None:
    world.down = {CLOSE_CANCELLATION}

    run = world.run()

    assert run.output["status"] == "compensated"
    assert run.output["reason"] == "close_cancellation: provider_unavailable"
    assert names.CAPTURE_PAYMENT not in run.names


def test_a_pending_payment_is_not_waited_for_once_somebody_cancels(world: World) -> None:
    world.raised = {"cancel": timedelta(minutes=3)}

    run = world.run(payment="pending_forever")

    assert run.output["status"] == "cancelled"
    assert timedelta(minutes=3) <= run.waited < timedelta(minutes=4)


def test_a_step_is_not_tried_again_once_somebody_cancels(world: World) -> None:
    world.down = {names.BOOK_SHIPMENT}
    world.raised = {"cancel": timedelta(seconds=4.5)}

    run = world.run()

    assert run.output["status"] == "cancelled"
    assert run.names.count(names.BOOK_SHIPMENT) == 1


def test_a_no_from_outside_stays_what_it_was(world: World) -> None:
    world.raised = {"cancel": timedelta(seconds=2.5)}

    run = world.run(payment="declined")

    assert run.output["status"] == "payment_declined"
