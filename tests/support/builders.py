"""Orders as a customer would send them, and as the orchestrator gets them."""

from typing import Any

from shared.models import JsonObject
from workflows.order_processing.models import Order, OrderPolicy, OrderRequest

POLICY = OrderPolicy(
    payment_patience_s=900, payment_check_s=15, reservation_ttl_s=1800, delivery_limit_s=86400
)


def an_order_request(
    *,
    order_id: str = "A1",
    payment: str = "approved",
    items: list[JsonObject] | None = None,
    service: str = "standard",
    **changes: Any,
) -> JsonObject:
    """Return a body of ``POST /api/orders``: two desk lamps, and a sandbox outcome of paying."""
    return {
        "orderId": order_id,
        "customer": {"customerId": "c-1", "email": "customer@example.com"},
        "items": items or [{"sku": "desk-lamp", "quantity": 2, "unitPriceMinor": 4990}],
        "currency": "EUR",
        "shippingAddress": {
            "name": "Recipient",
            "street": "1 Example Street",
            "city": "Exampletown",
            "postalCode": "12345",
            "country": "DE",
        },
        "shipping": {"service": service},
        "payment": {"token": f"tok_sandbox_{payment}"},
        **changes,
    }


def the_order_for(body: JsonObject) -> JsonObject:
    """Return the orchestrator's input for a body."""
    return Order.of(OrderRequest.from_json(body), POLICY).to_json()
