"""The story of an order, told against the real activities and an outside world in memory."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from shared.cancellation import CLOSE_CANCELLATION
from shared.order_book import SettledOrder
from tests.support.order_world import UNDOING, World
from tests.support.playing import T0, Call
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


def test_an_order_is_taken_step_by_step_to_the_door(world: World) -> None:
    run = world.run()

    assert run.names == [
        names.VALIDATE_ORDER,
        names.RESERVE_STOCK,
        names.AUTHORIZE_PAYMENT,
        names.COMMIT_STOCK,
        names.BOOK_SHIPMENT,
        CLOSE_CANCELLATION,
        names.CAPTURE_PAYMENT,
        names.NOTIFY_CUSTOMER,
        names.TRACK_DELIVERY,
        names.RECORD_OUTCOME,
    ]
    assert run.output == {
        "orderId": "A1",
        "status": "delivered",
        "problems": [],
        "amounts": {
            "totalMinor": 9980,
            "taxMinor": 1593,
            "capturedMinor": 9980,
            "refundedMinor": 0,
            "currency": "EUR",
        },
        "paymentId": "pay-order-A1:authorize",
        "shipmentId": "shp-order-A1:book",
        "trackingNumber": "TRK-order-A1:book",
        "sale": {
            "reservationId": "order-A1:reserve",
            "paymentKey": "order-A1:authorize",
            "capturedMinor": 9980,
            "parcels": 1,
        },
        "compensations": [],
        "customerTold": True,
        "completedAt": "2030-01-01T12:00:00Z",
    }


def test_the_status_moves_through_the_story_and_holds_no_personal_data(world: World) -> None:
    run = world.run()

    assert [status["status"] for status in run.context.custom_statuses] == [
        "validating",
        "reserving_stock",
        "authorizing_payment",
        "committing_stock",
        "booking_shipment",
        "capturing_payment",
        "shipped",
        "delivered",
    ]


def test_from_the_pivot_on_the_status_tells_what_was_sold_for_whoever_sends_it_back(
    world: World,
) -> None:
    run = world.run()

    *before, shipped, delivered = run.context.custom_statuses
    assert not any("sale" in status for status in before)
    assert shipped["sale"] == delivered["sale"] == run.output["sale"]
    assert shipped["sale"]["capturedMinor"] == 9980


def test_no_history_holds_a_token_an_address_a_name_or_an_email(world: World) -> None:
    run = world.run(payment="pending_settles")

    crossed = repr([call.input for call in run.calls]) + repr(run.output)
    crossed += repr(run.context.custom_statuses) + repr(run.context.input)
    for secret in ("tok_", "@", "Example Street", "12345", "Recipient"):
        assert secret not in crossed


def test_an_order_that_is_not_sold_like_that_is_rejected_with_every_reason(world: World) -> None:
    run = world.run(
        items=[
            {"sku": "desk-lamp", "quantity": 1, "unitPriceMinor": 1},
            {"sku": "unheard-of", "quantity": 1, "unitPriceMinor": 100},
        ]
    )

    assert run.output["status"] == "rejected"
    assert run.output["problems"] == [
        {"code": "price_differs", "sku": "desk-lamp", "unitPriceMinor": 4990},
        {"code": "unknown_sku", "sku": "unheard-of"},
    ]
    assert run.names == [names.VALIDATE_ORDER, names.NOTIFY_CUSTOMER, names.RECORD_OUTCOME]
    assert world.told() == ["rejected"]


def test_missing_stock_ends_the_order_before_any_money_is_touched(world: World) -> None:
    world.outside.stock.pieces = {"desk-lamp": 0}

    run = world.run()

    assert run.output["status"] == "out_of_stock"
    assert run.output["reason"] == "missing: desk-lamp"
    assert world.outside.payments.payments == {}
    assert world.told() == ["out_of_stock"]


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
    assert world.outside.stock.held_until == {"order-A1:reserve": instant("2030-01-01T12:25:00Z")}


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


def test_pieces_from_two_warehouses_are_two_parcels(world: World) -> None:
    world.outside.stock.warehouses = ("main", "north")

    world.run()

    assert world.outside.carrier.parcels == {"order-A1:book": 2}


def test_a_carrier_that_stays_away_costs_the_customer_nothing(world: World) -> None:
    world.down = {names.BOOK_SHIPMENT}

    run = world.run()

    assert run.output["status"] == "compensated"
    assert run.output["reason"] == "book_shipment: provider_unavailable"
    assert run.output["amounts"]["capturedMinor"] == 0
    assert run.output["compensations"] == [
        {"step": "book_shipment", "status": "compensated", "attempts": 1},
        {"step": "authorize_payment", "status": "compensated", "attempts": 1},
        {"step": "reserve_stock", "status": "compensated", "attempts": 1},
    ]
    assert world.outside.payments.payments == {"order-A1:authorize": "voided"}
    assert world.outside.stock.reservations == {"order-A1:reserve": "released"}
    assert world.told() == ["cancelled"]


def test_a_carrier_that_refuses_is_not_asked_again(world: World) -> None:
    world.outside.carrier.refuses = True

    run = world.run()

    assert run.output["status"] == "compensated"
    assert run.output["reason"] == "refused_by_carrier"


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


def test_a_provider_that_refuses_the_capture_is_a_no_that_can_be_undone(world: World) -> None:
    world.outside.payments.refuses_capture = True

    run = world.run()

    assert run.output["status"] == "compensated"
    assert run.output["reason"] == "payment_authorized"
    assert [name for name in run.names if name in UNDOING] == [*UNDOING]
    assert world.outside.payments.payments == {"order-A1:authorize": "voided"}


def test_a_parcel_that_is_on_its_way_cannot_be_called_back_by_anybody(world: World) -> None:
    world.outside.payments.refuses_capture = True
    world.outside.carrier.picked_up = True

    run = world.run()

    assert run.output["status"] == "settled_by_operator"
    assert run.output["compensations"][0] == {
        "step": "book_shipment",
        "status": "accepted",
        "attempts": 1,
        "error": "already_picked_up",
    }


def test_stock_that_was_lost_while_the_money_was_held_costs_nobody_anything(world: World) -> None:
    world.outside.stock.loses_holds = True

    run = world.run()

    assert run.output["status"] == "out_of_stock"
    assert run.output["reason"] == "reservation_lost"
    assert run.output["amounts"]["capturedMinor"] == 0
    assert world.outside.payments.payments == {"order-A1:authorize": "voided"}
    assert world.outside.carrier.shipments == {}
    assert world.told() == ["out_of_stock"]


def test_pieces_that_left_the_shelf_go_back_when_nobody_carries_them(world: World) -> None:
    world.outside.carrier.refuses = True

    run = world.run()

    assert run.names.index(names.COMMIT_STOCK) < run.names.index(names.BOOK_SHIPMENT)
    assert run.output["status"] == "compensated"
    assert world.outside.stock.reservations == {"order-A1:reserve": "released"}


def test_a_payment_that_was_called_off_elsewhere_ends_the_order(world: World) -> None:
    world.outside.payments.undo("order-A1:authorize")

    run = world.run()

    assert run.output["status"] == "compensated"
    assert run.output["reason"] == "payment_voided"


@pytest.mark.parametrize(
    ("step", "seconds", "tries"),
    [
        (names.RESERVE_STOCK, 15, 5),
        (names.COMMIT_STOCK, 15, 5),
        (names.BOOK_SHIPMENT, 15, 5),
        (names.CAPTURE_PAYMENT, 2311, 16),
    ],
)
def test_the_waiting_after_the_pivot_is_much_longer_than_before_it(
    world: World, step: str, seconds: int, tries: int
) -> None:
    world.down = {step}

    run = world.run()

    pauses = [call.fire_at for call in run.calls if call.kind == "timer" and call.fire_at]
    assert (pauses[tries - 2] - T0).total_seconds() == seconds
    assert run.names.count(step) == tries


def test_a_failure_that_no_retry_heals_is_not_tried_again(world: World) -> None:
    world.missing = True

    run = world.run()

    assert run.output["status"] == "compensated"
    assert run.output["reason"] == "validate_order: request_missing"
    assert run.names.count(names.VALIDATE_ORDER) == 1


@pytest.mark.parametrize(
    ("payment", "status", "captured_minor"),
    [("approved", "delivered", 9980), ("declined", "payment_declined", 0)],
)
def test_however_an_order_ends_the_book_says_so(
    world: World, payment: str, status: str, captured_minor: int
) -> None:
    run = world.run(payment=payment)

    assert run.names[-1] == names.RECORD_OUTCOME
    assert world.outside.book.orders == {
        "A1": SettledOrder(
            order_id="A1",
            status=status,
            ended_at=instant(run.output["completedAt"]),
            total_minor=9980,
            captured_minor=captured_minor,
            currency="EUR",
        )
    }


def test_a_book_that_stays_away_does_not_undo_the_order(world: World) -> None:
    world.down = {names.RECORD_OUTCOME}

    run = world.run()

    assert run.output["status"] == "delivered"
    assert not set(run.names) & set(UNDOING)


def test_a_mail_that_cannot_be_sent_changes_nothing_else(world: World) -> None:
    world.down = {names.NOTIFY_CUSTOMER}

    run = world.run()

    assert run.output["status"] == "delivered"
    assert run.output["customerTold"] is False


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


def test_a_second_run_of_a_finished_order_takes_nothing_twice(world: World) -> None:
    first = world.run()
    books = (dict(world.outside.stock.reservations), dict(world.outside.payments.payments))

    second = world.run()

    assert second.output == first.output
    assert (world.outside.stock.reservations, world.outside.payments.payments) == books
    assert len(world.outside.mail.messages) == 1


BEFORE_THE_PIVOT: list[tuple[str, list[str]]] = [
    (names.VALIDATE_ORDER, []),
    (names.RESERVE_STOCK, [names.RELEASE_STOCK]),
    (names.AUTHORIZE_PAYMENT, [names.VOID_PAYMENT, names.RELEASE_STOCK]),
    (names.COMMIT_STOCK, [names.VOID_PAYMENT, names.RELEASE_STOCK]),
    (names.BOOK_SHIPMENT, [*UNDOING]),
]


@settings(deadline=None)
@given(
    failing=st.sampled_from(BEFORE_THE_PIVOT),
    effect_happened=st.booleans(),
    stuck=st.sets(st.sampled_from(UNDOING)),
)
def test_whatever_step_fails_what_was_begun_is_undone_once_and_newest_first(
    failing: tuple[str, list[str]], *, effect_happened: bool, stuck: set[str]
) -> None:
    step, expected = failing
    with pytest.MonkeyPatch.context() as monkeypatch:
        world = World(monkeypatch)
        world.down = {*stuck, names.FIND_PAYMENT}
        (world.loses_answer if effect_happened else world.down).add(step)
        run = world.run()

    assert list(dict.fromkeys(name for name in run.names if name in UNDOING)) == expected
    if stuck & set(expected):
        assert run.output["status"] == "settled_by_operator"
        left = [e["step"] for e in run.output["compensations"] if e["status"] == "accepted"]
        assert len(left) == len(stuck & set(expected))
    else:
        assert run.output["status"] == "compensated"
        assert set(world.outside.stock.reservations.values()) <= {"released"}
        assert set(world.outside.payments.payments.values()) <= {"voided"}
        assert set(world.outside.carrier.shipments.values()) <= {"cancelled"}
