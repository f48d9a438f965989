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
TURNS_TO_SETTLE = 20  # of the event loop: more than from a timer's end to the episode it causes


class VirtualClock:
    """Implements ``dispatch.ports.Clock``; moved by whoever knows that nothing runs."""

    def __init__(self, now: datetime = EPOCH) -> None:
        self._now = now
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """Return the virtual instant."""
        return self._now

    async def sleep_until(self, instant: datetime) -> None:
        """Return once virtual time has come there, and in a turn of one's own.

        That holds for an instant that has passed, too: of timers that are due at the same time,
        each fires when nothing runs that the one before has set going.
        """
        awake = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (instant, next(self._order), awake))
        await awake

    @property
    def next_due(self) -> datetime | None:
        """Return the instant at which somebody wants to wake up next."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)  # canceled while sleeping: must not move time
        return self._sleepers[0][0] if self._sleepers else None

    def jump(self) -> None:
        """Go to the next instant that somebody waits for, and wake the first who does."""
        if self.next_due is not None:
            instant, _, awake = heapq.heappop(self._sleepers)
            self._now = max(self._now, instant)
            awake.set_result(None)

    def move_to(self, instant: datetime) -> None:
        """Go forward to an instant before which nobody wants to wake up."""
        self._now = max(self._now, instant)

    async def run(self, is_idle: Callable[[], bool]) -> None:
        """Jump from timer to timer whenever ``is_idle`` says that nothing runs, until canceled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            quiet = 0  # a timer that was just set is not heard of in the same turn
            while quiet < TURNS_TO_SETTLE and is_idle():
                quiet += 1
                await asyncio.sleep(0)
            if quiet == TURNS_TO_SETTLE:
                self.jump()
