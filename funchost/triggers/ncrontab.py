"""NCRONTAB expressions: which seconds of which days they mean, and which comes next.

The grammar and its corners are the platform's: six fields or five, names by any beginning,
backward ranges turned round, and a day has to fit both its fields. Time zones are in ``schedules``.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Self

from funchost.triggers.errors import TriggerError

FIELDS_WITH_SECONDS: Final = 6
FIELDS_WITHOUT_SECONDS: Final = 5
HORIZON_DAYS: Final = 366 * 8 + 2  # 29 February may be that far away

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


@dataclass(frozen=True, slots=True)
class _Field:
    """What one place of an expression may hold; the first of the names means ``least``."""

    title: str
    least: int
    most: int
    names: Sequence[str] = ()


_SECOND: Final = _Field("second", 0, 59)
_MINUTE: Final = _Field("minute", 0, 59)
_HOUR: Final = _Field("hour", 0, 23)
_DAY: Final = _Field("day", 1, 31)
_MONTH: Final = _Field("month", 1, 12, _MONTHS)
_WEEKDAY: Final = _Field("day of week", 0, 6, _WEEKDAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """An expression, read: the values that each field allows, ascending."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an expression of five or six fields.

        Raises:
            TriggerError: it cannot be read, or names no day of any year.
        """
        fields = text.split()
        if len(fields) == FIELDS_WITHOUT_SECONDS:
            fields = ["0", *fields]
        if len(fields) != FIELDS_WITH_SECONDS:
            raise TriggerError(f"'{text}' has {len(fields)} fields; a schedule has 5 or 6")
        second, minute, hour, day, month, weekday = fields
        cron = cls(
            seconds=tuple(sorted(_values(second, _SECOND))),
            minutes=tuple(sorted(_values(minute, _MINUTE))),
            hours=tuple(sorted(_values(hour, _HOUR))),
            days=frozenset(_values(day, _DAY)),
            months=frozenset(_values(month, _MONTH)),
            weekdays=frozenset(_values(weekday, _WEEKDAY)),
        )
        if cron.next_after(datetime(2000, 1, 1)) is None:  # noqa: DTZ001 - wall-clock time
            raise TriggerError(f"'{text}' names a day that no year has")
        return cron

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first moment after this one; both are wall-clock times without a zone.

        Returns:
            The moment, or None when there is none before time ends.
        """
        start = moment.replace(microsecond=0) + timedelta(seconds=1)
        day = start.date()
        earliest = start.time()
        for _ in range(HORIZON_DAYS):
            found = self._time_from(earliest) if self._has(day) else None
            if found is not None:
                return datetime.combine(day, found)
            if day == date.max:
                return None
            day += timedelta(days=1)
            earliest = time.min
        return None

    def _has(self, day: date) -> bool:
        return (
            day.month in self.months
            and day.day in self.days
            and day.isoweekday() % 7 in self.weekdays
        )

    def _time_from(self, earliest: time) -> time | None:
        for hour in self.hours[bisect_left(self.hours, earliest.hour) :]:
            least_minute = earliest.minute if hour == earliest.hour else 0
            for minute in self.minutes[bisect_left(self.minutes, least_minute) :]:
                is_first = hour == earliest.hour and minute == earliest.minute
                at = bisect_left(self.seconds, earliest.second if is_first else 0)
                if at < len(self.seconds):
                    return time(hour, minute, self.seconds[at])
        return None


def _values(text: str, field: _Field) -> set[int]:
    """Return what a list of values, ranges and steps allows."""
    return {value for part in text.split(",") for value in _part(part, field)}


def _part(text: str, field: _Field) -> range:
    base, has_step, step_text = text.partition("/")
    step = max(_number(step_text, field), 1) if has_step else 1
    if base == "*":
        return range(field.least, field.most + 1, step)
    first_text, has_end, last_text = base.partition("-")
    first = _value(first_text, field)
    last = _value(last_text, field) if has_end else field.most if has_step else first
    return range(min(first, last), max(first, last) + 1, step)


def _value(text: str, field: _Field) -> int:
    if text[:1].isdigit() or not field.names:
        value = _number(text, field)
    else:
        wanted = text.casefold()
        named = (at for at, name in enumerate(field.names) if wanted and name.startswith(wanted))
        value = next(named, -1) + field.least
    if not field.least <= value <= field.most:
        raise TriggerError(
            f"'{text}' is no {field.title} ({field.least} to {field.most}"
            f"{', or a name' if field.names else ''})"
        )
    return value


def _number(text: str, field: _Field) -> int:
    if not (text.isascii() and text.isdigit()):
        raise TriggerError(f"'{text}' is no number for the {field.title}")
    return int(text[:9])
