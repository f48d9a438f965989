"""A history as the management API shows it: one entry for a call and its answer.

Markers of episodes, and what only this engine records, are left out; a call that has been answered
is folded into its answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from funchost.engine.events import (
    Call,
    Event,
    EventRaised,
    EventSent,
    EventWaited,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    OperationRequested,
    OrchestratorStarted,
    SubOrchestrationCompleted,
    SubOrchestrationCreated,
    SubOrchestrationFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCanceled,
    TimerCreated,
    TimerFired,
)
from funchost.http.payloads import stored_value

type Entry = dict[str, object]
type Answer = TaskCompleted | TaskFailed | SubOrchestrationCompleted | SubOrchestrationFailed

NAMES: Mapping[type[Answer | Call], str] = {
    TaskScheduled: "TaskScheduled",
    TaskCompleted: "TaskCompleted",
    TaskFailed: "TaskFailed",
    SubOrchestrationCreated: "SubOrchestrationInstanceCreated",
    SubOrchestrationCompleted: "SubOrchestrationInstanceCompleted",
    SubOrchestrationFailed: "SubOrchestrationInstanceFailed",
}


def history_view(
    events: Sequence[Event], *, show_input: bool = True, show_output: bool = False
) -> list[Entry]:
    """Return the entries of a history, oldest first."""
    view = _View(calls=_calls(events), answered=_answered(events), show_output=show_output)
    entries = [entry for event in events if (entry := view.entry(event)) is not None]
    if not show_input:
        for entry in entries:
            entry.pop("Input", None)
    return entries


def _calls(events: Iterable[Event]) -> dict[int, Call]:
    return {
        event.id: event
        for event in events
        if isinstance(event, TaskScheduled | SubOrchestrationCreated)
    }


def _answered(events: Iterable[Event]) -> frozenset[int]:
    return frozenset(
        event.task_id
        for event in events
        if isinstance(
            event, TaskCompleted | TaskFailed | SubOrchestrationCompleted | SubOrchestrationFailed
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What an entry may draw on besides its own event."""

    calls: Mapping[int, Call]
    answered: frozenset[int]
    show_output: bool

    def entry(self, event: Event) -> Entry | None:
        """Return the entry of an event, None for one that is not shown."""
        match event:
            case OrchestratorStarted() | EventWaited() | TimerCanceled() | OperationRequested():
                return None
            case TaskScheduled() | SubOrchestrationCreated():
                return None if event.id in self.answered else _pending(event)
            case (
                TaskCompleted()
                | TaskFailed()
                | SubOrchestrationCompleted()
                | SubOrchestrationFailed()
            ):
                return self._answer(event)
            case ExecutionStarted():
                return _started(event)
            case ExecutionCompleted():
                return self._ended(event)
            case _:
                return _plain(event)

    def _answer(self, event: Answer) -> Entry:
        entry: Entry = {"EventType": NAMES[type(event)]}
        match event:
            case TaskFailed() | SubOrchestrationFailed():
                entry |= {"Reason": event.reason, "Details": event.details, "FailureDetails": None}
            case TaskCompleted() | SubOrchestrationCompleted() if self.show_output:
                entry["Result"] = stored_value(event.result)
            case _:
                pass
        entry["Timestamp"] = timestamp(event.at)
        call = self.calls.get(event.task_id)
        if call is not None:
            entry["ScheduledTime"] = timestamp(call.at)
            entry["FunctionName"] = call.name
            entry["Input"] = call.input
        return entry

    def _ended(self, event: ExecutionCompleted) -> Entry:
        entry: Entry = {
            "EventType": "ExecutionCompleted",
            "OrchestrationStatus": event.status.value,
        }
        if self.show_output:
            entry["Result"] = stored_value(event.output)
        return entry | {"FailureDetails": None, "Timestamp": timestamp(event.at)}


def _pending(call: Call) -> Entry:
    entry: Entry = {"EventType": NAMES[type(call)], "Name": call.name}
    if isinstance(call, SubOrchestrationCreated):
        entry["InstanceId"] = call.instance_id
    return entry | {"Input": call.input, "Timestamp": timestamp(call.at)}


def _started(event: ExecutionStarted) -> Entry:
    return {
        "EventType": "ExecutionStarted",
        "Correlation": None,
        "ScheduledStartTime": None,
        "Generation": 0,
        "Input": event.input,
        "Timestamp": timestamp(event.at),
        "FunctionName": event.name,
    }


def _plain(
    event: TimerCreated
    | TimerFired
    | EventRaised
    | EventSent
    | ExecutionSuspended
    | ExecutionResumed
    | ExecutionTerminated
    | ExecutionRewound,
) -> Entry:
    entry: Entry = {"EventType": type(event).__name__}
    match event:
        case TimerCreated() | TimerFired():
            entry["FireAt"] = timestamp(event.fire_at)
        case EventRaised():
            entry |= {"Name": event.name, "Input": event.input}
        case EventSent():
            entry |= {"InstanceId": event.instance_id, "Name": event.name, "Input": event.input}
        case ExecutionSuspended() | ExecutionResumed() | ExecutionRewound():
            entry["Reason"] = event.reason
        case ExecutionTerminated():
            entry["Input"] = event.reason
    return entry | {"Timestamp": timestamp(event.at)}


def timestamp(instant: datetime) -> str:
    """Return an instant as .NET writes it: UTC, seven fractional digits."""
    return f"{instant.astimezone(UTC).isoformat(timespec='microseconds')[:26]}0Z"
