"""Being told that a payment has changed: believed when signed, once, and only a reason to ask."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import azure.functions as func
import pytest
import stripe

from shared.notices import TakenNotices
from shared.settings import Settings
from shared.settings.providers import StripeAccount
from shared.standard_webhooks import WebhookSecret
from tests.support.clients import MemoryClient, document
from tests.support.functions import handler_of
from tests.support.memory_table import MemoryTable
from tests.support.order_world import World
from tests.support.playing import T0
from workflows.order_processing import http_notices, names
from workflows.order_processing.questions import PaymentStatus

SECRET: Final = WebhookSecret(bytes(range(32)))
STRIPE_SECRET: Final = "whsec_of_a_test"  # noqa: S105 - of no account
WAITING: Final = {"orderId": "A1", "status": "awaiting_payment", "listensFor": "payment:0"}


@dataclass
class Gate:
    """The endpoint with what it keeps and whom it tells."""

    client: MemoryClient = field(default_factory=MemoryClient)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.at

    def send(self, body: Any, headers: dict[str, str], function: Any) -> func.HttpResponse:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = func.HttpRequest(
            method="POST",
            url="http://localhost/api/webhooks/x",
            headers={"Content-Type": "application/json", **headers},
            body=content,
        )
        response: func.HttpResponse = asyncio.run(handler_of(function)(request, client=self.client))
        return response

    def tell(self, key: str, *, notice_id: str = "msg_1") -> func.HttpResponse:
        body = json.dumps({"type": "payment.changed", "data": {"key": key}}).encode()
        signed = SECRET.sign(body, notice_id=notice_id, at=self.at)
        return self.send(body, signed, http_notices.take_payment_notice)

    def tell_as_stripe(self, event: Any, *, secret: str = STRIPE_SECRET) -> func.HttpResponse:
        text = json.dumps(event)
        signed = stripe.WebhookSignature.generate_signature_header(text, secret)
        return self.send(
            text.encode(), {"Stripe-Signature": signed}, http_notices.take_stripe_notice
        )


def an_event(key: str | None, *, event_id: str = "evt_1") -> Any:
    metadata = {"key": key} if key else {}
    intent = {"id": "pi_1", "object": "payment_intent", "metadata": metadata}
    return {
        "id": event_id,
        "object": "event",
        "type": "payment_intent.amount_capturable_updated",
        "data": {"object": intent},
    }


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    account = StripeAccount(api_key="sk_test", notice_secret=STRIPE_SECRET, base_url=None)
    settings = Settings.from_environment({"AzureWebJobsStorage": "UseDevelopmentStorage=true"})
    told = TakenNotices(MemoryTable())  # type: ignore[arg-type] # the part that is used
    monkeypatch.setattr(http_notices, "taken_notices", lambda: told)
    monkeypatch.setattr(http_notices, "system_clock", lambda: gate)
    monkeypatch.setattr(http_notices, "current_settings", lambda: with_secrets(settings, account))
    gate.client.put("order-A1", customStatus=WAITING)
    return gate


def with_secrets(settings: Settings, account: StripeAccount) -> Settings:
    return replace(settings, stripe=account, payment_notice_secret=SECRET)


def test_a_signed_notice_wakes_the_order_that_waits(gate: Gate) -> None:
    assert gate.tell("order-A1:authorize").status_code == 204

    assert gate.client.told == [("order-A1", "payment:0")]


def test_stripes_notice_wakes_the_order_that_waits(gate: Gate) -> None:
    assert gate.tell_as_stripe(an_event("order-A1:authorize")).status_code == 204

    assert gate.client.told == [("order-A1", "payment:0")]


def test_the_same_notice_again_is_taken_and_wakes_nobody(gate: Gate) -> None:
    statuses = [gate.tell("order-A1:authorize").status_code for _ in range(3)]
    statuses += [gate.tell_as_stripe(an_event("order-A1:authorize")).status_code for _ in range(3)]

    assert statuses == [204] * 6
    assert len(gate.client.told) == 2  # one of each provider


def test_a_notice_that_could_not_be_passed_on_is_wanted_again(gate: Gate) -> None:
    gate.client.unreachable = True
    first = gate.tell("order-A1:authorize")
    gate.client.unreachable = False

    assert first.status_code == 503
    assert gate.tell("order-A1:authorize").status_code == 204
    assert gate.client.told == [("order-A1", "payment:0")]


@pytest.mark.parametrize(
    "key", ["order-A2:authorize", "nonsense", "../../admin:x", "order-A1?x=:y", ":", "x:" * 99]
)
def test_a_notice_about_nothing_that_waits_is_taken_and_does_nothing(gate: Gate, key: str) -> None:
    assert gate.tell(key).status_code == 204
    assert gate.tell_as_stripe(an_event(key)).status_code == 204

    assert gate.client.told == []


@pytest.mark.parametrize("event", [an_event(None), {"id": "evt_2"}, [], "text", {"data": 7}])
def test_what_stripe_tells_of_something_else_is_taken(gate: Gate, event: Any) -> None:
    assert gate.tell_as_stripe(event).status_code == 204
    assert gate.client.told == []


def test_an_order_that_has_ended_is_not_woken(gate: Gate) -> None:
    gate.client.put("order-A1", runtimeStatus="Completed")

    assert gate.tell("order-A1:authorize").status_code == 204
    assert gate.client.told == []


def refused(response: func.HttpResponse) -> bool:
    problem: str = document(response)["type"]
    return response.status_code == 403 and problem.endswith(":notice-refused")


def test_what_is_signed_by_somebody_else_is_refused(gate: Gate) -> None:
    assert refused(gate.tell_as_stripe(an_event("order-A1:authorize"), secret="whsec_other"))  # noqa: S106 - of no account
    body = b'{"type":"payment.changed","data":{"key":"order-A1:authorize"}}'
    other = WebhookSecret(bytes(32)).sign(body, notice_id="msg_1", at=gate.at)
    assert refused(gate.send(body, other, http_notices.take_payment_notice))
    for function in (http_notices.take_payment_notice, http_notices.take_stripe_notice):
        assert refused(gate.send(body, {}, function))
        assert refused(gate.send(b"\xff", {"Stripe-Signature": "t=1,v1=x"}, function))

    assert gate.client.told == []


def test_an_old_notice_is_refused(gate: Gate) -> None:
    body = b'{"type":"payment.changed","data":{"key":"order-A1:authorize"}}'
    old = SECRET.sign(body, notice_id="msg_1", at=gate.at - timedelta(minutes=6))

    assert refused(gate.send(body, old, http_notices.take_payment_notice))


def test_a_signed_body_is_checked_like_any_other(gate: Gate) -> None:
    body = b'{"type":"payment.changed","data":{"key":"k","more":1}}'
    signed = SECRET.sign(body, notice_id="msg_1", at=gate.at)

    answer = gate.send(body, signed, http_notices.take_payment_notice)

    assert answer.status_code == 400
    assert document(answer)["errors"][0]["pointer"] == "/data/more"


def test_without_a_secret_nobody_is_believed(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.from_environment({"AzureWebJobsStorage": "UseDevelopmentStorage=true"})
    monkeypatch.setattr(http_notices, "current_settings", lambda: settings)

    assert refused(gate.tell("order-A1:authorize"))
    assert refused(gate.tell_as_stripe(an_event("order-A1:authorize")))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_an_order_that_is_told_asks_at_once_and_goes_on(world: World) -> None:
    ask = world.outside.payments.find

    def settled(key: str) -> Any:
        world.outside.payments.payments[key] = PaymentStatus.AUTHORIZED
        return ask(key)

    world.raised = {"payment:0": timedelta(seconds=4)}
    world.outside.payments.find = settled  # type: ignore[method-assign]

    run = world.run(payment="pending_forever")

    assert run.output["status"] == "delivered"
    asked = [call for call in run.calls if call.name == names.FIND_PAYMENT]
    assert len(asked) == 1
    assert run.waited < timedelta(seconds=5)


def test_several_notices_are_heard_one_after_the_other(world: World) -> None:
    world.raised = {f"payment:{n}": timedelta(seconds=n + 1) for n in range(5)}

    run = world.run(payment="pending_forever")

    assert run.output["status"] == "payment_expired"
    shown = [status.get("listensFor") for status in run.context.custom_statuses]
    assert [name for name in dict.fromkeys(shown) if name] == [f"payment:{n}" for n in range(6)]
    assert run.names.count(names.FIND_PAYMENT) >= 6
    assert run.context.current_utc_datetime >= T0 + timedelta(seconds=900)
