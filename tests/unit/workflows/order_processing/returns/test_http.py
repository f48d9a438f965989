"""POST /api/orders/{orderId}/return: what may come back, once, and the first reason stands."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import azure.functions as func
import pytest

from shared.settings import Settings
from shared.stored_requests import StoredRequests
from tests.support.builders import an_order_request
from tests.support.clients import JSON, MemoryClient, document
from tests.support.functions import handler_of
from tests.support.outside import MemoryRows
from tests.support.playing import T0
from workflows.order_processing import names
from workflows.order_processing.returns import http

HANDLER = handler_of(http.return_order)
SALE = {
    "reservationId": "order-A1:reserve",
    "paymentKey": "order-A1:authorize",
    "capturedMinor": 9980,
    "parcels": 2,
}


@dataclass
class Desk:
    """The endpoint with its storage and its runtime."""

    client: MemoryClient = field(default_factory=MemoryClient)
    requests: MemoryRows = field(default_factory=MemoryRows)
    returns: MemoryRows = field(default_factory=MemoryRows)
    time: datetime = T0

    def now(self) -> datetime:
        self.time += timedelta(seconds=0.5)
        return self.time

    def kept(self, table: str = names.REQUESTS_TABLE) -> StoredRequests:
        rows = {names.REQUESTS_TABLE: self.requests, names.RETURNS_TABLE: self.returns}
        return StoredRequests(rows[table])

    def ordered(self, *, ended: bool = True, status: str = "delivered") -> None:
        body = an_order_request(service="express")
        self.kept().keep("A1", body=body, contact="", now=T0)
        told = {"status": status, "sale": SALE, "completedAt": T0.isoformat()}
        self.client.put(
            "order-A1",
            runtimeStatus="Completed" if ended else "Running",
            customStatus={"status": status, "sale": SALE},
            output=told if ended else None,
        )

    async def post(self, body: Any) -> func.HttpResponse:
        request = func.HttpRequest(
            method="POST",
            url="/api/orders/A1/return",
            headers=JSON,
            route_params={"orderId": "A1"},
            body=json.dumps(body).encode(),
        )
        response: func.HttpResponse = await HANDLER(request, client=self.client)
        return response

    def send_back(self, body: Any) -> func.HttpResponse:
        return asyncio.run(self.post(body))

    @property
    def reason(self) -> str:
        return str(self.kept(names.RETURNS_TABLE).load("A1").body["reason"])


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    settings = Settings.from_environment({"AzureWebJobsStorage": "UseDevelopmentStorage=true"})
    monkeypatch.setattr(http, "kept_requests", desk.kept)
    monkeypatch.setattr(http, "current_settings", lambda: settings)
    monkeypatch.setattr(http, "system_clock", lambda: desk)
    return desk


@pytest.mark.parametrize("ended", [True, False])
def test_a_return_begins_with_what_was_sold_and_without_its_reason(
    desk: Desk, *, ended: bool
) -> None:
    desk.ordered(ended=ended, status="delivered" if ended else "shipped")

    response = desk.send_back({"reason": "too small"})

    assert response.status_code == 202
    assert response.headers["Location"] == "/api/orders/A1"
    assert document(response) == {
        "orderId": "A1",
        "instanceId": "return-A1",
        "links": {"self": "/api/orders/A1", "workflow": "/api/workflows/return-A1"},
    }
    assert desk.client.started == [
        (
            names.RETURN_ORCHESTRATOR,
            "return-A1",
            {
                "orderId": "A1",
                "sale": SALE,
                "currency": "EUR",
                "service": "express",
                "limitS": 44 * 86_400.0,  # thirty days to hand it in, and a delivery
            },
        )
    ]
    assert desk.reason == "too small"


def test_the_first_reason_stands_and_the_return_begins_once(desk: Desk) -> None:
    desk.ordered()
    desk.send_back({"reason": "too small"})
    again = desk.send_back({"reason": "too large"})
    desk.client.put("return-A1", runtimeStatus="Completed", output={"status": "received"})

    after = desk.send_back({"reason": "too late"})

    assert (again.status_code, after.status_code) == (202, 200)
    assert len(desk.client.started) == 1
    assert desk.reason == "too small"


def test_of_two_wishes_at_once_one_is_kept_and_both_are_told_of_it(desk: Desk) -> None:
    desk.ordered()

    async def both() -> list[int]:
        posts = [desk.post({"reason": reason}) for reason in ("too small", "too large")]
        return [response.status_code for response in await asyncio.gather(*posts)]

    assert asyncio.run(both()) == [202, 202]
    assert len(desk.client.started) == 1
    assert desk.reason in {"too small", "too large"}


def test_a_wish_that_was_kept_begins_however_long_the_window_has_been_over(desk: Desk) -> None:
    desk.ordered()
    desk.client.unreachable = True
    unheard = desk.send_back({"reason": "too small"})
    desk.client.unreachable = False
    desk.time = T0 + timedelta(days=100)

    late = desk.send_back({"reason": "too small"})

    assert (unheard.status_code, late.status_code) == (503, 202)
    assert [started[1] for started in desk.client.started] == ["return-A1"]


def test_what_is_no_reason_is_refused_by_its_field_and_nothing_is_kept(desk: Desk) -> None:
    desk.ordered()

    for body in ({}, {"reason": ""}, {"reason": "x" * 201}, {"reason": "x", "more": 1}):
        assert desk.send_back(body).status_code == 400
    assert desk.returns.rows == {}
    assert desk.client.started == []


def test_an_order_that_nobody_has_placed_cannot_come_back(desk: Desk) -> None:
    response = desk.send_back({"reason": "too small"})

    assert response.status_code == 404
    assert desk.returns.rows == {}
