"""Orders that travel with a carrier that exists: the same story, over HTTP."""

import json
from typing import Any

import pytest

from tests.e2e.orders.conftest import OpenShop, Shop
from tests.support.carrier_server import API_KEY, Lost, carrier_server
from tests.support.funchost import Answer, until
from tests.support.orders import END_PATIENCE_S, JSON, accepted, ended, order

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def sent_back(shop: Shop, order_id: str) -> Answer:
    body = json.dumps({"reason": "too small"}).encode()
    return shop.host.request("POST", f"/api/orders/{order_id}/return", body=body, headers=JSON)


def returned(shop: Shop, order_id: str) -> Any:
    """Wait until a return has ended, and give how."""

    def end() -> Any:
        shown = shop.host.request("GET", f"/api/orders/{order_id}").json["return"]
        return shown if "refundedMinor" in shown else None

    return until(end, patience_s=END_PATIENCE_S, what="it comes back", pause_s=0.2)


def test_orders_go_out_and_come_back_with_a_carrier_over_http(open_shop: OpenShop) -> None:
    with carrier_server() as server:
        shop = open_shop(CARRIER_PROVIDER="http", CARRIER_URL=server.url, CARRIER_API_KEY=API_KEY)
        server.ledger.faults = {0: Lost.AFTER, 1: (503, {})}
        accepted(shop.host, order("carried"))
        accepted(shop.host, order("refused", service="sandbox_refused"))
        found = ended(shop.host, ["carried", "refused"])
        assert sent_back(shop, "carried").status == 202
        back = returned(shop, "carried")
        histories = b"".join(
            shop.host.request("GET", f"/api/workflows/{each}?include=history").body
            for each in ("order-carried", "tracking-carried", "return-carried")
        )

    assert {name: one["businessStatus"] for name, one in found.items()} == {
        "carried": "delivered",
        "refused": "compensated",
    }
    assert sorted(server.ledger.done) == [
        "book order-carried:book",
        "book return-carried:label",
        "cancel order-refused:book",
    ]
    out = server.ledger.shipments["order-carried:book"].body
    assert (out["direction"], out["reference"]) == ("outbound", "tracking-carried")
    assert out["address"]["street"] == "Canary Street 7"
    label = server.ledger.shipments["return-carried:label"].body
    assert (label["direction"], label["reference"]) == ("return", "tracking-return:carried")
    assert back["status"] == "received"
    assert shop.books.read().money_of("carried") == ("authorize", "capture", "refund")
    assert b"order-carried:book" in histories
    for place in (histories, shop.host.log.read_bytes()):
        assert b"Canary Street" not in place
        assert API_KEY.encode() not in place
