"""A parcel's journey is a function of the time since it was booked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from shared.sandbox.itinerary import (
    FINAL_STATUSES,
    Tracking,
    TrackingStatus,
    picked_up_at,
    service_named,
    tracking,
)

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TRANSIT = timedelta(hours=100)
ROUTES = ["standard", "sandbox_lost", "sandbox_returned", "sandbox_failed_attempt"]


def after(hours: float, service: str = "standard") -> Tracking:
    return tracking(
        service_named(service),
        booked_at=T0,
        transit=TRANSIT,
        as_of=T0 + timedelta(hours=hours),
    )


@pytest.mark.parametrize(
    ("hours", "status", "next_check_hours"),
    [
        (-1, TrackingStatus.LABEL_CREATED, 21),
        (0, TrackingStatus.LABEL_CREATED, 20),
        (20, TrackingStatus.PICKED_UP, 20),
        (79.5, TrackingStatus.IN_TRANSIT, 0.5),
        (80, TrackingStatus.OUT_FOR_DELIVERY, 20),
        (100, TrackingStatus.DELIVERED, 0),
        (9999, TrackingStatus.DELIVERED, 0),
    ],
)
def test_a_standard_parcel_is_delivered_after_the_transit_time(
    hours: float, status: TrackingStatus, next_check_hours: float
) -> None:
    seen = after(hours)

    assert seen.status is status
    assert seen.next_check_after == timedelta(hours=next_check_hours)


def test_scans_tell_the_whole_story_in_order() -> None:
    scans = after(100).scans

    assert [scan.code for scan in scans] == [
        TrackingStatus.LABEL_CREATED,
        TrackingStatus.PICKED_UP,
        TrackingStatus.IN_TRANSIT,
        TrackingStatus.OUT_FOR_DELIVERY,
        TrackingStatus.DELIVERED,
    ]
    assert scans[0].at == T0
    assert scans[-1].at == T0 + TRANSIT


def test_a_lost_parcel_stays_in_transit_and_is_worth_asking_about() -> None:
    seen = after(100_000, "sandbox_lost")

    assert seen.status is TrackingStatus.IN_TRANSIT
    assert seen.next_check_after == TRANSIT


def test_a_failed_attempt_is_followed_by_a_delivery() -> None:
    assert after(100, "sandbox_failed_attempt").status is TrackingStatus.FAILED_ATTEMPT
    assert after(130, "sandbox_failed_attempt").status is TrackingStatus.OUT_FOR_DELIVERY
    assert after(150, "sandbox_failed_attempt").status is TrackingStatus.DELIVERED


def test_a_returned_parcel_ends_at_its_sender() -> None:
    seen = after(200, "sandbox_returned")

    assert seen.status is TrackingStatus.RETURNED
    assert seen.scans[-1].place == seen.scans[0].place


@given(
    service=st.sampled_from(ROUTES),
    hours=st.floats(min_value=-10, max_value=500, allow_nan=False),
    later=st.floats(min_value=0, max_value=500, allow_nan=False),
)
def test_scans_only_ever_add_up(service: str, hours: float, later: float) -> None:
    earlier, afterwards = after(hours, service), after(hours + later, service)

    assert afterwards.scans[: len(earlier.scans)] == earlier.scans


@given(
    service=st.sampled_from(ROUTES),
    hours=st.floats(min_value=0, max_value=500, allow_nan=False),
)
def test_asking_when_told_to_sees_every_scan(service: str, hours: float) -> None:
    seen = after(hours, service)
    as_of = T0 + timedelta(hours=hours) + seen.next_check_after
    next_seen = tracking(service_named(service), booked_at=T0, transit=TRANSIT, as_of=as_of)

    assert (seen.next_check_after == timedelta(0)) == (seen.status in FINAL_STATUSES)
    assert len(next_seen.scans) - len(seen.scans) in {0, 1}


def test_a_parcel_leaves_the_sender_at_its_pick_up() -> None:
    assert picked_up_at(service_named("standard"), booked_at=T0, transit=TRANSIT) == (
        T0 + TRANSIT * 0.2
    )
    assert picked_up_at(service_named("nothing"), booked_at=T0, transit=TRANSIT) is None


def test_an_outage_service_names_how_many_calls_fail() -> None:
    assert service_named("sandbox_down_12").outage_calls == 12
    assert service_named("sandbox_down_").refused_because == "unknown_service"
    assert service_named("sandbox_down_1000").refused_because == "unknown_service"
