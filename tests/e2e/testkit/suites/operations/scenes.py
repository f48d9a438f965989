"""Whoever is on call, and the whole application: lists, acts, reads what was done.

Run by test_testkit in a process of its own; all tests here share one set of books.
"""

import logging
import os
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest

from funchost.testing import BlockingHost
from funchost.testing.requests import HttpResult
from scripts.layout import ROOT
from shared.settings.storage import STORAGE_SETTING
from tests.support.approvals import REQUESTER, a_request
from tests.support.books import Books
from tests.support.orders import order
from workflows.saga import names

OPERATOR = "operator@example.com"
ROLES = {"X-Dev-Principal": OPERATOR, "X-Dev-Roles": "workflow.operator"}
# What opens the runtime to whoever has it.
KEYS_TO_EVERYTHING = ("/runtime/webhooks", "code=", "durabletask_extension")


@pytest.fixture(scope="session")
def books() -> Books:
    return Books(os.environ[STORAGE_SETTING], stock={"notebook": 1000})


@pytest.fixture
def host(books: Books) -> Generator[BlockingHost]:
    # A parcel stays with the sender for days, so that its order goes on running.
    settings = {
        "APP_DATA_PREFIX": books.prefix,
        "APP_IDENTITY": "development",
        "SANDBOX_TRANSIT_S": "864000",
    }
    with BlockingHost.open(ROOT, settings=settings) as host:
        yield host


class Desk:
    """An operator, and every answer that they have seen."""

    def __init__(self, host: BlockingHost) -> None:
        self._host = host
        self.seen: list[HttpResult] = []

    def get(self, path: str, **headers: str) -> HttpResult:
        return self._noted(
            self._host.call_http("GET", f"/api/{path}", headers={**ROLES, **headers})
        )

    def post(self, path: str, body: object = None, **headers: str) -> HttpResult:
        sent = {"reason": "on call"} if body is None else body
        return self._noted(
            self._host.call_http("POST", f"/api/{path}", json=sent, headers={**ROLES, **headers})
        )

    def purge(self, instance_id: str) -> HttpResult:
        path = f"/api/workflows/{instance_id}"
        body = {"reason": "cleared up"}
        return self._noted(self._host.call_http("DELETE", path, json=body, headers=ROLES))

    def audit(self, instance_id: str) -> list[tuple[str, str, str]]:
        items = self.get(f"workflows/{instance_id}/audit").json()["items"]
        assert all(item["actor"] == OPERATOR for item in items)
        return [(item["action"], item["reason"], item["result"]) for item in items]

    def listed(self, query: str) -> list[str]:
        items = self.get(f"workflows?{query}").json()["items"]
        return [item["instanceId"] for item in items]

    def _noted(self, answer: HttpResult) -> HttpResult:
        self.seen.append(answer)
        return answer


@pytest.fixture
def desk(host: BlockingHost) -> Desk:
    return Desk(host)


def shipped(host: BlockingHost, order_id: str) -> str:
    """Let an order come to where its parcel is followed, and return its instance id."""
    answer = host.call_http("POST", "/api/orders", json=order(order_id))
    host.advance(timedelta(minutes=1))
    instance_id: str = answer.json()["instanceId"]
    assert host.status(instance_id).custom_status["status"] == "shipped"
    return instance_id


def saga(host: BlockingHost, order_id: str) -> str:
    body: dict[str, Any] = order(order_id) | {"items": [{"sku": "notebook", "quantity": 1}]}
    kept = ("customer", "items", "currency", "payment")
    whole: dict[str, Any] = body["shippingAddress"]
    address = {name: value for name, value in whole.items() if name != "name"}
    sent: dict[str, Any] = {name: body[name] for name in kept} | {"shippingAddress": address}
    answer = host.call_http("POST", f"/api/saga/order/{order_id}", json=sent)
    assert answer.status == 202, answer.text
    instance_id: str = answer.json()["instanceId"]
    return instance_id


def test_an_order_is_suspended_and_terminated_with_its_delivery_and_purged_with_it(
    host: BlockingHost, desk: Desk
) -> None:
    instance_id = shipped(host, "T1")
    both = [
        {"instanceId": "order-T1", "result": "done"},
        {"instanceId": "tracking-T1", "result": "done"},
    ]

    suspended = desk.post(f"workflows/{instance_id}/suspend")
    host.at_rest()
    paused = {name: host.status(name).runtime_status for name in ("order-T1", "tracking-T1")}
    resumed = desk.post(f"workflows/{instance_id}/resume")
    host.at_rest()
    too_early = desk.purge(instance_id)
    terminated = desk.post(f"workflows/{instance_id}/terminate")
    host.at_rest()
    again = desk.post(f"workflows/{instance_id}/terminate")
    purged = desk.purge(instance_id)

    assert suspended.json()["affected"] == resumed.json()["affected"] == both
    assert set(paused.values()) == {"Suspended"}
    assert (too_early.status, terminated.status, again.status) == (409, 202, 200)
    assert terminated.json()["affected"] == both
    assert purged.json()["purged"] == 2
    assert desk.get(f"workflows/{instance_id}").status == 404
    assert desk.audit("tracking-T1") == [
        ("purge", "cleared up", "done"),
        ("terminate", "on call", "done"),
        ("resume", "on call", "done"),
        ("suspend", "on call", "done"),
    ]


