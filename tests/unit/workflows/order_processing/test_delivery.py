"""What the end of a delivery means for its order: who got nothing pays nothing."""

import pytest

from tests.support.order_world import UNDOING, World
from workflows.order_processing import names


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


@pytest.mark.parametrize(
    ("delivery", "status", "undone", "told"),
    [
        ("returned", "returned", [names.VOID_PAYMENT, names.RELEASE_STOCK], "refunded_returned"),
        ("lost", "lost", [names.VOID_PAYMENT], "refunded_lost"),
        ("expired", "uncollected", [*UNDOING], "refunded_uncollected"),
        ("cancelled", "uncollected", [*UNDOING], "refunded_uncollected"),
    ],
)
def test_whoever_gets_nothing_pays_nothing(
    world: World, delivery: str, status: str, undone: list[str], told: str
) -> None:
    world.delivery = delivery

    run = world.run()

    assert run.output["status"] == status
    assert [name for name in run.names if name in UNDOING] == undone
    assert world.outside.payments.payments == {"order-A1:authorize": "refunded"}
    is_back = names.RELEASE_STOCK in undone
    stock = "released" if is_back else "committed"
    assert world.outside.stock.reservations == {"order-A1:reserve": stock}
    amounts = run.output["amounts"]
    assert (amounts["capturedMinor"], amounts["refundedMinor"]) == (9980, 9980)
    assert world.told() == ["confirmed", told]
    assert [status["status"] for status in run.context.custom_statuses][-2:] == [
        "refunding",
        status,
    ]


def test_a_delivery_that_nobody_understands_leaves_the_order_shipped(world: World) -> None:
    world.delivery = "something new"

    run = world.run()

    assert (run.output["status"], run.output["reason"]) == ("shipped", "tracking_something new")
    assert not set(run.names) & set(UNDOING)


def test_a_refund_that_resists_is_an_operators_business(world: World) -> None:
    world.delivery, world.down, world.heals = "lost", {names.VOID_PAYMENT}, {names.VOID_PAYMENT}
    world.decisions = [{"action": "retry"}]

    run = world.run()

    assert run.output["status"] == "lost"
    assert run.output["amounts"]["refundedMinor"] == 9980
    assert world.told() == ["confirmed", "delayed", "refunded_lost"]
    assert [alert["trouble"] for alert in world.alerts] == ["compensation"]


def test_a_refund_that_an_operator_lets_be_is_promised_to_nobody(world: World) -> None:
    world.delivery, world.down = "returned", {names.VOID_PAYMENT}

    run = world.run()

    assert (run.output["status"], run.output["reason"]) == (
        "settled_by_operator",
        "tracking_returned",
    )
    assert run.output["amounts"]["refundedMinor"] == 0
    assert world.outside.stock.reservations == {"order-A1:reserve": "released"}
    assert world.told() == ["confirmed", "delayed"]


def test_nothing_is_said_to_come_back_of_what_was_never_taken(world: World) -> None:
    world.delivery = "lost"
    world.down, world.decisions = {names.CAPTURE_PAYMENT}, [{"action": "skip"}]

    run = world.run()

    assert run.output["status"] == "lost"
    assert (run.output["amounts"]["capturedMinor"], run.output["amounts"]["refundedMinor"]) == (
        0,
        0,
    )
    assert world.told() == ["delayed", "on_its_way", "cancelled"]


def test_a_parcel_that_was_collected_after_all_is_not_called_off_by_itself(world: World) -> None:
    world.delivery, world.outside.carrier.picked_up = "expired", True

    run = world.run()

    assert run.output["status"] == "settled_by_operator"
    assert world.alerts[0]["open"] == [
        {"step": "book_shipment", "error": "already_picked_up", "attempts": 1}
    ]


def test_tracking_that_fails_leaves_the_order_shipped(world: World) -> None:
    world.down = {names.TRACK_DELIVERY}

    run = world.run()

    assert run.output["status"] == "shipped"
    assert run.output["reason"] == "track_delivery: provider_unavailable"
    assert not set(run.names) & set(UNDOING)


def test_tracking_runs_under_an_instance_id_of_its_own(world: World) -> None:
    run = world.run()

    [tracking] = [call for call in run.calls if call.name == names.TRACK_DELIVERY]
    assert tracking.instance_id == "tracking-A1"
