"""Business hours, held against the local clock counted minute by minute."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from workflows.approval.calendars import (
    AROUND_THE_CLOCK,
    CALENDARS,
    LONGEST_PATIENCE,
    Calendar,
    UnknownCalendarError,
    Weekday,
    calendar_named,
    deadline,
    read_calendars,
)

HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
# Half an hour of summer time, a skipped day, quarter-hour offsets, midnight changes.
ZONES: Final = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "America/Havana",
    "Africa/Casablanca",
)
zones = st.sampled_from(ZONES)
patiences = st.integers(0, 14 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds))
instants = st.datetimes(
    datetime(2008, 1, 1),  # noqa: DTZ001 - timezones makes it aware
    datetime(2036, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@st.composite
def day_hours(draw: st.DrawFn, first: int = 0, last: int = 24 * 60) -> list[str]:
    """Up to three periods of a day, in order, in minutes between first and last."""
    edges = sorted(draw(st.sets(st.integers(first, last), min_size=2, max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in pairs]


def a_calendar(zone: str = "Europe/Berlin", **members: Any) -> Calendar:
    """Monday to Friday, nine to five, unless said otherwise."""
    week = {day: ["09:00-17:00"] for day in tuple(Weekday)[:5]}
    return Calendar.from_json({"timeZone": zone, "week": week, **members})


@st.composite
def calendars(draw: st.DrawFn, first: int = 0, last: int = 24 * 60) -> Calendar:
    """Any hours on any days, and one day a week that is open for long enough to wait out."""
    days = draw(st.sets(st.sampled_from(Weekday), min_size=1))
    busy = draw(st.sampled_from(Weekday))
    return a_calendar(
        draw(zones),
        week={day: draw(day_hours(first, last)) for day in days} | {busy: ["06:00-20:00"]},
        everyYear=draw(
            st.dictionaries(st.sampled_from(["01-01", "06-15"]), day_hours(first, last))
        ),
        fromEaster=draw(st.dictionaries(st.sampled_from([-2, 1]), st.just([]))),
    )


def berlin(text: str) -> datetime:
    """The instant at which a clock in Berlin shows this time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


def is_open(calendar: Calendar, instant: datetime) -> bool:
    wall = instant.astimezone(ZoneInfo(calendar.time_zone))
    minutes = wall.hour * 60 + wall.minute
    return any(p.opens <= minutes < p.closes for p in calendar.hours_on(wall.date()))


# Away from the night, when clocks are set: there a minute is open because the clock says so.
@given(calendars(first=4 * 60, last=22 * 60), instants, st.integers(1, 1200))
@settings(max_examples=100)  # counting minutes is slow
def test_the_patience_ends_with_so_many_open_minutes_on_the_local_clock(
    calendar: Calendar, opened_at: datetime, minutes: int
) -> None:
    minute = opened_at.replace(second=0, microsecond=0)

    due = deadline(minute, minutes * MINUTE, calendar)

    span = (due - minute) // MINUTE
    if span <= 5_000:
        counted = sum(is_open(calendar, minute + n * MINUTE) for n in range(span))
        assert counted == minutes
    assert is_open(calendar, due - MINUTE)


@given(calendars(), instants, patiences, patiences)
def test_waiting_twice_is_waiting_for_both_together(
    calendar: Calendar, opened_at: datetime, one: timedelta, other: timedelta
) -> None:
    first = deadline(opened_at, one, calendar)

    assert deadline(first, other, calendar) == deadline(opened_at, one + other, calendar)


@given(calendars(), instants, instants, patiences)
def test_who_opens_later_is_never_due_earlier(
    calendar: Calendar, one: datetime, other: datetime, patience: timedelta
) -> None:
    earlier, later = sorted([one, other])

    assert deadline(earlier, patience, calendar) <= deadline(later, patience, calendar)
    assert deadline(later, patience, calendar) >= later + patience


@given(zones, instants, patiences)
def test_a_place_that_never_closes_loses_no_second_when_clocks_are_set(
    zone: str, opened_at: datetime, patience: timedelta
) -> None:
    halves = a_calendar(zone, week={day: ["00:00-12:00", "12:00-24:00"] for day in Weekday})

    assert deadline(opened_at, patience, halves) == opened_at + patience


@given(instants, patiences)
def test_around_the_clock_is_the_plain_sum(opened_at: datetime, patience: timedelta) -> None:
    calendar = calendar_named(AROUND_THE_CLOCK)

    assert deadline(opened_at, patience, calendar) == opened_at + patience


@pytest.mark.parametrize(
    ("opened_at", "hours", "due"),
    [
        ("2026-03-02T10:00", 2, "2026-03-02T12:00"),
        ("2026-03-02T10:00", 7, "2026-03-02T17:00"),  # closing time is still the same day
        ("2026-03-02T10:00", 8, "2026-03-03T10:00"),
        ("2026-03-06T16:00", 2, "2026-03-09T10:00"),  # over a weekend
        ("2026-03-07T12:00", 1, "2026-03-09T10:00"),  # opened while closed
        ("2026-03-27T16:00", 2, "2026-03-30T10:00"),  # over the weekend when clocks go forward
        ("2026-10-23T16:00", 2, "2026-10-26T10:00"),  # and back
    ],
)
def test_office_hours_in_berlin(opened_at: str, hours: int, due: str) -> None:
    assert deadline(berlin(opened_at), hours * HOUR, a_calendar()) == berlin(due)


