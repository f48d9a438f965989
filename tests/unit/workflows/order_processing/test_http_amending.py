"""POST /api/orders/{orderId}/amend: less than was ordered, once a round, and only when asked."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import azure.functions as func
import pytest

from shared.stored_requests import StoredRequests
from tests.support.builders import an_order_request
from tests.support.clients import JSON, MemoryClient, document
from tests.support.functions import handler_of
from tests.support.memory_table import MemoryTable
from tests.support.outside import MemoryRows
from tests.support.playing import T0
from workflows.order_processing import http_amending
from workflows.order_processing.amendments import Amendments

HANDLER = handler_of(http_amending.amend_order)
ORDERED = [
    {"sku": "desk-lamp", "quantity": 4, "unitPriceMinor": 4990},
    {"sku": "notebook", "quantity": 2, "unitPriceMinor": 650},
]
LESS = {"desk-lamp": 3, "notebook": 2}


def asking(round_: int) -> dict[str, Any]:
    return {
        "orderId": "A1",
        "status": "awaiting_customer",
        "round": round_,
        "shortages": [{"sku": "desk-lamp", "requested": 4, "available": 3}],
        "askedAt": "2030-01-01T12:00:00Z",
        "amendBy": "2030-01-02T12:00:00Z",
    }


@dataclass
class Desk:
    """The endpoint with what it keeps and whom it tells."""

    client: MemoryClient = field(default_factory=MemoryClient)
    amendments: Amendments = field(default_factory=lambda: Amendments(MemoryTable()))  # type: ignore[arg-type] # the part that is used

    def stands(self, status: Any, *, runtime_status: str = "Running") -> None:
        self.client.put("order-A1", customStatus=status, runtimeStatus=runtime_status)

    def send(self, body: Any, *, order_id: str = "A1") -> func.HttpResponse:
        request = func.HttpRequest(
            method="POST",
            url=f"http://localhost/api/orders/{order_id}/amend",
            headers=JSON,
            route_params={"orderId": order_id},
            body=json.dumps(body).encode(),
        )
        response: func.HttpResponse = asyncio.run(HANDLER(request, client=self.client))
        return response

    def say(self, **quantities: int) -> func.HttpResponse:
        names = {"lamp": "desk-lamp", "notebook": "notebook", "pen": "pen"}
        items = [{"sku": names[name], "quantity": pieces} for name, pieces in quantities.items()]
        return self.send({"items": items})


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    requests = StoredRequests(MemoryRows())
    body = an_order_request(items=ORDERED)
    requests.keep("A1", body=body, contact="customer@example.com", now=T0)
    monkeypatch.setattr(http_amending, "open_amendments", lambda: desk.amendments)
    monkeypatch.setattr(http_amending, "kept_requests", lambda: requests)
    desk.stands(asking(1))
    return desk


def problems(response: func.HttpResponse) -> list[tuple[str, str]]:
    assert response.status_code == 400
    return [(each["pointer"], each["code"]) for each in document(response)["errors"]]


def test_a_word_is_kept_and_the_order_is_told(desk: Desk) -> None:
    response = desk.say(lamp=3, notebook=2)

    assert response.status_code == 202
    assert response.headers["Location"] == "/api/orders/A1"
    assert desk.amendments.find("order-A1", 1) == LESS
    assert desk.client.told == [("order-A1", "amend:1")]


def test_the_same_word_again_is_as_good_as_once_and_another_one_is_refused(desk: Desk) -> None:
    desk.say(lamp=3, notebook=2)

    again = desk.say(notebook=2, lamp=3)
    other = desk.say(lamp=2)

    assert again.status_code == 202
    assert other.status_code == 409
    assert document(other)["type"].endswith(":conflicting-request")
    assert desk.amendments.find("order-A1", 1) == LESS


def test_more_than_was_ordered_is_refused_field_by_field(desk: Desk) -> None:
    assert problems(desk.say(pen=1, lamp=5, notebook=2)) == [
        ("/items/0/sku", "not_ordered"),
        ("/items/1/quantity", "more_than_ordered"),
    ]
    assert problems(desk.say(lamp=4, notebook=2)) == [("/items", "not_less")]
    assert desk.client.told == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"items": [{"sku": "desk-lamp", "quantity": 0}]},
        {"items": [{"sku": "desk-lamp", "quantity": 1}, {"sku": "desk-lamp", "quantity": 1}]},
        {"items": [{"sku": "desk-lamp", "quantity": 1, "unitPriceMinor": 1}]},
    ],
)
def test_what_is_no_amendment_is_refused(desk: Desk, body: Any) -> None:
    assert problems(desk.send(body))


@pytest.mark.parametrize(
    "status", [None, {"orderId": "A1", "status": "booking_shipment"}, {"status": "shipped"}]
)
def test_an_order_that_does_not_ask_takes_nothing(desk: Desk, status: Any) -> None:
    desk.stands(status)

    response = desk.say(lamp=1)

    assert response.status_code == 409
    assert document(response)["type"].endswith(":amendment-not-asked")
    assert desk.amendments.latest("order-A1") is None


def test_an_order_that_has_ended_while_asking_takes_nothing(desk: Desk) -> None:
    desk.stands(asking(1), runtime_status="Terminated")

    assert document(desk.say(lamp=1))["type"].endswith(":amendment-not-asked")


def test_a_word_after_the_deadline_is_late_even_if_the_status_does_not_say_so(desk: Desk) -> None:
    assert desk.amendments.close("order-A1", 1) is None

    assert document(desk.say(lamp=1))["type"].endswith(":amendment-not-asked")


def test_a_word_that_was_heard_may_be_repeated_when_the_order_has_gone_on(desk: Desk) -> None:
    desk.say(lamp=3)
    desk.stands({"orderId": "A1", "status": "shipped"})

    assert desk.say(lamp=3).status_code == 202
    assert desk.say(lamp=2).status_code == 409
    assert desk.client.told == [("order-A1", "amend:1")]


def test_the_next_round_takes_less_than_the_last_one(desk: Desk) -> None:
    desk.say(lamp=3, notebook=2)
    desk.stands(asking(2))

    assert problems(desk.say(lamp=4)) == [("/items/0/quantity", "more_than_ordered")]
    assert desk.say(lamp=3, notebook=2).status_code == 202  # the last word once more
    assert desk.amendments.find("order-A1", 2) is None
    assert desk.say(lamp=1).status_code == 202
    assert desk.client.told == [("order-A1", "amend:1"), ("order-A1", "amend:2")]


def test_an_order_that_cannot_be_told_is_told_by_the_next_try(desk: Desk) -> None:
    desk.client.unreachable = True
    assert desk.say(lamp=3).status_code == 503
    desk.client.unreachable = False

    assert desk.say(lamp=3).status_code == 202
    assert desk.client.told == [("order-A1", "amend:1")]


def test_an_unknown_order_is_unknown(desk: Desk) -> None:
    assert desk.send({"items": [{"sku": "x", "quantity": 1}]}, order_id="A9").status_code == 404
