"""The control's rules: absolute reports, an exact budget, pauses; and how a rate is shared out."""

from datetime import timedelta

from hypothesis import given, strategies as st

from tests.support.playing import T0
from workflows.batch_processing.control import Control, Mode, Pace
from workflows.batch_processing.models import (
    FailureBudget,
    OpenControl,
    ShardReport,
    TakeTokens,
    Tally,
)


def opened(**budget: float) -> Control:
    plan = OpenControl(rows=1000, chunks=10, budget=FailureBudget.from_json(budget), at=T0)
    return Control().opened(plan)


def report(shard: int, rejected: int, failure: str | None = None) -> ShardReport:
    tally = Tally(rows=rejected, rejected=rejected)
    return ShardReport(shard=shard, tally=tally, units=1, failure=failure)


def test_a_report_that_comes_twice_counts_once() -> None:
    control = opened(rows=10).reported(report(0, 6)).reported(report(0, 6))

    assert control.tally.rejected == 6
    assert control.directive.go_on


def test_the_budget_is_exact_over_all_shards() -> None:
    control = opened(rows=10).reported(report(0, 6)).reported(report(1, 4))
    assert control.directive.go_on

    control = control.reported(report(1, 5))

    assert control.directive.stop
    assert control.directive.reason == "failure_budget"


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=30), st.integers(0, 30))
def test_in_whatever_order_reports_come_the_budget_holds(
    steps: list[tuple[int, int]], budget: int
) -> None:
    control, done = opened(rows=budget), [0] * 4
    for shard, more in steps:
        done[shard] += more
        control = control.reported(report(shard, done[shard]))
        control = control.reported(report(shard, done[shard]))

    assert control.tally.rejected == sum(done)
    assert control.directive.stop is (sum(done) > budget)


def test_whoever_cancels_before_the_plan_is_made_has_cancelled() -> None:
    plan = OpenControl(rows=1, chunks=1, budget=FailureBudget(), at=T0)

    control = Control().stopped("cancelled").opened(plan)

    assert control.directive.stop
    assert control.rows == 1


def test_a_pause_holds_until_it_is_lifted_and_a_stop_is_final() -> None:
    control = opened().paused()
    assert (control.directive.go_on, control.directive.stop) == (False, False)
    assert control.resumed().directive.go_on

    stopped = control.stopped("cancelled")

    assert stopped.resumed().mode is Mode.STOPPED
    assert stopped.paused().mode is Mode.STOPPED
    assert stopped.stopped("failure_budget").reason == "cancelled"


def test_a_shard_that_gives_up_stops_the_others() -> None:
    control = opened().reported(report(0, 0, failure="source_changed"))

    assert control.directive.stop
    assert control.directive.reason == "source_changed"


def test_the_state_survives_its_own_json() -> None:
    control = opened(percent=2).reported(report(3, 1)).paused()

    assert Control.from_json(control.to_json()) == control


def test_rows_are_let_through_one_after_the_other_at_the_rate() -> None:
    pace, waits = Pace(), list[float]()
    for late_s in (0, 0, 0, 60):
        share = TakeTokens(rows=50, rows_per_s=10, at=T0 + timedelta(seconds=late_s))
        pace, granted = pace.taken(share)
        waits.append(granted.wait_s)

    assert waits == [0, 5, 10, 0]


def test_a_clock_that_is_behind_takes_nothing_that_was_given_away() -> None:
    pace, _ = Pace().taken(TakeTokens(rows=10, rows_per_s=1, at=T0))

    _, granted = pace.taken(TakeTokens(rows=1, rows_per_s=1, at=T0 - timedelta(seconds=5)))

    assert granted.wait_s == 15
