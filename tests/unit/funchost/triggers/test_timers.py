"""Timer triggers under a clock that jumps: what is due, what was missed, what is tried again."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from funchost.dispatch.ports import Clock
from funchost.testing.clock import VirtualClock
from funchost.triggers.schedule_file import MemorySchedules, ScheduleFile, ScheduleStore
from funchost.triggers.timers import Timer, TimerRunner
from funchost.worker.answers import Failure
from funchost.worker.functions import Binding, Function, RetryOptions, TriggerKind
from funchost.worker.library import Success
from funchost.worker.occasions import Occasion, ScheduleStatus
from tests.support.http_host import on_loop

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FAILED = Failure(message="ValueError: no", stack="")


def timer(schedule: str, *, retry: RetryOptions | None = None, **members: Any) -> Timer:
    said = {"schedule": schedule} | members
    function = Function(
        name="tick",
        function_id="id",
        is_async=False,
        kind=TriggerKind.TIMER,
        trigger=Binding(type="timerTrigger", name="timer", direction="in", settings=said),
        retry=retry,
    )
    return Timer.of(function, {})


class Runs:
    """Plays the app: notes when it was called and with what, and answers by a script."""

    def __init__(
        self,
        clock: Clock,
        *answers: Success | Failure,
        during: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._clock = clock
        self._answers = list(answers)
        self._during = during
        self._at_once = 0
        self.occasions: list[Occasion] = []
        self.times: list[str] = []

    async def __call__(self, function: Function, occasion: Occasion) -> Success | Failure:
        assert function.name == "tick"
        assert not self._at_once, "two runs overlap"
        self._at_once += 1
        self.times.append(f"{self._clock.now():%d %H:%M:%S}")
        self.occasions.append(occasion)
        if self._during is not None:
            await self._during()
        self._at_once -= 1
        return self._answers.pop(0) if self._answers else Success(value=None)

    @property
    def payloads(self) -> list[Any]:
        return [json.loads(occasion.value.value) for occasion in self.occasions]


async def play(
    of: Timer, clock: VirtualClock, runs: Runs, *, count: int, store: ScheduleStore | None = None
) -> None:
    """Serve until so many runs have ended and the timer sleeps again."""
    runner = TimerRunner(of, clock=clock, run=runs, store=store or MemorySchedules())
    serving = asyncio.create_task(runner.serve())
    moving = asyncio.create_task(clock.run(lambda: len(runs.times) < count))
    try:
        while len(runs.times) < count:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)  # nothing moves any more: the last run is noted
    finally:
        for task in (serving, moving):
            task.cancel()


@on_loop
async def test_a_timer_runs_at_each_of_its_times() -> None:
    clock = VirtualClock(NOON)
    runs = Runs(clock)

    await play(timer("0 0 */8 * * *"), clock, runs, count=3)

    assert runs.times == ["01 16:00:00", "02 00:00:00", "02 08:00:00"]
    assert [payload["IsPastDue"] for payload in runs.payloads] == [False, False, False]


@on_loop
async def test_the_payload_tells_the_run_before_and_the_one_that_is_due() -> None:
    clock = VirtualClock(NOON)
    runs = Runs(clock)

    await play(timer("0 0 * * * *"), clock, runs, count=2)

    statuses = [payload["ScheduleStatus"] for payload in runs.payloads]
    assert [status["Last"][:16] for status in statuses] == ["0001-01-01T00:00", "2026-01-01T13:00"]
    assert [status["Next"][:16] for status in statuses] == ["2026-01-01T13:00", "2026-01-01T14:00"]
    assert runs.payloads[0]["Schedule"] == {"AdjustForDST": True}


@on_loop
async def test_a_run_that_was_missed_while_the_host_was_away_runs_once_as_past_due(
    tmp_path: Path,
) -> None:
    store = ScheduleFile.beside(tmp_path / "state.db")
    before = VirtualClock(NOON)
    await play(timer("0 0 * * * *"), before, Runs(before), count=1, store=store)
    clock = VirtualClock(NOON + timedelta(hours=9, minutes=30))
    runs = Runs(clock)

    await play(timer("0 0 * * * *"), clock, runs, count=2, store=store)

    assert runs.times == ["01 21:30:00", "01 22:00:00"]
    assert [payload["IsPastDue"] for payload in runs.payloads] == [True, False]


@on_loop
async def test_a_run_that_the_hosts_end_cut_off_counts_as_missed() -> None:
    store = MemorySchedules()
    before = VirtualClock(NOON)
    cut_off = Runs(before, during=_never)
    await play(timer("0 0 * * * *"), before, cut_off, count=1, store=store)
    clock = VirtualClock(NOON + timedelta(hours=1, seconds=5))
    runs = Runs(clock)

    await play(timer("0 0 * * * *"), clock, runs, count=1, store=store)

    assert runs.payloads[0]["IsPastDue"] is True


@on_loop
async def test_a_new_schedule_is_not_past_due_by_the_old_one() -> None:
    store = MemorySchedules()
    before = VirtualClock(NOON)
    await play(timer("0 0 * * * *"), before, Runs(before), count=1, store=store)
    clock = VirtualClock(NOON + timedelta(hours=9))
    runs = Runs(clock)

    await play(timer("0 15 * * * *"), clock, runs, count=1, store=store)

    assert runs.times == ["01 21:15:00"]
    assert runs.payloads[0]["IsPastDue"] is False


@on_loop
async def test_an_unmonitored_timer_forgets_what_it_missed() -> None:
    store = MemorySchedules()
    stale = ScheduleStatus(last=None, next=NOON, updated=NOON - timedelta(hours=1))
    store.put("tick", stale)
    clock = VirtualClock(NOON + timedelta(hours=2, minutes=5))
    runs = Runs(clock)

    await play(timer("0 0 * * * *", useMonitor=False), clock, runs, count=1, store=store)

    assert runs.times == ["01 15:00:00"]
    assert runs.payloads[0]["ScheduleStatus"] is None
    assert store.get("tick") == stale


@on_loop
async def test_run_on_startup_runs_at_once_and_then_by_the_schedule() -> None:
    clock = VirtualClock(NOON + timedelta(minutes=20))
    runs = Runs(clock)

    await play(timer("0 0 * * * *", runOnStartup=True), clock, runs, count=2)

    assert runs.times == ["01 12:20:00", "01 13:00:00"]


@on_loop
async def test_a_run_that_takes_longer_than_the_interval_swallows_what_was_due_meanwhile() -> None:
    clock = VirtualClock(NOON)

    async def slow() -> None:
        await clock.sleep_until(clock.now() + timedelta(minutes=150))

    runs = Runs(clock, during=slow)
    await play(timer("0 0 * * * *"), clock, runs, count=2)

    assert runs.times == ["01 13:00:00", "01 16:00:00"]


@on_loop
async def test_the_host_performs_a_timers_retries_and_tells_the_function_which_it_is() -> None:
    clock = VirtualClock(NOON)
    runs = Runs(clock, FAILED, FAILED)
    retry = RetryOptions(max_retry_count=3, strategy="fixed_delay", delay=timedelta(seconds=5))

    await play(timer("0 0 * * * *", retry=retry), clock, runs, count=4)

    assert runs.times == ["01 13:00:00", "01 13:00:05", "01 13:00:10", "01 14:00:00"]
    retries = [occasion.circumstances.retry for occasion in runs.occasions]
    assert [each.count for each in retries] == [0, 1, 2, 0]
    assert [each.limit for each in retries] == [3, 3, 3, 3]
    assert [each.failure for each in retries] == [None, FAILED, FAILED, None]


@on_loop
async def test_without_a_policy_a_failed_run_waits_for_the_next_time() -> None:
    clock = VirtualClock(NOON)
    runs = Runs(clock, FAILED)

    await play(timer("0 0 * * * *"), clock, runs, count=2)

    assert runs.times == ["01 13:00:00", "01 14:00:00"]


@on_loop
async def test_a_run_by_hand_waits_for_the_run_that_is_under_way() -> None:
    clock = VirtualClock(NOON)
    gate = asyncio.Event()

    async def until_open() -> None:
        await gate.wait()

    runs = Runs(clock, during=until_open)
    runner = TimerRunner(timer("0 0 * * * *"), clock=clock, run=runs, store=MemorySchedules())
    by_hand = [asyncio.create_task(runner.run_by_hand()) for _ in range(2)]
    await asyncio.sleep(0.01)
    begun = len(runs.times)
    gate.set()
    await asyncio.gather(*by_hand)

    assert (begun, len(runs.times)) == (1, 2)


def test_a_schedule_file_that_cannot_be_read_costs_one_memory_and_no_more(tmp_path: Path) -> None:
    store = ScheduleFile.beside(tmp_path / "state.db")
    status = ScheduleStatus(last=None, next=NOON, updated=NOON)
    for text in ("{", "[]", '{"tick": {"last": 5}}'):
        store.path.write_text(text)

        known = store.get("tick")
        store.put("tick", status)

        assert known is None
        assert store.get("tick") == status
    assert [path.name for path in tmp_path.iterdir()] == ["state.db.schedules.json"]


async def _never() -> None:
    await asyncio.Event().wait()