def test_a_cancelled_saga_leaves_nothing_behind(host: BlockingHost, desk: Desk) -> None:
    host.faults.slow(names.BOOK_SHIPMENT, timedelta(minutes=5), times=1)
    instance_id = saga(host, "T2")
    host.advance(timedelta(minutes=1))
    links = desk.get(f"workflows/{instance_id}").json()["links"]

    first = desk.post(links["cancel"].removeprefix("/api/"), **{"Idempotency-Key": "c-T2"})
    second = desk.post(links["cancel"].removeprefix("/api/"), **{"Idempotency-Key": "c-T2"})
    output = host.until_done(instance_id).output
    late = desk.post(f"workflows/{instance_id}/cancel")

    assert (first.status, second.status, late.status) == (202, 202, 409)
    assert first.json() == second.json()
    assert (output["status"], output["reason"]) == ("compensated", "cancelled")
    assert desk.audit(instance_id) == [("cancel", "on call", "done")]


def test_an_approval_is_withdrawn_by_an_operator(host: BlockingHost, desk: Desk) -> None:
    body = a_request(request_id="T3")
    host.call_http("POST", "/api/approvals", json=body, headers={"X-Dev-Principal": REQUESTER})
    host.at_rest()

    assert desk.post("workflows/approval-T3/cancel").status == 202
    assert host.until_done("approval-T3").output["status"] == "withdrawn"


def test_an_export_is_started_again_once_for_each_key(host: BlockingHost, desk: Desk) -> None:
    export = host.start("batch_processing_export_increment", {"pipeline": "orders"})
    host.until_done(export)

    answer = desk.post(f"workflows/{export}/restart", **{"Idempotency-Key": "r-1"})
    again = desk.post(f"workflows/{export}/restart", **{"Idempotency-Key": "r-1"})
    restarted = answer.json()["affected"][0]["newInstanceId"]

    assert answer.status == 202
    assert again.json() == answer.json()
    assert restarted != export
    assert host.until_done(restarted).runtime_status == host.status(export).runtime_status


def test_lists_select_and_lead_on(host: BlockingHost, desk: Desk) -> None:
    for number in range(5):
        shipped(host, f"L{number}")

    newest = desk.get("workflows?type=order&limit=2").json()
    rest = desk.get(f"workflows?type=order&limit=100&cursor={newest['nextCursor']}").json()

    assert [item["instanceId"] for item in (*newest["items"], *rest["items"])] == [
        f"order-L{number}" for number in (4, 3, 2, 1, 0)
    ]
    assert rest["nextCursor"] is None
    assert desk.listed("outcome=shipped&sort=createdAt&limit=1") == ["order-L0"]
    assert desk.listed("status=Running&idPrefix=order-L3") == ["order-L3"]
    assert len(desk.listed("type=delivery")) == 5
    assert desk.listed("status=Failed") == []


def test_many_are_terminated_after_a_rehearsal(host: BlockingHost, desk: Desk) -> None:
    for number in range(3):
        shipped(host, f"M{number}")
    wanted = {"action": "terminate", "reason": "a test run", "filter": {"idPrefix": "order-M"}}

    dry = desk.post("workflows/actions", wanted).json()
    done = desk.post("workflows/actions", {**wanted, "dryRun": False}).json()
    host.at_rest()

    assert {item["result"] for item in dry["items"]} == {"would_be_done"}
    assert {item["result"] for item in done["items"]} == {"done"}
    assert dry["matched"] == done["matched"] == 3
    assert host.status("tracking-M1").runtime_status == "Terminated"
    assert desk.audit("order-M1") == [("terminate", "a test run", "done")]


def test_no_answer_and_no_log_holds_the_keys_of_the_runtime(
    host: BlockingHost, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    instance_id = shipped(host, "K1")

    for path in ("", "?include=history", "/explain", "/audit"):
        assert desk.get(f"workflows/{instance_id}{path}").status == 200
    desk.get("workflows")
    for action in ("cancel", "suspend", "resume", "rewind", "restart", "events/x", "terminate"):
        desk.post(f"workflows/{instance_id}/{action}")
    desk.post("workflows/actions", {"action": "purge", "reason": "x", "filter": {"type": "order"}})
    desk.purge("..%2f..%2fadmin")

    said = [text for answer in desk.seen for text in (answer.text, str(answer.headers))]
    logged = [record.getMessage() for record in caplog.records]
    assert len(said) > 20
    for key in KEYS_TO_EVERYTHING:
        assert [text for text in (*said, *logged) if key in text] == []


def test_only_operators_act_and_readers_read(host: BlockingHost) -> None:
    def status(method: str, path: str, roles: str, body: Any = None) -> int:
        headers = {"X-Dev-Principal": "someone@example.com", "X-Dev-Roles": roles}
        return host.call_http(method, path, json=body, headers=headers).status

    act = "/api/workflows/order-X/terminate"

    assert status("POST", act, "", {"reason": "x"}) == 403
    assert status("POST", act, "workflow.reader", {"reason": "x"}) == 403
    assert status("POST", act, "workflow.operator", {"reason": "x"}) == 404
    assert status("GET", "/api/workflows", "") == 403
    assert status("GET", "/api/workflows", "workflow.reader") == 200
