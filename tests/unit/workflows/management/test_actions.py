"""POST /api/workflows/{instanceId}/…, DELETE, and the same to many: edges, audit, repeats."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import azure.functions as func
import pytest

from shared.chained_log import ChainedLogs
from shared.operations import acting, management_api
from shared.operations.audit import Audit
from shared.operations.idempotency import KeptAnswers
from tests.support.clients import MemoryClient, document
from tests.support.functions import always, handler_of
from tests.support.management import MemoryManagement, Status
from tests.support.memory_table import MemoryTable
from workflows.management import http_actions, http_batch, once

BECAUSE = {"reason": "asked to"}


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> MemoryManagement:
    management = MemoryManagement()
    answers, book = KeptAnswers(MemoryTable()), Audit(ChainedLogs(MemoryTable()))
    monkeypatch.setattr(management_api, "of", always(management))
    monkeypatch.setattr(once, "kept_answers", lambda: answers)
    monkeypatch.setattr(http_batch, "cursor_key", lambda: b"k" * 32)
    for module in (acting, http_actions):
        monkeypatch.setattr(module, "audit", lambda: book)
    management.add("order-1")
    return management


def send(
    function: Any,
    body: object = None,
    *,
    instance_id: str = "order-1",
    key: str = "",
    name: str = "",
    method: str = "POST",
) -> func.HttpResponse:
    content = body if isinstance(body, bytes) else json.dumps(body or BECAUSE).encode()
    headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
    request = func.HttpRequest(
        method=method,
        url=f"http://localhost/api/workflows/{instance_id}/x",
        headers=headers,
        route_params={"instanceId": instance_id, "name": name},
        body=content,
    )
    client = MemoryClient()
    client.put("order-1", name="order_processing_orchestrator")
    response: func.HttpResponse = asyncio.run(handler_of(function)(request, client=client))
    return response


def audit(instance_id: str = "order-1") -> list[Mapping[str, Any]]:
    request = func.HttpRequest(
        method="GET", url="http://localhost/", route_params={"instanceId": instance_id}, body=b""
    )
    handler = http_actions.show_audit.build().get_user_function()
    items: list[Mapping[str, Any]] = document(asyncio.run(handler(request)))["items"]
    return items


def problem(response: func.HttpResponse) -> tuple[int, str]:
    assert response.mimetype == "application/problem+json"
    return response.status_code, document(response)["type"].rpartition(":")[2]


@pytest.mark.usefixtures("runtime")
def test_an_action_is_accepted_and_says_what_it_reached() -> None:
    response = send(http_actions.terminate_workflow)

    assert response.status_code == 202
    assert response.headers["Location"] == "/api/workflows/order-1"
    assert document(response) == {
        "instanceId": "order-1",
        "action": "terminate",
        "affected": [{"instanceId": "order-1", "result": "done"}],
        "links": {
            "self": "/api/workflows/order-1",
            "audit": "/api/workflows/order-1/audit",
        },
    }


@pytest.mark.usefixtures("runtime")
def test_the_same_again_is_no_error_and_no_second_act() -> None:
    send(http_actions.terminate_workflow)

    again = send(http_actions.terminate_workflow)

    assert again.status_code == 200
    assert document(again)["affected"] == [{"instanceId": "order-1", "result": "already"}]
    assert len(audit()) == 1


@pytest.mark.usefixtures("runtime")
def test_the_audit_says_who_did_what_and_why() -> None:
    send(http_actions.suspend_workflow, {"reason": "the shop is closed", "cascade": False})
    send(http_actions.resume_workflow)

    shown = [
        (item["action"], item["actor"], item["proof"], item["reason"], item["result"])
        for item in audit()
    ]

    assert shown == [
        ("resume", "function_key", "function_key", "asked to", "done"),
        ("suspend", "function_key", "function_key", "the shop is closed", "done"),
    ]


def test_what_cannot_be_done_is_a_conflict_with_its_reason(runtime: MemoryManagement) -> None:
    runtime.add("order-1", orchestrator="delivery_tracking_orchestrator")
    assert problem(send(http_actions.cancel_workflow)) == (409, "not-cancellable")
    assert problem(send(http_actions.rewind_workflow)) == (409, "not-failed")
    assert problem(send(http_actions.restart_workflow)) == (409, "not-restartable")
    assert problem(send(http_actions.purge_workflow, method="DELETE")) == (409, "not-ended")
    runtime.add("order-1", runtime_status=Status.Completed)
    assert problem(send(http_actions.terminate_workflow)) == (409, "not-active")
    assert problem(send(http_actions.suspend_workflow, instance_id="x")) == (
        404,
        "instance-unknown",
    )
    assert not runtime.told
    assert audit() == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": ""}, "/reason"),
        ({"reason": "x" * 301}, "/reason"),
        ({"reason": "two\nlines"}, "/reason"),
        ({"reason": "4111 1111 1111 1111"}, "/reason"),
        ({"reason": "x", "force": True}, "/force"),
        ({"reason": "x", "cascade": "no"}, "/cascade"),
        ({"cascade": True}, "/reason"),
    ],
)
def test_a_wrong_body_is_refused_by_name(
    runtime: MemoryManagement, body: object, pointer: str
) -> None:
    response = send(http_actions.terminate_workflow, body)

    assert response.status_code == 400
    assert [each["pointer"] for each in document(response)["errors"]] == [pointer]
    assert runtime.calls == 0


def test_no_body_is_a_problem_and_never_a_500(runtime: MemoryManagement) -> None:
    assert send(http_actions.terminate_workflow, b"").status_code == 400
    assert send(http_actions.purge_workflow, b"[]", method="DELETE").status_code == 400
    assert runtime.calls == 0


def test_purging_says_how_many_are_gone_and_the_audit_stays(runtime: MemoryManagement) -> None:
    runtime.add("order-1", runtime_status=Status.Completed)
    runtime.add(
        "tracking-1",
        runtime_status=Status.Completed,
        orchestrator="delivery_tracking_orchestrator",
    )

    response = send(http_actions.purge_workflow, method="DELETE")

    assert response.status_code == 200
    assert document(response)["purged"] == 2
    assert runtime.instances == {}
    assert [item["action"] for item in audit()] == ["purge"]


def test_a_restart_says_where_the_new_one_is(runtime: MemoryManagement) -> None:
    runtime.add(
        "order-1",
        runtime_status=Status.Completed,
        orchestrator="batch_processing_export_increment",
    )

    response = send(http_actions.restart_workflow)

    assert response.headers["Location"] == "/api/workflows/again-1"
    assert document(response)["affected"] == [
        {"instanceId": "order-1", "result": "done", "newInstanceId": "again-1"}
    ]


def test_events_are_those_of_the_type_and_carry_what_it_says(runtime: MemoryManagement) -> None:
    raised = send(http_actions.raise_event, name="attention:1")
    unknown = send(http_actions.raise_event, name="cancel")
    escape = send(http_actions.raise_event, name="e/../../id2/terminate?reason=pwn&z=")
    loaded = send(
        http_actions.raise_event, {"reason": "x", "data": {"decision": 1}}, name="attention:1"
    )

    assert raised.status_code == 202
    assert runtime.raised == [("order-1", "attention:1", {})]
    assert problem(unknown) == problem(escape) == (404, "event-unknown")
    assert document(loaded)["errors"][0]["pointer"] == "/data/decision"


def test_a_key_gives_the_same_request_the_same_answer(runtime: MemoryManagement) -> None:
    runtime.add(
        "order-1",
        runtime_status=Status.Completed,
        orchestrator="batch_processing_export_increment",
    )

    first = send(http_actions.restart_workflow, key="k-1")
    second = send(http_actions.restart_workflow, key="k-1")
    other = send(http_actions.restart_workflow, {"reason": "another"}, key="k-1")

    assert document(second) == document(first)
    assert second.status_code == first.status_code == 202
    assert len(runtime.told) == 1
    assert problem(other) == (409, "conflicting-request")


def test_a_key_of_a_refused_request_can_be_used_again(runtime: MemoryManagement) -> None:
    assert send(http_actions.rewind_workflow, key="k-1").status_code == 409
    runtime.add("order-1", runtime_status=Status.Failed)

    assert send(http_actions.rewind_workflow, key="k-1").status_code == 202


@pytest.mark.usefixtures("runtime")
def test_a_malformed_key_is_refused_by_name() -> None:
    response = send(http_actions.terminate_workflow, key="a key")

    assert document(response)["errors"][0]["pointer"] == "Idempotency-Key"


def batch(**body: object) -> func.HttpResponse:
    return send(http_batch.change_workflows, {**BECAUSE, "action": "terminate", **body})


def test_many_are_rehearsed_unless_it_is_said_that_they_are_meant(
    runtime: MemoryManagement,
) -> None:
    runtime.add("order-2", runtime_status=Status.Completed)

    dry = document(batch(filter={"type": "order"}))
    told = list(runtime.told)
    done = document(batch(filter={"type": "order"}, dryRun=False))

    assert dry == {
        "dryRun": True,
        "matched": 2,
        "items": [
            {"instanceId": "order-1", "result": "would_be_done"},
            {"instanceId": "order-2", "result": "not_active"},
        ],
        "nextCursor": None,
    }
    assert told == []
    assert [item["result"] for item in done["items"]] == ["done", "not_active"]
    assert [item["action"] for item in audit()] == ["terminate"]


def test_a_batch_goes_on_with_its_cursor_and_with_no_other(runtime: MemoryManagement) -> None:
    for number in range(2, 8):
        runtime.add(f"order-{number}")

    first = document(batch(filter={"type": "order"}, limit=4))
    second = document(batch(filter={"type": "order"}, limit=4, cursor=first["nextCursor"]))
    other = batch(filter={"type": "order"}, limit=4, cursor=first["nextCursor"], action="suspend")

    assert [item["instanceId"] for item in second["items"]] == ["order-5", "order-6", "order-7"]
    assert document(other)["errors"][0]["pointer"] == "/cursor"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"filter": {}}, "/filter"),
        ({"filter": {"children": True}}, "/filter"),
        ({"filter": {"status": "cancelled"}}, "/filter/status"),
        ({"filter": {"createdFrom": "yesterday"}}, "/filter/createdFrom"),
        ({"filter": {"colour": "red"}}, "/filter/colour"),
        ({"filter": {"type": "order"}, "action": "restart"}, "/action"),
        ({"filter": {"type": "order"}, "limit": 1001}, "/limit"),
        ({"filter": {"type": "order"}, "cursor": "x"}, "/cursor"),
        ({"filter": {"type": "order"}, "dryRun": "false"}, "/dryRun"),
    ],
)
def test_a_wrong_batch_is_refused_by_name(
    runtime: MemoryManagement, body: dict[str, object], pointer: str
) -> None:
    response = batch(**body)

    assert response.status_code == 400
    assert [each["pointer"] for each in document(response)["errors"]] == [pointer]
    assert not runtime.told
