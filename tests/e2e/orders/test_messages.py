"""Orders that come by the queue: placed once, or kept with a reason; none is lost, none loops."""

import base64
import json
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.storage.queue import QueueClient

from shared.settings.storage import ConnectionString
from shared.storage import Row, Storage, key_text
from tests.e2e.orders.conftest import OpenShop, Shop
from tests.support.funchost import Answer, until
from tests.support.orders import JSON, Body, ended, look, order
from tests.support.stories import STORIES, expected_traces, traces

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

REFUSED = "/api/orders/messages/refused"
DELIVERED = STORIES["an-approved-order-is-delivered"]
AT_ONCE = {"AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:00:00"}
BY_TEXT, IN_BASE64, DAMAGED = order("by-text"), order("in-base64"), order("damaged")


@dataclass(slots=True, kw_only=True)
class Counter:
    """A shop that also takes orders by its queue."""

    shop: Shop
    queue: QueueClient
    poison: QueueClient
    storage: Storage
    kept: list[Any] = field(default_factory=list[Any])  # as refused before anybody retried

    def send(self, *bodies: Body | str) -> None:
        for body in bodies:
            self.queue.send_message(body if isinstance(body, str) else json.dumps(body))

    def refused(self) -> list[Any]:
        answer = self.shop.host.request("GET", REFUSED)
        assert answer.status == 200, answer
        items: list[Any] = answer.json["items"]
        return items

    def retry(self, message_id: str) -> Answer:
        body = json.dumps({"reason": "it is repaired"}).encode()
        path = f"{REFUSED}/{message_id}/retry"
        return self.shop.host.request("POST", path, body=body, headers=JSON)

    def is_empty(self) -> bool:
        """Nothing is left in the queues, and nothing is hidden in them."""
        found = [queue.get_queue_properties() for queue in (self.queue, self.poison)]
        return not any(each.approximate_message_count for each in found)


@pytest.fixture(scope="module")
def counter(open_shop: OpenShop, azurite: str) -> Generator[Counter]:
    shop = open_shop(**AT_ONCE)
    name = f"{shop.books.prefix}-orders"
    with (
        QueueClient.from_connection_string(azurite, name) as queue,
        QueueClient.from_connection_string(azurite, f"{name}-poison") as poison,
        Storage(ConnectionString(value=azurite), prefix=shop.books.prefix) as storage,
    ):
        queue.create_queue()
        poison.create_queue()
        yield Counter(shop=shop, queue=queue, poison=poison, storage=storage)


@pytest.fixture(scope="module")
def served(counter: Counter) -> Counter:
    """All messages at once, until none is left."""
    damage(counter)
    counter.send(
        *(BY_TEXT, BY_TEXT, BY_TEXT),  # a sender who is not sure sends again
        base64.b64encode(json.dumps(IN_BASE64).encode()).decode(),
        *("no order", {**order("odd"), "isAdmin": True}),
        DAMAGED,
    )
    until(
        lambda: look(counter.shop.host, "by-text").status == 200,
        patience_s=20,
        what="the first order is placed",
    )
    counter.send(order("by-text", service="express"))
    until(
        lambda: counter.is_empty() and len(counter.refused()) >= 4,
        patience_s=30,
        what="every message is done",
        pause_s=0.2,
    )
    counter.kept = counter.refused()
    return counter


def damage(counter: Counter) -> None:
    """Leave a kept request that nobody foresaw: reading it fails each time."""
    requests = counter.storage.table("orderrequests")
    requests.put(Row(partition_key=key_text("damaged"), row_key="request", fields={"digest": "x"}))


def repair(counter: Counter) -> None:
    requests = counter.storage.table("orderrequests")
    requests.remove(Row(partition_key=key_text("damaged"), row_key="request"))


def test_an_order_that_came_by_the_queue_is_delivered_once(served: Counter) -> None:
    ids = ["by-text", "in-base64"]
    ends = ended(served.shop.host, ids)

    reading = served.shop.books.read()
    for order_id in ids:
        assert ends[order_id]["businessStatus"] == "delivered"
        assert traces(reading, order_id) == expected_traces(DELIVERED)


def test_what_cannot_be_an_order_is_kept_once_with_its_reason(served: Counter) -> None:
    items = served.kept

    assert sorted(item["reason"] for item in items) == [
        "conflicting_request",
        "could_not_be_processed",
        "invalid_request",
        "malformed_json",
    ]
    [odd] = [item for item in items if item["reason"] == "invalid_request"]
    assert [wrong["pointer"] for wrong in odd["problem"]["errors"]] == ["/isAdmin"]
    assert odd["problem"]["status"] == 400


def test_what_keeps_failing_is_tried_ten_times_and_then_kept_and_placed_when_told(
    served: Counter,
) -> None:
    assert "is given up after 10 attempts" in served.shop.host.log.read_text("utf-8")
    [poison] = [each for each in served.kept if each["reason"] == "could_not_be_processed"]
    repair(served)

    placed = served.retry(poison["id"])

    assert placed.status == 202, placed
    assert ended(served.shop.host, ["damaged"])["damaged"]["businessStatus"] == "delivered"
    assert poison["id"] not in {item["id"] for item in served.refused()}


def test_messages_say_nothing_in_the_log(served: Counter) -> None:
    log = served.shop.host.log.read_text("utf-8")

    assert "is refused: urn:workflow-functions:problem:invalid-request" in log
    for private in ("@example.com", "Canary Street", "tok_sandbox", "no order"):
        assert private not in log
