"""How values are written for people: text that cannot drive a terminal, times, durations.

What strangers wrote ends on the operator's screen, so control characters are shown and not sent.
"""

import json
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

NOTHING: Final = "-"
_AGO: Final = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[smhdw])")
_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def printable(text: str) -> str:
    """Write every character that is not plainly visible as its escape."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def words(value: Any) -> str:
    """Write a JSON value in one line."""
    match value:
        case None | "":
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case str():
            return printable(value)
        case [*parts] if all(isinstance(part, str) for part in parts):
            return ", ".join(map(printable, parts)) or NOTHING
        case _:
            return printable(json.dumps(value, ensure_ascii=False))


def paragraphs(value: Any) -> str:
    """Write a JSON value over several lines."""
    lines = json.dumps(value, ensure_ascii=False, indent=2).split("\n")
    return "\n".join(map(printable, lines))


def instant(text: object) -> datetime | None:
    """Read a time as the app writes it; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def when(value: object, zone: tzinfo | None) -> str:
    """Write a time in a zone, None being the machine's own; what is no time stays as it is."""
    read = instant(value)
    if read is None:
        return words(value)
    shown = read.astimezone(zone)
    return f"{shown:%Y-%m-%d %H:%M:%S}" + ("Z" if zone is UTC else "")


def moment(text: str, *, now: datetime, zone: tzinfo | None) -> datetime:
    """Read what somebody typed: ``2h`` (ago), a date, or a time; without an offset in the zone.

    Raises:
        ValueError: It is none of these.
    """
    if ago := _AGO.fullmatch(text):
        return now - int(ago["count"]) * _UNITS[ago["unit"]]
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        read = read.replace(tzinfo=zone) if zone else read.astimezone()
    return read.astimezone(UTC)


def duration(seconds: float) -> str:
    """Write so many seconds in the two largest units that fit."""
    whole = max(0, int(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days}d {hour}h"
    if hours:
        return f"{hours}h {minute}m"
    return f"{minutes}m {second}s" if minutes else f"{second}s"


def sha(value: object) -> str:
    """Shorten a digest to what tells two of them apart."""
    return words(value)[:12]
