import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.playing import T0
from workflows import delivery_tracking
from workflows.delivery_tracking.journey import ALLOWED, CODES, ENDS
from workflows.delivery_tracking.letters import letter, worth_telling
from workflows.delivery_tracking.models import DeliveryStatus, TrackDelivery, TrackingState
from workflows.delivery_tracking.questions import NotifyCustomer, Reading, Trouble
from workflows.delivery_tracking.transitions import PACE, given_up, heard, pause

README = Path(delivery_tracking.__file__).with_name("README.md").read_text("utf-8")
ARROW = re.compile(r"(\w+) --> (\w+)")
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \|", re.MULTILINE)
UNTIL = T0 + timedelta(days=30)
HOUR = timedelta(hours=1)
PARCEL = TrackDelivery(
    order_id="A1",
    shipment_id="shp-1",
    tracking_number="TRK-1",
    limit_s=30 * 86400,
    requests_table="orderrequests",
)


def test_every_status_either_goes_on_or_is_an_end() -> None:
    assert set(ALLOWED) | ENDS == set(DeliveryStatus)
    assert not set(ALLOWED) & ENDS
    assert all(targets >= ENDS for targets in ALLOWED.values())
    assert set(PACE) == set(ALLOWED)


def test_the_readmes_diagram_and_table_are_the_codes() -> None:
    diagram = README.partition("stateDiagram-v2")[2].partition("```")[0]
    rows = dict(ROW.findall(README))

    assert set(ARROW.findall(diagram)) == {
        (status.value, to.value) for status, targets in ALLOWED.items() for to in targets - ENDS
    }
    assert set(rows) == {status.value for status in DeliveryStatus}
    for code, status in CODES.items():
        assert f"`{code}`" in rows[status.value]


def test_every_status_but_giving_up_has_a_code() -> None:
    assert set(CODES.values()) == set(DeliveryStatus) - {DeliveryStatus.EXPIRED}


def test_an_end_is_never_given_up_on() -> None:
    state = TrackingState(status=DeliveryStatus.DELIVERED, scans=5, until=UNTIL)

    assert given_up(state, UNTIL + timedelta(days=1)) == state


def test_a_reading_that_knows_less_than_was_known_changes_nothing() -> None:
    state = TrackingState(
        status=DeliveryStatus.OUT_FOR_DELIVERY,
        moved_at=T0 + 3 * HOUR,
        heard_at=T0 + 3 * HOUR,
        scans=3,
        attempts=1,
        until=UNTIL,
    )
    less = Reading(
        status=DeliveryStatus.ATTEMPT_FAILED,
        moved_at=T0 + 2 * HOUR,
        heard_at=T0 + 2 * HOUR,
        scans=2,
        attempts=1,
    )

    assert heard(state, less) == state.model_copy(update={"idle": 1})


def a_reading(proposed: float | None, *, answered: bool = True) -> Reading:
    return Reading(status=DeliveryStatus.BOOKED, scans=1, next_check_s=proposed, answered=answered)


@pytest.mark.parametrize(("proposed", "seconds"), [(0.0, 0.2), (5.0, 5), (10**9, 12 * 3600)])
def test_a_pause_is_neither_busy_nor_endless(proposed: float, seconds: float) -> None:
    assert pause(TrackingState(until=UNTIL), a_reading(proposed), PARCEL, T0).total_seconds() == (
        seconds
    )


def test_a_carrier_that_proposes_nothing_is_asked_ever_less_while_nothing_is_new() -> None:
    state = TrackingState(until=UNTIL)
    pauses: list[timedelta] = []
    for _ in range(7):
        state = heard(state, a_reading(None))
        pauses.append(pause(state, a_reading(None), PARCEL, T0))

    assert pauses == [n * HOUR for n in (1, 2, 4, 8, 12, 12, 12)]


def test_a_carrier_that_proposes_to_be_asked_at_once_is_asked_ever_less_as_well() -> None:
    state = TrackingState(until=UNTIL)
    pauses: list[float] = []
    for _ in range(4):
        state = heard(state, a_reading(0.0))
        pauses.append(pause(state, a_reading(0.0), PARCEL, T0).total_seconds())

    assert pauses == [0.2, 0.4, 0.8, 1.6]


@pytest.mark.parametrize("reading", [None, a_reading(None, answered=False)])
def test_a_carrier_that_is_away_is_asked_after_a_minute_and_every_hour_at_last(
    reading: Reading | None,
) -> None:
    state = TrackingState(until=UNTIL)
    pauses: list[float] = []
    for _ in range(8):
        state = heard(state, reading)
        pauses.append(pause(state, reading, PARCEL, T0).total_seconds() / 60)

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize(
    ("status", "hours"),
    [("in_transit", 4), ("out_for_delivery", 0.25), ("attempt_failed", 1), ("returning", 6)],
)
def test_each_status_has_a_pace_of_its_own(status: str, hours: float) -> None:
    state = TrackingState(status=DeliveryStatus(status), until=UNTIL)

    assert pause(state, a_reading(None), PARCEL, T0) == hours * HOUR


def test_a_pause_never_goes_beyond_the_limit() -> None:
    state = TrackingState(until=T0 + timedelta(seconds=3))

    assert pause(state, None, PARCEL, T0) == timedelta(seconds=3)
    assert pause(state, None, PARCEL, T0 + timedelta(seconds=9)) == timedelta()


@pytest.mark.parametrize(
    "news", [news for news in (*DeliveryStatus, *Trouble) if worth_telling(news)]
)
def test_every_letter_names_the_order_and_the_parcel(news: DeliveryStatus | Trouble) -> None:
    written = letter(
        NotifyCustomer(
            order_id="A1",
            requests_table="orderrequests",
            key="k",
            status=DeliveryStatus.IN_TRANSIT if isinstance(news, Trouble) else news,
            trouble=news if isinstance(news, Trouble) else None,
            tracking_number="TRK-1",
            at=T0,
        )
    )

    assert "A1" in written.subject
    assert "TRK-1" in written.text


def test_a_customer_who_was_missed_hears_that_it_is_tried_again() -> None:
    question = NotifyCustomer(
        order_id="A1",
        requests_table="orderrequests",
        key="k",
        status=DeliveryStatus.OUT_FOR_DELIVERY,
        attempts=1,
        tracking_number="TRK-1",
        at=T0,
    )

    assert letter(question).text.endswith("Nobody could take it before.")
