from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from tests.support.playing import T0
from workflows.delivery_tracking.models import (
    DeliveryStatus,
    NotifyCustomer,
    Reading,
    TrackingState,
)
from workflows.delivery_tracking.transitions import (
    ALLOWED,
    ENDS,
    heard,
    letter,
    out_of_time,
    pause,
    worth_telling,
)

UNTIL = T0 + timedelta(days=1)


def test_every_status_either_goes_on_or_is_an_end() -> None:
    assert set(ALLOWED) | ENDS == set(DeliveryStatus)
    assert not set(ALLOWED) & ENDS
    assert all(targets >= ENDS for targets in ALLOWED.values())


@given(
    st.lists(st.tuples(st.sampled_from(DeliveryStatus), st.integers(0, 9)), min_size=1, max_size=30)
)
def test_scans_never_go_back_and_an_end_is_final(news: list[tuple[DeliveryStatus, int]]) -> None:
    state = TrackingState(until=UNTIL)

    for status, scans in news:
        moved = heard(state, Reading(status=status, scans=scans, next_check_s=1))
        assert moved.scans >= state.scans
        assert moved == state or moved.status in ALLOWED[state.status]
        state = moved


def test_news_with_as_many_scans_is_no_news() -> None:
    state = TrackingState(status=DeliveryStatus.OUT_FOR_DELIVERY, scans=4, until=UNTIL)
    late = Reading(status=DeliveryStatus.ATTEMPT_FAILED, scans=4, next_check_s=1)

    assert heard(state, late) == state


def test_an_end_is_never_given_up_on() -> None:
    state = TrackingState(status=DeliveryStatus.DELIVERED, scans=5, until=UNTIL)

    assert out_of_time(state, UNTIL + timedelta(days=1)) == state


@pytest.mark.parametrize(("proposed", "seconds"), [(0.0, 0.2), (5.0, 5), (10**7, 12 * 3600)])
def test_a_pause_is_neither_busy_nor_endless(proposed: float, seconds: float) -> None:
    state = TrackingState(until=T0 + timedelta(days=30))
    reading = Reading(status=DeliveryStatus.BOOKED, scans=1, next_check_s=proposed)

    assert pause(state, reading, T0).total_seconds() == seconds


def test_a_pause_never_goes_beyond_the_limit() -> None:
    state = TrackingState(until=T0 + timedelta(seconds=3))

    assert pause(state, None, T0) == timedelta(seconds=3)
    assert pause(state, None, T0 + timedelta(seconds=9)) == timedelta()


@pytest.mark.parametrize("status", [status for status in DeliveryStatus if worth_telling(status)])
def test_every_letter_names_the_order_and_the_parcel(status: DeliveryStatus) -> None:
    written = letter(
        NotifyCustomer(
            order_id="A1",
            requests_table="orderrequests",
            key="k",
            status=status,
            tracking_number="TRK-1",
            at=T0,
        )
    )

    assert "A1" in written.subject
    assert "TRK-1" in written.text
