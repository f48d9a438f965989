"""Plays the runtime for an orchestrator: answers its calls, fires its timers, keeps the time.

Everything crosses as JSON, as it would through a history. Nothing is replayed here; that the
orchestrators replay is proven on the real SDK.
"""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.functions import orchestrator_of

T0 = datetime(2030, 1, 1, 12, tzinfo=UTC)


@dataclass(kw_only=True, eq=False)
class Call:
    """One task that an orchestrator asked for: the SDK's task, as far as ours look at it."""

    kind: str  # activity, sub_orchestration, timer or event
    name: str
    input: Any = None
    policy: Any = None
    instance_id: str | None = None
    fire_at: datetime | None = None
    result: Any = None
    is_completed: bool = False
    is_cancelled: bool = False

    def cancel(self) -> None:
        assert not self.is_completed, "Cannot cancel a completed task."
        self.is_cancelled = True


@dataclass(kw_only=True, eq=False)
class Several:
    """Tasks of which any or all are waited for."""

    calls: Sequence[Call]
    all_of_them: bool

    @property
    def is_over(self) -> bool:
        over = [call.is_completed for call in self.calls]
        if not self.all_of_them:
            return any(over)
        return all(over) or any(isinstance(call.result, Exception) for call in self.calls)

    def outcome(self) -> Any:
        done = [call for call in self.calls if call.is_completed]
        if not self.all_of_them:
            return done[0]
        failed = [call.result for call in done if isinstance(call.result, Exception)]
        return failed[0] if failed else [call.result for call in self.calls]


@dataclass(kw_only=True)
class PlayedContext:
    """The part of the SDK's context that our orchestrators use."""

    input: Any
    instance_id: str
    current_utc_datetime: datetime = T0
    is_replaying: bool = False
    custom_statuses: list[Any] = field(default_factory=list[Any])
    continued_with: Any = None

    def get_input(self) -> Any:
        return self.input

    def set_custom_status(self, status: Any) -> None:
        self.custom_statuses.append(as_json(status))

    def call_activity(self, name: str, input_: Any = None) -> Call:
        return Call(kind="activity", name=name, input=as_json(input_))

    def call_activity_with_retry(self, name: str, policy: Any, input_: Any = None) -> Call:
        return Call(kind="activity", name=name, input=as_json(input_), policy=policy)

    def call_sub_orchestrator(self, name: str, input_: Any, instance_id: str) -> Call:
        return Call(
            kind="sub_orchestration", name=name, input=as_json(input_), instance_id=instance_id
        )

    def create_timer(self, fire_at: datetime) -> Call:
        return Call(kind="timer", name="timer", fire_at=fire_at)

    def wait_for_external_event(self, name: str) -> Call:
        return Call(kind="event", name=name)

    def task_any(self, calls: Sequence[Call]) -> Several:
        return Several(calls=calls, all_of_them=False)

    def task_all(self, calls: Sequence[Call]) -> Several:
        return Several(calls=calls, all_of_them=True)

    def continue_as_new(self, input_: Any) -> None:
        self.continued_with = as_json(input_)


@dataclass(frozen=True, kw_only=True)
class Run:
    """How an orchestration went."""

    calls: list[Call]
    output: Any
    failure: Exception | None
    context: PlayedContext

    @property
    def names(self) -> list[str]:
        return [call.name for call in self.calls if call.kind not in {"timer", "event"}]

    @property
    def waited(self) -> timedelta:
        return self.context.current_utc_datetime - T0


def at_once(_call: Call) -> timedelta:
    """Take no time."""
    return timedelta()


def play(  # noqa: PLR0913 - what a scene may decide
    built: Any,
    input_: Any,
    answer: Callable[[Call], Any],
    *,
    instance_id: str = "order-A1",
    events: Mapping[str, timedelta] | None = None,
    takes: Callable[[Call], timedelta] = at_once,
    at: datetime = T0,
) -> Run:
    """Run an orchestrator to its end.

    Args:
        built: The decorated orchestrator.
        input_: Its input.
        answer: What an activity or a child answers; what it raises fails the task as the SDK would.
        instance_id: The instance's id.
        events: When external events are raised, counted from T0.
        takes: How long an activity or a child takes.
        at: When it begins.
    """
    context = PlayedContext(input=as_json(input_), instance_id=instance_id, current_utc_datetime=at)
    generator = orchestrator_of(built)(context)
    stage = _Stage(context, answer, events or {}, takes)
    try:
        task = next(generator)
        while True:
            task = _resume(generator, stage, task)
    except StopIteration as end:
        return Run(calls=stage.calls, output=as_json(end.value), failure=None, context=context)
    except AssertionError:
        raise
    except Exception as failure:
        return Run(calls=stage.calls, output=None, failure=failure, context=context)


def _resume(generator: Generator[Any, Any, Any], stage: "_Stage", task: Call | Several) -> Any:
    several = task if isinstance(task, Several) else Several(calls=[task], all_of_them=True)
    outcome = stage.wait(several)
    if several is not task and not isinstance(outcome, Exception):
        outcome = outcome[0]
    if isinstance(outcome, Exception):
        return generator.throw(outcome)
    return generator.send(outcome)


class _Stage:
    """What was asked for, and when each of it is over."""

    def __init__(
        self,
        context: PlayedContext,
        answer: Callable[[Call], Any],
        events: Mapping[str, timedelta],
        takes: Callable[[Call], timedelta],
    ) -> None:
        self.calls: list[Call] = []
        self._context = context
        self._answer = answer
        self._events = events
        self._takes = takes
        self._due: dict[Call, datetime] = {}

    def wait(self, several: Several) -> Any:
        for call in several.calls:
            if call not in self.calls:
                self._begin(call)
        while not several.is_over:
            self._complete_the_next(several)
        return several.outcome()

    def _begin(self, call: Call) -> None:
        self.calls.append(call)
        if call.kind == "event":
            if call.name in self._events:
                self._due[call] = T0 + self._events[call.name]
        else:
            now = self._context.current_utc_datetime
            self._due[call] = call.fire_at or now + self._takes(call)

    def _complete_the_next(self, several: Several) -> None:
        due = {call: at for call, at in self._due.items() if not call.is_cancelled}
        waited_for = ", ".join(call.name for call in several.calls)
        assert due, f"it waits for ever: {waited_for}"
        call = min(due, key=due.__getitem__)
        context = self._context
        context.current_utc_datetime = max(context.current_utc_datetime, self._due.pop(call))
        call.is_completed = True
        if call.kind in {"activity", "sub_orchestration"}:
            call.result = self._answered(call)

    def _answered(self, call: Call) -> Any:
        try:
            return as_json(self._answer(call))
        except AssertionError:
            raise
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"
            # As the SDK says it, in a bare Exception.
            return Exception(f"Activity function '{call.name}' failed:  {error} \n {{}}")


def as_json(value: Any) -> Any:
    """Return the value as it comes out of a history."""
    return json.loads(json.dumps(value, allow_nan=False))
