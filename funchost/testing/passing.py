"""Letting time pass: by itself from timer to timer, or as far as the test says.

Virtual time moves only while the test waits for the host, and only when nothing runs; what a test
does between two waits happens at one instant. In real time the same waits take as long as they say.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from funchost.dispatch.clock import SystemClock
from funchost.dispatch.ports import Clock
from funchost.testing.clock import TURNS_TO_SETTLE, VirtualClock
from funchost.testing.errors import KitError, StuckError

LOOK_EVERY_S = 0.0002  # real seconds between looks at whether functions still run
REAL_LOOK_EVERY_S = 0.01

type Condition = Callable[[], Awaitable[bool]]


class Passing(Protocol):
    """How time passes while a test waits."""

    @property
    def clock(self) -> Clock:
        """Return the host's clock."""
        ...

    async def rest(self) -> None:
        """Wait until nothing runs and nothing is due; no time passes."""
        ...

    async def until(self, reached: Condition) -> None:
        """Wait until the condition holds, letting time pass.

        Raises:
            StuckError: It cannot come true any more.
        """
        ...

    async def advance(self, duration: timedelta) -> None:
        """Let so much time pass, with everything that is due in it."""
        ...

    def freeze(self) -> None:
        """Let time pass by ``advance`` alone."""
        ...

    def flow(self) -> None:
        """Let time pass while the test waits."""
        ...


async def settled(is_idle: Callable[[], bool]) -> None:
    """Wait until nothing runs, and nothing is about to."""
    quiet = 0
    while quiet < TURNS_TO_SETTLE:
        if is_idle():
            quiet += 1
            await asyncio.sleep(0)
        else:
            quiet = 0
            await asyncio.sleep(LOOK_EVERY_S)


class VirtualPassing:
    """Implements ``Passing`` by jumps."""

    def __init__(self, clock: VirtualClock, is_idle: Callable[[], bool]) -> None:
        self.clock = clock
        self._is_idle = is_idle
        self._is_frozen = False

    async def rest(self) -> None:
        """Let everything fire that is due now."""
        await self._pass(self.clock.now())

    async def until(self, reached: Condition) -> None:
        """Jump from timer to timer until the condition holds; see ``Passing``."""
        while not await reached():
            if not self._is_idle():
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            await settled(self._is_idle)
            if not await reached():
                self._jump()

    async def advance(self, duration: timedelta) -> None:
        """Stop at every timer on the way."""
        target = self.clock.now() + duration
        await self._pass(target)
        self.clock.move_to(target)

    async def _pass(self, target: datetime) -> None:
        """Give everything its turn that is due until then, one after the other."""
        await settled(self._is_idle)
        while (due := self.clock.next_due) is not None and due <= target:
            self.clock.jump()
            await settled(self._is_idle)

    def _jump(self) -> None:
        due = self.clock.next_due
        if due is None:
            raise StuckError("nothing runs, and no timer is set")
        if self._is_frozen and due > self.clock.now():
            raise StuckError(f"time is frozen, and a timer is due at {due}")
        self.clock.jump()

    def freeze(self) -> None:
        """Jump no more."""
        self._is_frozen = True

    def flow(self) -> None:
        """Jump again."""
        self._is_frozen = False


class RealPassing:
    """Implements ``Passing`` by waiting."""

    def __init__(self, clock: SystemClock, is_idle: Callable[[], bool]) -> None:
        self.clock = clock
        self._is_idle = is_idle

    async def rest(self) -> None:
        """Wait until nothing runs."""
        await settled(self._is_idle)

    async def until(self, reached: Condition) -> None:
        """Look again and again."""
        while not await reached():  # noqa: ASYNC110 - what is awaited is no event of this loop
            await asyncio.sleep(REAL_LOOK_EVERY_S)

    async def advance(self, duration: timedelta) -> None:
        """Wait for so long."""
        await asyncio.sleep(duration.total_seconds())

    def freeze(self) -> None:
        """Refuse."""
        raise KitError('Real time cannot be frozen; use time="virtual".')

    def flow(self) -> None:
        """Do nothing: real time flows."""


@contextlib.asynccontextmanager
async def patience(
    longest: timedelta, what: str, explain: Callable[[], Awaitable[str]]
) -> AsyncGenerator[None]:
    """Wait no longer than that, in real time, and say what was waited for and how things stand."""
    try:
        async with asyncio.timeout(longest.total_seconds()):
            yield
    except TimeoutError:
        why = f"not within {longest.total_seconds():g} s of real time"
    except StuckError as error:
        why = str(error)
    else:
        return
    raise StuckError(f"{what}: {why}.\n{await explain()}")
