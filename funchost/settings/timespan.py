"""Time spans as .NET writes them: ``hh:mm``, ``hh:mm:ss`` or ``d.hh:mm:ss``, with a sign."""

import re
from datetime import timedelta

_TIMESPAN = re.compile(r"(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d{1,7})?)?")


def timespan(text: str) -> timedelta | None:
    """Return the span a text means, or None if it is none; fractions of a second are dropped."""
    found = _TIMESPAN.fullmatch(text.strip())
    if found is None:
        return None
    sign, days, hours, minutes, seconds = found.groups()
    span = timedelta(
        days=int(days or 0), hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0)
    )
    return -span if sign else span
