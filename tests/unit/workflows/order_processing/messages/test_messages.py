"""Orders as messages: which are placed, which are kept and why, which come again, and the retry."""

import asyncio
import base64
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import azure.functions as func
import pytest
from hypothesis import given, settings, strategies as st

from scripts.layout import ROOT
from shared import access
from shared.chained_log import ChainedLogs
from shared.errors import StorageUnavailableError
from shared.operations import acting
from shared.operations.audit import Audit
from shared.settings import Settings, queue
from shared.stored_requests import StoredRequests
from tests.support.builders import an_order_request
from tests.support.clients import JSON, MemoryClient, a_get, document
from tests.support.functions import activity_of, handler_of
from tests.support.memory_table import MemoryTable
from tests.support.outside import MemoryRows
from tests.support.playing import T0
from workflows.order_processing import placing
from workflows.order_processing.messages import http, intake
from workflows.order_processing.messages.refused import KEPT_FOR, RefusedMessages

TAKE = handler_of(intake.take_message)
KEEP_POISON = activity_of(intake.keep_poison)
FORGET = activity_of(intake.forget_messages)
LIST = activity_of(http.list_refused_messages)
RETRY = handler_of(http.retry_refused_message)
CARD = "4111 1111 1111 1111"


@dataclass
class Desk:
    """The queue's functions with their storage and runtime."""

    client: MemoryClient = field(default_factory=MemoryClient)
    requests: MemoryRows = field(default_factory=MemoryRows)
    table: MemoryTable = field(default_factory=MemoryTable)
    book: Audit = field(default_factory=lambda: Audit(ChainedLogs(MemoryTable())))
    seconds: float = 0

    def now(self) -> Any:
        self.seconds += 0.5
        return T0 + timedelta(seconds=self.seconds)

    def take(self, body: Any, *, message_id: str = "m1") -> None:
        asyncio.run(TAKE(a_message(body, message_id=message_id), client=self.client))

    def refused(self) -> list[Any]:
        listed = asyncio.run(LIST(a_get("/api/orders/messages/refused", route_params={})))
        assert listed.status_code == 200
        items: list[Any] = document(listed)["items"]
        return items

    def retry(self, message_id: str) -> func.HttpResponse:
        asked = func.HttpRequest(
            method="POST",
            url="http://x/",
            headers=JSON,
            route_params={"messageId": message_id},
            body=b'{"reason": "storage is back"}',
        )
        response: func.HttpResponse = asyncio.run(RETRY(asked, client=self.client))
        return response

    def away(self) -> Any:
        raise StorageUnavailableError("table orders did not answer")


