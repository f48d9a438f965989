"""An order that cannot go on by itself asks operators, and goes on as they say."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.support.order_world import UNDOING, World
from tests.support.playing import Call
from workflows.order_processing import names


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def raise_after(world: World, *, reminders: int) -> None:
    """Run until operators were reminded so often."""
    tell = world.answer

    def answer(call: Call) -> Any:
        assert len(world.alerts) <= reminders, "enough"
        return tell(call)

    world.answer = answer  # type: ignore[method-assign]
    world.run()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_a_compensation_that_fails_does_not_stop_the_others_and_waits_for_an_operator(
    world: World,
) -> None:
    world.down = {names.BOOK_SHIPMENT, names.VOID_PAYMENT}

    run = world.run()

    assert world.outside.stock.reservations == {"order-A1:reserve": "released"}
    assert world.told() == ["delayed"]  # nothing is promised that was not done
    assert world.alerts[0] == {
        "instanceId": "order-A1",
        "workflow": names.ORCHESTRATOR,
        "round": 1,
        "reminder": 0,
        "trouble": "compensation",
        "open": [{"step": "authorize_payment", "error": "provider_unavailable", "attempts": 8}],
        "undone": ["book_shipment", "reserve_stock"],
        "at": "2030-01-01T12:02:18Z",
    }
    assert {
        "orderId": "A1",
        "status": "needs_attention",
        "attention": {
            "round": 1,
            "trouble": "compensation",
            "open": world.alerts[0]["open"],
            "undone": ["book_shipment", "reserve_stock"],
            "at": world.alerts[0]["at"],
        },
    } in run.context.custom_statuses


def test_an_operator_who_accepts_ends_the_order_with_what_is(world: World) -> None:
    world.down = {names.BOOK_SHIPMENT, names.VOID_PAYMENT}

    run = world.run()

    assert run.output["status"] == "settled_by_operator"
    assert run.output["reason"] == "book_shipment: provider_unavailable"
    assert run.output["compensations"] == [
        {"step": "book_shipment", "status": "compensated", "attempts": 1},
        {
            "step": "authorize_payment",
            "status": "accepted",
            "attempts": 8,
            "error": "provider_unavailable",
        },
        {"step": "reserve_stock", "status": "compensated", "attempts": 1},
    ]
    assert [entry["step"] for entry in run.output["settled"]] == ["authorize_payment"]


def test_a_compensation_that_is_tried_again_and_succeeds_ends_as_if_nothing_had_been(
    world: World,
) -> None:
    world.down = {names.BOOK_SHIPMENT, names.VOID_PAYMENT}
    world.heals, world.decisions = {names.VOID_PAYMENT}, [{"action": "retry"}]

    run = world.run()

    assert run.output["status"] == "compensated"
    assert run.output["compensations"][1] == {
        "step": "authorize_payment",
        "status": "compensated",
        "attempts": 9,
    }
    assert "settled" not in run.output
    assert world.outside.payments.payments == {"order-A1:authorize": "voided"}
    assert world.told() == ["delayed", "cancelled"]


def test_after_the_pivot_nothing_is_undone_and_an_operator_decides(world: World) -> None:
    world.down = {names.CAPTURE_PAYMENT}

    run = world.run()

    assert run.output["status"] == "settled_by_operator"
    assert not set(run.names) & set(UNDOING)
    assert [(alert["trouble"], alert["undone"]) for alert in world.alerts[:1]] == [
        ("forward_recovery", [])
    ]
    assert world.told() == ["delayed"]


def test_the_pivot_goes_on_when_it_is_tried_again(world: World) -> None:
    world.down, world.decisions = {names.CAPTURE_PAYMENT}, [{"action": "retry"}]
    world.heals = {names.CAPTURE_PAYMENT}

    run = world.run()

    assert run.output["status"] == "delivered"
    assert run.output["amounts"]["capturedMinor"] == 9980
    assert world.outside.payments.payments == {"order-A1:authorize": "captured"}
    assert world.outside.stock.reservations == {"order-A1:reserve": "committed"}
    assert world.told() == ["delayed", "confirmed"]


def test_a_capture_that_an_operator_skips_does_not_count_as_captured(world: World) -> None:
    world.down, world.decisions = {names.CAPTURE_PAYMENT}, [{"action": "skip"}]

    run = world.run()

    assert run.output["status"] == "delivered"
    assert run.output["amounts"]["capturedMinor"] == 0
    assert world.told() == ["delayed", "on_its_way"]
    assert run.output["settled"] == [
        {
            "step": "capture_payment",
            "status": "skipped",
            "attempts": 16,
            "error": "provider_unavailable",
        }
    ]


def test_a_capture_without_an_answer_that_turns_out_refused_is_undone(world: World) -> None:
    world.down, world.heals = {names.CAPTURE_PAYMENT}, {names.CAPTURE_PAYMENT}
    world.decisions = [{"action": "retry"}]
    world.outside.payments.refuses_capture = True

    run = world.run()

    assert run.output["status"] == "compensated"
    assert run.output["reason"] == "payment_authorized"
    assert world.outside.payments.payments == {"order-A1:authorize": "voided"}


def test_a_decision_is_heard_as_soon_as_it_is_announced(world: World) -> None:
    world.down, world.raised = {names.CAPTURE_PAYMENT}, {"attention:1": timedelta(minutes=50)}

    run = world.run()

    assert run.output["status"] == "settled_by_operator"
    assert run.waited == timedelta(minutes=50)


def test_an_announcement_without_a_decision_is_looked_at_and_forgotten(world: World) -> None:
    world.down, world.decisions = {names.CAPTURE_PAYMENT}, []
    world.raised = {"attention:1": timedelta(minutes=45)}

    with pytest.raises(AssertionError, match="enough"):
        raise_after(world, reminders=3)

    assert [alert["at"][11:16] for alert in world.alerts] == ["12:38", "13:38", "15:38", "19:38"]


def test_operators_are_reminded_with_growing_pauses_of_a_day_at_most(world: World) -> None:
    world.down, world.decisions = {names.CAPTURE_PAYMENT}, []

    with pytest.raises(AssertionError, match="enough"):
        raise_after(world, reminders=8)

    hours = [
        (later - earlier).total_seconds() / 3600
        for earlier, later in pairwise(instant(alert["at"]) for alert in world.alerts)
    ]
    assert hours == [1, 2, 4, 8, 16, 24, 24, 24]
    assert [alert["reminder"] for alert in world.alerts] == list(range(9))
