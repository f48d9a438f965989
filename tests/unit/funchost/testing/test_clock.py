"""The clock that jumps: to whoever sleeps next, never back, never for the canceled."""

import asyncio
from datetime import timedelta

from funchost.testing.clock import EPOCH, VirtualClock

HOUR = timedelta(hours=1)


def test_a_jump_wakes_the_next_sleeper_alone() -> None:
    async def story() -> list[str]:
        clock = VirtualClock()
        woken: list[str] = []

        async def sleep(name: str, duration: timedelta) -> None:
            await clock.sleep_until(EPOCH + duration)
            woken.append(f"{name} at {clock.now() - EPOCH}")

        sleepers = [asyncio.create_task(sleep(n, d)) for n, d in (("b", 2 * HOUR), ("a", HOUR))]
        await asyncio.sleep(0)
        assert clock.next_due == EPOCH + HOUR
        clock.jump()
        await sleepers[1]
        clock.jump()
        await sleepers[0]
        return woken

    assert asyncio.run(story()) == ["a at 1:00:00", "b at 2:00:00"]


def test_who_is_due_already_waits_for_a_turn_and_moves_no_time() -> None:
    async def story() -> tuple[bool, bool, timedelta]:
        clock = VirtualClock()
        sleeper = asyncio.create_task(clock.sleep_until(EPOCH - HOUR))
        await asyncio.sleep(0)
        before = sleeper.done()
        clock.jump()
        await sleeper
        return before, sleeper.done(), clock.now() - EPOCH

    assert asyncio.run(story()) == (False, True, timedelta())


def test_a_canceled_sleeper_moves_no_time() -> None:
    async def story() -> VirtualClock:
        clock = VirtualClock()
        sleeper = asyncio.create_task(clock.sleep_until(EPOCH + HOUR))
        await asyncio.sleep(0)
        sleeper.cancel()
        await asyncio.wait([sleeper])
        clock.jump()
        return clock

    clock = asyncio.run(story())
    assert (clock.next_due, clock.now()) == (None, EPOCH)


def test_time_never_goes_back() -> None:
    clock = VirtualClock()
    clock.move_to(EPOCH + HOUR)
    clock.move_to(EPOCH)

    assert clock.now() == EPOCH + HOUR


def test_left_to_run_it_jumps_whenever_nothing_runs() -> None:
    async def story() -> timedelta:
        clock = VirtualClock()
        running = asyncio.create_task(clock.run(lambda: True))
        await clock.sleep_until(EPOCH + 24 * HOUR)
        running.cancel()
        return clock.now() - EPOCH

    assert asyncio.run(story()) == timedelta(days=1)
