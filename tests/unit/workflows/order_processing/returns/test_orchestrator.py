"""The story of a return, told against the real activities and an outside world in memory."""

from datetime import datetime
from typing import Any, Final

import pytest
from hypothesis import given, settings, strategies as st

from shared.order_book import Refund
from tests.support.order_world import UNDOING, World
from tests.support.playing import T0, Run, play
from workflows.order_processing import names
from workflows.order_processing.returns.orchestrator import return_order
from workflows.order_processing.returns.transitions import (
    RETURN_ALLOWED,
    RETURN_OUTCOMES,
    ReturnStatus,
    advance,
    arrival,
)
from workflows.order_processing.transitions import Step

WISH: Final = {
    "orderId": "A1",
    "sale": {
        "reservationId": "order-A1:reserve",
        "paymentKey": "order-A1:authorize",
        "capturedMinor": 9980,
        "parcels": 1,
    },
    "currency": "EUR",
    "service": "standard",
    "limitS": 44 * 86400,
}


def sent_back(world: World) -> Run:
    """Play a return of what the world's order has sold."""
    return play(return_order, WISH, world.answer, instance_id="return-A1")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which an order was delivered."""
    world = World(monkeypatch)
    sold = world.run()
    assert sold.output["sale"] == WISH["sale"]
    world.outside.mail.messages.clear()
    return world


def test_what_comes_back_is_restocked_and_refunded_under_the_orders_keys(world: World) -> None:
    run = sent_back(world)

    assert run.names == [
        names.BOOK_SHIPMENT,
        names.NOTIFY_CUSTOMER,
        names.TRACK_DELIVERY,
        names.VOID_PAYMENT,
        names.RELEASE_STOCK,
        names.RECORD_REFUND,
        names.NOTIFY_CUSTOMER,
    ]
    assert run.output == {
        "orderId": "A1",
        "status": "received",
        "refundedMinor": 9980,
        "currency": "EUR",
        "trackingNumber": "TRK-return-A1:label",
        "compensations": [
            {"step": "authorize_payment", "status": "compensated", "attempts": 1},
            {"step": "reserve_stock", "status": "compensated", "attempts": 1},
        ],
        "customerTold": True,
        "completedAt": "2030-01-01T12:00:00Z",
    }
    assert world.outside.payments.payments == {"order-A1:authorize": "refunded"}
    assert world.outside.stock.reservations == {"order-A1:reserve": "released"}
    assert world.outside.carrier.returns == {"return-A1:label"}
    assert world.outside.book.refunds == {
        "A1": Refund(order_id="A1", refunded_at=T0, refunded_minor=9980, currency="EUR")
    }
    assert world.told() == ["return_label", "return_received"]


def test_the_way_back_is_followed_quietly_under_an_id_that_no_order_can_have(world: World) -> None:
    run = sent_back(world)

    [followed] = [call for call in run.calls if call.name == names.TRACK_DELIVERY]
    assert followed.instance_id == "tracking-return:A1"
    assert followed.input["quiet"] is True
    [label] = [call for call in run.calls if call.name == names.BOOK_SHIPMENT]
    assert label.input["reference"] == "tracking-return:A1"


def test_the_status_says_where_the_return_stands(world: World) -> None:
    run = sent_back(world)

    shown = [(s["status"], s.get("trackingNumber")) for s in run.context.custom_statuses]
    number = "TRK-return-A1:label"
    assert list(dict.fromkeys(shown)) == [
        ("booking_label", None),
        ("awaiting_parcel", number),
        ("refunding", number),
        ("received", number),
    ]


@pytest.mark.parametrize(
    ("delivery", "status", "money", "stock"),
    [
        ("lost", "lost", "refunded", "committed"),
        ("expired", "return_expired", "captured", "committed"),
        ("cancelled", "return_expired", "captured", "committed"),
        ("returned", "undeliverable", "captured", "committed"),
    ],
)
def test_what_does_not_come_back_is_refunded_when_it_is_lost_and_not_otherwise(
    world: World, delivery: str, status: str, money: str, stock: str
) -> None:
    world.delivery = delivery

    run = sent_back(world)

    assert run.output["status"] == status
    assert world.outside.payments.payments == {"order-A1:authorize": money}
    assert world.outside.stock.reservations == {"order-A1:reserve": stock}
    assert run.output["refundedMinor"] == (9980 if money == "refunded" else 0)
    assert len(world.outside.book.refunds) == (money == "refunded")
    told = "return_lost" if status == "lost" else "return_expired"
    assert world.told() == ["return_label", told]
    is_off = world.outside.carrier.shipments["return-A1:label"] == "cancelled"
    assert is_off is (status == "return_expired")


def test_a_parcel_that_was_handed_in_unseen_does_not_expire_by_itself(world: World) -> None:
    world.delivery, world.outside.carrier.picked_up = "expired", True

    run = sent_back(world)

    assert (run.output["status"], run.output["reason"]) == ("settled_by_operator", "return_expired")
    assert world.alerts[0]["open"] == [
        {"step": "book_label", "error": "already_picked_up", "attempts": 1}
    ]
    assert world.told() == ["return_label", "delayed"]
    assert world.outside.payments.payments == {"order-A1:authorize": "captured"}


def test_a_carrier_that_refuses_ends_it_and_nothing_changes(world: World) -> None:
    world.outside.carrier.refuses = True

    run = sent_back(world)

    assert run.output["status"] == "return_refused"
    assert not set(run.names) & {*UNDOING, names.TRACK_DELIVERY}
    assert world.told() == ["return_refused"]


def test_a_refund_that_resists_does_not_keep_the_goods_from_the_shelf_and_calls_a_person(
    world: World,
) -> None:
    world.down, world.heals = {names.VOID_PAYMENT}, {names.VOID_PAYMENT}
    world.decisions = [{"action": "retry"}]

    run = sent_back(world)

    assert world.alerts[0]["workflow"] == names.RETURN_ORCHESTRATOR
    assert world.alerts[0]["open"] == [
        {"step": "authorize_payment", "error": "provider_unavailable", "attempts": 8}
    ]
    assert world.alerts[0]["undone"] == ["reserve_stock"]
    assert run.output["status"] == "received"
    assert run.output["refundedMinor"] == 9980
    assert world.told() == ["return_label", "delayed", "return_received"]


def test_a_refund_that_an_operator_lets_be_is_promised_to_nobody(world: World) -> None:
    world.down = {names.VOID_PAYMENT}

    run = sent_back(world)

    assert (run.output["status"], run.output["reason"]) == ("settled_by_operator", "received")
    assert [each["step"] for each in run.output["settled"]] == ["authorize_payment"]
    assert run.output["refundedMinor"] == 0
    assert world.outside.book.refunds == {}
    assert world.told() == ["return_label", "delayed"]


def test_a_carrier_that_stays_away_is_asked_again_when_an_operator_says_so(world: World) -> None:
    world.down, world.heals = {names.BOOK_SHIPMENT}, {names.BOOK_SHIPMENT}
    world.decisions = [{"action": "retry"}]

    run = sent_back(world)

    assert run.output["status"] == "received"
    assert [alert["trouble"] for alert in world.alerts] == ["forward_recovery"]


@pytest.mark.parametrize(
    ("action", "status", "money"),
    [("skip", "received", "refunded"), ("accept", "settled_by_operator", "captured")],
)
def test_a_parcel_that_cannot_be_followed_is_an_operators_business(
    world: World, action: str, status: str, money: str
) -> None:
    world.delivery, world.decisions = "something new", [{"action": action}]

    run = sent_back(world)

    assert run.output["status"] == status
    assert world.outside.payments.payments == {"order-A1:authorize": money}


def test_following_again_is_another_instance(world: World) -> None:
    world.down, world.heals = {names.TRACK_DELIVERY}, {names.TRACK_DELIVERY}
    world.decisions = [{"action": "retry"}]

    run = sent_back(world)

    followed = [call.instance_id for call in run.calls if call.name == names.TRACK_DELIVERY]
    assert followed == ["tracking-return:A1", "tracking-return:A1:2"]
    assert run.output["status"] == "received"


def test_a_book_that_stays_away_takes_no_refund_back(world: World) -> None:
    world.down = {names.RECORD_REFUND}

    run = sent_back(world)

    assert run.output["status"] == "received"
    assert world.outside.payments.payments == {"order-A1:authorize": "refunded"}


@pytest.mark.parametrize("order_ends", ["lost", "returned"])
def test_an_order_that_is_refunded_while_its_return_runs_is_refunded_and_restocked_once(
    monkeypatch: pytest.MonkeyPatch, order_ends: str
) -> None:
    world = World(monkeypatch)
    moved: list[tuple[str, str]] = []
    note_moves(monkeypatch, world, moved)
    world.delivery = order_ends
    world.run()

    world.delivery = "delivered"
    sent_back(world)

    assert sorted(moved) == [
        ("order-A1:authorize", "refunded"),
        ("order-A1:reserve", "released"),
    ]
    assert list(world.outside.book.refunds) == ["A1"]


def note_moves(monkeypatch: pytest.MonkeyPatch, world: World, moved: list[tuple[str, str]]) -> None:
    """Write down what really moves: a state that is the same afterwards is no move."""
    payments, stock = world.outside.payments, world.outside.stock
    undo, release = payments.undo, stock.release

    def undone(key: str) -> Any:
        before, payment = payments.payments.get(key), undo(key)
        if payment.status != before:
            moved.append((key, str(payment.status)))
        return payment

    def released(reservation_id: str) -> None:
        before = stock.reservations.get(reservation_id)
        release(reservation_id)
        if before != "released":
            moved.append((reservation_id, "released"))

    monkeypatch.setattr(payments, "undo", undone)
    monkeypatch.setattr(stock, "release", released)


def test_what_was_taken_of_an_order_comes_back_under_its_own_reservation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch)
    world.outside.stock.pieces = {"desk-lamp": 1}
    world.amendments.say("order-A1", 1, {"desk-lamp": 1}, at=T0)
    sold = world.run()
    sale = sold.output["sale"]
    assert (sale["reservationId"], sale["capturedMinor"]) == ("order-A1:reserve:2", 4990)

    run = play(return_order, {**WISH, "sale": sale}, world.answer, instance_id="return-A1")

    assert world.outside.stock.reservations["order-A1:reserve:2"] == "released"
    assert run.output["refundedMinor"] == 4990


def test_no_history_of_a_return_holds_a_token_an_address_a_name_or_an_email(world: World) -> None:
    run = sent_back(world)

    crossed = repr([call.input for call in run.calls]) + repr(run.output)
    crossed += repr(run.context.custom_statuses) + repr(run.context.input)
    for secret in ("tok_", "@", "Example Street", "12345", "Recipient", "reason"):
        assert secret not in crossed


def test_every_status_can_be_reached_and_every_path_ends() -> None:
    reached = {ReturnStatus.BOOKING_LABEL}
    while more := {to for status in reached for to in RETURN_ALLOWED.get(status, ())} - reached:
        reached |= more

    assert reached == set(ReturnStatus)
    assert {status for status in ReturnStatus if not RETURN_ALLOWED.get(status)} == set(
        RETURN_OUTCOMES
    )


def test_what_the_table_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot go from received to refunding"):
        advance(ReturnStatus.RECEIVED, ReturnStatus.REFUNDING)


def test_an_end_of_the_way_that_says_nothing_is_none() -> None:
    assert arrival("something new") is None


def test_a_result_says_when_it_ended(world: World) -> None:
    assert datetime.fromisoformat(sent_back(world).output["completedAt"]) == T0


ACTIVITIES: Final = (
    names.BOOK_SHIPMENT,
    names.VOID_PAYMENT,
    names.RELEASE_STOCK,
    names.NOTIFY_CUSTOMER,
    names.RECORD_REFUND,
)
WAYS_BACK: Final = ("delivered", "returned", "lost", "expired", "cancelled", "something new")


@settings(deadline=None, max_examples=150)
@given(
    way_back=st.sampled_from(WAYS_BACK),
    down=st.sets(st.sampled_from((*ACTIVITIES, names.TRACK_DELIVERY)), max_size=3),
    lost=st.sets(st.sampled_from(ACTIVITIES), max_size=3),
    action=st.sampled_from(("retry", "skip", "accept")),
    refuses=st.booleans(),
)
def test_whatever_goes_wrong_money_and_goods_go_back_once_and_only_for_a_reason(
    way_back: str, down: set[str], lost: set[str], action: str, *, refuses: bool
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        world = World(monkeypatch)
        world.run()
        world.outside.mail.messages.clear()
        moved: list[tuple[str, str]] = []
        note_moves(monkeypatch, world, moved)
        world.delivery, world.outside.carrier.refuses = way_back, refuses
        world.down, world.heals, world.loses_answer = set(down), set(down), lost
        world.decisions = [{"action": action}, *[{"action": "accept"}] * 5]
        run = sent_back(world)

    assert run.failure is None
    end = ReturnStatus(run.output["status"])
    outcome = RETURN_OUTCOMES[end]
    money, goods = ("order-A1:authorize", "refunded"), ("order-A1:reserve", "released")
    if end is not ReturnStatus.SETTLED_BY_OPERATOR:
        undone: dict[str, tuple[str, str]] = {
            Step.AUTHORIZE_PAYMENT: money,
            Step.RESERVE_STOCK: goods,
        }
        assert sorted(moved) == sorted(undone[step] for step in outcome.undoes if step in undone)
    assert len(moved) == len(set(moved))
    # Nobody is told, and no book says, that money went back which did not.
    is_refunded = world.outside.payments.payments["order-A1:authorize"] == "refunded"
    claims = {"return_received", "return_lost"} & set(world.told())
    assert is_refunded or not (claims or world.outside.book.refunds)
    assert is_refunded or run.output["refundedMinor"] == 0
