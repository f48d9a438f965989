"""Jobs and shards on the real SDK in virtual time: windows, retries, poison, budgets, pauses."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.support.batches import INSTANCE, FakeFile, a_job, run, told
from tests.support.task_hub import Hub
from workflows.batch_processing import names
from workflows.batch_processing.models import FailureBudget, Unit

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def strict_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")


def test_every_chunk_is_done_once_by_several_shards() -> None:
    file = FakeFile(chunks=40, bad=frozenset({3, 300}))

    ran = run(file)

    assert ran.output["status"] == "completed_with_errors"
    assert ran.output["shards"] == 4
    assert ran.output["tally"] == {"rows": 400, "accepted": 398, "rejected": 2, "blank": 0}
    assert set(file.calls.values()) == {1}
    assert len(file.calls) == 40


def test_a_history_stays_short_however_many_chunks_there_are() -> None:
    file = FakeFile(chunks=150, batch_size=1)

    ran = run(file, a_job(batch_size=1, max_parallelism=1), watched=True)

    assert ran.output["status"] == "completed"
    assert ran.output["shards"] == 1
    assert set(file.calls.values()) == {1}
    assert ran.worker.generations[f"{INSTANCE}:shard:0"] >= 2
    assert ran.longest_history < 1000


def test_a_wide_window_keeps_its_histories_short_too() -> None:
    file = FakeFile(chunks=15, fails=Counter(dict.fromkeys(range(15), 2)))

    ran = run(file, a_job(max_parallelism=64), watched=True)

    assert ran.output["status"] == "completed"
    assert ran.longest_history < 1000


def test_the_plan_is_made_stretch_by_stretch() -> None:
    file = FakeFile(chunks=7, segments=3)

    ran = run(file)

    assert ran.output["chunks"] == 7
    assert len(ran.output["sourceDigests"]) == 3


def test_windows_together_are_never_wider_than_asked() -> None:
    file = FakeFile(chunks=30)

    run(file, a_job(max_parallelism=3))

    assert file.most_running == 3


def test_a_slow_chunk_holds_up_no_other() -> None:
    others = asyncio.Event()

    async def slow_first(unit: Unit) -> None:
        if unit.chunk == 0:
            await others.wait()
        elif len(file.done) == file.chunks - 2:  # this one is the last of the others
            others.set()

    file = FakeFile(chunks=12, before=slow_first)

    ran = run(file, a_job(max_parallelism=2))

    assert ran.output["status"] == "completed"
    assert list(file.done)[-1] == "0000000"


def test_a_chunk_that_fails_twice_is_done_at_the_third_attempt() -> None:
    file = FakeFile(fails=Counter({2: 2}))

    ran = run(file)

    assert ran.output["status"] == "completed"
    assert file.calls["0000002"] == 3
    assert ran.seconds == pytest.approx(1 + 2, abs=1)


POISON = frozenset({123, 124, 333})


@pytest.mark.parametrize("poison", [POISON, frozenset[int]()], ids=["raises", "ends-the-process"])
def test_a_poison_row_costs_one_dead_letter(poison: frozenset[int]) -> None:
    file = FakeFile(batch_size=50, poison=poison, suspects=POISON - poison)

    ran = run(file)

    assert sorted(file.buried) == [123, 124, 333]
    assert ran.output["tally"] == {"rows": 400, "accepted": 397, "rejected": 3, "blank": 0}
    assert ran.output["status"] == "completed_with_errors"


def test_code_that_fails_on_every_row_ends_the_job_and_not_the_machine() -> None:
    file = FakeFile(chunks=1, batch_size=256, poison=frozenset(range(256)))

    ran = run(file)

    assert ran.record.status == "Failed"
    assert ran.custom_status["result"]["reason"] == "too_many_poison_rows"
    assert len(file.buried) <= 20


def test_an_outage_is_outlasted() -> None:
    file = FakeFile(outage=True)

    async def it_heals(hub: Hub) -> None:
        began = hub.clock.now()
        while (hub.clock.now() - began).total_seconds() < 600:
            await asyncio.sleep(0)
        file.outage = False

    ran = run(file, meanwhile=it_heals)

    assert ran.output["status"] == "completed"
    assert file.buried == []


def test_an_outage_that_does_not_end_fails_the_job_loudly() -> None:
    ran = run(FakeFile(outage=True))

    assert ran.record.status == "Failed"
    assert "job_failed" in (ran.record.output or "")
    assert ran.custom_status["status"] == "failed"
    assert ran.custom_status["result"]["reason"] == "storage_unavailable"


def test_a_source_that_has_changed_stops_all_shards() -> None:
    file = FakeFile(chunks=40, stopped="source_changed")

    ran = run(file)

    assert ran.custom_status["result"]["reason"] == "source_changed"
    assert sum(file.calls.values()) < 20


def test_too_many_failures_stop_the_job() -> None:
    file = FakeFile(chunks=100, bad=frozenset(range(0, 1000, 2)))

    ran = run(file, a_job(budget=FailureBudget(percent=2), max_parallelism=2))

    assert ran.output["status"] == "stopped_by_budget"
    assert ran.output["reason"] == "failure_budget"
    assert 20 < ran.output["tally"]["rejected"] <= 30
    assert len(file.published) == 1


def test_the_last_failure_that_the_budget_allows_does_not_stop_it() -> None:
    file = FakeFile(chunks=100, bad=frozenset(range(20)))

    ran = run(file, a_job(budget=FailureBudget(percent=2)))

    assert ran.output["status"] == "completed_with_errors"


def test_a_cancelled_job_keeps_what_is_done() -> None:
    async def cancel(hub: Hub) -> None:
        while len(file.done) < 5:
            await asyncio.sleep(0)
        await told(hub, names.CANCEL_OPERATION)

    file = FakeFile(chunks=80)

    ran = run(file, meanwhile=cancel)

    assert ran.output["status"] == "cancelled"
    assert 5 <= len(file.done) < 80
    assert ran.output["tally"]["rows"] == 10 * len(file.done)


def test_a_cancelled_job_does_not_wait_for_pauses() -> None:
    async def cancel(hub: Hub) -> None:
        began = hub.clock.now()
        while (hub.clock.now() - began).total_seconds() < 100:
            await asyncio.sleep(0)
        await told(hub, names.CANCEL_OPERATION)

    file = FakeFile(chunks=3, outage=True)

    ran = run(file, meanwhile=cancel)

    assert ran.record.status == "Completed"
    assert ran.output["status"] == "cancelled"


def test_a_job_cancelled_before_its_plan_is_made_does_nothing() -> None:
    async def cancel(hub: Hub) -> None:
        await told(hub, names.CANCEL_OPERATION)

    file = FakeFile(segments=4)

    ran = run(file, meanwhile=cancel)

    assert ran.output["status"] == "cancelled"
    assert not file.calls


def test_a_paused_job_begins_nothing_until_it_is_resumed() -> None:
    seen: list[int] = []

    async def pause(hub: Hub) -> None:
        while len(file.done) < 5:
            await asyncio.sleep(0)
        await told(hub, names.PAUSE_OPERATION)
        began = hub.clock.now()
        while (hub.clock.now() - began).total_seconds() < 900:
            await asyncio.sleep(0)
            if (hub.clock.now() - began).total_seconds() > 60:
                seen.append(len(file.done))
        await told(hub, names.RESUME_OPERATION)

    file = FakeFile(chunks=15)

    ran = run(file, meanwhile=pause, watched=True)

    assert ran.output["status"] == "completed"
    assert len(set(seen)) == 1
    assert ran.longest_history < 1000


def test_all_shards_share_the_rate_of_their_downstream() -> None:
    file = FakeFile(chunks=24)

    ran = run(file, a_job(rows_per_s=10.0))

    assert ran.output["status"] == "completed"
    assert ran.seconds == pytest.approx(240 / 10, abs=3)


def test_a_dry_run_waits_for_no_downstream() -> None:
    ran = run(FakeFile(chunks=24), a_job(rows_per_s=10.0, dry_run=True))

    assert ran.seconds < 2


def test_a_source_that_cannot_be_used_is_rejected_with_its_reasons() -> None:
    file = FakeFile(problem="header_differs")

    ran = run(file)

    assert ran.output["status"] == "rejected"
    assert ran.output["reason"] == "header_differs"
    assert ran.output["findings"] == ["it is so"]
    assert not file.published


def test_a_file_without_rows_is_a_job_without_work() -> None:
    ran = run(FakeFile(chunks=0))

    assert ran.output["status"] == "completed"
    assert ran.output["tally"]["rows"] == 0


def test_what_does_not_agree_fails_the_job_and_is_said() -> None:
    file = FakeFile(findings=("rows: planned 80, found 79",))

    ran = run(file)

    assert ran.record.status == "Failed"
    assert ran.custom_status["result"]["findings"] == ["rows: planned 80, found 79"]
    assert ran.custom_status["result"]["manifest"] == "j1/manifest.json"


def test_keys_that_were_written_twice_are_an_error_of_the_file() -> None:
    ran = run(FakeFile(found=78))

    assert ran.output["status"] == "completed_with_errors"
    assert ran.output["reason"] == "keys_repeated"
    assert ran.output["repeatedKeys"] == 2


def test_the_control_is_gone_when_the_job_is() -> None:
    exists: list[Any] = []

    async def look(hub: Hub) -> None:
        await hub.ended(INSTANCE)
        await hub.at_rest()
        record = await hub.service.status(f"@{names.CONTROL}@j1")
        exists.append('"exists": true' in (record.input or "") if record else False)

    run(FakeFile(), meanwhile=look)

    assert exists == [False]
