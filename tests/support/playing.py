"""Plays the runtime for an orchestrator: answers its calls, fires its timers, keeps the time.

Everything crosses as JSON, as it would through a history. Nothing is replayed here; that the
orchestrators replay is proven on the real SDK.
"""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.functions import orchestrator_of

T0 = datetime(2030, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One task that an orchestrator asked for."""

    kind: str  # activity, sub_orchestration or timer
    name: str
    input: Any = None
    policy: Any = None
    instance_id: str | None = None
    fire_at: datetime | None = None


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

    def call_activity_with_retry(self, name: str, policy: Any, input_: Any = None) -> Call:
        return Call(kind="activity", name=name, input=as_json(input_), policy=policy)

    def call_sub_orchestrator(self, name: str, input_: Any, instance_id: str) -> Call:
        return Call(
            kind="sub_orchestration", name=name, input=as_json(input_), instance_id=instance_id
        )

    def create_timer(self, fire_at: datetime) -> Call:
        return Call(kind="timer", name="timer", fire_at=fire_at)

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
        return [call.name for call in self.calls if call.kind != "timer"]

    @property
    def waited(self) -> timedelta:
        return self.context.current_utc_datetime - T0


def play(
    built: Any, input_: Any, answer: Callable[[Call], Any], *, instance_id: str = "order-A1"
) -> Run:
    """Run an orchestrator to its end; what `answer` raises fails the task as the SDK would."""
    context = PlayedContext(input=as_json(input_), instance_id=instance_id)
    generator = orchestrator_of(built)(context)
    calls: list[Call] = []
    try:
        call = next(generator)
        while True:
            calls.append(call)
            call = _resume(generator, context, call, answer)
    except StopIteration as end:
        return Run(calls=calls, output=as_json(end.value), failure=None, context=context)
    except Exception as failure:
        return Run(calls=calls, output=None, failure=failure, context=context)


def _resume(
    generator: Generator[Call, Any, Any],
    context: PlayedContext,
    call: Call,
    answer: Callable[[Call], Any],
) -> Call:
    if call.fire_at is not None:
        context.current_utc_datetime = max(context.current_utc_datetime, call.fire_at)
        return generator.send(None)
    try:
        value = as_json(answer(call))
    except Exception as failure:
        text = (
            f"Activity function '{call.name}' failed:  {type(failure).__name__}: {failure} \n {{}}"
        )
        return generator.throw(Exception(text))  # the SDK raises it bare
    return generator.send(value)


def as_json(value: Any) -> Any:
    """Return the value as it comes out of a history."""
    return json.loads(json.dumps(value, allow_nan=False))
