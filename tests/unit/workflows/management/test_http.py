"""GET /api/workflows/{instanceId}: what is shown, and what never is."""

import asyncio
from typing import Any

import azure.functions as func
import pytest

from tests.support.clients import MemoryClient, document
from tests.support.functions import handler_of
from workflows.management import http

HANDLER = handler_of(http.get_workflow)
TRACE = "0af7651916cd43dd8448eb211c80319c"


def get(
    client: MemoryClient, instance_id: str = "order-A1", known: str = "", **params: str
) -> func.HttpResponse:
    request = func.HttpRequest(
        method="GET",
        url=f"http://evil.example/api/workflows/{instance_id}",
        headers={"If-None-Match": known} if known else {},
        route_params={"instanceId": instance_id},
        params=params,
        body=b"",
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
        "type": "other",
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
            "explain": "/api/workflows/order-A1/explain",
            "audit": "/api/workflows/order-A1/audit",
            "terminate": "/api/workflows/order-A1/terminate",
            "suspend": "/api/workflows/order-A1/suspend",
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


def test_of_a_long_history_the_newest_events_are_shown_and_it_says_so() -> None:
    client = a_client(historyEvents=[{"EventType": "TimerFired", "No": no} for no in range(500)])

    usual = document(get(client, include="history"))
    few = document(get(client, include="history", limit="2"))
    all_ = document(get(client, include="history", limit="1000"))

    assert (len(usual["historyEvents"]), usual["historyTruncated"]) == (200, True)
    assert [event["No"] for event in few["historyEvents"]] == [498, 499]
    assert (len(all_["historyEvents"]), all_["historyTruncated"]) == (500, False)


def test_what_is_private_is_hidden_from_statuses_outputs_and_histories() -> None:
    mail, token = "jane@example.com", "tok_5c1"
    client = a_client(
        runtimeStatus="Completed",
        customStatus={"note": f"wrote to {mail}"},
        output={"status": "done", "paymentToken": token},
        historyEvents=[
            {"EventType": "ExecutionStarted", "Input": "the raw input"},
            {"EventType": "TaskCompleted", "Result": {"email": mail}, "Input": {"token": token}},
        ],
    )

    body = get(client, include="history").get_body().decode()

    assert mail not in body
    assert token not in body
    assert "raw input" not in body
    assert document(get(client))["businessStatus"] == "done"


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"include": "input"}, "?include"),
        ({"incldue": "history"}, "?incldue"),
        ({"wait": "31"}, "?wait"),
        ({"wait": "-1"}, "?wait"),
        ({"wait": "1.5"}, "?wait"),
        ({"limit": "0"}, "?limit"),
        ({"limit": "\u0661"}, "?limit"),
    ],
)
def test_nothing_else_can_be_asked_for(params: dict[str, str], pointer: str) -> None:
    response = get(a_client(), **params)

    assert response.status_code == 400
    assert document(response)["errors"][0]["pointer"] == pointer


def test_a_document_that_the_client_has_is_not_sent_again() -> None:
    client = a_client()
    etag = get(client).headers["ETag"]

    again = get(client, known=f'"other", W/{etag}')
    client.put("order-A1", customStatus={"status": "paid"})
    changed = get(client, known=etag)

    assert (again.status_code, again.get_body()) == (304, b"")
    assert again.headers["ETag"] == etag
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_whoever_waits_is_answered_when_something_changes() -> None:
    client = a_client()
    etag = get(client).headers["ETag"]
    looks = iter(["reserving_stock", "paid"])

    class Moving(MemoryClient):
        async def get_status(self, instance_id: str, **options: bool) -> Any:
            if status := next(looks, None):
                client.put("order-A1", customStatus={"status": status})
            return await client.get_status(instance_id, **options)

    client.put("order-A1", customStatus={"status": "reserving_stock"})
    etag = get(client).headers["ETag"]

    response = get(Moving(), known=etag, wait="30")

    assert document(response)["businessStatus"] == "paid"


def test_who_knows_nothing_waits_for_the_next_change() -> None:
    client = a_client()
    asked = 0

    class Ending(MemoryClient):
        async def get_status(self, instance_id: str, **options: bool) -> Any:
            nonlocal asked
            asked += 1
            if asked == 2:
                client.put("order-A1", runtimeStatus="Completed", output={"status": "done"})
            return await client.get_status(instance_id, **options)

    assert document(get(Ending(), wait="30"))["runtimeStatus"] == "Completed"


def test_a_wait_ends_at_once_where_nothing_will_change_or_something_has() -> None:
    ended = a_client(runtimeStatus="Completed", output={"status": "done"})
    etag = get(ended).headers["ETag"]

    assert get(ended, wait="30").status_code == 200
    assert get(ended, known=etag, wait="30").status_code == 304
    assert get(a_client(), known='"old"', wait="30").status_code == 200


def test_a_wait_in_which_nothing_happens_ends_with_nothing_new() -> None:
    client = a_client()
    etag = get(client).headers["ETag"]

    assert get(client, known=etag, wait="1").status_code == 304


def test_links_offer_what_can_be_done_now() -> None:
    def offered(**instance: Any) -> set[str]:
        links = document(get(a_client(**instance)))["links"]
        return set(links) - {"self", "history", "explain", "audit"}

    assert offered(name="saga_orchestrator") == {"cancel", "terminate", "suspend"}
    assert offered(runtimeStatus="Suspended") == {"terminate", "resume"}
    assert offered(runtimeStatus="Failed") == {"rewind"}
    assert offered(runtimeStatus="Completed") == set()
    assert offered(runtimeStatus="Completed", name="batch_processing_export_increment") == {
        "restart"
    }


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

    assert response.status_code == 503
    assert b"10.0.0.1" not in response.get_body()
