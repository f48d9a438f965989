"""Holding the money: what a provider may answer, later, twice or not at all."""

from datetime import datetime

import pytest

from tests.support.order_world import World
from workflows.order_processing import names


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_a_declined_payment_is_an_answer_and_the_stock_goes_back(world: World) -> None:
    run = world.run(payment="declined")

    assert run.output["status"] == "payment_declined"
    assert run.names.count(names.AUTHORIZE_PAYMENT) == 1
    assert world.outside.stock.reservations == {"order-A1:reserve": "released"}
    assert world.told() == ["payment_declined"]


def test_a_pending_payment_is_waited_for_with_growing_pauses(world: World) -> None:
    run = world.run(payment="pending_settles")

    assert run.output["status"] == "delivered"
    assert run.waited.total_seconds() == 15 + 30 + 60
    assert run.names.count(names.FIND_PAYMENT) == 3


def test_a_pending_payment_extends_the_hold_beyond_its_deadline(world: World) -> None:
    run = world.run(payment="pending_settles")

    asked = run.names.index(names.EXTEND_RESERVATION)
    assert run.names[asked - 1] == names.AUTHORIZE_PAYMENT
    assert run.names.count(names.EXTEND_RESERVATION) == 1
    assert world.outside.stock.held_until == {
        "order-A1:reserve": datetime.fromisoformat("2030-01-01T12:25:00Z")
    }


def test_a_hold_that_was_lost_while_the_payment_was_pending_ends_the_order(world: World) -> None:
    world.outside.stock.loses_holds = True

    run = world.run(payment="pending_settles")

    assert run.output["status"] == "out_of_stock"
    assert run.output["reason"] == "reservation_lost"
    assert run.waited.total_seconds() == 0
    assert world.outside.payments.payments == {"order-A1:authorize": "voided"}


def test_a_stock_that_does_not_say_whether_it_holds_on_ends_nothing(world: World) -> None:
    world.down = {names.EXTEND_RESERVATION}

    run = world.run(payment="pending_settles")

    assert run.output["status"] == "delivered"


def test_a_payment_pending_beyond_the_customers_patience_is_called_off(world: World) -> None:
    run = world.run(payment="pending_forever")

    assert run.output["status"] == "payment_expired"
    assert run.waited.total_seconds() == 900
    assert world.outside.payments.payments == {"order-A1:authorize": "voided"}
    assert world.told() == ["payment_expired"]


def test_a_provider_that_is_silent_while_pending_does_not_end_the_wait(world: World) -> None:
    world.down = {names.FIND_PAYMENT}

    run = world.run(payment="pending_settles")

    assert run.output["status"] == "payment_expired"
    assert run.names.count(names.FIND_PAYMENT) > 3


def test_a_lost_answer_is_asked_for_before_anything_is_decided(world: World) -> None:
    world.loses_answer = {names.AUTHORIZE_PAYMENT}

    run = world.run()

    assert run.output["status"] == "delivered"
    asked = run.names.index(names.FIND_PAYMENT)
    assert run.names[asked - 1] == names.AUTHORIZE_PAYMENT
    assert run.names[asked + 1] == names.COMMIT_STOCK
    assert world.outside.payments.payments == {"order-A1:authorize": "captured"}


def test_an_authorization_that_never_happened_is_undone_all_the_same(world: World) -> None:
    world.down = {names.AUTHORIZE_PAYMENT}

    run = world.run()

    assert run.output["status"] == "compensated"
    assert run.output["reason"] == "authorize_payment: provider_unavailable"
    assert run.names[-4:-1] == [names.VOID_PAYMENT, names.RELEASE_STOCK, names.NOTIFY_CUSTOMER]
