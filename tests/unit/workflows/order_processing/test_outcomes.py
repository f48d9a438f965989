"""The table of ends: complete, told to customers, and the README's."""

import re
from pathlib import Path

import pytest

from workflows import order_processing
from workflows.order_processing.outcomes import (
    OUTCOMES,
    MoneyEffect,
    Outcome,
    ParcelEffect,
    StockEffect,
    may_be_returned,
)
from workflows.order_processing.questions import Message
from workflows.order_processing.transitions import ALLOWED, OrderStatus, Step, may_be_cancelled

README = Path(order_processing.__file__).with_name("README.md").read_text("utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (\w+) \| (\w+) \| (.+) \| (yes|no) \|$", re.MULTILINE)


def test_every_end_has_a_row_and_nothing_else_has() -> None:
    without_a_way_on = {status for status in OrderStatus if not ALLOWED.get(status)}

    # Shipped goes on when its delivery has ended, and is an end when nobody can tell how.
    assert set(OUTCOMES) == without_a_way_on | {OrderStatus.SHIPPED}


def test_the_readmes_table_is_the_table() -> None:
    written = {row[0]: row[1:] for row in ROW.findall(README)}

    assert written == {
        status.value: (
            outcome.money.value,
            outcome.stock.value,
            outcome.parcel.value,
            f"`{outcome.message}`" if outcome.message else "nothing",
            "yes" if outcome.may_return else "no",
        )
        for status, outcome in OUTCOMES.items()
    }


def test_every_end_but_an_operators_has_a_word_for_the_customer() -> None:
    assert [status for status, outcome in OUTCOMES.items() if outcome.message is None] == [
        OrderStatus.SETTLED_BY_OPERATOR
    ]


def test_no_word_is_said_of_two_ends_that_differ() -> None:
    said = {outcome.message: outcome for outcome in OUTCOMES.values() if outcome.message}

    assert all(said[outcome.message] == outcome for outcome in OUTCOMES.values() if outcome.message)
    assert set(said) <= set(Message)


@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=list(OUTCOMES))
def test_nobody_pays_for_what_did_not_stay_with_them_and_nothing_is_sent_unpaid(
    outcome: Outcome,
) -> None:
    is_paid = outcome.money is MoneyEffect.CAPTURED

    assert is_paid == outcome.may_return
    assert not is_paid or outcome.parcel is ParcelEffect.SENT
    assert not is_paid or outcome.stock is StockEffect.SOLD


def test_what_is_undone_after_the_pivot_follows_from_what_is_to_be_left() -> None:
    assert {status: outcome.undoes for status, outcome in OUTCOMES.items() if outcome.undoes} == {
        OrderStatus.RETURNED: {Step.AUTHORIZE_PAYMENT, Step.RESERVE_STOCK},
        OrderStatus.LOST: {Step.AUTHORIZE_PAYMENT},
        OrderStatus.UNCOLLECTED: {
            Step.AUTHORIZE_PAYMENT,
            Step.RESERVE_STOCK,
            Step.BOOK_SHIPMENT,
        },
    }


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_may_be_cancelled_or_returned_and_never_both(status: OrderStatus) -> None:
    assert not (may_be_cancelled(status) and may_be_returned(status))
    assert not (status in OUTCOMES and may_be_cancelled(status))
