"""Calling until an answer comes: pauses, limits, a wish to stop, and what no retry heals."""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from shared.attempts import Answered, Cancel, GaveUp, Patience, attempted
from shared.errors import ProviderUnavailableError, RequestMissingError, is_retriable
from shared.retry import Backoff
from tests.support.playing import Call, Run, play

BACKOFF = Backoff(first=timedelta(seconds=1), factor=2, cap=timedelta(seconds=3), attempts=4)
SECOND = timedelta(seconds=1)


@dataclass
class Scene:
    """One activity, called as patiently as the test says."""

    failures: list[Exception] = field(default_factory=list[Exception])
    takes: timedelta = timedelta()
    limit: timedelta | None = None
    cancelled_after: timedelta | None = None

    def run(self, value: Any = "done") -> tuple[Any, Run]:
        outcomes: list[Any] = []
        failures = list(self.failures)
        blueprint = df.Blueprint()

        @blueprint.orchestration_trigger(context_name="context")
        def orchestrator(context: Any) -> Generator[Any, Any, Any]:
            cancel = Cancel(context) if self.cancelled_after is not None else None
            patience = Patience(backoff=BACKOFF, limit=self.limit)
            outcomes.append(
                (yield from attempted(context, "act", {}, patience=patience, cancel=cancel))
            )

        def answer(_call: Call) -> Any:
            if failures:
                raise failures.pop(0)
            return value

        events = {} if self.cancelled_after is None else {"cancel": self.cancelled_after}
        run = play(orchestrator, None, answer, events=events, takes=lambda _call: self.takes)
        assert run.failure is None, run.failure
        return outcomes[0], run


def down(times: int) -> list[Exception]:
    return [ProviderUnavailableError("down") for _ in range(times)]


def test_an_answer_is_an_answer_whatever_its_value() -> None:
    values: list[Any] = [0, False, "", [], None]
    for value in values:
        outcome, _ = Scene().run(value)

        assert outcome == Answered(value=value, attempts=1)


def test_pauses_grow_and_the_last_failure_is_told() -> None:
    outcome, run = Scene(failures=down(9)).run()

    assert outcome == GaveUp(error="provider_unavailable", attempts=4)
    assert run.waited == 6 * SECOND  # 1 + 2 + 3


def test_an_outage_that_is_shorter_heals() -> None:
    outcome, run = Scene(failures=down(2)).run()

    assert outcome == Answered(value="done", attempts=3)
    assert run.waited == 3 * SECOND


def test_what_no_retry_heals_is_not_retried() -> None:
    outcome, run = Scene(failures=[RequestMissingError("gone")]).run()

    assert outcome == GaveUp(error="request_missing", attempts=1)
    assert run.waited == timedelta()
    assert is_retriable("unexpected_failure")
    assert is_retriable("storage_unavailable")
    assert not is_retriable("request_missing")


def test_a_limit_leaves_a_call_without_an_answer() -> None:
    outcome, run = Scene(takes=60 * SECOND, limit=5 * SECOND).run()

    assert outcome == GaveUp(error="timed_out", attempts=1)
    assert run.waited == 5 * SECOND


def test_an_answer_within_the_limit_leaves_no_timer_behind() -> None:
    outcome, run = Scene(takes=4 * SECOND, limit=5 * SECOND).run()

    assert outcome == Answered(value="done", attempts=1)
    assert [call.is_cancelled for call in run.calls if call.kind == "timer"] == [True]


def test_a_pause_beyond_the_limit_is_not_waited_for() -> None:
    outcome, run = Scene(failures=down(9), limit=2 * SECOND).run()

    assert outcome == GaveUp(error="provider_unavailable", attempts=2)
    assert run.waited == SECOND


def test_a_limit_of_days_is_made_of_links_of_a_day() -> None:
    outcome, run = Scene(takes=timedelta(days=3, hours=1), limit=timedelta(days=9)).run()

    assert outcome == Answered(value="done", attempts=1)
    timers = [call for call in run.calls if call.kind == "timer"]
    assert [timer.is_cancelled for timer in timers] == [False, False, False, True]


def test_a_wish_to_stop_ends_a_pause_at_once() -> None:
    outcome, run = Scene(failures=down(9), cancelled_after=SECOND / 2).run()

    assert outcome == GaveUp(error="provider_unavailable", attempts=1)
    assert run.waited == SECOND / 2


def test_a_wish_to_stop_waits_for_the_call_that_runs() -> None:
    outcome, run = Scene(takes=10 * SECOND, cancelled_after=SECOND).run()

    assert outcome == Answered(value="done", attempts=1)
    assert run.waited == 10 * SECOND


def test_a_wish_to_stop_during_a_failing_call_makes_it_the_last() -> None:
    outcome, _ = Scene(failures=down(9), takes=10 * SECOND, cancelled_after=SECOND).run()

    assert outcome == GaveUp(error="provider_unavailable", attempts=1)
