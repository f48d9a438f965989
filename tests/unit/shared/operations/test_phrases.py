from datetime import datetime, timedelta

import pytest

from shared.operations.explaining import phrases

NOW = datetime.fromisoformat("2030-01-01T12:00:00Z")
CET = datetime.fromisoformat("2030-01-01T21:00:00+01:00")


@pytest.mark.parametrize(
    ("instant", "at", "clock"),
    [
        (NOW + timedelta(seconds=8), "in 8 s", "12:00"),
        (NOW + timedelta(minutes=2), "at 12:02", "12:02"),
        (NOW + timedelta(hours=13), "tomorrow at 01:00", "tomorrow at 01:00"),
        (NOW - timedelta(hours=13), "yesterday at 23:00", "yesterday at 23:00"),
        (NOW + timedelta(days=5), "on 6 Jan at 12:00", "6 Jan at 12:00"),
        (NOW + timedelta(days=400), "on 5 Feb 2031 at 12:00", "5 Feb 2031 at 12:00"),
        (CET, "at 20:00", "20:00"),
    ],
)
def test_an_instant_is_told_relative_to_the_readers_day(
    instant: datetime, at: str, clock: str
) -> None:
    assert (phrases.at(instant, NOW), phrases.clock(instant, NOW)) == (at, clock)


def test_a_sentence_says_whose_time_it_tells_and_a_clause_does_not() -> None:
    told = phrases.sentence("waiting since 12:00")

    assert told == "Waiting since 12:00 (UTC)."
    assert phrases.sentence("in 8 s") == "In 8 s."
    assert phrases.clause(told) == "waiting since 12:00"
