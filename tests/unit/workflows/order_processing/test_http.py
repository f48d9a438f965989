"""POST /api/orders: what is accepted, what is refused, and that an order is started once."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import azure.functions as func
import pytest

from shared.errors import StorageUnavailableError
from shared.settings import Settings
from shared.stored_requests import StoredRequests
from tests.support.builders import an_order_request
from tests.support.clients import JSON, MemoryClient, a_post, document
from tests.support.functions import handler_of
from tests.support.outside import MemoryRows
from tests.support.playing import T0
from workflows.order_processing import http, names, placing

HANDLER = handler_of(http.submit_order)


@dataclass
class Desk:
    """The endpoint with its storage and its runtime."""

    client: MemoryClient = field(default_factory=MemoryClient)
    rows: MemoryRows = field(default_factory=MemoryRows)
    seconds: float = 0

    def now(self) -> Any:
        self.seconds += 0.5
        return T0 + timedelta(seconds=self.seconds)

    async def post(self, body: Any, headers: dict[str, str] | None = None) -> func.HttpResponse:
        response: func.HttpResponse = await HANDLER(
            a_post(body, headers if headers is not None else JSON), client=self.client
        )
        return response

    def submit(self, body: Any, headers: dict[str, str] | None = None) -> func.HttpResponse:
        return asyncio.run(self.post(body, headers))


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    settings = Settings.from_environment({"AzureWebJobsStorage": "UseDevelopmentStorage=true"})
    monkeypatch.setattr(placing, "kept_requests", lambda: StoredRequests(desk.rows))
    monkeypatch.setattr(placing, "current_settings", lambda: settings)
    monkeypatch.setattr(placing, "system_clock", lambda: desk)
    return desk


def test_a_new_order_is_accepted_and_says_where_to_look(desk: Desk) -> None:
    response = desk.submit(an_order_request())

    assert response.status_code == 202
    assert response.headers["Location"] == "/api/workflows/order-A1"
    assert response.headers["Retry-After"] == "2"
    assert response.headers["Cache-Control"] == "no-store"
    assert document(response) == {
        "orderId": "A1",
        "instanceId": "order-A1",
        "links": {
            "self": "/api/workflows/order-A1",
            "history": "/api/workflows/order-A1?include=history",
            "delivery": "/api/workflows/tracking-A1",
        },
    }


def test_the_instance_gets_amounts_and_policy_but_nothing_personal(desk: Desk) -> None:
    desk.submit(an_order_request())

    (name, instance_id, client_input), *more = desk.client.started
    assert (name, instance_id, more) == (names.ORCHESTRATOR, "order-A1", [])
    assert client_input == {
        "orderId": "A1",
        "items": [{"sku": "desk-lamp", "quantity": 2, "unitPriceMinor": 4990}],
        "currency": "EUR",
        "service": "standard",
        "policy": {
            "paymentPatienceS": 900.0,
            "paymentCheckS": 15.0,
            "reservationTtlS": 900.0,
            "deliveryLimitS": 1209600.0,
            "amendPatienceS": 86400.0,
            "deliverySilenceS": 172800.0,
        },
    }


def test_the_same_order_again_leads_to_the_same_instance(desk: Desk) -> None:
    first = desk.submit(an_order_request())
    again = desk.submit(an_order_request())

    assert again.status_code == 202
    assert document(again) == document(first)
    assert len(desk.client.started) == 1


def test_another_spelling_of_the_same_order_is_the_same_order(desk: Desk) -> None:
    body = an_order_request()
    desk.submit(body)

    del body["shipping"]
    again = desk.submit(dict(reversed(body.items())))

    assert again.status_code == 202
    assert len(desk.client.started) == 1


@pytest.mark.parametrize("ending", ["Completed", "Failed", "Terminated"])
def test_a_finished_order_is_shown_and_never_started_again(desk: Desk, ending: str) -> None:
    desk.submit(an_order_request())
    desk.client.put("order-A1", runtimeStatus=ending)

    again = desk.submit(an_order_request())

    assert again.status_code == 200
    assert "Retry-After" not in again.headers
    assert len(desk.client.started) == 1


def test_a_purged_order_is_gone_and_never_started_again(desk: Desk) -> None:
    desk.submit(an_order_request())
    desk.client.instances.clear()

    again = desk.submit(an_order_request())

    assert again.status_code == 410
    assert len(desk.client.started) == 1


def test_another_order_under_the_same_id_is_a_conflict(desk: Desk) -> None:
    desk.submit(an_order_request())

    other = desk.submit(an_order_request(service="express"))

    assert other.status_code == 409
    assert other.mimetype == "application/problem+json"
    assert document(other)["type"] == "urn:workflow-functions:problem:conflicting-request"
    assert len(desk.client.started) == 1


def test_a_crash_between_keeping_and_starting_heals_with_the_next_request(desk: Desk) -> None:
    desk.client.unreachable = True
    assert desk.submit(an_order_request()).status_code == 503
    desk.client.unreachable = False

    again = desk.submit(an_order_request())

    assert again.status_code == 202
    assert len(desk.client.started) == 1


def test_a_start_whose_answer_is_lost_is_recognised(desk: Desk) -> None:
    desk.client.fails_after_start = True

    response = desk.submit(an_order_request())

    assert response.status_code == 202
    assert len(desk.client.started) == 1


def test_many_at_once_start_one_order(desk: Desk) -> None:
    async def storm() -> list[func.HttpResponse]:
        return await asyncio.gather(*(desk.post(an_order_request()) for _ in range(20)))

    responses = asyncio.run(storm())

    assert {response.status_code for response in responses} == {202}
    assert len(desk.client.started) == 1


def test_storage_that_is_away_is_an_honest_try_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Any:
        raise StorageUnavailableError("table orders did not answer")

    monkeypatch.setattr(placing, "kept_requests", away)

    response = desk.submit(an_order_request())

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "2"


def test_every_wrong_field_is_named_and_no_value_repeated(desk: Desk) -> None:
    card = "4111 1111 1111 1111"
    body = an_order_request(
        order_id="a/b",
        items=[{"sku": "x", "quantity": 0, "unitPriceMinor": 1.5}],
        currency="ABC",
        customer={"customerId": "c", "email": "a@example.com\r\nBcc: b@example.com"},
        payment_method="card",
    )
    body["payment"] = {"token": card, "number": card}
    body["shippingAddress"]["street"] = card
    body["isAdmin"] = True
    body["4111111111111111"] = 1

    response = desk.submit(body)

    assert response.status_code == 400
    assert {found["pointer"] for found in document(response)["errors"]} == {
        "/orderId",
        "/items/0/quantity",
        "/items/0/unitPriceMinor",
        "/currency",
        "/customer/email",
        "/payment/token",
        "/payment/number",
        "/payment_method",
        "/shippingAddress/street",
        "/isAdmin",
        "/*",
    }
    answered = response.get_body().decode()
    assert "4111" not in answered
    assert "Bcc" not in answered
    assert desk.client.started == []
    assert desk.rows.rows == {}


@pytest.mark.parametrize(
    ("headers", "body", "status", "kind"),
    [
        ({}, b"{}", 415, "unsupported-media-type"),
        ({"Content-Type": "text/json"}, b"{}", 415, "unsupported-media-type"),
        (
            {"Content-Type": "application/json; charset=utf-16"},
            b"{}",
            415,
            "unsupported-media-type",
        ),
        ({**JSON, "Content-Encoding": "gzip"}, b"{}", 415, "unsupported-media-type"),
        (JSON, b"", 400, "malformed-json"),
        (JSON, b"\xff\xfe{\x00}\x00", 400, "malformed-json"),
        (JSON, b"[" * 30_000, 400, "malformed-json"),
        (JSON, b'{"a": NaN}', 400, "malformed-json"),
        (JSON, b'{"__class__": "x"}', 400, "malformed-json"),
        (JSON, b"null", 400, "invalid-request"),
        (JSON, b"[]", 400, "invalid-request"),
        (JSON, b'"' + b"x" * 65_536 + b'"', 413, "body-too-large"),
    ],
)
def test_what_is_no_order_is_refused_as_a_problem(
    desk: Desk, headers: dict[str, str], body: bytes, status: int, kind: str
) -> None:
    response = desk.submit(body, headers)

    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert document(response)["type"].endswith(kind)
    assert desk.client.started == []


def test_no_answer_shows_the_runtimes_own_addresses_or_keys(desk: Desk) -> None:
    for response in (desk.submit(an_order_request()), desk.submit(an_order_request(currency="?"))):
        shown = response.get_body().decode() + repr(dict(response.headers))

        assert "code=" not in shown
        assert "runtime/webhooks" not in shown
        assert "evil.example" not in shown


def test_the_largest_order_is_kept_whole(desk: Desk) -> None:
    body = an_order_request(
        items=[{"sku": f"sku-{n:060}", "quantity": 1, "unitPriceMinor": 1} for n in range(99)]
    )
    body["shippingAddress"]["street"] = "🏠" * 200

    assert desk.submit(body).status_code == 202
    kept = StoredRequests(desk.rows).load("A1").body
    assert kept == body
    assert all(
        len(value.encode("utf-16-le")) <= 64 * 1024
        for row in desk.rows.rows.values()
        for value in row.fields.values()
        if isinstance(value, str)
    )
