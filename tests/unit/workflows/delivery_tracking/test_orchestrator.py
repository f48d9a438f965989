"""The story of a parcel, told against the real activities and a scripted carrier."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from shared.errors import ProviderUnavailableError
from shared.notifications.contacts import Contact
from tests.support.functions import activities_in
from tests.support.outside import MemoryMail
from tests.support.playing import T0, Call, Run, play
from workflows.delivery_tracking import activities, names
from workflows.delivery_tracking.gateways import Outside
from workflows.delivery_tracking.models import DeliveryStatus, Reading
from workflows.delivery_tracking.orchestrator import CHECKS_PER_GENERATION, track_delivery

ACTIVITIES = activities_in(activities.blueprint)
PARCEL = {
    "orderId": "A1",
    "shipmentId": "shp-1",
    "trackingNumber": "TRK-1",
    "limitS": 86400,
    "requestsTable": "orderrequests",
}


@dataclass
class ScriptedCarrier:
    """Says one status after the other, each with one scan more, an hour apart."""

    script: Sequence[DeliveryStatus | None]
    asked_at: list[datetime] = field(default_factory=list[datetime])

    def reading(self, shipment_id: str, *, as_of: datetime) -> Reading:
        assert shipment_id == "shp-1"
        said = self.script[min(len(self.asked_at), len(self.script) - 1)]
        self.asked_at.append(as_of)
        if said is None:
            raise ProviderUnavailableError("down")
        return Reading(status=said, scans=len(self.asked_at), next_check_s=3600)


class Contacts:
    """Knows the customer of order A1."""

    def of(self, business_id: str, *, table: str) -> Contact:
        assert (business_id, table) == ("A1", "orderrequests")
        return Contact(email="customer@example.com")


@dataclass
class World:
    monkeypatch: pytest.MonkeyPatch
    carrier: ScriptedCarrier = field(
        default_factory=lambda: ScriptedCarrier([DeliveryStatus.DELIVERED])
    )
    mail: MemoryMail = field(default_factory=MemoryMail)
    mail_is_down: bool = False

    def run(self, *script: str | None, **changes: Any) -> Run:
        self.carrier = ScriptedCarrier(
            [None if said is None else DeliveryStatus(said) for said in script]
        )
        outside = Outside(carrier=self.carrier, post=self.mail, contacts=Contacts())
        self.monkeypatch.setattr(activities, "outside", lambda: outside)
        return play(track_delivery, {**PARCEL, **changes}, self.answer, instance_id="tracking-A1")

    def answer(self, call: Call) -> Any:
        if self.mail_is_down and call.name == names.NOTIFY_CUSTOMER:
            raise ProviderUnavailableError("down")
        return ACTIVITIES[call.name](call.input)

    def told(self) -> list[str]:
        return [key.rpartition(":")[2] for key in self.mail.messages]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_a_parcel_is_followed_to_the_door_at_the_carriers_pace(world: World) -> None:
    run = world.run("booked", "in_transit", "out_for_delivery", "delivered")

    assert run.output == {
        "orderId": "A1",
        "shipmentId": "shp-1",
        "trackingNumber": "TRK-1",
        "status": "delivered",
        "completedAt": "2030-01-01T15:00:00Z",
    }
    assert [(at - T0).total_seconds() / 3600 for at in world.carrier.asked_at] == [0, 1, 2, 3]
    assert run.context.custom_statuses[-1] == {
        "orderId": "A1",
        "status": "delivered",
        "heardAt": "2030-01-01T15:00:00+00:00",
    }


def test_the_customer_hears_of_changes_and_of_nothing_else(world: World) -> None:
    world.run("booked", "in_transit", "in_transit", "in_transit", "delivered")

    assert world.told() == ["in_transit", "delivered"]
    assert {message["recipient"] for message in world.mail.messages.values()} == {
        "customer@example.com"
    }


def test_every_new_attempt_is_told_though_its_status_was_told_before(world: World) -> None:
    world.run("out_for_delivery", "attempt_failed", "out_for_delivery", "delivered")

    assert world.told() == ["out_for_delivery", "attempt_failed", "out_for_delivery", "delivered"]


def test_a_parcel_that_turns_back_ends_returned(world: World) -> None:
    run = world.run("in_transit", "returning", "returned")

    assert run.output["status"] == "returned"
    assert world.told() == ["in_transit", "returning", "returned"]


def test_a_parcel_that_was_seen_and_never_ends_is_lost_at_the_limit(world: World) -> None:
    run = world.run("in_transit", limitS=36_000)

    assert run.output["status"] == "lost"
    assert run.waited.total_seconds() == 36_000
    assert world.told()[-1] == "lost"


@pytest.mark.parametrize("said", ["booked", None])
def test_a_parcel_that_nobody_ever_saw_expires_at_the_limit(world: World, said: str | None) -> None:
    run = world.run(said, limitS=120)

    assert run.output["status"] == "expired"
    assert world.told() == []


def test_silence_of_the_carrier_is_no_news(world: World) -> None:
    run = world.run("in_transit", None, None, "delivered")

    assert run.output["status"] == "delivered"
    assert world.told() == ["in_transit", "delivered"]


def test_news_that_cannot_follow_changes_nothing(world: World) -> None:
    run = world.run("out_for_delivery", "in_transit", "booked", "delivered")

    assert run.output["status"] == "delivered"
    assert world.told() == ["out_for_delivery", "delivered"]


def test_a_mail_that_cannot_be_sent_changes_nothing_else(world: World) -> None:
    world.mail_is_down = True

    assert world.run("in_transit", "delivered").output["status"] == "delivered"


def test_after_many_checks_the_story_starts_anew_with_what_is_known(world: World) -> None:
    first = world.run("in_transit", limitS=10**6)

    assert first.output is None
    assert first.names.count(names.CHECK_SHIPMENT) == CHECKS_PER_GENERATION
    carried = first.context.continued_with
    assert carried == {
        **PARCEL,
        "limitS": 10**6,
        "state": {
            "status": "in_transit",
            "scans": 1,
            "until": "2030-01-13T01:46:40Z",
            "seen": 20,
            "heardAt": "2030-01-02T07:00:00Z",
        },
    }

    second = world.run("delivered", **{**carried, "state": {**carried["state"], "scans": 0}})
    assert second.output["status"] == "delivered"
    assert world.told() == ["in_transit", "delivered"]


def test_no_history_of_a_parcel_holds_an_address(world: World) -> None:
    run = world.run("in_transit", "delivered")

    assert "@" not in repr([call.input for call in run.calls]) + repr(run.output)
