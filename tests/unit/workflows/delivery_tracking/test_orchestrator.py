"""The story of a parcel, told against the real activities and a scripted carrier."""

from datetime import datetime, timedelta

import pytest

from shared.errors import StorageUnavailableError
from tests.support.parcels import ScriptedCarrier, TimedCarrier
from tests.support.playing import T0
from tests.support.tracking_world import World, shown
from workflows.delivery_tracking import names
from workflows.delivery_tracking.models import Scan
from workflows.delivery_tracking.orchestrator import CHECKS_PER_GENERATION

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


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
    world.events = {}
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


def test_a_notice_is_looked_into_at_once(world: World) -> None:
    made = Scan(scan_id="s1", code="delivered", at=T0 + HOUR / 2)
    world.carrier = TimedCarrier(scans=[made])
    world.notices.coming = [(made.at + timedelta(seconds=3), made)]

    run = world.go_on()

    assert run.output["status"] == "delivered"
    assert run.waited == timedelta(minutes=30, seconds=3)
    assert world.asked_after()[-1] == run.waited


def test_a_carrier_that_is_away_does_not_hide_what_it_told(world: World) -> None:
    made = Scan(scan_id="s1", code="delivered", at=T0 + HOUR)
    world.carrier = TimedCarrier(scans=[made], away_at=[(T0, T0 + DAY)])
    world.notices.coming = [(T0 + 2 * HOUR, made)]

    run = world.go_on()

    assert (run.output["status"], run.waited) == ("delivered", 2 * HOUR)
    assert world.told() == ["delivered"]


def test_each_notice_is_waited_for_by_a_name_of_its_own(world: World) -> None:
    world.carrier = TimedCarrier()
    codes = ("picked_up", "in_transit", "out_for_delivery", "delivered")
    world.notices.coming = [
        (T0 + n * HOUR / 2, Scan(scan_id=f"s{n}", code=code, at=T0 + n * HOUR / 2))
        for n, code in enumerate(codes, start=1)
    ]

    run = world.go_on()

    assert run.waited == 2 * HOUR
    assert shown(run, "listensFor") == [f"scan:{n}" for n in range(5)]
    # The next one is listened for before it is asked what the last one was about.
    assert ("scan:4", "out_for_delivery") in [
        (status["listensFor"], status["status"]) for status in run.context.custom_statuses
    ]


def test_a_scan_dated_too_early_counts_when_it_is_time(world: World) -> None:
    world.carrier = TimedCarrier()
    ahead = Scan(scan_id="s1", code="delivered", at=T0 + 3 * HOUR)
    world.notices.coming = [(T0 + HOUR / 2, ahead)]

    run = world.go_on()

    assert run.output["status"] == "delivered"
    assert run.waited == 4.5 * HOUR  # the first look that is not too early


def test_storage_that_is_away_costs_time_and_nothing_else(world: World) -> None:
    def away(now: datetime) -> None:
        if now < T0 + HOUR:
            raise StorageUnavailableError("down")

    world.carrier = TimedCarrier(scans=[Scan(scan_id="s1", code="delivered", at=T0)])
    world.before_each_look = away

    run = world.go_on()

    assert run.output["status"] == "delivered"
    assert world.told() == ["delivered"]
    assert HOUR <= run.waited < 2.5 * HOUR
