"""What goes wrong on the way: each is seen at its moment, told once, and something is done."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.outside import MemoryMail
from tests.support.parcels import TimedCarrier
from tests.support.playing import T0, Run
from tests.support.tracking_world import PARCEL, World, shown
from workflows.delivery_tracking import names
from workflows.delivery_tracking.models import Scan
from workflows.delivery_tracking.orchestrator import CHECKS_PER_GENERATION

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LIMIT_S = 14 * 86400


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def scans(*made: tuple[str, timedelta]) -> Sequence[Scan]:
    return [
        Scan(scan_id=f"s{number}", code=code, at=T0 + after)
        for number, (code, after) in enumerate(made)
    ]


def followed(world: World, *made: tuple[str, timedelta], **changes: Any) -> Run:
    world.carrier = TimedCarrier(scans=scans(*made))
    return world.to_the_end(**{"limitS": LIMIT_S, **changes})


def when(mail: MemoryMail, word: str) -> list[timedelta]:
    told: list[tuple[str, datetime]] = [(key, m["at"]) for key, m in mail.messages.items()]
    return [at - T0 for key, at in told if key.rpartition(":")[2] == word]


def test_a_parcel_is_late_a_day_after_it_was_expected_and_told_once(world: World) -> None:
    run = followed(
        world,
        ("picked_up", HOUR),
        ("in_transit", 2 * DAY),
        ("delivered", 5 * DAY),
        expectedAt=(T0 + 2 * DAY).isoformat(),
    )

    assert when(world.mail, "late") == [3 * DAY]
    assert shown(run, "late") == [True]
    assert (run.output["status"], run.output["late"]) == ("delivered", True)


def test_a_parcel_that_comes_in_time_is_not_late_though_it_was_heard_late(world: World) -> None:
    world.carrier = TimedCarrier(
        scans=scans(("picked_up", HOUR), ("delivered", 2 * DAY)),
        away_at=[(T0 + DAY, T0 + 5 * DAY)],
    )

    run = world.to_the_end(limitS=LIMIT_S, expectedAt=(T0 + 2 * DAY).isoformat())

    assert when(world.mail, "late") == [3 * DAY]  # as far as was known
    assert run.output["late"] is False


def test_a_parcel_at_the_door_is_late_and_nobody_is_bothered(world: World) -> None:
    run = followed(
        world,
        ("out_for_delivery", 3 * DAY - HOUR),
        ("delivered", 3 * DAY + HOUR),
        expectedAt=(T0 + 2 * DAY).isoformat(),
    )

    assert world.told() == ["out_for_delivery", "delivered"]
    assert run.output["late"] is True


def test_a_parcel_that_turned_back_is_not_late(world: World) -> None:
    run = followed(
        world,
        ("returning", DAY),
        ("returned", 4 * DAY),
        expectedAt=(T0 + 2 * DAY).isoformat(),
        silenceS=5 * 86400,
    )

    assert world.told() == ["returning", "returned"]
    assert run.output["late"] is False


def test_a_silent_parcel_is_looked_for_once_and_operators_see_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    run = followed(world, ("in_transit", HOUR), ("delivered", 6 * DAY))

    assert when(world.mail, "silent") == [2 * DAY + HOUR]
    assert world.carrier.inquiries == [1]
    assert shown(run, "trouble") == ["silent", None]
    assert len([line for line in caplog.messages if "nothing has been heard" in line]) == 1
    assert run.output["status"] == "delivered"


def test_each_silence_is_looked_for_by_itself(world: World) -> None:
    followed(
        world,
        ("in_transit", HOUR),
        ("out_for_delivery", 4 * DAY),
        ("delivered", 8 * DAY),
        silenceS=86400,
    )

    assert when(world.mail, "silent") == [DAY + HOUR, 5 * DAY]
    assert world.carrier.inquiries == [1, 2]


def test_a_parcel_that_the_carrier_never_had_is_not_silent(world: World) -> None:
    run = followed(world, ("label_created", timedelta()))

    assert run.output["status"] == "expired"
    assert (world.told(), world.carrier.inquiries) == ([], [])


def test_a_carrier_that_is_away_is_asked_to_look_for_the_parcel_when_it_is_back(
    world: World,
) -> None:
    world.carrier = TimedCarrier(
        scans=scans(("in_transit", HOUR), ("delivered", 6 * DAY)), away=True
    )
    back_at = T0 + 3 * DAY
    world.before_each_look = lambda now: setattr(world.carrier, "away", now < back_at)

    run = world.to_the_end(limitS=LIMIT_S)

    assert run.output["status"] == "delivered"
    assert world.carrier.inquiries == [1]
    assert len(when(world.mail, "silent")) == 1


def test_a_carrier_that_refuses_to_look_is_not_asked_again(world: World) -> None:
    world.carrier = TimedCarrier(
        scans=scans(("in_transit", HOUR), ("delivered", 6 * DAY)), refuses=True
    )

    run = world.to_the_end(limitS=LIMIT_S)

    assert run.output["status"] == "delivered"
    assert world.calls.count(names.OPEN_INQUIRY) == 1


def test_nobody_is_written_to_about_a_quiet_parcel_and_the_carrier_is_asked_all_the_same(
    world: World,
) -> None:
    run = followed(
        world,
        ("in_transit", HOUR),
        ("failed_attempt", 6 * DAY),
        quiet=True,
        expectedAt=T0.isoformat(),
    )

    assert (run.output["status"], run.output["late"]) == ("lost", True)
    assert world.mail.messages == {}
    assert (world.carrier.inquiries, world.carrier.claims) == ([1, 2], 1)


def test_what_was_told_is_not_told_again_by_a_later_generation(world: World) -> None:
    world.carrier = TimedCarrier(
        scans=scans(("in_transit", HOUR), ("delivered", 12 * DAY)), proposes=HOUR
    )

    world.to_the_end(limitS=LIMIT_S, expectedAt=T0.isoformat())

    assert len(world.carrier.asked_at) > 2 * CHECKS_PER_GENERATION
    assert world.told() == ["in_transit", "late", "silent", "delivered"]
    assert world.carrier.inquiries == [1]


def test_the_input_of_a_parcel_says_what_is_meant_where_it_says_nothing() -> None:
    assert not {"expectedAt", "silenceS", "quiet"} & set(PARCEL)
