"""Both stories on the real SDK under virtual time: every replay agrees, and months take moments."""

import asyncio
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from funchost.engine.ports import InstanceRecord
from funchost.testing.clock import VirtualClock
from shared import attention
from shared.cancellation import CLOSE_CANCELLATION
from shared.errors import ProviderUnavailableError
from shared.notifications.contacts import Contact
from shared.stored_requests import StoredRequests
from tests.support.builders import an_order_request, the_order_for
from tests.support.functions import activities_in, orchestrator_of
from tests.support.outside import MemoryOutside
from tests.support.parcels import ScriptedCarrier, memory_scans
from tests.support.playing import T0
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import task_hub
from workflows.delivery_tracking import (
    activities as tracking_activities,
    gateways as tracking_gateways,
    names as tracking_names,
)
from workflows.delivery_tracking.orchestrator import CHECKS_PER_GENERATION, track_delivery
from workflows.order_processing import activities, names
from workflows.order_processing.orchestrator import process_order

pytestmark = pytest.mark.integration


@dataclass
class World:
    """Both domains over one outside world, on a task hub of their own."""

    outside: MemoryOutside = field(default_factory=MemoryOutside)
    parcels: ScriptedCarrier = field(
        default_factory=lambda: ScriptedCarrier(
            script=("label_created", "in_transit", "delivered"), proposes=timedelta(minutes=10)
        )
    )
    down: set[str] = field(default_factory=set[str])
    took: timedelta = timedelta()
    began: datetime = T0
    # An operator accepts what is, so long after the beginning, and the event of it is lost.
    decides_after: timedelta = timedelta()
    clock: VirtualClock = field(default_factory=VirtualClock)
    alerts: list[Any] = field(default_factory=list[Any])

    def of(self, business_id: str, *, table: str) -> Contact:
        assert table == names.REQUESTS_TABLE
        return Contact(email=self.outside.requests.load(business_id).contact)

    def kept(self, table: str) -> StoredRequests:
        assert table == names.REQUESTS_TABLE
        return self.outside.requests

    def run(self, **request: Any) -> InstanceRecord:
        body = an_order_request(**request)
        contact = body["customer"]["email"]
        self.outside.requests.keep(body["orderId"], body=body, contact=contact, now=T0)
        return asyncio.run(self._run(the_order_for(body)))

    async def _run(self, order: Any) -> InstanceRecord:
        registered = activities_in(activities.blueprint) | activities_in(
            tracking_activities.blueprint
        )
        registered |= {
            CLOSE_CANCELLATION: lambda _key: {"cancelled": False},
            attention.RAISE_ALERT: self.alerts.append,
            attention.FIND_DECISION: self.decided,
        }
        worker = SdkWorker(
            named(names.ORCHESTRATOR, orchestrator_of(process_order)),
            named(tracking_names.ORCHESTRATOR, orchestrator_of(track_delivery)),
            activities={name: self.unless_down(name, code) for name, code in registered.items()},
        )
        async with task_hub(worker) as hub:
            self.clock, self.began = hub.clock, hub.clock.now()
            await hub.start(names.ORCHESTRATOR, order, instance_id="order-A1")
            record = await hub.ended("order-A1")
            self.took = hub.clock.now() - self.began
            return record

    def decided(self, _key: Any) -> Any:
        is_decided = self.clock.now() - self.began >= self.decides_after
        return {"decision": {"action": "accept"}} if is_decided else {}

    def unless_down(self, name: str, code: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def guarded(payload: Any) -> Any:
            if name in self.down:
                raise ProviderUnavailableError("down")
            return code(payload)

        return guarded


def named(name: str, code: Callable[[Any], Generator[Any, Any, Any]]) -> Callable[[Any], Any]:
    """Return the orchestrator under its registered name, as the SDK would call it."""

    def orchestrator(context: Any) -> Generator[Any, Any, Any]:
        return (yield from code(context))

    orchestrator.__name__ = name
    return orchestrator


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    tracking_outside = tracking_gateways.Outside(
        carrier=world.parcels, scans=memory_scans(), post=world.outside.mail, contacts=world
    )
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
    monkeypatch.setattr(activities, "outside", world.outside.ports)
    monkeypatch.setattr(activities, "kept_requests", world.kept)
    monkeypatch.setattr(tracking_activities, "outside", lambda: tracking_outside)
    return world


def output(record: InstanceRecord) -> Any:
    assert record.status == "Completed", record.output
    return json.loads(record.output or "null")


def test_an_order_goes_to_the_door(world: World) -> None:
    result = output(world.run(payment="pending_settles"))

    assert result["status"] == "delivered"
    assert world.outside.stock.reservations == {"order-A1:reserve": "committed"}
    assert world.outside.payments.payments == {"order-A1:authorize": "captured"}
    assert len(world.outside.mail.messages) == 3


def test_a_carrier_that_stays_away_is_given_fifteen_seconds(world: World) -> None:
    world.down = {names.BOOK_SHIPMENT}

    assert output(world.run())["status"] == "compensated"
    assert timedelta(seconds=15) <= world.took < timedelta(seconds=20)


def test_a_capture_without_an_answer_is_tried_for_long_and_then_decided_by_an_operator(
    world: World,
) -> None:
    world.down = {names.CAPTURE_PAYMENT}
    world.decides_after = timedelta(days=2)

    result = output(world.run())

    assert result["status"] == "settled_by_operator"
    assert result["reason"] == "capture_payment: provider_unavailable"
    assert result["compensations"] == []
    assert [(e["step"], e["status"], e["attempts"]) for e in result["settled"]] == [
        ("capture_payment", "accepted", 16)
    ]
    # 38 minutes of trying, then looks after 1, 2, 4, 8, 16 and 24 hours.
    assert len(world.alerts) == 6
    assert timedelta(hours=55) <= world.took < timedelta(hours=56)


def test_a_compensation_without_an_answer_is_tried_for_two_minutes(world: World) -> None:
    world.down = {names.BOOK_SHIPMENT, names.VOID_PAYMENT}

    result = output(world.run())

    assert result["status"] == "settled_by_operator"
    assert world.outside.stock.reservations == {"order-A1:reserve": "released"}
    first_alert = datetime.fromisoformat(world.alerts[0]["at"])
    assert timedelta(seconds=138) <= first_alert - world.began < timedelta(seconds=145)


@pytest.mark.slow
def test_a_parcel_without_an_end_is_followed_across_generations_to_its_limit(
    world: World,
) -> None:
    world.parcels.script = ("in_transit",)

    result = output(world.run())

    assert result["status"] == "lost"
    assert timedelta(days=1) <= world.took < timedelta(days=1, hours=1)


@pytest.mark.slow
def test_a_parcel_that_takes_many_checks_starts_anew_and_arrives(world: World) -> None:
    checks = CHECKS_PER_GENERATION * 2 + 10
    world.parcels.script = ("in_transit",) * checks + ("delivered",)

    assert output(world.run())["status"] == "delivered"
    assert len(world.parcels.asked_at) == checks + 1
    assert len(world.outside.mail.messages) == 3
