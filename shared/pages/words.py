"""Instants, amounts and sizes as people read them. Pure: what time it is comes in."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shared.money import in_words as money_in_words

_KIBI: Final = 1024
_UNITS: Final = ("bytes", "KB", "MB", "GB")
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_HOURS_IN_A_DAY: Final = 24
_MINUTES_IN_AN_HOUR: Final = 60
_SECONDS_IN_A_MINUTE: Final = 60
_SECONDS_IN_AN_HOUR: Final = 3_600
_WHOLE_FROM: Final = 10.0  # numbers above have no fraction that anybody reads


def instant(at: datetime, time_zone: str = "UTC") -> str:
    """Write an instant out: ``Friday 27 November 2026, 14:00 UTC``.

    Args:
        at: the instant.
        time_zone: the name of the zone whose clock is read, such as ``Europe/Berlin``.
    """
    there = at.astimezone(ZoneInfo(time_zone))
    return f"{there:%A} {there.day} {there:%B %Y, %H:%M} {time_zone}"


def moment(at: datetime) -> str:
    """Write an instant as narrow as a table needs it: ``27 Nov 14:00:05``, in UTC."""
    there = at.astimezone(UTC)
    return f"{there.day} {there:%b %H:%M:%S}"


def iso(at: datetime) -> str:
    """Write an instant for machines: ``2026-11-27T14:00:00Z``."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def distance(at: datetime, now: datetime) -> str:
    """Say how far an instant is away: ``in 2 days``, ``in 36 hours``, ``5 minutes ago``.

    A unit is used from two of it on, so that what is said is never off by half.
    """
    amount = _duration(abs(at - now))
    if not amount:
        return "in less than a minute" if at > now else "just now"
    return f"in {amount}" if at > now else f"{amount} ago"


def _duration(away: timedelta) -> str:
    minutes, hours = round(away / _MINUTE), round(away / _HOUR)
    if hours >= 2 * _HOURS_IN_A_DAY:
        return f"{hours // _HOURS_IN_A_DAY} days"
    if minutes >= 2 * _MINUTES_IN_AN_HOUR:
        return f"{hours} hours"
    return f"{minutes} minute{'s' if minutes > 1 else ''}" if minutes else ""


def amount(minor: int, currency: str) -> str:
    """Write an amount with its thousands apart: ``12,500.00 EUR``."""
    number, _, code = money_in_words(minor, currency).partition(" ")
    units, point, rest = number.partition(".")
    return f"{int(units):,}{point}{rest} {code}"


def size(count: int) -> str:
    """Write a number of bytes: ``1.4 MB``."""
    value = float(count)
    for unit in _UNITS[:-1]:
        if value < _KIBI:
            return f"{count} bytes" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= _KIBI
    return f"{value:.1f} {_UNITS[-1]}"


def of_code(code: str) -> str:
    """Write a code as people read it: ``payment_declined`` as ``Payment declined``."""
    text = code.replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:]


def count(number: int) -> str:
    """Write a whole number with its thousands apart."""
    return f"{number:,}"


def lasting(seconds: float) -> str:
    """Write a length of time: ``0.42 s``, ``38 s``, ``2 min 5 s``, ``3 h 20 min``."""
    if seconds < 1:
        return f"{seconds:.2g} s" if seconds else "0 s"
    if seconds < _SECONDS_IN_A_MINUTE:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    if whole < _SECONDS_IN_AN_HOUR:
        minutes, rest = divmod(whole, _SECONDS_IN_A_MINUTE)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(round(seconds / _SECONDS_IN_A_MINUTE), _MINUTES_IN_AN_HOUR)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def rate(value: float) -> str:
    """Write rows per second as exactly as anybody reads them."""
    return f"{value:,.0f}" if value >= _WHOLE_FROM else f"{value:.3g}"