def a_message(
    body: Any, *, message_id: str = "m1", inserted: datetime | None = T0
) -> func.QueueMessage:
    """Return a message as the worker hands it over; what is no bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    class Message(func.QueueMessage):
        @property
        def insertion_time(self) -> datetime | None:
            return inserted

    return Message(id=message_id, body=content)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return opened_desk(monkeypatch)


def opened_desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    settings = Settings.from_environment({"AzureWebJobsStorage": "UseDevelopmentStorage=true"})
    monkeypatch.setattr(placing, "kept_requests", lambda: StoredRequests(desk.requests))
    monkeypatch.setattr(http, "audit", lambda: desk.book)
    for module in (placing, access, acting):
        monkeypatch.setattr(module, "current_settings", lambda: settings)
    for module in (placing, intake, http):
        monkeypatch.setattr(module, "system_clock", lambda: desk)
    for entrance in (intake, http):
        monkeypatch.setattr(entrance, "refused_messages", lambda: RefusedMessages(desk.table))
    return desk


@pytest.mark.parametrize("written", [bytes, base64.b64encode], ids=["as text", "in Base64"])
def test_a_message_becomes_the_order_that_a_request_would_be(
    desk: Desk, written: Callable[[bytes], bytes]
) -> None:
    desk.take(written(json.dumps(an_order_request()).encode()))

    [(_, instance_id, client_input)] = desk.client.started
    assert instance_id == "order-A1"
    assert client_input["items"] == [{"sku": "desk-lamp", "quantity": 2, "unitPriceMinor": 4990}]
    assert StoredRequests(desk.requests).load("A1").body == an_order_request()
    assert desk.refused() == []


def test_a_message_that_comes_twice_is_one_order(desk: Desk) -> None:
    for message_id in ("m1", "m1", "m2"):
        desk.take(an_order_request(), message_id=message_id)

    assert len(desk.client.started) == 1
    assert desk.refused() == []


@pytest.mark.parametrize(
    ("body", "reason", "pointers"),
    [
        (b"", "malformed_json", []),
        (b"hello", "malformed_json", []),
        (b"\xff\xfe", "malformed_json", []),
        (base64.b64encode(b"\xff\xfe{"), "malformed_json", []),
        (b'{"orderId": "A1", "orderId": "A2"}', "malformed_json", []),
        (b'{"a": "' + b"x" * 65_536 + b'"}', "body_too_large", []),
        (
            {**an_order_request(), "currency": "ABC", "isAdmin": True},
            "invalid_request",
            ["/currency", "/isAdmin"],
        ),
    ],
)
def test_what_is_no_order_is_kept_with_a_problem_that_names_the_field(
    desk: Desk, body: Any, reason: str, pointers: list[str]
) -> None:
    desk.take(body)

    [item] = desk.refused()
    assert item["reason"] == reason
    assert item["problem"]["instance"] == "/api/orders/messages/refused/20300101T120000-m1"
    assert [wrong["pointer"] for wrong in item["problem"].get("errors", [])] == pointers
    assert desk.client.started == []


@settings(max_examples=30)
@given(
    st.binary(max_size=100)
    | st.text(max_size=100).map(str.encode)
    | st.text(max_size=100).map(lambda text: json.dumps({"orderId": text, text: [text]}).encode())
)
def test_whatever_a_message_says_it_is_kept_and_does_not_come_back(body: bytes) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        desk = opened_desk(monkeypatch)

        desk.take(body)

        [item] = desk.refused()
        assert item["reason"] in {"malformed_json", "invalid_request"}


def test_a_message_that_contradicts_an_order_or_comes_after_its_end_is_kept(desk: Desk) -> None:
    desk.take(an_order_request())
    desk.take(an_order_request(service="express"), message_id="m2")
    desk.client.instances.clear()
    desk.take(an_order_request(), message_id="m3")

    assert [(item["messageId"], item["reason"]) for item in desk.refused()] == [
        ("m2", "conflicting_request"),
        ("m3", "instance_purged"),
    ]
    assert len(desk.client.started) == 1


def test_a_message_without_a_zone_or_time_of_its_own_is_kept_all_the_same(desk: Desk) -> None:
    for message_id, inserted in (("m1", T0.replace(tzinfo=None)), ("m2", None)):
        message = a_message(b"hello", message_id=message_id, inserted=inserted)
        asyncio.run(TAKE(message, client=desk.client))

    assert [item["messageId"] for item in desk.refused()] == ["m1", "m2"]


def test_the_same_refusal_again_is_kept_once(desk: Desk) -> None:
    desk.take(b"hello")
    desk.take(b"hello")

    assert len(desk.refused()) == 1


def test_what_may_heal_is_raised_so_that_the_host_brings_the_message_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as storage:
        storage.setattr(placing, "kept_requests", desk.away)
        with pytest.raises(StorageUnavailableError):
            desk.take(an_order_request())
    desk.client.unreachable = True
    with pytest.raises(Exception, match="the runtime did not start it"):
        desk.take(an_order_request())
    desk.client.unreachable = False
    desk.take(an_order_request())

    assert desk.refused() == []
    assert len(desk.client.started) == 1


def test_a_refusal_that_cannot_be_kept_is_not_forgotten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "refused_messages", desk.away)

    with pytest.raises(StorageUnavailableError):
        desk.take(b"hello")


def test_poison_is_kept_whole_and_can_be_placed_later(desk: Desk) -> None:
    asyncio.run(KEEP_POISON(a_message(an_order_request(), message_id="p1")))
    [item] = desk.refused()
    assert item["reason"] == "could_not_be_processed"

    response = desk.retry(item["id"])

    assert response.status_code == 202
    assert document(response)["instanceId"] == "order-A1"
    assert desk.refused() == []
    [act], is_whole = desk.book.of("order-A1")
    assert (act.action, act.actor, act.reason, act.result, is_whole) == (
        *("retry_message", "function_key", "storage is back", "done"),
        True,
    )
    assert desk.retry(item["id"]).status_code == 404
    assert len(desk.client.started) == 1


def test_a_retry_that_is_refused_says_why_and_keeps_the_message(desk: Desk) -> None:
    desk.take(an_order_request())
    asyncio.run(KEEP_POISON(a_message(an_order_request(service="express"))))
    [poison] = desk.refused()

    response = desk.retry(poison["id"])

    assert response.status_code == 409
    assert document(response)["type"].endswith("conflicting-request")
    [item] = desk.refused()
    assert (item["id"], item["reason"]) == (poison["id"], "conflicting_request")
    assert [act.result for act in desk.book.of("order-A1")[0]] == ["conflicting_request"]
    assert item["refusedAt"] > poison["refusedAt"]


def test_a_retry_while_storage_is_away_changes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(KEEP_POISON(a_message(an_order_request())))
    before = desk.refused()
    monkeypatch.setattr(placing, "kept_requests", desk.away)

    assert desk.retry(before[0]["id"]).status_code == 503
    assert desk.refused() == before
    assert [act.result for act in desk.book.of("order-A1")[0]] == ["storage_unavailable"]


def test_a_card_number_is_kept_nowhere_and_such_a_message_is_not_retried(desk: Desk) -> None:
    body = an_order_request()
    body["payment"]["token"] = CARD
    escaped = json.dumps(body).replace(CARD, "".join(f"\\u{ord(c):04x}" for c in CARD))
    desk.take(body)
    desk.take(escaped.encode(), message_id="m2")

    first, second = desk.refused()
    assert (first["isWhole"], first["links"], second["isWhole"]) == (False, {}, False)
    assert "4111" not in repr(desk.table.held)
    assert "\\u0034\\u0031" not in repr(desk.table.held).replace("\\\\", "\\")
    for item in (first, second):
        response = desk.retry(item["id"])
        assert response.status_code == 409
        assert document(response)["type"].endswith("message-incomplete")


def test_an_order_is_kept_whole_whatever_its_id_looks_like(desk: Desk) -> None:
    body = an_order_request(order_id=CARD.replace(" ", ""))
    asyncio.run(KEEP_POISON(a_message(body)))

    [item] = desk.refused()
    assert item["isWhole"]
    assert desk.retry(item["id"]).status_code == 202


def test_nobody_is_told_what_a_message_says(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    body = an_order_request()
    body["isAdmin"] = "canary"
    with caplog.at_level(logging.DEBUG):
        desk.take(body)
        told = json.dumps(desk.refused()) + caplog.text

    assert "message m1 is refused: urn:workflow-functions:problem:invalid-request" in caplog.text
    for private in ("canary", "@example.com", body["payment"]["token"], "Street"):
        assert private not in told


def test_the_alert_asks_for_the_line_that_is_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    query = (ROOT / "infra" / "queries" / "refused_messages.kql").read_text("utf-8")
    desk.take(b"hello")

    parts = re.findall(r'parse message with "(.+)" messageId "(.+)" problem', query)
    assert "{}m1{}malformed-json".format(*parts[0]) in caplog.text


def test_messages_are_listed_as_they_came_and_forgotten_after_their_time(desk: Desk) -> None:
    for number in range(102):
        desk.take(b"hello", message_id=f"m{number:03}")

    listed = asyncio.run(LIST(a_get("/api/orders/messages/refused", route_params={})))
    assert [item["messageId"] for item in document(listed)["items"]] == [
        f"m{number:03}" for number in range(100)
    ]
    after = "20300101T120000-m099"
    assert document(listed)["links"] == {"next": f"/api/orders/messages/refused?after={after}"}
    more = asyncio.run(
        LIST(a_get("/api/orders/messages/refused", route_params={}, params={"after": after}))
    )
    assert [item["messageId"] for item in document(more)["items"]] == ["m100", "m101"]
    assert document(more)["links"] == {}

    desk.seconds = KEPT_FOR.total_seconds() - 1
    asyncio.run(FORGET(None))
    assert len(desk.table.held) == 102
    desk.seconds = KEPT_FOR.total_seconds() + 1
    asyncio.run(FORGET(None))
    assert desk.table.held == {}


@pytest.mark.parametrize("place", ["a' or 1", "x" * 101])
def test_a_place_in_the_list_that_is_none_is_refused(desk: Desk, place: str) -> None:
    asked = a_get("/api/orders/messages/refused", route_params={}, params={"after": place})

    response = asyncio.run(LIST(asked))

    assert desk.table.held == {}
    assert response.status_code == 400
    assert document(response)["errors"][0]["pointer"] == "?after"


def test_the_queue_begins_with_the_prefix_of_the_apps_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("APP_DATA_PREFIX", raising=False)
    assert queue("orders") == "app-orders"

    monkeypatch.setenv("APP_DATA_PREFIX", "other")
    assert queue("orders") == "%APP_DATA_PREFIX%-orders"
