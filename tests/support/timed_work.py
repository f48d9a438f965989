"""Activities that take virtual time, and events that come at their instants, in a task hub."""

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from funchost.dispatch.service import DurableService
from funchost.engine.errors import InstanceEndedError
from funchost.testing.clock import VirtualClock
from tests.support.random_orchestrations import Outside
from tests.support.task_hub import PATIENCE_S, Hub

STEPS_TO_WAKE = 10  # of the event loop, more than it takes from a sleeper's waking to its work


class TimedWork:
    """What goes on outside the hub; whoever sleeps on the virtual clock does not count."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._clock = VirtualClock()
        self._asleep = 0
        self._acting = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def work(self, label: str) -> str:
        """Run an activity for its time; raise when it is to fail."""
        duration, value = self._outside.run(label)
        self._asleep += 1
        await self._clock.sleep_until(self._clock.now() + duration)
        self._asleep -= 1
        if value is None:
            raise ValueError(label)
        return value

    def at(self, instant: datetime, act: Coroutine[Any, Any, None]) -> None:
        """Do something at an instant; an instance that has ended by then is fine."""

        async def later() -> None:
            await self._clock.sleep_until(instant)
            self._acting += 1
            with contextlib.suppress(InstanceEndedError):
                await act
            self._acting -= 1

        task = asyncio.get_running_loop().create_task(later())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def is_idle(self, service: DurableService) -> bool:
        """Tell whether everything sleeps: time may go on."""
        running = len(service._activities._tasks) - self._asleep
        return service._lanes.is_idle and not running and not self._acting

    def begin(self, hub: Hub) -> None:
        """Use the hub's clock."""
        self._clock = hub.clock

    async def all_over(self, hub: Hub) -> None:
        """Wait until nobody sleeps any more."""
        async with asyncio.timeout(PATIENCE_S):
            quiet = 0
            while (
                quiet < STEPS_TO_WAKE
            ):  # whoever has just been woken runs in one of the next steps
                is_busy = hub.clock._sleepers or self._tasks or not self.is_idle(hub.service)
                quiet = 0 if is_busy else quiet + 1
                await asyncio.sleep(0.001 if is_busy else 0)
