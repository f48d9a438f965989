"""GET /api/workflows: what can be asked for, and what a page says."""

import asyncio
from datetime import timedelta
from typing import Any

import azure.functions as func
import pytest

from shared.clock import system_clock
from shared.operations import management_api
from shared.operations.types import TYPES
from tests.support.clients import MemoryClient, a_get, document
from tests.support.functions import always, handler_of
from tests.support.management import MemoryManagement, Status
from workflows.management import http_list

HANDLER = handler_of(http_list.list_workflows)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> MemoryManagement:
    management = MemoryManagement()
    monkeypatch.setattr(management_api, "of", always(management))
    monkeypatch.setattr(http_list, "cursor_key", lambda: b"k" * 32)
    for number in range(30):
        created = system_clock().now() - timedelta(minutes=number)
        management.add(f"order-{number:02}", created_at=created)
    return management


def ask(**params: str) -> func.HttpResponse:
    request = a_get("/api/workflows", route_params={}, params=params)
    response: func.HttpResponse = asyncio.run(HANDLER(request, client=MemoryClient()))
    return response


def refused(**params: str) -> list[str]:
    response = ask(**params)
    assert response.status_code == 400
    return [problem["pointer"] for problem in document(response)["errors"]]


@pytest.mark.usefixtures("runtime")
def test_a_page_is_the_newest_and_a_cursor_leads_to_the_rest() -> None:
    first = document(ask())
    second = document(ask(cursor=first["nextCursor"]))

    assert [item["instanceId"] for item in first["items"]] == [f"order-{no:02}" for no in range(25)]
    assert [item["instanceId"] for item in second["items"]] == [
        f"order-{no:02}" for no in range(25, 30)
    ]
    assert (second["nextCursor"], second["searchedBackTo"]) == (None, None)


def test_a_row_says_what_it_is_and_where_more_is(runtime: MemoryManagement) -> None:
    runtime.instances.clear()
    runtime.add("saga-order-1", orchestrator="saga_orchestrator", custom_status={"status": "going"})

    assert document(ask())["items"] == [
        {
            "instanceId": "saga-order-1",
            "workflow": "saga_orchestrator",
            "type": "saga",
            "runtimeStatus": "Running",
            "businessStatus": "going",
            "createdAt": "2030-01-01T11:00:00Z",
            "lastUpdatedAt": "2030-01-01T11:59:00Z",
            "links": {"self": "/api/workflows/saga-order-1"},
        }
    ]


def test_filters_select(runtime: MemoryManagement) -> None:
    runtime.add("order-03", runtime_status=Status.Failed)
    runtime.add("approval-1", orchestrator="approval_orchestrator", custom_status={"status": "x"})
    runtime.add("tracking-1", orchestrator="delivery_tracking_orchestrator")

    def found(**params: str) -> list[str]:
        return [item["instanceId"] for item in document(ask(**params))["items"]]

    assert found(status="Failed,Terminated") == ["order-03"]
    assert found(type="approval,saga") == ["approval-1"]
    assert found(outcome="x") == ["approval-1"]
    assert found(idPrefix="order-0", limit="2", sort="createdAt") == ["order-09", "order-08"]
    assert "tracking-1" not in found(limit="100")
    assert "tracking-1" in found(limit="100", children="true")


@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize(
    ("params", "pointers"),
    [
        ({"status": "cancelled"}, ["?status"]),
        ({"status": "Running,"}, ["?status"]),
        ({"type": "orders"}, ["?type"]),
        ({"outcome": "Not A Status"}, ["?outcome"]),
        ({"createdFrom": "garbage"}, ["?createdFrom"]),
        ({"createdFrom": "2030-01-01"}, ["?createdFrom"]),
        ({"createdFrom": "2030-01-01T00:00:00"}, ["?createdFrom"]),
        ({"createdFrom": "2030-02-30T00:00:00Z"}, ["?createdFrom"]),
        ({"createdFrom": "0001-01-01T00:00:00+23:59"}, ["?createdFrom"]),
        (
            {"createdFrom": "2030-01-02T00:00:00Z", "createdTo": "2030-01-01T00:00:00Z"},
            ["?createdTo"],
        ),
        ({"idPrefix": "x?taskHub=other"}, ["?idPrefix"]),
        ({"idPrefix": ""}, ["?idPrefix"]),
        ({"text": "\x00"}, ["?text"]),
        ({"text": "x" * 101}, ["?text"]),
        ({"children": "yes"}, ["?children"]),
        ({"sort": "name"}, ["?sort"]),
        ({"limit": "1000000000"}, ["?limit"]),
        ({"limit": "NaN"}, ["?limit"]),
        ({"limit": "0"}, ["?limit"]),
        ({"pageSize": "5"}, ["?pageSize"]),
        ({"a\r\nb": "5"}, ["?*"]),
        ({"cursor": "e30.e30"}, ["?cursor"]),
        ({"status": "no", "sort": "no"}, ["?status", "?sort"]),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    params: dict[str, str], pointers: list[str]
) -> None:
    assert refused(**params) == pointers


@pytest.mark.usefixtures("runtime")
def test_a_cursor_is_of_one_list_and_nobody_changes_it() -> None:
    cursor = document(ask())["nextCursor"]

    assert refused(cursor=cursor, sort="createdAt") == ["?cursor"]
    assert refused(cursor=cursor, status="Running") == ["?cursor"]
    assert refused(cursor=cursor[:-3] + "AAA") == ["?cursor"]


@pytest.mark.usefixtures("runtime")
def test_a_function_key_in_the_query_is_no_filter() -> None:
    assert ask(code="the-key").status_code == 200


def test_entities_are_of_no_type() -> None:
    assert all(not name.startswith("@") for type_ in TYPES for name in type_.orchestrators)


def test_what_a_runtime_that_is_away_says_stays_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away(MemoryManagement):
        async def page(self, *_args: Any, **_kwargs: Any) -> Any:
            raise ConnectionError("http://127.0.0.1:7071/runtime/webhooks/durabletask?code=KEY")

    monkeypatch.setattr(management_api, "of", always(Away()))
    monkeypatch.setattr(http_list, "cursor_key", lambda: b"k" * 32)

    response = ask()

    assert response.status_code == 500
    assert b"KEY" not in response.get_body()
