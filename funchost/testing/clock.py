"""A clock that jumps: when nothing runs, time goes straight to the next durable timer.

Days of workflow take milliseconds, and always the same way: nothing fires while anything still
runs, so the order of events does not depend on how fast the machine is.
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LOOK_EVERY_S = 0.001  # real seconds between looks at whether functions still run
STEPS_TO_WAKE = 10  # of the event loop, more than it takes from a sleeper's waking to its work


class VirtualClock:
    """Implements ``dispatch.ports.Clock``. Start ``run`` beside the service that uses it."""

    def __init__(self, now: datetime = EPOCH) -> None:
        self._now = now
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """Return the virtual instant."""
        return self._now

    async def sleep_until(self, instant: datetime) -> None:
        """Return once virtual time has come there."""
        if instant > self._now:
            awake = asyncio.get_running_loop().create_future()
            heapq.heappush(self._sleepers, (instant, next(self._order), awake))
            await awake

    async def run(self, is_idle: Callable[[], bool]) -> None:
        """Jump from timer to timer whenever ``is_idle`` says that nothing runs, until canceled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self._drop_abandoned()
            if self._sleepers and is_idle():
                instant, _, awake = heapq.heappop(self._sleepers)
                self._now = max(self._now, instant)
                awake.set_result(None)
                # On a slow machine one step may outlast the nap: nobody must look in between.
                for _ in range(STEPS_TO_WAKE):
                    await asyncio.sleep(0)

    def _drop_abandoned(self) -> None:
        """Whoever was canceled while sleeping must not move time."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
