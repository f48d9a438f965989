"""What a stranger may send as an order, and what of it the orchestrator may know."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.http import field_problems
from shared.notifications.contacts import Channel, Contact
from tests.support.builders import POLICY, an_order_request
from workflows.order_processing.models import Item, Order, OrderRequest

MISSING: Any = object()


def problems_of(body: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        OrderRequest.from_json(body)
    return [(found.pointer, found.code) for found in field_problems(caught.value)]


def changed(path: str, value: Any) -> Any:
    """Return a good body with one wrong part."""
    body = an_order_request()
    *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")[1:]]
    place: Any = body
    for part in parents:
        place = place[part]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return body


def test_a_good_order_is_understood() -> None:
    request = OrderRequest.from_json(an_order_request())

    assert request.order_id == "A1"
    assert request.items == (Item(sku="desk-lamp", quantity=2, unit_price_minor=4990),)
    assert request.to_json() == an_order_request()


@pytest.mark.parametrize(
    ("chosen", "contact"),
    [
        ({}, Contact(email="customer@example.com")),
        ({"notifyBy": "email"}, Contact(email="customer@example.com")),
        (
            {"notifyBy": "sms", "phone": "+4930123456"},
            Contact(email="customer@example.com", channel=Channel.SMS, address="+4930123456"),
        ),
        (
            {"notifyBy": "push", "device": "token:1"},
            Contact(email="customer@example.com", channel=Channel.PUSH, address="token:1"),
        ),
    ],
)
def test_customers_choose_how_they_are_told(chosen: dict[str, str], contact: Contact) -> None:
    body = an_order_request()
    body["customer"].update(chosen)

    assert OrderRequest.from_json(body).customer.contact == contact


@pytest.mark.parametrize(
    ("chosen", "problem"),
    [
        ({"notifyBy": "sms"}, ("/customer", "unreachable")),
        ({"notifyBy": "push", "phone": "+4930123456"}, ("/customer", "unreachable")),
        ({"notifyBy": "pigeon"}, ("/customer/notifyBy", "enum")),
        ({"phone": "030 123456"}, ("/customer/phone", "malformed")),
        ({"device": "4111111111111111"}, ("/customer/device", "card-number-refused")),
    ],
)
def test_a_channel_without_an_address_is_refused(
    chosen: dict[str, str], problem: tuple[str, str]
) -> None:
    body = an_order_request()
    body["customer"].update(chosen)

    assert problems_of(body) == [problem]


def test_shipping_is_standard_unless_said_otherwise() -> None:
    assert OrderRequest.from_json(changed("/shipping", MISSING)).shipping.service == "standard"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/orderId", MISSING),
        ("/orderId", None),
        ("/orderId", 17),
        ("/orderId", ""),
        ("/orderId", "-a"),
        ("/orderId", "a/b"),
        ("/orderId", "a?b"),
        ("/orderId", "A1\n"),
        ("/orderId", "x" * 65),
        ("/customer", []),
        ("/customer/customerId", "c 1"),
        ("/customer/email", "nobody"),
        ("/customer/phone", "+49"),
        ("/items", []),
        ("/items", {}),
        ("/items", [{"sku": f"s{n}", "quantity": 1, "unitPriceMinor": 1} for n in range(100)]),
        ("/items/0/sku", "a b"),
        ("/items/0/quantity", 0),
        ("/items/0/quantity", 10_001),
        ("/items/0/quantity", 1.5),
        ("/items/0/quantity", 2.0),
        ("/items/0/quantity", "2"),
        ("/items/0/quantity", True),
        ("/items/0/unitPriceMinor", -1),
        ("/items/0/unitPriceMinor", 10**9 + 1),
        ("/items/0/unitPriceMinor", "9.99"),
        ("/items/0/discount", 5),
        ("/currency", "EURO"),
        ("/currency", "eur"),
        ("/currency", "ABC"),
        ("/shippingAddress/city", MISSING),
        ("/shippingAddress/name", ""),
        ("/shippingAddress/country", "Germany"),
        ("/shipping/service", "Standard; DROP"),
        ("/payment/token", ""),
        ("/payment/token", "4111111111111111"),
        ("/payment/cardNumber", "4111111111111111"),
        ("/status", "delivered"),
    ],
)
def test_one_wrong_field_is_the_only_one_named(pointer: str, value: Any) -> None:
    assert [found for found, _ in problems_of(changed(pointer, value))] == [pointer]


def test_a_sku_stands_on_one_line() -> None:
    line = {"sku": "desk-lamp", "quantity": 1, "unitPriceMinor": 4990}

    assert problems_of(changed("/items", [line, line])) == [("/items", "duplicate-sku")]


def test_no_error_text_of_a_model_quotes_what_was_sent() -> None:
    with pytest.raises(ValidationError) as caught:
        OrderRequest.from_json(changed("/payment/token", "4111111111111111"))

    assert "4111" not in str(caught.value)


def test_the_orchestrators_order_holds_nothing_personal_and_computes_the_total() -> None:
    request = OrderRequest.from_json(
        an_order_request(
            items=[
                {"sku": "a", "quantity": 3, "unitPriceMinor": 199},
                {"sku": "b", "quantity": 10_000, "unitPriceMinor": 10**9},
            ]
        )
    )

    order = Order.of(request, POLICY)

    assert order.total_minor == 597 + 10**13
    assert set(order.to_json()) == {"orderId", "items", "currency", "service", "policy"}
    assert Order.from_json(order.to_json()) == order


def test_what_another_version_adds_to_an_order_is_ignored() -> None:
    order = Order.of(OrderRequest.from_json(an_order_request()), POLICY)
    newer = order.to_json()
    newer["giftWrap"] = True
    newer["items"][0]["colour"] = "green"

    assert Order.from_json(newer) == order
