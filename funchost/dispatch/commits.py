"""From an episode's decision to the one write that makes it durable.

Pure but for the two sources it is given: message sequences and fresh execution ids.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from funchost.engine.closing import Closing, layered
from funchost.engine.entities import new_entity
from funchost.engine.events import (
    EventRaised,
    EventSent,
    ExecutionCompleted,
    ExecutionStarted,
    Message,
    MessageEvent,
    OperationRequested,
    Parent,
    RuntimeStatus,
    SubOrchestrationCompleted,
    SubOrchestrationCreated,
    SubOrchestrationFailed,
    TaskScheduled,
    TimerCanceled,
    TimerCreated,
    TimerFired,
)
from funchost.engine.ids import entity_name
from funchost.engine.ports import (
    ActivityItem,
    Child,
    CommitEpisode,
    CreateInstance,
    InstanceRecord,
    Outgoing,
    TimerItem,
)
from funchost.engine.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where fresh identities come from."""

    next_sequence: Callable[[], int]
    new_id: Callable[[], str]

    def message(
        self, instance_id: str, event: MessageEvent, execution_id: str | None = None
    ) -> Outgoing:
        """Make a message for an instance."""
        message = Message(sequence=self.next_sequence(), event=event, execution_id=execution_id)
        return Outgoing(instance_id=instance_id, message=message)


def commit_of(
    record: InstanceRecord, state: State, closing: Closing, *, now: datetime, sources: Sources
) -> CommitEpisode:
    """Return the write for an episode; ``record`` and the fence are those from before it."""
    if closing.continued is not None and state.started is not None:
        return _next_generation(record, state.started, closing, now=now, sources=sources)
    outgoing = _requests(record, closing, sources)
    if closing.completed is not None:
        outgoing += _answer_to_parent(record, closing.completed, sources)
    events = () if closing.completed is not None else closing.events  # an end schedules nothing
    return CommitEpisode(
        record=_after(record, state, closing, now),
        execution_id=record.execution_id,
        appended=closing.events,
        consumed=closing.consumed,
        activities=tuple(
            activity_item(record, e)
            for e in events
            if isinstance(e, TaskScheduled) and e.id in state.open
        ),
        timers=tuple(
            _timer(record, e) for e in events if isinstance(e, TimerCreated) and e.id in state.open
        ),
        ended_timers=tuple(_ended_timers(closing)),
        children=tuple(
            _child(record, e, now=now, sources=sources)
            for e in events
            if isinstance(e, SubOrchestrationCreated)
        ),
        outgoing=outgoing,
    )


def _after(record: InstanceRecord, state: State, closing: Closing, now: datetime) -> InstanceRecord:
    """Return the record as the episode leaves it."""
    return replace(
        record,
        status=_status(state),
        updated_at=now,
        episode=record.episode + 1,
        output=record.output if closing.completed is None else closing.completed.output,
        custom_status=(
            record.custom_status if closing.keeps_custom_status else closing.custom_status
        ),
    )


def _requests(record: InstanceRecord, closing: Closing, sources: Sources) -> tuple[Outgoing, ...]:
    return tuple(
        _request(record, event, sources) for event in closing.events if isinstance(event, EventSent)
    )


def lost_events(inbox: Iterable[Message], consumed: Sequence[int]) -> list[Message]:
    """Return the events that continue-as-new loses, as it does in Azure.

    They came before the message that led to the new generation, and nobody took them. Later ones
    stay in the inbox and reach the new generation.
    """
    newest = max(consumed, default=-1)
    return [
        message
        for message in inbox
        if isinstance(message.event, EventRaised)
        and message.sequence < newest
        and message.sequence not in consumed
    ]


def _status(state: State) -> RuntimeStatus:
    if state.ended is not None:
        return state.ended.status
    return RuntimeStatus.SUSPENDED if state.is_suspended else RuntimeStatus.RUNNING


def _ended_timers(closing: Closing) -> Iterable[int]:
    for event in closing.events:
        match event:
            case TimerFired(timer_id=timer_id) | TimerCanceled(timer_id=timer_id):
                yield timer_id
            case _:
                pass


def activity_item(record: InstanceRecord, event: TaskScheduled) -> ActivityItem:
    """Return the due work for a scheduled activity."""
    return ActivityItem(
        instance_id=record.instance_id,
        execution_id=record.execution_id,
        task_id=event.id,
        name=event.name,
        input=event.input,
    )


