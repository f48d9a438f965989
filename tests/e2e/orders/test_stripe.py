"""Orders paid at Stripe: the same story, with a provider that exists behind it."""

import json
from typing import Final

import pytest
import stripe

from tests.e2e.orders.conftest import OpenShop, Shop
from tests.support.funchost import Answer, until
from tests.support.orders import END_PATIENCE_S, JSON, accepted, ended, order
from tests.support.stripe_server import API_KEY, stripe_server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SECRET: Final = "whsec_of_a_test"  # noqa: S105 - of no account


def told(shop: Shop, key: str) -> Answer:
    """Tell the shop, as Stripe does, that a payment has changed."""
    event = {"id": "evt_1", "object": "event", "data": {"object": {"metadata": {"key": key}}}}
    body = json.dumps(event)
    signature = stripe.WebhookSignature.generate_signature_header(body, SECRET)
    return shop.host.request(
        "POST",
        "/api/webhooks/stripe",
        body=body.encode(),
        headers={**JSON, "Stripe-Signature": signature},
    )


def test_orders_are_paid_at_stripe_once_delivered_or_not_at_all(open_shop: OpenShop) -> None:
    with stripe_server() as server:
        shop = open_shop(
            PAYMENT_PROVIDER="stripe",
            STRIPE_API_KEY=API_KEY,
            STRIPE_API_URL=server.url,
            STRIPE_WEBHOOK_SECRET=SECRET,
            # Nobody asks by themselves while the test lasts: who waits has to be told.
            ORDER_PAYMENT_CHECK_INTERVAL_S="300",
            ORDER_PAYMENT_DEADLINE_S="600",
        )
        accepted(shop.host, order("paid", token="pm_card_visa"))  # noqa: S106 - no secret
        accepted(shop.host, order("declined", token="pm_card_chargeDeclined"))  # noqa: S106
        accepted(
            shop.host,
            order("undone", token="pm_card_visa", service="sandbox_refused"),  # noqa: S106
        )
        accepted(shop.host, order("agreed", token="pm_card_authenticationRequired"))  # noqa: S106
        until(
            lambda: (
                shop.host.request("GET", "/api/orders/agreed").json["status"] == "awaiting_payment"
            ),
            patience_s=END_PATIENCE_S,
            what="the order waits for its payment",
        )
        server.ledger.finish_action("order-agreed:authorize")
        assert told(shop, "order-agreed:authorize").status == 204
        found = ended(shop.host, ["paid", "declined", "undone", "agreed"])

    assert {order_id: one["businessStatus"] for order_id, one in found.items()} == {
        "paid": "delivered",
        "declined": "payment_declined",
        "undone": "compensated",
        "agreed": "delivered",
    }
    paid = server.ledger.intent_of("order-paid:authorize")
    assert (paid["status"], paid["amount"], paid["currency"]) == ("succeeded", 1300, "eur")
    assert server.ledger.intent_of("order-undone:authorize")["status"] == "canceled"
    assert server.ledger.moved("captured") == 2600
    assert server.ledger.moved("given_back") == 0
    assert "pm_card_visa" not in shop.host.log_tail()
