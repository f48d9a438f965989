"""Business hours: when a patience that counts only open hours has run out.

Calendars are named in calendars.json beside this file and checked when the application starts. The
arithmetic is pure, but time zone rules change between deployments: it is done in an activity and
its result is recorded, never in an orchestrator. Who waits for what is not known here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, ClassVar, Final, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator, TypeAdapter

from shared.errors import WorkflowError
from shared.models import EdgeModel
from shared.strict_json import parse_json

AROUND_THE_CLOCK: Final = "around_the_clock"
LONGEST_PATIENCE: Final = timedelta(days=90)

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
# Where the search for open hours ends: a calendar that is open an hour a week still has enough.
_HORIZON_DAYS: Final = 45 * 366
_PERIOD: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_LEAP_YEAR: Final = 2024  # so that 29 February is a day of every year


class UnknownCalendarError(WorkflowError):
    """No calendar has this name; a name that requests were made with must stay in the file."""

    code: ClassVar[str] = "unknown_calendar"


class Weekday(StrEnum):
    """A day of the week, in the order of ``date.weekday``."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_WEEKDAYS: Final = tuple(Weekday)


class Period(NamedTuple):
    """From one time of the day to a later one, in minutes since midnight on the local clock."""

    opens: int
    closes: int


def _period(text: object) -> Period:
    found = _PERIOD.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("expected hours such as 09:00-17:30; the end may be 24:00")
    from_hour, from_minute, to_hour, to_minute = found.groups()
    period = Period(
        60 * int(from_hour) + int(from_minute), 60 * int(to_hour or 24) + int(to_minute or 0)
    )
    if period.opens >= period.closes:
        raise ValueError("hours end after they begin; those of a night are two entries")
    return period


def _in_order(periods: tuple[Period, ...]) -> tuple[Period, ...]:
    if any(later.opens < earlier.closes for earlier, later in pairwise(periods)):
        raise ValueError("the hours of a day are in order and do not overlap")
    return periods


def _known_zone(key: str) -> str:
    try:
        ZoneInfo(key)
    except (LookupError, OSError, ValueError) as error:  # "Europe" is a folder, "/" a path
        raise ValueError(f"{key!r} is not a time zone such as Europe/Berlin") from error
    return key


def _day_of_every_year(text: str) -> str:
    date.fromisoformat(f"{_LEAP_YEAR}-{text}")  # a ValueError is an answer here
    return text


Hours = Annotated[tuple[Annotated[Period, PlainValidator(_period)], ...], AfterValidator(_in_order)]

MonthAndDay = Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_day_of_every_year)]
DaysFromEaster = Annotated[int, Field(ge=-100, le=250)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class Calendar(EdgeModel):
    """When a place is open; no hours mean closed.

    The hours of a day are those of its date, else of its month and day in ``every_year``, else of
    its distance from Easter Sunday, else of its weekday. Two edges matter when clocks are set: a
    time that is skipped counts as the moment of the jump, one that comes twice as its first.
    """

    time_zone: Annotated[str, AfterValidator(_known_zone)]
    week: dict[Weekday, Hours]
    every_year: dict[MonthAndDay, Hours] = Field(default_factory=dict[str, Hours])
    from_easter: dict[DaysFromEaster, Hours] = Field(default_factory=dict[int, Hours])
    dates: dict[date, Hours] = Field(default_factory=dict[date, Hours])

    def hours_on(self, day: date) -> Hours:
        """Return the hours of one day, local time."""
        if day in self.dates:
            return self.dates[day]
        if (yearly := f"{day:%m-%d}") in self.every_year:
            return self.every_year[yearly]
        if self.from_easter:
            distance = (day - _easter_sunday(day.year)).days
            if distance in self.from_easter:
                return self.from_easter[distance]
        return self.week.get(_WEEKDAYS[day.weekday()], ())


def deadline(opened_at: datetime, patience: timedelta, calendar: Calendar) -> datetime:
    """Return the first instant by which the calendar was open for so long since ``opened_at``.

    Raises:
        ValueError: The instant is naive, the patience negative, or the calendar hardly ever open.
    """
    if opened_at.tzinfo is None or patience < timedelta(0):
        raise ValueError("a deadline needs an aware instant and a patience that is not negative")
    left = patience
    if not left:
        return opened_at.astimezone(UTC)
    for opens, closes in _open_periods(calendar, since=opened_at):
        began = max(opens, opened_at)
        if left <= closes - began:
            return (began + left).astimezone(UTC)
        left -= max(closes - began, timedelta(0))
    raise ValueError(f"the calendar is not open for {patience} in {_HORIZON_DAYS} days")


def _open_periods(calendar: Calendar, *, since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the open periods from the local day of ``since`` on; the first may lie before it."""
    zone = ZoneInfo(calendar.time_zone)
    first = since.astimezone(zone).date()
    for number in range(_HORIZON_DAYS):
        day = first + number * _DAY
        for period in calendar.hours_on(day):
            yield _instant(day, period.opens, zone), _instant(day, period.closes, zone)


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Return the first instant at which the local clock shows this time, or has jumped over it."""
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(instant, zone) == wall:
        return instant
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while instant - before > _SECOND:  # clocks are set at whole seconds
        middle = before + (instant - before) // (2 * _SECOND) * _SECOND
        before, instant = (middle, instant) if _wall(middle, zone) < wall else (before, middle)
    return instant


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _easter_sunday(year: int) -> date:
    """Return Easter Sunday in the Gregorian calendar (the rule of Meeus, Jones and Butcher)."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    leap, skipped = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - leap - correction + 15) % 30
    sunday = (32 + 2 * skipped + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def read_calendars(document: bytes) -> Mapping[str, Calendar]:
    """Read calendars by name from a JSON document; ``around_the_clock`` is always among them.

    Raises:
        ValueError: Naming the calendar and what is wrong with it.
        MalformedJsonError: The document is not JSON, or has a name twice.
    """
    calendars = {
        AROUND_THE_CLOCK: Calendar.from_json(
            {"timeZone": "UTC", "week": {day: ["00:00-24:00"] for day in Weekday}}
        ),
        **TypeAdapter(dict[Name, Calendar]).validate_json(json.dumps(parse_json(document))),
    }
    for name, calendar in calendars.items():
        try:
            deadline(_ANY_INSTANT, LONGEST_PATIENCE, calendar)
        except ValueError as error:
            raise ValueError(f"calendar {name}: {error}") from error
    return calendars


_ANY_INSTANT: Final = datetime(2026, 1, 1, tzinfo=UTC)
CALENDARS: Final = read_calendars(Path(__file__).with_name("calendars.json").read_bytes())


def calendar_named(name: str) -> Calendar:
    """Return a registered calendar.

    Raises:
        UnknownCalendarError: There is none of this name.
    """
    if name not in CALENDARS:
        raise UnknownCalendarError(f"there is no calendar {name!r}")
    return CALENDARS[name]
