"""The story of a parcel, told against the real activities and a scripted carrier."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import ProviderUnavailableError
from tests.support.functions import activities_in
from tests.support.outside import MemoryMail
from tests.support.parcels import ScriptedCarrier, TimedCarrier, a_parcels_outside
from tests.support.playing import T0, Call, Run, play
from workflows.delivery_tracking import activities, names
from workflows.delivery_tracking.models import Scan
from workflows.delivery_tracking.orchestrator import CHECKS_PER_GENERATION, track_delivery

ACTIVITIES = activities_in(activities.blueprint)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PARCEL = {
    "orderId": "A1",
    "shipmentId": "shp-1",
    "trackingNumber": "TRK-1",
    "limitS": 86400,
    "requestsTable": "orderrequests",
}


@dataclass
class World:
    monkeypatch: pytest.MonkeyPatch
    carrier: ScriptedCarrier | TimedCarrier = field(default_factory=ScriptedCarrier)
    mail: MemoryMail = field(default_factory=MemoryMail)
    mail_is_down: bool = False
    events: Mapping[str, timedelta] = field(default_factory=dict[str, timedelta])

    def run(self, *script: str | None, **changes: Any) -> Run:
        self.carrier = ScriptedCarrier(script=script)
        return self.go_on(**changes)

    def go_on(self, **changes: Any) -> Run:
        outside = a_parcels_outside(self.carrier, mail=self.mail)
        self.monkeypatch.setattr(activities, "outside", lambda: outside)
        return play(
            track_delivery,
            {**PARCEL, **changes},
            self.answer,
            instance_id="tracking-A1",
            events=self.events,
        )

    def answer(self, call: Call) -> Any:
        if self.mail_is_down and call.name == names.NOTIFY_CUSTOMER:
            raise ProviderUnavailableError("down")
        return ACTIVITIES[call.name](call.input)

    def told(self) -> list[str]:
        return [key.rpartition(":")[2] for key in self.mail.messages]

    def asked_after(self) -> list[timedelta]:
        return [at - T0 for at in self.carrier.asked_at]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def shown(run: Run, member: str) -> list[Any]:
    """What the custom status told of something, each word once, in order."""
    told = [status.get(member) for status in run.context.custom_statuses]
    return [word for before, word in zip([None, *told], told, strict=False) if word != before]


def test_a_parcel_is_followed_to_the_door_at_the_carriers_pace(world: World) -> None:
    run = world.run("label_created", "in_transit", "out_for_delivery", "delivered")

    assert run.output == {
        "orderId": "A1",
        "shipmentId": "shp-1",
        "trackingNumber": "TRK-1",
        "status": "delivered",
        "attempts": 0,
        "late": False,
        "completedAt": "2030-01-01T15:00:00Z",
    }
    assert world.asked_after() == [n * HOUR for n in range(4)]
    assert run.context.custom_statuses[-1] == {
        "orderId": "A1",
        "shipmentId": "shp-1",
        "trackingNumber": "TRK-1",
        "status": "delivered",
        "listensFor": "scan:0",
        "heardAt": "2030-01-01T15:00:00+00:00",
    }


def test_the_customer_hears_of_changes_and_of_nothing_else(world: World) -> None:
    world.run("label_created", "picked_up", "in_transit", "in_transit", "delivered")

    assert world.told() == ["in_transit", "delivered"]
    assert {message["recipient"] for message in world.mail.messages.values()} == {
        "customer@example.com"
    }


def test_every_new_attempt_is_told_though_its_status_was_told_before(world: World) -> None:
    run = world.run(
        "out_for_delivery", "failed_attempt", "out_for_delivery", "failed_attempt", "delivered"
    )

    assert world.told() == [
        "out_for_delivery",
        "attempt_failed",
        "out_for_delivery",
        "attempt_failed",
        "delivered",
    ]
    assert run.output["attempts"] == 2
    assert shown(run, "attempts") == [1, 2]


def test_a_parcel_that_turns_back_ends_returned(world: World) -> None:
    run = world.run("in_transit", "returning", "returned")

    assert run.output["status"] == "returned"
    assert world.told() == ["in_transit", "returning", "returned"]


def test_a_parcel_that_was_seen_and_never_ends_is_lost_at_the_limit_and_claimed(
    world: World,
) -> None:
    run = world.run("in_transit", limitS=36_000)

    assert run.output["status"] == "lost"
    assert run.output["claimed"]
    assert run.waited.total_seconds() == 36_000
    assert world.told()[-1] == "lost"
    assert world.carrier.claims == 1


def test_a_parcel_that_the_carrier_calls_lost_is_lost_and_claimed(world: World) -> None:
    run = world.run("in_transit", "lost")

    assert (run.output["status"], run.output["claimed"]) == ("lost", True)
    assert world.carrier.claims == 1


def test_a_carrier_that_cannot_be_made_to_pay_does_not_hold_up_the_end(world: World) -> None:
    world.carrier = ScriptedCarrier(script=("lost",), refuses=True)

    refused = world.go_on()

    assert (refused.output["status"], refused.output["claimed"]) == ("lost", False)
    world.carrier = ScriptedCarrier(script=("lost",), away=True)
    assert world.go_on().output["claimed"] is False
    assert world.carrier.claims == 0


@pytest.mark.parametrize("said", ["label_created", None])
def test_a_parcel_that_nobody_ever_saw_expires_at_the_limit(world: World, said: str | None) -> None:
    run = world.run(said, limitS=120)

    assert run.output["status"] == "expired"
    assert "claimed" not in run.output
    assert world.told() == []


def test_silence_of_the_carrier_is_no_news_and_hides_none(world: World) -> None:
    run = world.run("in_transit", None, None, "delivered")

    assert run.output["status"] == "delivered"
    assert world.told() == ["in_transit", "delivered"]


def test_scans_that_cannot_follow_change_nothing(world: World) -> None:
    run = world.run("out_for_delivery", "in_transit", "picked_up", "mislaid", "delivered")

    assert run.output["status"] == "delivered"
    assert world.told() == ["out_for_delivery", "delivered"]


def test_a_mail_that_cannot_be_sent_changes_nothing_else(world: World) -> None:
    world.mail_is_down = True

    assert world.run("in_transit", "delivered").output["status"] == "delivered"


def test_after_many_looks_the_story_starts_anew_with_what_is_known(world: World) -> None:
    world.events = {"scan:0": timedelta(minutes=30)}
    first = world.run("in_transit", limitS=10**6)

    assert first.output is None
    assert first.names.count(names.CHECK_SHIPMENT) == CHECKS_PER_GENERATION
    carried = first.context.continued_with
    assert carried["state"] == {
        "status": "in_transit",
        "movedAt": "2030-01-01T12:00:00Z",
        "until": "2030-01-13T01:46:40Z",
        "scans": 20,
        "heardAt": "2030-01-02T06:30:00Z",
        "attempts": 0,
        "isLate": False,
        "isSilent": False,
        "isInquired": False,
        "inquiries": 0,
        "notices": 1,
        "idle": 0,
        "unanswered": 0,
    }

    world.carrier = TimedCarrier(scans=[Scan(scan_id="x", code="delivered", at=T0 + DAY)])
    second = world.go_on(**carried)
    assert second.output["status"] == "delivered"
    assert second.context.custom_statuses[0]["listensFor"] == "scan:1"
    assert world.told() == ["in_transit", "delivered"]


def test_what_an_earlier_version_carried_over_is_understood(world: World) -> None:
    state = {
        "status": "in_transit",
        "scans": 1,
        "until": "2030-01-13T01:46:40Z",
        "seen": 20,
        "heardAt": "2030-01-01T07:00:00Z",
    }
    run = world.run("in_transit", "out_for_delivery", "delivered", state=state)

    assert run.output["status"] == "delivered"
    assert world.told() == ["out_for_delivery", "delivered"]


def test_no_history_of_a_parcel_holds_an_address(world: World) -> None:
    run = world.run("in_transit", "delivered")

    assert "@" not in repr([call.input for call in run.calls]) + repr(run.output)
