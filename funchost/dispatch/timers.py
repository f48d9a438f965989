"""Durable timers while the host runs: a heap, and one task that sleeps until the first is due.

A timer's row in the store is what makes it durable. Firing writes nothing: the message lives in
memory until the episode that takes it removes the row, and a crash in between fires it again.
"""

import asyncio
import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from funchost.dispatch.ports import Clock
from funchost.engine.ports import TimerItem

if TYPE_CHECKING:
    from datetime import datetime

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
        has_turn = False
        while True:
            self._changed.clear()
            await self._fire_due(has_turn=has_turn)
            self._drop_discarded()
            changed = asyncio.ensure_future(self._changed.wait())
            waits: list[asyncio.Future[Any]] = [changed]
            if self._heap:
                waits.append(asyncio.ensure_future(self._clock.sleep_until(self._heap[0][0])))
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                has_turn = waits[-1] is not changed and waits[-1].done()
                for wait in waits:
                    wait.cancel()

    def _drop_discarded(self) -> None:
        while self._heap and self._heap[0][1] not in self._live:
            heapq.heappop(self._heap)

    async def _fire_due(self, *, has_turn: bool) -> None:
        """Fire what is due, each in its turn: virtual time lets one fire when nothing runs."""
        while self._heap and self._heap[0][0] <= self._clock.now():
            if not has_turn:
                await self._clock.sleep_until(self._heap[0][0])
            has_turn = False
            _, key = heapq.heappop(self._heap)
            item = self._live.pop(key, None)
            if item is not None:
                self._fire(item)
