"""Timer triggers: one runner a function, which sleeps, runs it, and remembers that it did.

What was due while the host was away is run once, as past due, when it comes back. A run that the
host's death cut off counts as missed. Reading schedules is in ``schedules``.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from funchost.dispatch.ports import Clock
from funchost.engine.calls import WorkerUnavailableError
from funchost.triggers.ports import RunFunction
from funchost.triggers.retrying import delay_before
from funchost.triggers.schedule_file import ScheduleStore
from funchost.triggers.schedules import Schedule, fires_too_often_to_monitor, schedule_of
from funchost.worker.answers import Failure
from funchost.worker.functions import Function
from funchost.worker.library import Success
from funchost.worker.occasions import Occasion, Retry, ScheduleStatus, timer_occasion

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A timer function and what its trigger says."""

    function: Function
    schedule: Schedule
    runs_on_startup: bool
    is_monitored: bool

    @classmethod
    def of(cls, function: Function, settings: Mapping[str, str]) -> Self:
        """Read the trigger of a function; raises TriggerError."""
        said = function.trigger.settings
        return cls(
            function=function,
            schedule=schedule_of(str(said.get("schedule") or ""), settings),
            runs_on_startup=bool(said.get("runOnStartup")),
            is_monitored=said.get("useMonitor") is not False,
        )


class TimerRunner:
    """Runs one timer function; two runs never overlap."""

    def __init__(
        self, timer: Timer, *, clock: Clock, run: RunFunction, store: ScheduleStore
    ) -> None:
        self._timer = timer
        self._name = timer.function.name
        self._clock = clock
        self._run_function = run
        self._store = store
        self._turn = asyncio.Lock()

    async def serve(self) -> None:
        """Run the function whenever it is due, until canceled or the host stops."""
        begun = self._clock.now()
        is_monitored = self._timer.is_monitored and not fires_too_often_to_monitor(
            self._timer.schedule, begun
        )
        status = self._known(begun) if is_monitored else self._from(begun)
        if status.next <= begun:
            _LOG.info("Timer %s is past due and runs now", self._name)
            status = await self._once(status, is_monitored=is_monitored, is_past_due=True)
        elif self._timer.runs_on_startup:
            await self._run(timer_occasion(status if is_monitored else None, is_past_due=False))
        while True:
            await self._clock.sleep_until(status.next)
            status = await self._once(status, is_monitored=is_monitored)

    async def run_by_hand(self) -> None:
        """Run the function now, after a run that is under way."""
        await self._run(timer_occasion(self._store.get(self._name), is_past_due=False))

    def _known(self, now: datetime) -> ScheduleStatus:
        """Return what is remembered, unless the schedule has been changed meanwhile."""
        known = self._store.get(self._name)
        if known is not None and known.next == self._timer.schedule.next_after(known.updated):
            return known
        fresh = self._from(now)
        self._store.put(self._name, fresh)
        return fresh

    def _from(self, now: datetime) -> ScheduleStatus:
        return ScheduleStatus(last=None, next=self._timer.schedule.next_after(now), updated=now)

    async def _once(
        self, status: ScheduleStatus, *, is_monitored: bool, is_past_due: bool = False
    ) -> ScheduleStatus:
        """Run what is due and return what is due after it; occasions missed meanwhile are gone."""
        occasion = timer_occasion(status if is_monitored else None, is_past_due=is_past_due)
        await self._run(occasion)
        due, now = status.next, self._clock.now()
        base = due if self._timer.schedule.next_after(due) > now else now
        after = ScheduleStatus(last=due, next=self._timer.schedule.next_after(base), updated=base)
        if is_monitored:
            self._store.put(self._name, after)
        return after

    async def _run(self, occasion: Occasion) -> None:
        """Run the function until it succeeds or its policy has no retry left."""
        options = self._timer.function.retry
        limit = options.max_retry_count if options else 0
        async with self._turn:
            retry = Retry(limit=limit)
            while isinstance(result := await self._attempt(occasion.retried(retry)), Failure):
                delay = delay_before(retry.count + 1, options) if options else None
                if delay is None:
                    return
                retry = Retry(count=retry.count + 1, limit=limit, failure=result)
                _LOG.info("Timer %s is retried in %s (retry %d)", self._name, delay, retry.count)
                await self._clock.sleep_until(self._clock.now() + delay)

    async def _attempt(self, occasion: Occasion) -> Success | Failure:
        try:
            return await self._run_function(self._timer.function, occasion)
        except WorkerUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - the timer goes on whatever happens
            _LOG.exception("Running timer %s failed in the host itself", self._name)
            return Failure(message=str(error), stack="")
