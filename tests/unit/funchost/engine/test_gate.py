"""What the warner says of orchestrations on the real SDK that would fare differently in Azure."""

import contextlib
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from funchost.engine.findings import Cause, Divergence, Finding
from funchost.testing.clock import EPOCH
from tests.support.stepped_engine import SteppedEngine

type Story = Generator[Any, Any, Any]
type Event = tuple[int, str]  # minutes after the start, name

MINUTE = timedelta(minutes=1)


def outside(failing: dict[str, int]) -> Callable[[str], tuple[timedelta, str | None]]:
    """Let an activity named ``x 5`` take five minutes, and fail as often as ``failing`` says."""
    left = dict(failing)

    def run(label: str) -> tuple[timedelta, str | None]:
        left[label] = left.get(label, 0) - 1
        return int(label.rsplit(maxsplit=1)[-1]) * MINUTE, None if left[label] >= 0 else label

    return run


def warned(
    story: Callable[[Any], Story], *events: Event, failing: dict[str, int] | None = None
) -> list[Finding]:
    """Run an orchestration to its end, or to where it waits for ever; return what was found."""
    engine = SteppedEngine(story, outside=outside(failing or {}))
    engine.start("story", "i")
    for minute, name in events:
        engine.raise_event("i", name, minute, at=EPOCH + minute * MINUTE)
    engine.run()
    return engine.lanes["i"].findings


def causes(findings: list[Finding]) -> list[tuple[Divergence, Cause]]:
    return [(finding.divergence, finding.cause) for finding in findings]


def retried(context: Any, label: str, attempts: int = 3) -> Any:
    return context.call_activity_with_retry("work", df.RetryOptions(60_000, attempts), label)


def work(context: Any, label: str) -> Any:
    return context.call_activity("work", label)


def timer(context: Any, minutes: int) -> Any:
    return context.create_timer(context.current_utc_datetime + minutes * MINUTE)


def test_a_sequence_with_retries_and_caught_failures_is_the_same_in_azure() -> None:
    def story(context: Any) -> Story:
        yield retried(context, "a 1")
        with contextlib.suppress(Exception):
            yield work(context, "b 1")
        yield context.task_all(
            [retried(context, "c 2"), retried(context, "d 3"), timer(context, 9)]
        )
        yield context.wait_for_external_event("go")

    assert warned(story, (60, "go"), failing={"a 1": 2, "b 1": 1, "c 2": 1, "d 3": 2}) == []


def test_a_retry_beside_a_caught_fan_out_failure_hands_the_next_step_another_value() -> None:
    def story(context: Any) -> Story:
        with contextlib.suppress(Exception):
            yield context.task_all([work(context, "a 1"), retried(context, "b 3")])
        yield work(context, "next 1")

    later, other = warned(story, failing={"a 1": 1, "b 3": 1})

    assert causes([later]) == [(Divergence.LATER, Cause.OPEN_SIBLINGS)]
    assert causes([other]) == [(Divergence.OTHER_VALUE, Cause.FAIL_FAST)]
    assert other.id == 2
    assert other.recorded == "an activity task named 'work'"
    assert other.gate == "the timer after attempt 1 of an activity task named 'work'"


def test_a_task_any_loop_beside_a_retry_fails_as_non_deterministic() -> None:
    def story(context: Any) -> Story:
        left = [work(context, "a 1"), retried(context, "b 2"), work(context, "c 8")]
        while left:
            left.remove((yield context.task_any(left)))
        yield work(context, "next 1")

    (found,) = warned(story, failing={"b 2": 1})

    assert causes([found]) == [(Divergence.NON_DETERMINISTIC, Cause.YIELDED_AGAIN)]
    assert found.gate == "an activity task named 'work'"
    assert found.recorded.startswith("the timer after attempt 1")


def test_a_task_any_loop_without_retries_is_the_same_in_azure() -> None:
    def story(context: Any) -> Story:
        left = [work(context, "a 1"), work(context, "b 2"), timer(context, 5)]
        while left:
            left.remove((yield context.task_any(left)))
            yield work(context, "between 1")

    assert warned(story, failing={"b 2": 1}) == []


