"""The catalogue is asked before anything happens, and asked again when it does not answer."""

from datetime import timedelta
from typing import Any

import pytest

from shared.errors import ProviderUnavailableError
from tests.support.order_world import World
from tests.support.playing import Call
from workflows.order_processing import names


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def silent_for(world: World, calls: int) -> None:
    """Let the catalogue not answer the first calls."""
    answer, left = world.answer, [None] * calls

    def first_nothing(call: Call) -> Any:
        if call.name == names.VALIDATE_ORDER and left:
            left.pop()
            raise ProviderUnavailableError("no answer")
        return answer(call)

    world.answer = first_nothing  # type: ignore[method-assign]


def test_a_catalogue_that_is_away_for_a_moment_costs_a_moment(world: World) -> None:
    silent_for(world, calls=2)

    run = world.run()

    assert run.output["status"] == "delivered"
    assert run.names.count(names.VALIDATE_ORDER) == 3
    assert timedelta() < run.waited < timedelta(seconds=10)


def test_an_order_that_could_not_be_priced_touches_nothing_and_its_customer_is_told(
    world: World,
) -> None:
    silent_for(world, calls=100)

    run = world.run()

    assert run.output["status"] == "compensated"
    assert run.output["reason"] == f"validate_order: {ProviderUnavailableError.code}"
    assert world.outside.stock.reservations == {}
    assert world.outside.payments.payments == {}
    assert world.told() == ["cancelled"]
