"""Only some of an order is there: the customer takes less, cancels, or says nothing in time."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from shared.saga import StepStatus
from tests.support.order_world import UNDOING, World
from tests.support.playing import T0, Call
from workflows.order_processing import names
from workflows.order_processing.models import Order
from workflows.order_processing.transitions import OrderStatus

LAMPS = "desk-lamp"
ORDERED = [
    {"sku": "desk-lamp", "quantity": 4, "unitPriceMinor": 4990},
    {"sku": "notebook", "quantity": 2, "unitPriceMinor": 650},
]
DAY = timedelta(days=1)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(monkeypatch)
    world.outside.stock.pieces = {LAMPS: 3}
    return world


def says(world: World, word: Mapping[str, int], *, round_: int = 1) -> None:
    """Keep a word before anybody asks; the order looks when it is told, or after an hour."""
    assert world.amendments.say("order-A1", round_, word, at=T0) == word


def test_a_customer_who_takes_less_gets_and_pays_that(world: World) -> None:
    says(world, {LAMPS: 3, "notebook": 2})
    world.raised = {"amend:1": timedelta(minutes=20)}

    run = world.run(items=ORDERED)

    assert run.output["status"] == "delivered"
    assert run.waited == timedelta(minutes=20)
    assert run.output["amendedItems"] == [
        {"sku": "desk-lamp", "quantity": 3, "unitPriceMinor": 4990},
        {"sku": "notebook", "quantity": 2, "unitPriceMinor": 650},
    ]
    total = 3 * 4990 + 2 * 650
    amounts = run.output["amounts"]
    assert (amounts["totalMinor"], amounts["capturedMinor"]) == (total, total)
    assert amounts["taxMinor"] == 2475  # 19 % in the lamps, 7 % in the notebooks
    assert world.outside.payments.amounts == {"order-A1:authorize": total}
    assert world.outside.stock.reservations == {"order-A1:reserve:2": "committed"}
    assert world.told() == ["partly_out_of_stock:1", "confirmed"]
    [asked] = [m for key, m in world.outside.mail.messages.items() if "partly" in key]
    assert "3 of 4 desk-lamp" in asked["text"]
    assert "2030-01-02 12:00 UTC" in asked["text"]
    assert world.outside.book.orders["A1"].total_minor == total


def test_the_status_says_what_is_short_and_until_when(world: World) -> None:
    says(world, {"notebook": 2})

    run = world.run(items=ORDERED)

    assert {
        "orderId": "A1",
        "status": "awaiting_customer",
        "round": 1,
        "shortages": [{"sku": LAMPS, "requested": 4, "available": 3}],
        "askedAt": "2030-01-01T12:00:00Z",
        "amendBy": "2030-01-02T12:00:00Z",
    } in run.context.custom_statuses


def test_nothing_is_held_while_the_customer_is_asked(world: World) -> None:
    run = world.run(items=ORDERED)

    assert world.outside.stock.reservations == {"order-A1:reserve": "released"}
    assert world.outside.payments.payments == {}
    assert names.AUTHORIZE_PAYMENT not in run.names


def test_without_a_word_the_order_ends_at_the_deadline(world: World) -> None:
    run = world.run(items=ORDERED)

    assert run.output["status"] == "out_of_stock"
    assert run.output["reason"] == "missing: desk-lamp"
    assert run.waited == DAY
    assert world.told() == ["partly_out_of_stock:1", "out_of_stock"]
    assert world.amendments.say("order-A1", 1, {LAMPS: 1}, at=T0) is None  # it is over


def test_a_word_that_nobody_told_of_is_found_within_the_hour(world: World) -> None:
    says(world, {LAMPS: 3})

    run = world.run(items=ORDERED)

    assert run.output["status"] == "delivered"
    assert run.waited == timedelta(hours=1)


def test_a_poke_without_a_word_is_looked_at_once_and_forgotten(world: World) -> None:
    world.raised = {"amend:1": timedelta(minutes=90)}

    run = world.run(items=ORDERED)

    assert run.output["status"] == "out_of_stock"
    assert run.waited == DAY
    assert run.names.count(names.FIND_AMENDMENT) == 25


def test_a_second_round_asks_under_another_key_and_for_no_longer(world: World) -> None:
    says(world, {LAMPS: 3, "notebook": 1})
    says(world, {"notebook": 1}, round_=2)
    world.raised = {"amend:1": timedelta(hours=20), "amend:2": timedelta(hours=21)}
    pieces = world.outside.stock.pieces
    reserve = world.answer

    def answer(call: Call) -> object:
        found = reserve(call)
        if call.name == names.RESERVE_STOCK:
            pieces[LAMPS] = 2  # somebody else was faster meanwhile
        return found

    world.answer = answer  # type: ignore[method-assign]

    run = world.run(items=ORDERED)

    assert run.output["status"] == "delivered"
    assert run.output["amounts"]["totalMinor"] == 650
    assert world.outside.stock.reservations == {"order-A1:reserve:3": "committed"}
    by = {shown["amendBy"] for shown in run.context.custom_statuses if "amendBy" in shown}
    assert by == {"2030-01-02T12:00:00Z"}
    assert world.told() == ["partly_out_of_stock:1", "partly_out_of_stock:2", "confirmed"]


def test_nobody_is_asked_again_after_the_deadline(world: World) -> None:
    world.outside.stock.pieces = {LAMPS: 1}
    tell = world.answer

    def answer(call: Call) -> object:
        if call.name == names.FIND_AMENDMENT and call.input["closes"]:
            says(world, {LAMPS: 2})  # at the last moment
        return tell(call)

    world.answer = answer  # type: ignore[method-assign]

    run = world.run(items=ORDERED)

    assert run.output["status"] == "out_of_stock"
    assert run.names.count(names.RESERVE_STOCK) == 2
    assert world.told() == ["partly_out_of_stock:1", "out_of_stock"]


def test_what_they_take_instead_is_priced_anew(world: World) -> None:
    says(world, {LAMPS: 1})
    world.raised = {"amend:1": timedelta(hours=1)}
    tell = world.answer

    def answer(call: Call) -> object:
        if call.name == names.VALIDATE_ORDER and len(call.input["items"]) == 1:
            problem = {"code": "price_differs", "sku": LAMPS, "unitPriceMinor": 5990}
            return {"lines": [], "totalMinor": 0, "taxMinor": 0, "problems": [problem]}
        return tell(call)

    world.answer = answer  # type: ignore[method-assign]

    run = world.run(items=ORDERED)

    assert run.output["status"] == "rejected"
    assert run.output["problems"][0]["unitPriceMinor"] == 5990
    assert world.outside.stock.reservations == {}


def test_whoever_cancels_while_asked_is_heard_at_once(world: World) -> None:
    world.raised = {"cancel": timedelta(hours=5, minutes=1)}

    run = world.run(items=ORDERED)

    assert run.output["status"] == "cancelled"
    assert run.waited == timedelta(hours=5, minutes=1)
    assert world.told() == ["partly_out_of_stock:1", "cancelled_as_asked"]


def test_an_amended_order_that_fails_later_undoes_what_it_held(world: World) -> None:
    says(world, {LAMPS: 3})
    world.outside.carrier.refuses = True

    run = world.run(items=ORDERED)

    assert run.output["status"] == "compensated"
    assert [name for name in run.names if name in UNDOING] == list(UNDOING)
    assert world.outside.stock.reservations == {"order-A1:reserve:2": "released"}


def test_an_amended_order_that_comes_back_is_restocked_and_refunded(world: World) -> None:
    says(world, {LAMPS: 3})
    world.delivery = "returned"

    run = world.run(items=ORDERED)

    assert run.output["status"] == "returned"
    assert run.output["amounts"]["refundedMinor"] == 3 * 4990
    assert world.outside.stock.reservations == {"order-A1:reserve:2": "released"}
    assert run.names.count(names.RELEASE_STOCK) == 1  # the refused round held nothing


def test_an_order_of_which_nothing_is_there_asks_nobody(world: World) -> None:
    world.outside.stock.pieces = {LAMPS: 0, "notebook": 0}

    run = world.run(items=ORDERED)

    assert run.output["status"] == "out_of_stock"
    assert run.output["reason"] == "missing: desk-lamp, notebook"
    assert run.waited == timedelta()
    assert world.told() == ["out_of_stock"]


def test_words_that_cannot_be_read_are_looked_for_until_the_deadline(world: World) -> None:
    world.down = {names.FIND_AMENDMENT}

    run = world.run(items=ORDERED)

    assert run.output["status"] == "out_of_stock"
    assert run.waited > DAY


def test_a_pending_payment_holds_on_to_what_was_amended(world: World) -> None:
    says(world, {LAMPS: 3})

    run = world.run(items=ORDERED, payment="pending_settles")

    assert run.output["status"] == "delivered"
    assert set(world.outside.stock.held_until) == {"order-A1:reserve:2"}


def test_the_ledger_keeps_a_refused_round_as_nothing_to_undo(world: World) -> None:
    says(world, {LAMPS: 3})

    run = world.run(items=ORDERED)

    assert StepStatus.NOT_NEEDED not in {e["status"] for e in run.output["compensations"]}
    assert run.output["compensations"] == []


def test_an_order_from_before_customers_were_asked_has_a_day() -> None:
    old = {
        "orderId": "A1",
        "items": ORDERED,
        "currency": "EUR",
        "service": "standard",
        "policy": {
            "paymentPatienceS": 900,
            "paymentCheckS": 15,
            "reservationTtlS": 900,
            "deliveryLimitS": 86400,
        },
    }

    assert Order.from_json(old).policy.amend_patience_s == DAY.total_seconds()


def test_more_shortages_than_a_status_can_hold_are_not_all_shown(world: World) -> None:
    many = [{"sku": f"sku-{n}", "quantity": 2, "unitPriceMinor": 1} for n in range(60)]
    world.outside.stock.pieces = {f"sku-{n}": 1 for n in range(60)}
    tell = world.answer

    def answer(call: Call) -> object:
        if call.name == names.VALIDATE_ORDER:
            return {"lines": [], "totalMinor": 120, "taxMinor": 0}
        return tell(call)

    world.answer = answer  # type: ignore[method-assign]

    run = world.run(items=many)

    [shown] = [s for s in run.context.custom_statuses if "shortages" in s]
    assert len(shown["shortages"]) == 50
    assert shown["status"] == OrderStatus.AWAITING_CUSTOMER
