"""Random orchestrations on the real SDK come to the end that their meaning gives them.

The seeds are fixed. To see one: ``Maker(seed).script()``.
"""

import asyncio
import json
from collections import Counter
from datetime import timedelta

import pytest

from funchost.engine.findings import Divergence
from funchost.testing.clock import EPOCH
from tests.support.ideal_scheduler import Ending, ideal_ending
from tests.support.random_orchestrations import MAIN, Maker, Outside, Script
from tests.support.random_runs import functions, run_here, seen_in_azure
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import task_hub
from tests.support.timed_work import TimedWork

SEEDS = 300
BATCH = 30


def wrong(seed: int) -> str | None:
    """Return what differs, with the seed to see it again."""
    script = Maker(seed).script()
    expected = ideal_ending(script)
    try:
        found = run_here(script).ending
    except Exception as error:
        error.add_note(f"seed {seed}: {script}")
        raise
    return None if found == expected else f"seed {seed}: {found} instead of {expected}"


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_every_orchestration_ends_as_the_ideal_scheduler_says(first: int) -> None:
    assert [text for seed in range(first, first + BATCH) if (text := wrong(seed))] == []


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", range(SEEDS, 10_000, 970))
def test_ten_thousand_orchestrations_end_as_the_ideal_scheduler_says(first: int) -> None:
    assert [text for seed in range(first, first + 970) if (text := wrong(seed))] == []


async def in_a_task_hub(script: Script) -> Ending | None:
    """Run a script by the whole of dispatch; activities sleep on the virtual clock."""
    outside = TimedWork(Outside(script))
    worker = SdkWorker(*functions(script), activities={"work": outside.work})
    async with task_hub(worker, divergences=[], is_idle=outside.is_idle) as hub:
        outside.begin(hub)
        main = await hub.start(MAIN)
        for event in script.events:
            at = EPOCH + timedelta(milliseconds=event.at_ms)
            outside.at(at, hub.raise_event(main, event.event, event.value))
        await outside.all_over(hub)
        record = await hub.record(main)
        if not record.status.is_terminal:
            return None
        assert record.status == "Completed", record.output
        at_ms = round((record.updated_at - EPOCH) / timedelta(milliseconds=1))
        return Ending(json.loads(record.output or ""), at_ms)


@pytest.mark.parametrize("seed", range(10_000, 10_012))
def test_the_whole_of_dispatch_in_virtual_time_comes_to_the_same_end(seed: int) -> None:
    script = Maker(seed).script()

    assert asyncio.run(in_a_task_hub(script)) == ideal_ending(script)


def judged(seed: int) -> tuple[bool, bool]:
    """Return whether an orchestration breaks in Azure, and whether the warner says so."""
    script = Maker(seed, plain=True).script()
    run = run_here(script)
    breaks = run.ending is not None and seen_in_azure(script) != run.ending.seen
    is_warned = any(finding.divergence is not Divergence.LATER for finding in run.findings)
    return breaks, is_warned


def rates(first: int, last: int) -> Counter[tuple[bool, bool]]:
    return Counter(judged(seed) for seed in range(first, last))


def totals(found: Counter[tuple[bool, bool]]) -> tuple[int, int]:
    """Return how many break, and how many do not."""
    return found[True, True] + found[True, False], found[False, True] + found[False, False]


def test_the_warner_finds_what_breaks_in_azure_and_seldom_cries_wolf() -> None:
    found = rates(0, 60)

    breaking, sound = totals(found)
    assert breaking > 10
    assert found[True, False] <= 0.05 * breaking
    assert found[False, True] <= 0.05 * sound


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_warner_keeps_its_rates_over_two_thousand_orchestrations() -> None:
    found = rates(1_000, 3_000)

    breaking, sound = totals(found)
    assert found[True, False] <= 0.05 * breaking, found
    assert found[False, True] <= 0.05 * sound, found
