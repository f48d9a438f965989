"""The first half of an episode: what is taken from the inbox, before the orchestrator is asked.

Three rules decide, each of them there because the SDK numbers tasks by counting and the numbers
never travel (docs/fidelity.md):

* an external event stays in the inbox until the code waits for its name: so it is delivered once,
  to one wait, in order of arrival. It has an episode of its own, or shares one with the events of
  the same name that follow it, where the caller bets that the code waits for them one after the
  other (``has_run_ahead`` tells when the bet was lost);
* while a retry is in flight, an episode takes at most one message that can resume the code: so the
  number of a retry's timer or next attempt falls where the SDK counts it;
* a retry's timer or next attempt is numbered here, when its message is taken, before the SDK runs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from funchost.engine.events import (
    Call,
    Control,
    Event,
    EventRaised,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    Message,
    MessageEvent,
    OperationRequested,
    OrchestratorStarted,
    SubOrchestrationCreated,
    SubOrchestrationFailed,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from funchost.engine.state import State, answered_task


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What an episode begins with.

    ``consumed`` are the sequences of all messages that leave the inbox, those that turned out to
    be duplicates or answers to an earlier generation included. ``asks_code`` tells whether the
    orchestrator has to run. ``termination`` is set when the instance is to end here.
    """

    events: tuple[Event, ...]
    consumed: tuple[int, ...]
    asks_code: bool
    termination: ExecutionTerminated | None = None


def open_episode(
    state: State, inbox: Iterable[Message], now: datetime, *, events_at_once: int = 1
) -> Opening | None:
    """Take what can be taken now and apply it to the state; None when there is nothing to do.

    Args:
        state: the fold of the instance's history; advanced by the events of the opening.
        inbox: the messages in order of arrival.
        now: the instant of the episode; never earlier than that of the episode before.
        events_at_once: how many events of one name to deliver together at the most.
    """
    taken, stale = _select(state, inbox, events_at_once)
    if not taken and not stale:
        return None
    consumed = tuple(message.sequence for message in (*taken, *stale))
    if not taken:
        return Opening(events=(), consumed=consumed, asks_code=False)
    at = now if state.now is None else max(now, state.now)
    events: list[Event] = []
    _append(state, events, OrchestratorStarted(at=at))
    for message in taken:
        for event in _effects(state, message.event, at):
            _append(state, events, event)
    last = taken[-1].event
    return Opening(
        events=tuple(events),
        consumed=consumed,
        asks_code=not isinstance(last, Control.__value__),
        termination=last if isinstance(last, ExecutionTerminated) else None,
    )


def has_run_ahead(state: State) -> bool:
    """Tell whether an event was delivered that the code did not wait for; after the closing."""
    return any(left < 0 for left in state.waits.values())


def _append(state: State, events: list[Event], event: Event) -> None:
    state.apply(event)
    events.append(event)


def _select(
    state: State, inbox: Iterable[Message], events_at_once: int
) -> tuple[list[Message], list[Message]]:
    """Part the inbox into what this episode takes and what nobody will ever take."""
    messages = list(inbox)
    if state.started is None:
        start = [m for m in messages if isinstance(m.event, ExecutionStarted)][:1]
        end = [m for m in messages if isinstance(m.event, ExecutionTerminated)][:1]
        return (start + end, []) if start else ([], messages)
    current, stale = _current(state, messages)
    for message in current:
        if isinstance(message.event, ExecutionTerminated):
            return [message], stale
    if state.is_suspended:
        resume = next((m for m in current if isinstance(m.event, ExecutionResumed)), None)
        pauses = [m for m in current if isinstance(m.event, ExecutionSuspended)]
        return ([] if resume is None else [resume]), stale + pauses
    return _batch(state, current, events_at_once), stale


def _current(state: State, messages: Sequence[Message]) -> tuple[list[Message], list[Message]]:
    """Part messages of this generation from duplicates and answers to an earlier one."""
    execution_id = None if state.started is None else state.started.execution_id
    current: list[Message] = []
    stale: list[Message] = []
    answered: set[int] = set()
    for message in messages:
        match message.event:
            case ExecutionStarted() | OperationRequested():
                is_stale = True
            case EventRaised() | ExecutionSuspended() | ExecutionTerminated() | ExecutionRewound():
                is_stale = message.execution_id not in {None, execution_id}
            case ExecutionResumed():
                is_stale = not state.is_suspended and not any(
                    isinstance(earlier.event, ExecutionSuspended) for earlier in current
                )
            case completion:
                task = answered_task(completion)
                is_stale = (
                    message.execution_id != execution_id
                    or task not in state.open
                    or task in answered
                )
                answered.add(task)
        (stale if is_stale else current).append(message)
    return current, stale


def _batch(state: State, current: Sequence[Message], events_at_once: int) -> list[Message]:
    """Choose the messages of one episode of a running instance."""
    batch: list[Message] = []
    for position, message in enumerate(current):
        match message.event:
            case ExecutionSuspended():
                return batch or [message]
            case ExecutionResumed():
                return batch
            case EventRaised(name=name) if name not in state.answers:
                if not state.waits_for(name):
                    continue  # held until the code waits for it
                at_once = 1 if state.retries_in_flight else events_at_once
                return batch or list(_same_events(state, name, current[position:]))[:at_once]
            case _:
                batch.append(message)
                if state.retries_in_flight:
                    return batch
    return batch


def _same_events(state: State, name: str, messages: Sequence[Message]) -> Iterable[Message]:
    """Yield events of one name up to anything else that could be taken before them."""
    for message in messages:
        if not isinstance(message.event, EventRaised):
            return
        if message.event.name == name:
            yield message
        elif state.waits_for(message.event.name):
            return


def _effects(state: State, event: MessageEvent, at: datetime) -> Iterable[Event]:
    """Yield the event, then what the engine itself schedules because of it."""
    match event:
        case TaskFailed(task_id=task_id) | SubOrchestrationFailed(task_id=task_id):
            call = state.open[task_id]
            yield event
            yield from _retry_timer(state, call, at)
        case TimerFired(timer_id=timer_id):
            timer = state.open[timer_id]
            failed = timer.retries if isinstance(timer, TimerCreated) else None
            call_again = None if failed is None else state.failed_calls[failed]
            yield event
            if call_again is not None:
                yield from _next_attempt(state, call_again, at)
        case _:
            yield event


def _retry_timer(state: State, call: object, at: datetime) -> Iterable[Event]:
    match call:
        case TaskScheduled() | SubOrchestrationCreated() if call.retry is not None:
            # Also after the last attempt: the SDK waits for one more timer before it gives up.
            fire_at = at + call.retry.delay(call.attempt)
            yield TimerCreated(id=state.next_id, at=at, fire_at=fire_at, retries=call.id)
        case _:
            return


def _next_attempt(state: State, call: Call, at: datetime) -> Iterable[Event]:
    if call.retry is None or call.attempt >= call.retry.max_attempts:
        return
    again = replace(call, id=state.next_id, at=at, attempt=call.attempt + 1)
    if isinstance(again, SubOrchestrationCreated):
        again = replace(again, instance_id=child_id(state, again.explicit_id))
    yield again


def child_id(state: State, explicit_id: str | None) -> str:
    """Return the id of the child that is numbered next."""
    if explicit_id:
        return explicit_id
    execution_id = "" if state.started is None else state.started.execution_id
    return f"{execution_id}:{state.next_id}"
