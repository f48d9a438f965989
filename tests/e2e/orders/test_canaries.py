"""What customers trust the app with is where it is needed, and nowhere else, wherever one looks.

Orders of every kind of end carry canaries. Of tables and containers, a short list may hold them.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from azure.storage.queue import QueueClient

from tests.support.books import Books
from tests.support.canaries import WORDS, kept_in, left_by, private_order, seen_in, told_by
from tests.support.funchost import FuncHost, opened_host, until
from tests.support.ingestion import opened_ingestion
from tests.support.orders import JSON, QUICK, accepted, ended

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ENDS: Final[Mapping[str, str]] = {
    "sold": "delivered",
    "declined": "payment_declined",
    "refused": "compensated",
    "short": "out_of_stock",
    "unpriced": "rejected",
    "stopped": "cancelled",
    "lost": "lost",
    "less": "delivered",
    "by-queue": "delivered",
}
ORDERS: Final = (
    private_order("sold"),
    private_order("declined", token="tok_sandbox_declined"),  # noqa: S106 - no secret
    private_order("refused", service="sandbox_refused"),
    private_order("short", lines=(("retired-mug", 1, 1450),)),
    private_order("unpriced", lines=(("notebook", 1, 1),)),
    private_order("stopped", token="tok_sandbox_pending_forever"),  # noqa: S106 - no secret
    private_order("lost", service="sandbox_lost"),
    private_order("less", lines=(("limited-print", 2, 25000),)),
)
# Where each is needed: to pay, to write, to send; and why somebody cancelled or sent back.
KEPT: Final[Mapping[str, set[str]]] = {
    "orderrequests": {*WORDS} - {"reason"},
    "RefusedMessages": {*WORDS} - {"reason"},
    "outbox": {"e-mail", "domain"},
    "Cancellations": {"reason"},
    "orderreturns": {"reason"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """Everything that could hold a word, by its place."""

    told: Mapping[str, bytes]
    kept: Mapping[str, str]
    sent: str


@pytest.fixture(scope="module")
def searched(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Searched:
    stock = {"notebook": 100, "retired-mug": 0, "limited-print": 1}
    with opened_ingestion() as ingestion, Books(azurite, stock=stock) as books:
        settings = {
            **QUICK,
            "AzureWebJobsStorage": azurite,
            "APP_DATA_PREFIX": books.prefix,
            "APP_TELEMETRY": "azure_monitor",
            "APP_TELEMETRY_LOGS": "exporter",
            "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
            "DELIVERY_LIMIT_S": "4",
            "SANDBOX_TRANSIT_S": "0.5",
        }
        with opened_host(tmp_path_factory.mktemp("canaries"), settings) as host:
            serve(host, f"{books.prefix}-orders", azurite)
            told = told_by(host)
            host.stop()  # what is left of telemetry is sent now
            left = left_by(host)
        kept = defaultdict[str, str](str)
        for place, text in kept_in(azurite, books.prefix):
            kept[place] += text
        return Searched(told={**told, **left}, kept=kept, sent=json.dumps(ingestion.taken))


def serve(host: FuncHost, queue_name: str, connection: str) -> None:
    """Have every kind of order come to its end, and a message refused."""
    for body in ORDERS:
        accepted(host, body)
    refused = {**private_order("odd"), "isAdmin": True}
    with QueueClient.from_connection_string(connection, queue_name) as queue:
        queue.create_queue()
        for body in (private_order("by-queue"), refused):
            queue.send_message(json.dumps(body))
        tell(host, "stopped", "cancel", {"reason": WORDS["reason"]})
        until(lambda: asks(host, "less"), patience_s=20, what="the customer is asked")
        tell(host, "less", "amend", {"items": [{"sku": "limited-print", "quantity": 1}]})
        until(
            lambda: queue.get_queue_properties().approximate_message_count == 0,
            patience_s=20,
            what="both messages are done",
        )
    ended(host, ["sold"])
    tell(host, "sold", "return", {"reason": WORDS["reason"]})
    ends = ended(host, ENDS)
    until(lambda: not host.unfinished(), patience_s=60, what="the parcel is back", pause_s=0.3)
    assert {name: end["businessStatus"] for name, end in ends.items()} == ENDS


def asks(host: FuncHost, order_id: str) -> bool:
    shown = host.request("GET", f"/api/orders/{order_id}").json
    return bool(shown["status"] == "awaiting_customer")


def tell(host: FuncHost, order_id: str, action: str, body: Any) -> None:
    path = f"/api/orders/{order_id}/{action}"
    answer = host.request("POST", path, body=json.dumps(body).encode(), headers=JSON)
    assert answer.status == 202, answer


def test_nothing_that_is_told_of_an_order_holds_anything_private(searched: Searched) -> None:
    assert {place: seen for place, text in searched.told.items() if (seen := seen_in(text))} == {}
    # Had the places been unreadable, nothing would have been found either.
    assert b"payment_declined" in searched.told["order-declined in the runtime"]
    assert b"order-lost" in searched.told["state.db"]
    assert b"received" in searched.told["return-sold in the runtime"]
    assert b"is refused: urn:" in searched.told["the log"]


def test_telemetry_holds_nothing_private(searched: Searched) -> None:
    assert seen_in(searched.sent) == set()
    assert "order-by-queue" in searched.sent
    assert "order_processing_take_message" in searched.sent


def test_what_is_kept_holds_what_it_is_needed_for_and_no_more(searched: Searched) -> None:
    seen = {place: seen_in(text) for place, text in searched.kept.items()}

    assert {place: words for place, words in seen.items() if words} == KEPT
    assert len(seen) > len(KEPT)
