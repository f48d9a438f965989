"""The tables of a job: every end is reached, every chunk has one shard, every failure an answer."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from shared.errors import UNNAMED_FAILURE
from workflows import batch_processing
from workflows.batch_processing.models import FailureBudget, Unit
from workflows.batch_processing.transitions import (
    ALLOWED,
    MOST_ATTEMPTS,
    MOST_OUTAGE_ATTEMPTS,
    Account,
    Again,
    Bury,
    GiveUp,
    JobStatus,
    Stop,
    TakeApart,
    advance,
    after_failure,
    end_of,
    over_budget,
    pause_after,
    shares,
)

README = Path(batch_processing.__file__).with_name("README.md")
ARROW = re.compile(r"^\s*(\w+) --> (\w+)$", re.MULTILINE)
OUTAGE = "storage_unavailable"


def test_every_status_can_be_reached() -> None:
    reached = {JobStatus.OPENING}
    while more := {to for status in reached for to in ALLOWED.get(status, ())} - reached:
        reached |= more

    assert reached == set(JobStatus)


def test_the_readmes_diagram_is_the_table() -> None:
    diagram = README.read_text("utf-8").partition("stateDiagram-v2")[2].partition("```")[0]

    assert set(ARROW.findall(diagram)) == {
        (status.value, to.value) for status, targets in ALLOWED.items() for to in targets
    }


def test_what_the_table_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot go from completed to planning"):
        advance(JobStatus.COMPLETED, JobStatus.PLANNING)


@given(st.integers(0, 5000), st.integers(1, 64))
def test_every_chunk_is_in_one_share_and_the_windows_are_the_parallelism(
    chunks: int, parallelism: int
) -> None:
    found = shares(chunks, parallelism)

    assert [chunk for share in found for chunk in range(share.first, share.end)] == list(
        range(chunks)
    )
    assert all(share.window >= 1 and share.first < share.end for share in found)
    if chunks:
        assert sum(share.window for share in found) == parallelism


def test_an_outage_is_waited_for_and_never_blamed_on_rows() -> None:
    unit = Unit(chunk=3)
    waits: list[timedelta] = []
    while isinstance(answer := after_failure(unit, OUTAGE, batch_size=10), Again):
        unit = answer.unit
        waits.append(answer.pause)

    assert answer == GiveUp(reason=OUTAGE)
    assert len(waits) == MOST_OUTAGE_ATTEMPTS - 1
    assert waits[:3] == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]
    assert timedelta(minutes=20) < sum(waits, timedelta()) < timedelta(minutes=40)


def test_pauses_have_a_limit() -> None:
    assert pause_after(10**6) == timedelta(minutes=5)


@given(st.integers(1, 50_000), st.integers(0, 49_999))
def test_taking_a_chunk_apart_finds_the_one_row_that_fails_it(size: int, poison: int) -> None:
    poison %= size
    queue, done, calls = [Unit(chunk=1)], 0, 0
    dug: list[int] = []
    while queue:
        unit = queue.pop()
        calls += 1
        start, count = unit.start, unit.count or size
        if not start <= poison < start + count:
            done += count
            continue
        match after_failure(unit, UNNAMED_FAILURE, batch_size=size):
            case Again(unit=again):
                queue.append(again)
            case TakeApart(units=units):
                assert sum(part.count for part in units) == count
                queue += units
            case Bury(unit=one):
                dug.append(one.start)
            case GiveUp():
                raise AssertionError

    assert dug == [poison]
    assert done == size - 1
    assert calls <= MOST_ATTEMPTS + 2 * (size.bit_length() + 1)


@pytest.mark.parametrize(
    ("budget", "rejected", "is_over"),
    [
        (FailureBudget(), 1000, False),
        (FailureBudget(rows=0), 0, False),
        (FailureBudget(rows=0), 1, True),
        (FailureBudget(rows=10), 10, False),
        (FailureBudget(rows=10), 11, True),
        (FailureBudget(percent=1), 10, False),
        (FailureBudget(percent=1), 11, True),
        (FailureBudget(percent=0.1), 2, True),
        (FailureBudget(percent=100), 1000, False),
        (FailureBudget(rows=500, percent=1), 11, True),
    ],
)
def test_a_budget_is_exact(budget: FailureBudget, rejected: int, *, is_over: bool) -> None:
    assert over_budget(rejected, 1000, budget) is is_over


@pytest.mark.parametrize(
    ("account", "end"),
    [
        (Account(), (JobStatus.COMPLETED, None)),
        (Account(rejected=1), (JobStatus.COMPLETED_WITH_ERRORS, "rows_rejected")),
        (Account(repeated_keys=1), (JobStatus.COMPLETED_WITH_ERRORS, "keys_repeated")),
        (
            Account(rejected=9, stopped=Stop.OVER_BUDGET),
            (JobStatus.STOPPED_BY_BUDGET, "failure_budget"),
        ),
        (Account(rejected=9, stopped=Stop.CANCELLED), (JobStatus.CANCELLED, "cancelled")),
        (
            Account(failure=OUTAGE, stopped=Stop.CANCELLED),
            (JobStatus.FAILED, "storage_unavailable"),
        ),
        (Account(findings=("rows",), rejected=1), (JobStatus.FAILED, "not_reconciled")),
    ],
)
def test_the_worst_decides_how_a_job_ends(account: Account, end: tuple[JobStatus, str]) -> None:
    assert end_of(account) == end
