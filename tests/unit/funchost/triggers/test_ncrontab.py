"""NCRONTAB: the fields' grammar, and the moment that comes next."""

from datetime import datetime

import pytest
from hypothesis import given, strategies as st

from funchost.triggers.errors import TriggerError
from funchost.triggers.ncrontab import Cron


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("0 */5 * * * *", "2026-01-01T00:00:00", "2026-01-01T00:05:00"),
        ("0 */5 * * * *", "2026-01-01T00:04:59.5", "2026-01-01T00:05:00"),
        ("*/5 * * * *", "2026-01-01T00:00:00", "2026-01-01T00:05:00"),
        ("30 9 * * *", "2026-01-01T09:30:00", "2026-01-02T09:30:00"),
        ("*/10 * * * * *", "2026-01-01T23:59:55", "2026-01-02T00:00:00"),
        ("5,8,20 * * * * *", "2026-01-01T00:00:05", "2026-01-01T00:00:08"),
        ("5-7 * * * * *", "2026-01-01T00:00:07", "2026-01-01T00:01:05"),
        ("0 0 5-7 * * *", "2026-01-01T07:00:00", "2026-01-02T05:00:00"),
        ("0 5/15 * * * *", "2026-01-01T00:05:00", "2026-01-01T00:20:00"),
        ("0 0-30/10 * * * *", "2026-01-01T00:30:00", "2026-01-01T01:00:00"),
        ("0 0 0 * * Mon", "2026-01-01T00:00:00", "2026-01-05T00:00:00"),
        ("0 0 0 * * sunday", "2026-01-01T00:00:00", "2026-01-04T00:00:00"),
        ("0 0 0 * * Mon-Fri", "2026-01-02T00:00:00", "2026-01-05T00:00:00"),
        ("0 30 9 * Jan Mon", "2026-01-26T09:30:00", "2027-01-04T09:30:00"),
        ("0 0 0 1 feb,J *", "2026-01-02T00:00:00", "2026-02-01T00:00:00"),
        ("0 0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 0 29 2 *", "2096-02-29T00:00:00", "2104-02-29T00:00:00"),
        ("0 0 0 31 * *", "2026-01-31T00:00:00", "2026-03-31T00:00:00"),
        ("59 59 23 31 12 *", "2026-01-01T00:00:00", "2026-12-31T23:59:59"),
    ],
)
def test_the_next_moment(expression: str, after: str, expected: str) -> None:
    assert Cron.parse(expression).next_after(at(after)) == at(expected)


def test_a_day_has_to_fit_both_of_its_fields() -> None:
    friday_the_13th = Cron.parse("0 0 0 13 * Fri")

    assert friday_the_13th.next_after(at("2026-01-01")) == at("2026-02-13")


def test_a_backward_range_is_turned_round() -> None:
    assert Cron.parse("7-5 * * * * *").seconds == (5, 6, 7)


@pytest.mark.parametrize(
    "expression",
    [
        *("", "* * * *", "* * * * * * *", "60 * * * * *", "0 60 * * * *", "0 0 24 * * *"),
        *("0 0 0 0 * *", "0 0 0 32 * *", "0 0 0 * 13 *", "0 0 0 * * 7", "0 0 0 * * noday"),
        *("a * * * * *", "1- * * * * *", "-1 * * * * *", "1,, * * * * *", "*/x * * * * *"),
        *("0 0 0 30 2 *", "1/ * * * * *", "² * * * * *"),
    ],
)
def test_what_cannot_be_read_is_refused(expression: str) -> None:
    with pytest.raises(TriggerError):
        Cron.parse(expression)


def test_there_is_none_after_the_end_of_time() -> None:
    assert Cron.parse("0 0 0 1 1 *").next_after(at("9999-12-01")) is None


@given(
    st.lists(st.integers(0, 59), min_size=1, max_size=4),
    st.lists(st.integers(0, 59), min_size=1, max_size=4),
    st.lists(st.integers(0, 23), min_size=1, max_size=4),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - wall-clock time
)
def test_the_next_moment_is_the_first_that_fits(
    seconds: list[int], minutes: list[int], hours: list[int], moment: datetime
) -> None:
    fields = (",".join(map(str, each)) for each in (seconds, minutes, hours))

    found = Cron.parse(f"{' '.join(fields)} * * *").next_after(moment)

    assert found is not None
    assert found > moment
    candidates = [
        found.replace(hour=hour, minute=minute, second=second)
        for hour in hours
        for minute in minutes
        for second in seconds
    ]
    assert found in candidates
    assert not any(moment < candidate < found for candidate in candidates)
