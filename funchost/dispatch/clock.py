"""The system's clock: the one place in the host that reads the time."""

import asyncio
from datetime import UTC, datetime

LONGEST_NAP_S = 600.0  # the wall clock may be set meanwhile: look again


class SystemClock:
    """Wall-clock time in UTC."""

    def now(self) -> datetime:
        """Return the instant, aware, in UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, instant: datetime) -> None:
        """Return once ``now() >= instant``."""
        while (left := (instant - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time is no event
            await asyncio.sleep(min(left, LONGEST_NAP_S))
