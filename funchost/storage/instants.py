"""Instants and durations as whole microseconds: exact, sortable, and free of time zones."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Return the microseconds from 1970 to an aware instant; negative before."""
    return (instant - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the instant, aware, in UTC."""
    return EPOCH + timedelta(microseconds=micros)


def duration_to_micros(duration: timedelta) -> int:
    """Return a duration in microseconds."""
    return duration // MICROSECOND


def duration_from_micros(micros: int) -> timedelta:
    """Return the duration of so many microseconds."""
    return timedelta(microseconds=micros)
