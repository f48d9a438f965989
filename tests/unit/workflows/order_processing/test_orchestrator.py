"""The story of an order, told against the real activities and an outside world in memory."""

from datetime import datetime

import pytest
from hypothesis import given, settings, strategies as st

from shared.cancellation import CLOSE_CANCELLATION
from shared.order_book import SettledOrder
from tests.support.order_world import UNDOING, World
from tests.support.playing import T0
from workflows.order_processing import names


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


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
