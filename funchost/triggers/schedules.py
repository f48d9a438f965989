"""When a timer is due: NCRONTAB in a time zone, or an interval. Pure; nothing here waits.

A schedule answers one question, in UTC: what comes after an instant. Where clocks are put forward
or back, a time of day happens once a day, and what comes every so many hours or minutes keeps its
pace, as on the platform.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from funchost.triggers.errors import TriggerError
from funchost.triggers.ncrontab import Cron

ZONE_SETTING: Final = "WEBSITE_TIME_ZONE"
SHORTEST_MONITORED: Final = timedelta(minutes=1)
OCCURRENCES_LOOKED_AT: Final = 10
HOURS_OF_A_DAY: Final = 24
END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)

_SETTING: Final = re.compile(r"%([^%]+)%")
_INTERVAL: Final = re.compile(
    r"(?:(?P<days>\d{1,5})[.:](?=\d+:\d+:\d+))?(?P<first>\d{1,2}):(?P<second>\d{1,2}):(?P<third>\d{1,2})"
)


class Schedule(Protocol):
    """When something is due."""

    def next_after(self, instant: datetime) -> datetime:
        """Return the first due instant after this one, in UTC; the end of time for never."""
        ...


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """An NCRONTAB expression on the clocks of a time zone."""

    cron: Cron
    zone: tzinfo = UTC

    def next_after(self, instant: datetime) -> datetime:
        """Return the first due instant after this one, in UTC."""
        has_pace = len(self.cron.hours) > 1
        return self._next_by_pace(instant) if has_pace else self._next_by_the_clock(instant)

    def _next_by_the_clock(self, instant: datetime) -> datetime:
        local = instant.astimezone(self.zone).replace(tzinfo=None)
        while (found := self.cron.next_after(local)) is not None:
            due = found.replace(tzinfo=self.zone).astimezone(UTC)
            if due > instant:
                return due
            local = found  # inside the hour that the clocks repeat
        return END_OF_TIME

    def _next_by_pace(self, instant: datetime) -> datetime:
        offset = self._offset(instant)
        while (found := self.cron.next_after((instant + offset).replace(tzinfo=None))) is not None:
            due = (found - offset).replace(tzinfo=UTC)
            if self._offset(due) == offset:
                return due
            # Go on from just before the clocks change, by the clocks as they are then.
            change = self._change_between(instant, due)
            instant, offset = change - timedelta(seconds=1), self._offset(change)
        return END_OF_TIME

    def _offset(self, instant: datetime) -> timedelta:
        return instant.astimezone(self.zone).utcoffset() or timedelta(0)

    def _change_between(self, before: datetime, after: datetime) -> datetime:
        """Return the first second at which the clocks show another offset than ``before``."""
        offset = self._offset(before)
        while after - before > timedelta(seconds=1):
            middle = (before + (after - before) / 2).replace(microsecond=0)
            if self._offset(middle) == offset:
                before = middle
            else:
                after = middle
        return after


@dataclass(frozen=True, slots=True)
class IntervalSchedule:
    """A fixed time between two runs."""

    every: timedelta

    def next_after(self, instant: datetime) -> datetime:
        """Return the instant one interval later, in UTC."""
        try:
            return instant.astimezone(UTC) + self.every
        except OverflowError:
            return END_OF_TIME


def schedule_of(text: str, settings: Mapping[str, str]) -> Schedule:
    """Read the schedule of a timer trigger.

    Args:
        text: NCRONTAB, a time span, or either in app settings (``%Name%``).
        settings: the app settings; ``WEBSITE_TIME_ZONE`` names the zone of expressions.

    Raises:
        TriggerError: it cannot be read, or a setting is missing.
    """

    def value_of(found: re.Match[str]) -> str:
        value = settings.get(found[1])
        if value is None:
            raise TriggerError(f"the app setting '{found[1]}' of its schedule is not there")
        return value

    whole = _SETTING.sub(value_of, text).strip()
    interval = _interval(whole)
    if interval is not None:
        return IntervalSchedule(interval)
    return CronSchedule(Cron.parse(whole), _zone(settings.get(ZONE_SETTING, "")))


def fires_too_often_to_monitor(schedule: Schedule, now: datetime) -> bool:
    """Tell whether two of the next runs are less than a minute apart: such runs are not missed."""
    at = now
    for _ in range(OCCURRENCES_LOOKED_AT):
        before, at = at, schedule.next_after(at)
        if before is not now and at - before < SHORTEST_MONITORED:
            return True
    return False


def _interval(text: str) -> timedelta | None:
    """Read hh:mm:ss, or d.hh:mm:ss; where the hours pass 23 it is dd:hh:mm, as on the platform."""
    found = _INTERVAL.fullmatch(text)
    if found is None:
        return None
    first, second, third = (int(found[name]) for name in ("first", "second", "third"))
    if found["days"] is None and first >= HOURS_OF_A_DAY:
        span = timedelta(days=first, hours=second, minutes=third)
    else:
        span = timedelta(days=int(found["days"] or 0), hours=first, minutes=second, seconds=third)
    if not span:
        raise TriggerError(f"the interval '{text}' is empty")
    return span


def _zone(name: str) -> tzinfo:
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TriggerError(
            f"{ZONE_SETTING} is '{name}', which is no name of the IANA time zone database"
        ) from error
