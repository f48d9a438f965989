"""GET /api/workflows/{instanceId}: what is shown, and what never is."""

import asyncio
from typing import Any

import azure.functions as func
import pytest

from tests.support.clients import MemoryClient, a_get, document
from tests.support.functions import handler_of
from workflows.management import http

HANDLER = handler_of(http.get_workflow)
TRACE = "0af7651916cd43dd8448eb211c80319c"


def get(client: MemoryClient, instance_id: str = "order-A1", **params: str) -> func.HttpResponse:
    request = a_get(
        f"/api/workflows/{instance_id}", route_params={"instanceId": instance_id}, params=params
    )
    response: func.HttpResponse = asyncio.run(HANDLER(request, client=client))
    return response


def a_client(**instance: Any) -> MemoryClient:
    client = MemoryClient()
    client.put("order-A1", **instance)
    return client


def test_a_running_instance_shows_its_business_status_and_when_to_ask_again() -> None:
    client = a_client(name="o", customStatus={"orderId": "A1", "status": "reserving_stock"})

    response = get(client)

    assert response.status_code == 200
    assert response.headers["Retry-After"] == "2"
    assert response.headers["Cache-Control"] == "no-store"
    assert document(response) == {
        "instanceId": "order-A1",
        "workflow": "o",
        "runtimeStatus": "Running",
        "businessStatus": "reserving_stock",
        "createdAt": "2030-01-01T12:00:00Z",
        "lastUpdatedAt": "2030-01-01T12:00:01Z",
        "customStatus": {"orderId": "A1", "status": "reserving_stock"},
        "output": None,
        "failure": None,
        "links": {
            "self": "/api/workflows/order-A1",
            "history": "/api/workflows/order-A1?include=history",
        },
    }


def test_a_finished_instance_shows_its_output_and_is_not_to_be_asked_again() -> None:
    client = a_client(
        runtimeStatus="Completed", customStatus={"status": "shipped"}, output={"status": "lost"}
    )

    response = get(client)

    assert "Retry-After" not in response.headers
    assert document(response)["output"] == {"status": "lost"}
    assert document(response)["businessStatus"] == "lost"


def test_an_instance_that_failed_shows_where_it_stood_and_a_code() -> None:
    client = a_client(
        runtimeStatus="Failed",
        customStatus={"status": "capturing_payment"},
        output="Orchestrator function 'o' failed: RequestMissingError: request_missing: A1",
    )

    shown = document(get(client))

    assert shown["output"] is None
    assert shown["businessStatus"] == "capturing_payment"
    assert shown["failure"] == "request_missing"


def test_what_an_unexpected_failure_says_stays_inside() -> None:
    client = a_client(runtimeStatus="Failed", output="failed: KeyError: '/srv/secret'")

    response = get(client)

    assert document(response)["failure"] == "unexpected_failure"
    assert b"secret" not in response.get_body()


@pytest.mark.parametrize("runtime_status", ["Pending", "Running", "Completed", "Failed"])
def test_the_raw_input_is_never_shown(runtime_status: str) -> None:
    assert b"never shown" not in get(a_client(runtimeStatus=runtime_status)).get_body()


def test_history_is_shown_when_asked_for() -> None:
    client = a_client(historyEvents=[{"EventType": "ExecutionStarted"}])

    assert "historyEvents" not in document(get(client))
    assert document(get(client, include="history"))["historyEvents"] == [
        {"EventType": "ExecutionStarted"}
    ]


def test_nothing_else_can_be_asked_for() -> None:
    response = get(a_client(), include="input")

    assert response.status_code == 400
    assert document(response)["errors"][0]["pointer"] == "?include"


@pytest.mark.parametrize(
    ("traceparent", "trace_id"),
    [
        (
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "0af7651916cd43dd8448eb211c80319c",
        ),
        ("00-nonsense-b7ad6b7169203331-01", None),
    ],
)
def test_a_problem_names_the_trace_that_it_belongs_to(
    traceparent: str, trace_id: str | None
) -> None:
    request = func.HttpRequest(
        method="GET",
        url="http://localhost/api/workflows/x",
        headers={"traceparent": traceparent},
        route_params={"instanceId": "x"},
        body=b"",
    )

    response = asyncio.run(HANDLER(request, client=MemoryClient()))

    assert document(response).get("traceId") == trace_id


def test_an_unknown_instance_is_not_found() -> None:
    response = get(MemoryClient())

    assert response.status_code == 404
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "instance_id",
    ["", "../../admin/host/keys", "x?showHistory=true", "a\x00", "a\r\nb", "@entity@k", "x" * 300],
)
def test_an_id_that_could_bend_the_runtimes_url_never_reaches_it(instance_id: str) -> None:
    client = MemoryClient()

    assert get(client, instance_id).status_code == 404
    assert client.asked_for == []


def test_a_runtime_that_is_away_is_an_error_without_details() -> None:
    class Away(MemoryClient):
        async def get_status(self, instance_id: str, **options: bool) -> Any:
            raise Exception(f"connection to {instance_id}{options} refused at 10.0.0.1")  # noqa: TRY002 - as the SDK

    response = get(Away())

    assert response.status_code == 500
    assert b"10.0.0.1" not in response.get_body()