@pytest.mark.parametrize(
    ("opened_at", "hours_until_six"),
    [("2026-03-28T20:00", 5), ("2026-10-24T20:00", 7), ("2026-11-07T20:00", 6)],
)
def test_a_night_has_the_hours_that_really_pass(opened_at: str, hours_until_six: int) -> None:
    nights = a_calendar(week={"sunday": ["00:00-06:00"]})

    due = deadline(berlin(opened_at), hours_until_six * HOUR, nights)

    assert due.astimezone(ZoneInfo("Europe/Berlin")).hour == 6
    assert deadline(berlin(opened_at), hours_until_six * HOUR + MINUTE, nights) > due + 100 * HOUR


def test_a_place_opens_when_the_clock_jumps_over_its_opening_time() -> None:
    skipped = a_calendar(week={"sunday": ["02:30-05:00"]})

    due = deadline(berlin("2026-03-28T12:00"), HOUR, skipped)

    assert due == datetime(2026, 3, 29, 2, 0, tzinfo=UTC)  # an hour after the jump at 01:00 UTC


def test_a_day_that_a_country_skipped_has_no_hours() -> None:
    office = a_calendar("Pacific/Apia")  # there was no Friday, 30 December 2011
    thursday = datetime(2011, 12, 29, 16, tzinfo=ZoneInfo("Pacific/Apia"))

    due = deadline(thursday, 2 * HOUR, office)

    assert due == datetime(2012, 1, 2, 10, tzinfo=ZoneInfo("Pacific/Apia"))


@pytest.mark.parametrize(
    "members",
    [
        {"dates": {"2026-04-07": []}},
        {"everyYear": {"04-07": []}},
        {"fromEaster": {"2": []}},
        {"dates": {"2026-04-07": []}, "everyYear": {"04-07": ["09:00-17:00"]}},
    ],
)
def test_holidays_do_not_count(members: dict[str, Any]) -> None:
    calendar = a_calendar(**members)

    assert deadline(berlin("2026-04-06T16:00"), 2 * HOUR, calendar) == berlin("2026-04-08T10:00")


def test_a_short_day_counts_for_what_it_is() -> None:
    calendar = a_calendar(everyYear={"12-24": ["09:00-12:00"]})

    assert deadline(berlin("2026-12-24T09:00"), 4 * HOUR, calendar) == berlin("2026-12-25T10:00")


@pytest.mark.parametrize(
    "good_friday",
    ["2000-04-21", "2011-04-22", "2019-04-19", "2024-03-29", "2025-04-18", "2038-04-23"],
)
def test_easter_is_found_in_every_year(good_friday: str) -> None:
    day = date.fromisoformat(good_friday)
    calendar = a_calendar(fromEaster={"-2": []})

    assert calendar.hours_on(day) == ()
    assert calendar.hours_on(day - timedelta(days=7)) != ()


def test_a_naive_instant_or_a_negative_patience_is_a_mistake() -> None:
    for opened_at, patience in [
        (datetime(2026, 1, 1), HOUR),  # noqa: DTZ001 - the point
        (datetime(2026, 1, 1, tzinfo=UTC), -HOUR),
    ]:
        with pytest.raises(ValueError, match="aware instant"):
            deadline(opened_at, patience, a_calendar())


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"timeZone": "Europe"}, "is not a time zone"),
        ({"timeZone": "../../etc/passwd"}, "is not a time zone"),
        ({"timeZone": "Mars/Olympus"}, "is not a time zone"),
        ({"week": {"monday": ["9-17"]}}, "expected hours such as"),
        ({"week": {"monday": ["17:00-09:00"]}}, "end after they begin"),
        ({"week": {"monday": ["09:00-24:30"]}}, "expected hours such as"),
        ({"week": {"monday": ["09:00-12:00", "11:00-13:00"]}}, "do not overlap"),
        ({"week": {"montag": ["09:00-12:00"]}}, "montag"),
        ({"week": {"monday": []}}, "is not open"),
        ({"everyYear": {"02-30": []}}, "02-30"),
        ({"everyYear": {"6-1": []}}, "6-1"),
        ({"dates": {"2026-13-01": []}}, "2026-13-01"),
        ({"fromEaster": {"friday": []}}, "friday"),
        ({"holidays": ["2026-12-25"]}, "holidays"),
    ],
)
def test_a_wrong_calendar_is_an_error_when_it_is_read(entry: dict[str, Any], says: str) -> None:
    good = {"timeZone": "Europe/Berlin", "week": {"monday": ["09:00-17:00"]}}

    with pytest.raises(ValueError, match=says):
        read_calendars(json.dumps({"office": {**good, **entry}}).encode())


def test_the_calendars_that_come_along_hold_the_longest_patience() -> None:
    assert {AROUND_THE_CLOCK, "berlin_office"} <= set(CALENDARS)
    for calendar in CALENDARS.values():
        opened_at = datetime(2026, 12, 23, 15, tzinfo=UTC)
        assert deadline(opened_at, LONGEST_PATIENCE, calendar) > opened_at


def test_an_unknown_calendar_is_named() -> None:
    with pytest.raises(UnknownCalendarError, match="moon_office"):
        calendar_named("moon_office")