def _timer(record: InstanceRecord, event: TimerCreated) -> TimerItem:
    return TimerItem(
        instance_id=record.instance_id,
        execution_id=record.execution_id,
        timer_id=event.id,
        fire_at=event.fire_at,
    )


def _request(record: InstanceRecord, event: EventSent, sources: Sources) -> Outgoing:
    """Turn the recorded message to an entity into the one that travels."""
    request = json.loads(event.input)
    return operation_request(
        *entity_name(event.instance_id),
        OperationRequested(
            at=event.at,
            request_id=request["id"],
            operation=request["op"],
            input=request.get("input"),
            caller=None if event.call is None else record.instance_id,
            caller_execution_id=None if event.call is None else record.execution_id,
        ),
        sources=sources,
    )


def operation_request(
    name: str, key: str, event: OperationRequested, *, sources: Sources
) -> Outgoing:
    """Return a request to an entity, which comes into being with its first."""
    newborn = new_entity(name, key, execution_id=sources.new_id(), at=event.at)
    message = Message(sequence=sources.next_sequence(), event=event)
    return Outgoing(instance_id=newborn.instance_id, message=message, creates=newborn)


def _child(
    record: InstanceRecord, event: SubOrchestrationCreated, *, now: datetime, sources: Sources
) -> Child:
    execution_id = sources.new_id()
    parent = Parent(
        instance_id=record.instance_id,
        execution_id=record.execution_id,
        name=record.name,
        task_id=event.id,
    )
    started = ExecutionStarted(
        at=now,
        name=event.name,
        execution_id=execution_id,
        input=layered(event.input),
        version=event.version,
        parent=parent,
    )
    refusal = SubOrchestrationFailed(
        at=now,
        task_id=event.id,
        reason=f"An Orchestration instance with the id '{event.instance_id}' already runs.",
        details="The sub-orchestration was not started.",
    )
    return Child(
        create=create_instance(event.instance_id, started, sources=sources),
        refusal=sources.message(record.instance_id, refusal, record.execution_id),
    )


def create_instance(
    instance_id: str,
    started: ExecutionStarted,
    *,
    sources: Sources,
    replace_running: bool = False,
) -> CreateInstance:
    """Return the write that creates an instance with its start message."""
    record = InstanceRecord(
        instance_id=instance_id,
        execution_id=started.execution_id,
        name=started.name,
        status=RuntimeStatus.PENDING,
        created_at=started.at,
        updated_at=started.at,
        input=started.input,
        version=started.version,
        parent=started.parent,
    )
    start = sources.message(instance_id, started, started.execution_id).message
    return CreateInstance(record=record, start=start, replace_running=replace_running)


def _answer_to_parent(
    record: InstanceRecord, completed: ExecutionCompleted, sources: Sources
) -> tuple[Outgoing, ...]:
    parent = record.parent
    if parent is None:
        return ()
    event = (
        SubOrchestrationCompleted(at=completed.at, task_id=parent.task_id, result=completed.output)
        if completed.status is RuntimeStatus.COMPLETED
        else SubOrchestrationFailed(
            at=completed.at,
            task_id=parent.task_id,
            reason=completed.output or "",
            details=completed.details,
        )
    )
    return (sources.message(parent.instance_id, event, parent.execution_id),)


def _next_generation(
    record: InstanceRecord,
    before: ExecutionStarted,
    closing: Closing,
    *,
    now: datetime,
    sources: Sources,
) -> CommitEpisode:
    """End the generation and start the next in one write; the old history goes."""
    requests = _requests(record, closing, sources)
    started = replace(
        before, at=now, execution_id=sources.new_id(), input=layered(closing.continued or "null")
    )
    after = replace(
        record,
        execution_id=started.execution_id,
        status=RuntimeStatus.RUNNING,
        created_at=now,
        updated_at=now,
        input=started.input,
        custom_status=closing.custom_status,
        episode=record.episode + 1,
    )
    start = sources.message(record.instance_id, started, started.execution_id)
    return CommitEpisode(
        record=after,
        execution_id=record.execution_id,
        appended=(),
        consumed=closing.consumed,
        outgoing=(*requests, start),
    )
