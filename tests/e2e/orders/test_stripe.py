"""Orders paid at Stripe: the same story, with a provider that exists behind it."""

import pytest

from tests.e2e.orders.conftest import OpenShop
from tests.support.orders import accepted, ended, order
from tests.support.stripe_server import API_KEY, stripe_server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_orders_are_paid_at_stripe_once_delivered_or_not_at_all(open_shop: OpenShop) -> None:
    with stripe_server() as server:
        shop = open_shop(
            PAYMENT_PROVIDER="stripe", STRIPE_API_KEY=API_KEY, STRIPE_API_URL=server.url
        )
        accepted(shop.host, order("paid", token="pm_card_visa"))  # noqa: S106 - no secret
        accepted(shop.host, order("declined", token="pm_card_chargeDeclined"))  # noqa: S106
        accepted(
            shop.host,
            order("undone", token="pm_card_visa", service="sandbox_refused"),  # noqa: S106
        )
        found = ended(shop.host, ["paid", "declined", "undone"])

    assert {order_id: one["businessStatus"] for order_id, one in found.items()} == {
        "paid": "delivered",
        "declined": "payment_declined",
        "undone": "compensated",
    }
    paid = server.ledger.intent_of("order-paid:authorize")
    assert (paid["status"], paid["amount"], paid["currency"]) == ("succeeded", 1300, "eur")
    assert server.ledger.intent_of("order-undone:authorize")["status"] == "canceled"
    assert server.ledger.moved("captured") == 1300
    assert server.ledger.moved("given_back") == 0
    assert "pm_card_visa" not in shop.host.log_tail()
