"""When timers are due: time spans, settings, time zones and their changes of the clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from funchost.triggers.errors import TriggerError
from funchost.triggers.schedules import (
    END_OF_TIME,
    CronSchedule,
    IntervalSchedule,
    fires_too_often_to_monitor,
    schedule_of,
)

BERLIN = {"WEBSITE_TIME_ZONE": "Europe/Berlin"}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def occurrences(schedule: str, settings: dict[str, str], begin: str, count: int) -> list[str]:
    instant = utc(begin)
    found: list[str] = []
    for _ in range(count):
        instant = schedule_of(schedule, settings).next_after(instant)
        found.append(f"{instant:%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("text", "every"),
    [
        ("00:00:30", timedelta(seconds=30)),
        ("01:30:00", timedelta(minutes=90)),
        ("1.00:00:00", timedelta(days=1)),
        ("24:00:00", timedelta(days=24)),
        ("25:00:00:00", timedelta(days=25)),
    ],
)
def test_a_time_span_is_an_interval(text: str, every: timedelta) -> None:
    assert schedule_of(text, {}) == IntervalSchedule(every)


def test_a_schedule_may_stand_in_the_app_settings() -> None:
    schedule = schedule_of("%Often%", {"Often": "0 */5 * * * *"})

    assert schedule.next_after(utc("2026-01-01T00:01")) == utc("2026-01-01T00:05")


@pytest.mark.parametrize("text", ["%Missing%", "", "sometimes", "00:00:00"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(TriggerError):
        schedule_of(text, {})


def test_an_unknown_time_zone_is_refused_by_name() -> None:
    with pytest.raises(TriggerError, match="WEBSITE_TIME_ZONE is 'Nowhere/Land'"):
        schedule_of("0 0 9 * * *", {"WEBSITE_TIME_ZONE": "Nowhere/Land"})


def test_expressions_are_read_on_the_clocks_of_the_zone() -> None:
    assert occurrences("0 0 9 * * *", BERLIN, "2026-03-28T00:00", 2) == ["28 08:00", "29 07:00"]


def test_a_time_of_day_that_the_clocks_skip_comes_as_much_later() -> None:
    assert occurrences("0 30 2 * * *", BERLIN, "2026-03-28T12:00", 2) == ["29 01:30", "30 00:30"]


def test_a_time_of_day_that_the_clocks_repeat_comes_once() -> None:
    assert occurrences("0 30 2 * * *", BERLIN, "2026-10-24T12:00", 2) == ["25 00:30", "26 01:30"]


def test_what_comes_every_half_hour_keeps_its_pace_when_the_clocks_go_back() -> None:
    found = occurrences("0 */30 * * * *", BERLIN, "2026-10-24T23:50", 6)

    assert found == ["25 00:00", "25 00:30", "25 01:00", "25 01:30", "25 02:00", "25 02:30"]


def test_what_comes_every_half_hour_keeps_its_pace_when_the_clocks_go_forward() -> None:
    found = occurrences("0 */30 * * * *", BERLIN, "2026-03-29T00:10", 3)

    assert found == ["29 00:30", "29 01:00", "29 01:30"]


def test_an_interval_that_passes_the_end_of_time_never_comes() -> None:
    assert IntervalSchedule(timedelta(days=2)).next_after(END_OF_TIME) == END_OF_TIME


@pytest.mark.parametrize(
    ("text", "is_too_often"),
    [("*/30 * * * * *", True), ("0 * * * * *", False), ("00:00:59", True), ("0,5 0 * * * *", True)],
)
def test_timers_below_a_minute_are_not_monitored(text: str, is_too_often: bool) -> None:  # noqa: FBT001 - a table's column
    schedule = schedule_of(text, {})

    assert fires_too_often_to_monitor(schedule, utc("2026-01-01T00:00")) is is_too_often


def test_a_schedule_without_a_zone_is_in_utc() -> None:
    schedule = schedule_of("0 0 9 * * *", {})

    assert isinstance(schedule, CronSchedule)
    assert schedule.zone is UTC
