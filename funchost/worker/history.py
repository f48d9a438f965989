"""What an orchestrator is shown: engine events as the SDK's history objects, and the document.

An event's text never changes, so it is made once and kept by the caller; a document is the kept
texts joined. Events that the SDK ignores are left out ("" here): parsing an event costs it tens
of microseconds in every replay, and only code that reads ``context.histories`` could tell.

The answers that come back are read in ``answers``.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from typing import assert_never

from funchost.engine.calls import OrchestrationHead
from funchost.engine.events import (
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
    Parent,
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

# Schema 2 ("V3" in the SDK) makes the SDK split timers longer than the short maximum into links;
# the misspelt member is the protocol's own.
_DOCUMENT_END = (
    ',"upperSchemaVersion":1,"upperSchemaVersionNew":2'
    ',"longRunningTimerIntervalDuration":"3.00:00:00","maximumShortTimerDuration":"6.00:00:00"'
    ',"defaultHttpAsyncRequestSleepTimeMillseconds":30000}'
)


def document(head: OrchestrationHead, history: Sequence[str]) -> str:
    """Return the text an orchestrator function is called with.

    Args:
        head: what it is told beside its history; the ``input`` text is embedded as it is, so the
            code sees it parsed once.

        history: texts made by ``encode``, in order, without empty ones.
    """
    parent = head.parent_instance_id
    return (
        f'{{"history":[{",".join(history)}]'
        f',"input":{head.input or "null"}'
        f',"instanceId":{quoted(head.instance_id)}'
        ',"isReplaying":false'
        f',"parentInstanceId":{_text(parent)}{_DOCUMENT_END}'
    )


def encode(event: Event) -> str:
    """Return the event as the SDK reads it, as JSON text; "" for one that it ignores."""
    match event:
        case OrchestratorStarted():
            text = f"{_common(12, event.at)}}}"
        case ExecutionStarted():
            text = _execution_started(event)
        case TaskCompleted() | SubOrchestrationCompleted():
            text = _completion(event)
        case TaskFailed() | SubOrchestrationFailed():
            text = _failure(event)
        case TimerFired(timer_id=timer, fire_at=due):
            text = f'{_common(11, event.at)},"TimerId":{timer},"FireAt":"{instant(due)}"}}'
        case EventRaised(name=name, input=payload):
            text = f'{_common(15, event.at)},"Name":{quoted(name)},"Input":{_text(payload)}}}'
        case EventSent():
            text = _event_sent(event)
        case TaskScheduled() | SubOrchestrationCreated() | TimerCreated() | TimerCanceled():
            text = ""
        case (
            EventWaited()
            | ExecutionSuspended()
            | ExecutionResumed()
            | ExecutionTerminated()
            | ExecutionCompleted()
            | ExecutionRewound()
            | OperationRequested()
        ):
            text = ""
        case _:
            assert_never(event)
    return text


def instant(at: datetime) -> str:
    """Return an aware instant as the platform writes it: UTC, seven digits, ``Z``."""
    return f"{at.astimezone(UTC).isoformat(timespec='microseconds')[:26]}0Z"


def _stamp(at: datetime) -> str:
    # ISO 8601's basic form: the same instant, and the SDK's date parser takes a third less time.
    text = at.astimezone(UTC).isoformat(timespec="microseconds")
    return (
        f"{text[:4]}{text[5:7]}{text[8:10]}T{text[11:13]}{text[14:16]}{text[17:19]}{text[19:26]}Z"
    )


def _common(event_type: int, at: datetime, event_id: int = -1) -> str:
    # IsPlayed is false throughout: the SDK finds the boundary between old and new by itself.
    return (
        f'{{"EventType":{event_type},"EventId":{event_id},"IsPlayed":false'
        f',"Timestamp":"{_stamp(at)}"'
    )


def _text(value: str | None) -> str:
    return "null" if value is None else quoted(value)


def _execution_started(event: ExecutionStarted) -> str:
    # The instance's own id comes with the document; the SDK reads no more than that it is there.
    return (
        f'{_common(0, event.at)},"Name":{quoted(event.name)},"Version":{_text(event.version)}'
        f',"Input":{_text(event.input)},"Tags":null'
        f',"OrchestrationInstance":{{"ExecutionId":{quoted(event.execution_id)}}}'
        f',"ParentInstance":{_parent(event.parent)}}}'
    )


def _parent(parent: Parent | None) -> str:
    if parent is None:
        return "null"
    return (
        f'{{"Name":{quoted(parent.name)},"Version":null,"TaskScheduleId":{parent.task_id}'
        f',"OrchestrationInstance":{{"InstanceId":{quoted(parent.instance_id)}'
        f',"ExecutionId":{quoted(parent.execution_id)}}}}}'
    )


def _completion(event: TaskCompleted | SubOrchestrationCompleted) -> str:
    event_type = 5 if isinstance(event, TaskCompleted) else 8
    return (
        f'{_common(event_type, event.at)},"TaskScheduledId":{event.task_id}'
        f',"Result":{_text(event.result)}}}'
    )


def _failure(event: TaskFailed | SubOrchestrationFailed) -> str:
    event_type = 6 if isinstance(event, TaskFailed) else 9
    # The SDK prints Details into the message as they are: an absent one would read "None".
    return (
        f'{_common(event_type, event.at)},"TaskScheduledId":{event.task_id}'
        f',"Reason":{quoted(event.reason)},"Details":{quoted(event.details or "")}}}'
    )


def _event_sent(event: EventSent) -> str:
    if event.call is None:
        return ""  # a signal has no answer to tie to it
    return (
        f'{_common(14, event.at, event.id)},"InstanceId":{quoted(event.instance_id)}'
        f',"Name":{quoted(event.name)},"Input":{quoted(event.input)}}}'
    )
