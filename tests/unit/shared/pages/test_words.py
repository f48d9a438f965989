"""Instants, amounts and sizes as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.pages import words

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)


def test_an_instant_is_written_out_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))

    assert words.instant(datetime(2026, 11, 27, 15, 0, tzinfo=berlin)) == (
        "Friday 27 November 2026, 14:00 UTC"
    )
    assert words.instant(datetime(2026, 11, 27, 14, 0, tzinfo=UTC), "Europe/Berlin") == (
        "Friday 27 November 2026, 15:00 Europe/Berlin"
    )
    assert words.iso(datetime(2026, 11, 27, 15, 0, tzinfo=berlin)) == "2026-11-27T14:00:00Z"


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (timedelta(days=2), "in 2 days"),
        (timedelta(days=2, seconds=-20), "in 2 days"),
        (timedelta(days=2, hours=20), "in 2 days"),
        (timedelta(hours=36), "in 36 hours"),
        (timedelta(hours=2), "in 2 hours"),
        (timedelta(minutes=90), "in 90 minutes"),
        (timedelta(seconds=70), "in 1 minute"),
        (timedelta(seconds=20), "in less than a minute"),
        (timedelta(0), "just now"),
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=-5), "5 minutes ago"),
        (timedelta(days=-90), "90 days ago"),
    ],
)
def test_how_far_an_instant_is_away(away: timedelta, said: str) -> None:
    assert words.distance(NOW + away, NOW) == said


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (1_250_000, "EUR", "12,500.00 EUR"),
        (5, "USD", "0.05 USD"),
        (1_250_000, "JPY", "1,250,000 JPY"),
        (1_234_567, "KWD", "1,234.567 KWD"),
    ],
)
def test_an_amount_has_its_thousands_apart(minor: int, currency: str, said: str) -> None:
    assert words.amount(minor, currency) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KB"), (5 * 1024**2, "5.0 MB")],
)
def test_a_size_is_told_in_the_unit_that_fits(count: int, said: str) -> None:
    assert words.size(count) == said


def test_an_instant_in_a_table_is_narrow_and_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))

    assert words.moment(datetime(2026, 11, 7, 15, 0, 5, tzinfo=berlin)) == "7 Nov 14:00:05"


def test_codes_and_counts_are_written_for_people() -> None:
    assert words.of_code("payment_declined") == "Payment declined"
    assert words.of_code("") == ""
    assert words.count(1_234_567) == "1,234,567"
