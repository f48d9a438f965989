"""Instants and durations as people on call say them; all times are UTC.

An instant is told relative to the day of the reader: 14:02, tomorrow at 14:02, on 3 Dec at 14:02.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_SOON: Final = timedelta(seconds=90)
_CLOCK: Final = re.compile(r"\b\d\d:\d\d\b")
_UTC: Final = " (UTC)"


def at(instant: datetime, now: datetime) -> str:
    """Say when something happens: ``in 8 s``, ``at 20:00``, ``tomorrow at 14:02``."""
    left = instant - now
    if timedelta() < left < _SOON:
        return f"in {left.total_seconds():.0f} s"
    return _told(instant, now, today="at ", other="on ")


def clock(instant: datetime, now: datetime) -> str:
    """Say an instant after ``since`` or ``until``: ``14:02``, ``yesterday at 14:02``."""
    return _told(instant, now, today="", other="")


def _told(instant: datetime, now: datetime, *, today: str, other: str) -> str:
    local, reader = instant.astimezone(UTC), now.astimezone(UTC)
    time = f"{local:%H:%M}"
    match (local.date() - reader.date()).days:
        case 0:
            return f"{today}{time}"
        case 1:
            return f"tomorrow at {time}"
        case -1:
            return f"yesterday at {time}"
        case _:
            year = "" if local.year == reader.year else f" {local.year}"
            return f"{other}{local.day} {local:%b}{year} at {time}"


def since(instant: datetime | None, now: datetime) -> str:
    """Say `` since 14:02``; nothing when nobody knows."""
    return f" since {clock(instant, now)}" if instant else ""


def sentence(text: str) -> str:
    """Finish a sentence; one that tells a time of day says whose."""
    whole = text[:1].upper() + text[1:]
    return f"{whole}{_UTC if _CLOCK.search(whole) else ''}."


def clause(finished: str) -> str:
    """Return a finished sentence as a part of another one."""
    bare = finished.removesuffix(".").removesuffix(_UTC)
    return bare[:1].lower() + bare[1:]
