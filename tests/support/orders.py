"""Orders as a customer sends and watches them: bodies, submitting, waiting for the end.

What an order did to stock, money and parcels is read in tests.support.books.
"""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tests.support.funchost import Answer, until
from tests.support.site import Site

type Body = dict[str, Any]
type Lines = tuple[tuple[str, int, int], ...]  # sku, pieces, unit price in minor units

NOTEBOOKS: Final[Lines] = (("notebook", 2, 650),)
ORDERS: Final = "/api/orders"
JSON: Final = {"Content-Type": "application/json"}
END_PATIENCE_S: Final = 60.0
_ASK_EVERY_S: Final = 0.2

# A test host's settings: a story that takes minutes takes seconds.
QUICK: Final[Mapping[str, str]] = {
    "ORDER_PAYMENT_DEADLINE_S": "9",
    "ORDER_AMEND_DEADLINE_S": "2",
    "ORDER_PAYMENT_CHECK_INTERVAL_S": "0.3",
    "DELIVERY_LIMIT_S": "15",
    "SANDBOX_TRANSIT_S": "2",
}


def order(
    order_id: str,
    *,
    lines: Lines = NOTEBOOKS,
    token: str = "tok_sandbox_approved",  # noqa: S107 - a sandbox token is no secret
    service: str = "standard",
    currency: str = "EUR",
) -> Body:
    """Return a body that is accepted; the customer's address holds the order's id."""
    return {
        "orderId": order_id,
        "customer": {"customerId": "customer-1", "email": f"{order_id}@example.com"},
        "items": [
            {"sku": sku, "quantity": pieces, "unitPriceMinor": price}
            for sku, pieces, price in lines
        ],
        "currency": currency,
        "shippingAddress": {
            "name": "N. N.",
            "street": "Canary Street 7",
            "city": "Springfield",
            "postalCode": "12345",
            "country": "DE",
        },
        "shipping": {"service": service},
        "payment": {"token": token},
    }


def total_of(body: Body) -> int:
    return sum(int(item["quantity"]) * int(item["unitPriceMinor"]) for item in body["items"])


def instance_of(order_id: str) -> str:
    return f"order-{order_id}"


def submit(host: Site, body: Body) -> Answer:
    return host.request("POST", ORDERS, body=json.dumps(body).encode(), headers=JSON)


def accepted(host: Site, body: Body) -> None:
    """Submit an order that has to be taken."""
    answer = submit(host, body)
    assert answer.status == 202, (answer.status, answer.body)


def look(host: Site, order_id: str, *, history: bool = False) -> Answer:
    query = "?include=history" if history else ""
    return host.request("GET", f"/api/workflows/{instance_of(order_id)}{query}")


def ended(
    host: Site, order_ids: Iterable[str], *, patience_s: float = END_PATIENCE_S
) -> dict[str, Any]:
    """Wait until every order has ended; return their projections by order id."""
    give_up_at = time.monotonic() + patience_s
    return {
        order_id: _ended(host, order_id, give_up_at - time.monotonic()) for order_id in order_ids
    }


def _ended(host: Site, order_id: str, patience_s: float) -> Any:
    def projection() -> Any:
        answer = look(host, order_id)
        assert answer.status == 200, (order_id, answer.status, answer.body)
        is_over = answer.json["runtimeStatus"] not in {"Pending", "Running"}
        return answer.json if is_over else None

    return until(
        projection,
        patience_s=max(patience_s, 1.0),
        what=f"order {order_id} ends",
        pause_s=_ASK_EVERY_S,
    )