def test_a_timer_canceled_after_a_retry_beside_it_fails_as_non_deterministic() -> None:
    def story(context: Any) -> Story:
        first = yield context.task_any([retried(context, "a 9"), retried(context, "b 1")])
        del first
        deadline = timer(context, 60)
        winner = yield context.task_any([deadline, work(context, "c 12")])
        if winner is not deadline:
            deadline.cancel()
        yield work(context, "next 1")

    (found,) = warned(story, failing={"a 9": 1})

    assert causes([found]) == [(Divergence.NON_DETERMINISTIC, Cause.CANCELED_TIMER)]


def test_an_event_among_the_siblings_of_a_failure_holds_the_end_for_ever() -> None:
    def story(context: Any) -> Story:
        with contextlib.suppress(Exception):
            yield context.task_all([work(context, "a 1"), context.wait_for_external_event("never")])

    assert causes(warned(story, failing={"a 1": 1})) == [
        (Divergence.HANGS, Cause.EVENT_AMONG_SIBLINGS)
    ]


def test_one_early_event_would_be_handed_to_two_waits() -> None:
    def story(context: Any) -> Story:
        yield work(context, "a 5")
        yield context.wait_for_external_event("approval")
        yield context.wait_for_external_event("approval")

    assert causes(warned(story, (1, "approval"))) == [(Divergence.HANGS, Cause.EVENT_TAKEN_TWICE)]


def test_of_two_early_events_the_first_would_be_lost() -> None:
    def story(context: Any) -> Story:
        yield work(context, "a 5")
        yield context.wait_for_external_event("approval")

    assert causes(warned(story, (1, "approval"), (2, "approval"))) == [
        (Divergence.OTHER_VALUE, Cause.EVENT_OVERWRITTEN)
    ]


@pytest.mark.parametrize("minutes", [(1, 7), (1, 20), (7, 20)])
def test_events_with_a_wait_each_in_turn_are_the_same_in_azure(minutes: tuple[int, int]) -> None:
    def story(context: Any) -> Story:
        yield work(context, "a 5")
        yield context.wait_for_external_event("first")
        yield work(context, "b 5")
        yield context.wait_for_external_event("second")

    assert warned(story, (minutes[0], "first"), (minutes[1], "second")) == []


def test_a_name_may_come_again_when_each_event_comes_after_the_wait_before() -> None:
    def story(context: Any) -> Story:
        for _ in range(2):
            yield work(context, "a 5")
            yield context.wait_for_external_event("tick")

    assert warned(story, (1, "tick"), (7, "tick")) == []


def test_an_event_in_another_case_is_named() -> None:
    def story(context: Any) -> Story:
        yield context.wait_for_external_event("Approval")

    (found,) = warned(story, (1, "approval"), (2, "approval"))

    assert causes([found]) == [(Divergence.HANGS, Cause.EVENT_IN_OTHER_CASE)]
    assert found.recorded == "'approval' is held, 'Approval' is waited for"


def test_a_long_timer_that_lost_its_race_is_named_when_the_code_has_ended() -> None:
    def story(context: Any) -> Story:
        deadline = timer(context, 10 * 24 * 60)
        yield context.task_any([deadline, context.wait_for_external_event("done")])
        deadline.cancel()

    assert causes(warned(story, (5, "done"))) == [(Divergence.LATER, Cause.LONG_TIMER)]


def test_a_long_timer_alone_is_the_same_in_azure() -> None:
    def story(context: Any) -> Story:
        yield timer(context, 10 * 24 * 60)
        yield work(context, "a 1")

    assert warned(story) == []


def test_the_sentence_for_the_log_names_the_cause_and_the_id() -> None:
    finding = Finding(
        divergence=Divergence.OTHER_VALUE,
        cause=Cause.FAIL_FAST,
        id=4,
        recorded="a timer",
        gate="an activity task named 'a'",
    )

    assert str(finding).startswith("in Azure it would see another value: a call with retries is")
    assert str(finding).endswith("(here under id 4: a timer; there: an activity task named 'a')")
