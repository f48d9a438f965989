import re
from pathlib import Path

import pytest

from tests.support.builders import POLICY
from tests.support.playing import T0
from workflows import order_processing
from workflows.order_processing.letters import letter
from workflows.order_processing.questions import Message, NotifyCustomer
from workflows.order_processing.transitions import (
    ALLOWED,
    UNDOING,
    OrderStatus,
    Step,
    advance,
    fulfilment,
    payment_check_pause,
)

README = Path(order_processing.__file__).with_name("README.md")
ARROW = re.compile(r"^\s*(\w+) --> (\w+)$", re.MULTILINE)


def test_every_status_can_be_reached_and_every_path_ends() -> None:
    reached = {OrderStatus.VALIDATING}
    while more := {to for status in reached for to in ALLOWED.get(status, ())} - reached:
        reached |= more

    assert reached == set(OrderStatus)


def test_the_readmes_diagram_is_the_table() -> None:
    diagram = README.read_text("utf-8").partition("stateDiagram-v2")[2].partition("```")[0]

    assert set(ARROW.findall(diagram)) == {
        (status.value, to.value) for status, targets in ALLOWED.items() for to in targets
    }


def test_what_the_table_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot go from delivered to validating"):
        advance(OrderStatus.DELIVERED, OrderStatus.VALIDATING)


def test_what_comes_before_the_pivot_can_be_undone_and_nothing_else() -> None:
    steps = list(Step)

    # The release of a reservation undoes its commit, too.
    assert {*UNDOING, Step.COMMIT_STOCK} == set(steps[: steps.index(Step.CAPTURE_PAYMENT)])


def test_the_pauses_between_questions_double_up_to_a_limit() -> None:
    pauses = [payment_check_pause(POLICY, checks).total_seconds() for checks in range(7)]

    assert pauses == [15, 30, 60, 120, 240, 300, 300]


@pytest.mark.parametrize(
    ("delivery", "status"),
    [
        ("delivered", OrderStatus.DELIVERED),
        ("returned", OrderStatus.RETURNED),
        ("lost", OrderStatus.LOST),
        ("expired", OrderStatus.UNCOLLECTED),
        ("cancelled", OrderStatus.UNCOLLECTED),
        ("something new", OrderStatus.SHIPPED),
    ],
)
def test_an_end_of_the_delivery_is_an_end_of_the_order(delivery: str, status: OrderStatus) -> None:
    assert fulfilment(delivery) is status


@pytest.mark.parametrize("message", Message)
def test_every_letter_names_the_order_and_leaves_no_gap(message: Message) -> None:
    written = letter(
        NotifyCustomer(
            order_id="A1",
            key="k",
            message=message,
            total_minor=9980,
            currency="EUR",
            tracking_number="TRK-1",
            at=T0,
        )
    )

    assert "A1" in written.subject
    assert "{" not in written.subject + written.text


def test_a_confirmation_says_what_was_charged_and_where_to_look() -> None:
    written = letter(
        NotifyCustomer(
            order_id="A1",
            key="k",
            message=Message.CONFIRMED,
            total_minor=9980,
            currency="EUR",
            tracking_number="TRK-1",
            at=T0,
        )
    )

    assert "99.80 EUR" in written.text
    assert "TRK-1" in written.text
