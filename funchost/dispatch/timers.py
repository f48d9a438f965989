"""Durable timers while the host runs: a heap, and one task that sleeps until the first is due.

A timer's row in the store is what makes it durable. Firing writes nothing: the message lives in
memory until the episode that takes it removes the row, and a crash in between fires it again.
"""

import asyncio
import heapq
from collections.abc import Callable
from datetime import datetime
from typing import Any

from funchost.dispatch.ports import Clock
from funchost.engine.ports import TimerItem

type TimerKey = tuple[str, str, int]


class Timers:
    """All timers that are set in the task hub."""

    def __init__(self, clock: Clock, fire: Callable[[TimerItem], None]) -> None:
        """Fire through ``fire``, on the event loop, when the clock says so."""
        self._clock = clock
        self._fire = fire
        self._heap: list[tuple[datetime, TimerKey]] = []
        self._live: dict[TimerKey, TimerItem] = {}
        self._changed = asyncio.Event()

    def add(self, item: TimerItem) -> None:
        """Set a timer."""
        key = (item.instance_id, item.execution_id, item.timer_id)
        self._live[key] = item
        heapq.heappush(self._heap, (item.fire_at, key))
        if self._heap[0][1] == key:
            self._changed.set()

    def discard(self, instance_id: str, execution_id: str, timer_id: int) -> None:
        """Forget a timer that was canceled or whose instance ended; unknown ones are fine."""
        key = (instance_id, execution_id, timer_id)
        if self._live.pop(key, None) is not None and self._heap[0][1] == key:
            self._changed.set()  # nobody is to wait for it

    async def run(self) -> None:
        """Fire due timers until canceled."""
        while True:
            self._changed.clear()
            self._fire_due(self._clock.now())
            self._drop_discarded()
            changed = asyncio.ensure_future(self._changed.wait())
            waits: list[asyncio.Future[Any]] = [changed]
            if self._heap:
                waits.append(asyncio.ensure_future(self._clock.sleep_until(self._heap[0][0])))
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    def _drop_discarded(self) -> None:
        while self._heap and self._heap[0][1] not in self._live:
            heapq.heappop(self._heap)

    def _fire_due(self, now: datetime) -> None:
        while self._heap and self._heap[0][0] <= now:
            _, key = heapq.heappop(self._heap)
            item = self._live.pop(key, None)
            if item is not None:
                self._fire(item)
