"""The clock of everything that has effects: activities, HTTP functions, ledgers.

Orchestrators never come here: their time is ``context.current_utc_datetime``. Nothing but this
module reads the operating system's clock, so a test that passes its own ``Clock`` owns the time.
"""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Anything that can say what time it is."""

    def now(self) -> datetime:
        """Return the current instant, aware and in UTC."""
        ...


class SystemClock:
    """The operating system's clock."""

    def now(self) -> datetime:
        """Return the current instant, aware and in UTC."""
        return datetime.now(UTC)


_SYSTEM_CLOCK = SystemClock()


def system_clock() -> Clock:
    """Return the one clock that every production component is given."""
    return _SYSTEM_CLOCK
