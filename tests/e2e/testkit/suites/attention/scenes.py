"""Operators and stuck orders under the test kit: alerts, decisions, reminders, in virtual time.

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
from shared import attention
from shared.settings.storage import STORAGE_SETTING
from tests.support.app_clock import let_the_app_follow
from tests.support.books import Books
from tests.support.orders import order
from workflows.order_processing import names

RETRY = {"action": "retry", "reason": "the provider is back"}
ACCEPT = {"action": "accept", "reason": "settled by telephone"}


@pytest.fixture(scope="session")
def books() -> Books:
    return Books(os.environ[STORAGE_SETTING], stock={"notebook": 1000})


@pytest.fixture
def host(books: Books) -> Generator[BlockingHost]:
    with BlockingHost.open(ROOT, settings={"APP_DATA_PREFIX": books.prefix}) as host:
        yield host


def stuck(host: BlockingHost, order_id: str) -> str:
    """Let an order come to where its payment cannot be voided, and return its instance id."""
    host.faults.fail(names.BOOK_SHIPMENT, times=None, error=ConnectionError("no answer"))
    host.faults.fail(names.VOID_PAYMENT, times=None, error=ConnectionError("no answer"))
    answer = host.call_http("POST", "/api/orders", json=order(order_id))
    host.advance(timedelta(minutes=5))
    instance_id: str = answer.json()["instanceId"]
    assert host.status(instance_id).custom_status["status"] == "needs_attention"
    return instance_id


def decide(host: BlockingHost, instance_id: str, body: Any) -> HttpResult:
    return host.call_http("POST", f"/api/workflows/{instance_id}/attention", json=body)


def open_rounds(host: BlockingHost, instance_id: str) -> list[Any]:
    items = host.call_http("GET", "/api/attention").json()["items"]
    return [item for item in items if item["instanceId"] == instance_id]


def test_a_stuck_order_is_seen_mailed_and_logged(
    host: BlockingHost, books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    instance_id = stuck(host, "B1")

    (seen,) = open_rounds(host, instance_id)
    assert seen["open"] == [
        {"step": "authorize_payment", "error": "unexpected_failure", "attempts": 8}
    ]
    assert seen["undone"] == ["book_shipment", "reserve_stock"]
    assert seen["links"]["decide"] == f"/api/workflows/{instance_id}/attention"
    mails = [m for m in books.read().messages if m.recipient == "operators@example.com"]
    assert [m.subject for m in mails].count("order-B1 needs attention") == 1
    assert [r.message for r in caplog.records if "[order-B1]" in r.message] == [
        "[order-B1] needs attention: round 1, reminder 0, compensation of authorize_payment"
    ]
    shown = host.call_http("GET", f"/api/workflows/{instance_id}").json()
    assert (shown["runtimeStatus"], shown["businessStatus"]) == ("Running", "needs_attention")


def test_a_retry_undoes_what_resisted_and_ends_as_if_nothing_had_been(
    host: BlockingHost, books: Books
) -> None:
    instance_id = stuck(host, "B2")
    host.faults.clear(names.VOID_PAYMENT)

    assert decide(host, instance_id, RETRY).status == 202

    status = host.until_done(instance_id)
    assert status.output["status"] == "compensated"
    assert books.read().money_of("B2") == ("authorize", "void")
    assert open_rounds(host, instance_id) == []


def test_a_retry_that_fails_again_opens_the_next_round(host: BlockingHost) -> None:
    instance_id = stuck(host, "B3")

    decide(host, instance_id, RETRY)
    host.advance(timedelta(minutes=5))

    (seen,) = open_rounds(host, instance_id)
    assert (seen["round"], seen["open"][0]["attempts"]) == (2, 16)
    late = decide(host, instance_id, {**ACCEPT, "round": 1})
    assert (late.status, late.json()["type"].rpartition(":")[2]) == (409, "attention-not-open")
    assert decide(host, instance_id, {**ACCEPT, "round": 2}).status == 202
    assert host.until_done(instance_id).output["status"] == "settled_by_operator"


def test_of_two_operators_the_first_counts_and_may_say_it_twice(host: BlockingHost) -> None:
    instance_id = stuck(host, "B4")
    host.freeze()

    first = decide(host, instance_id, ACCEPT)
    other = decide(host, instance_id, RETRY)
    again = decide(host, instance_id, ACCEPT)

    assert (first.status, again.status) == (202, 202)
    assert other.status == 409
    assert host.until_done(instance_id).output["status"] == "settled_by_operator"
    assert decide(host, instance_id, ACCEPT).status == 202
    assert decide(host, instance_id, RETRY).status == 409


def test_nobody_who_decided_is_named_in_history_status_or_output(host: BlockingHost) -> None:
    instance_id = stuck(host, "B5")
    decide(host, instance_id, {**ACCEPT, "reason": "told by canary"})
    host.until_done(instance_id)

    shown = host.call_http("GET", f"/api/workflows/{instance_id}?include=history")

    assert "canary" not in shown.text
    assert "function_key" not in shown.text


def test_a_decision_whose_announcement_is_lost_is_found_with_the_next_reminder(
    host: BlockingHost, books: Books
) -> None:
    instance_id = stuck(host, "B6")
    host.advance(timedelta(hours=4))
    before = host.now
    host.faults.fail(attention.FIND_DECISION, times=16, error=ConnectionError("no answer"))

    decide(host, instance_id, ACCEPT)

    assert host.until_done(instance_id).output["status"] == "settled_by_operator"
    assert timedelta(minutes=38) < host.now - before < timedelta(hours=4)
    mails = [m.subject for m in books.read().messages if instance_id in m.subject]
    assert mails.count("order-B6 needs attention (reminder 1)") == 1


def test_an_alert_that_cannot_be_raised_is_raised_later(host: BlockingHost) -> None:
    host.faults.fail(attention.RAISE_ALERT, times=16, error=ConnectionError("no answer"))
    host.faults.fail(names.BOOK_SHIPMENT, times=None, error=ConnectionError("no answer"))
    host.faults.fail(names.VOID_PAYMENT, times=None, error=ConnectionError("no answer"))
    instance_id = host.call_http("POST", "/api/orders", json=order("B7")).json()["instanceId"]
    host.advance(timedelta(minutes=30))
    assert open_rounds(host, instance_id) == []
    assert decide(host, instance_id, ACCEPT).status == 409

    host.advance(timedelta(hours=2))

    assert len(open_rounds(host, instance_id)) == 1
    assert decide(host, instance_id, ACCEPT).status == 202
    assert host.until_done(instance_id).output["status"] == "settled_by_operator"


def test_a_crash_while_operators_are_waited_for_loses_nothing(host: BlockingHost) -> None:
    instance_id = stuck(host, "B8")
    host.crash_and_restart()

    assert decide(host, instance_id, ACCEPT).status == 202
    assert host.until_done(instance_id).output["status"] == "settled_by_operator"


def test_a_decision_that_says_nothing_sensible_is_refused_with_the_field(
    host: BlockingHost,
) -> None:
    instance_id = stuck(host, "B11")
    wrong = {
        "/action": {"action": "forget", "reason": "x"},
        "/reason": {"action": "retry"},
        "/step": {**RETRY, "step": "capture_payment"},
        "/round": {**RETRY, "round": 0},
        "/actor": {**RETRY, "actor": "somebody"},
    }

    answers = {pointer: decide(host, instance_id, body) for pointer, body in wrong.items()}

    for pointer, answer in answers.items():
        assert answer.status == 400
        assert [problem["pointer"] for problem in answer.json()["errors"]] == [pointer]
    assert len(open_rounds(host, instance_id)) == 1


def test_what_nobody_asks_cannot_be_decided(host: BlockingHost) -> None:
    host.faults.slow(names.VALIDATE_ORDER, timedelta(hours=1), times=1)
    instance_id = host.call_http("POST", "/api/orders", json=order("B9")).json()["instanceId"]

    assert decide(host, instance_id, ACCEPT).status == 409
    assert decide(host, "order-unheard-of", ACCEPT).status == 404
    assert decide(host, "..%2Fadmin", ACCEPT).status == 404
    host.until_done(instance_id)


def test_an_instance_that_was_terminated_asks_nobody_any_more(host: BlockingHost) -> None:
    instance_id = stuck(host, "B10")
    hook = "/runtime/webhooks/durabletask/instances"
    host.call_http("POST", f"{hook}/{instance_id}/terminate?reason=by+hand")
    host.at_rest()

    answer = decide(host, instance_id, ACCEPT)

    assert answer.status == 409
    assert open_rounds(host, instance_id) == []


def test_the_watchdog_finds_a_stuck_order_once_and_lets_go_when_it_is_settled(
    host: BlockingHost, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    let_the_app_follow(host, monkeypatch)
    instance_id = stuck(host, "B12")

    def findings() -> list[Any]:
        host.call_http("POST", "/admin/functions/management_watch", json={"input": ""})
        host.at_rest()
        host.advance(timedelta(minutes=3))
        items = host.call_http("GET", "/api/ops/findings").json()["items"]
        return [item for item in items if item["instanceId"] == instance_id]

    (found,) = findings()
    assert findings() == [found]
    decide(host, instance_id, ACCEPT)
    host.until_done(instance_id)

    assert (found["type"], found["kind"]) == ("order", "needs_attention")
    assert (
        "to decide about authorize_payment (undoing it failed after 8 attempts" in found["reason"]
    )
    assert findings() == []
    told = [r for r in caplog.records if getattr(r, "finding", None) == "needs_attention"]
    assert [r.__dict__["instanceId"] for r in told].count(instance_id) == 1
