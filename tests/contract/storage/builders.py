"""Values for the store's contract: whole by default, each test names only what it is about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from funchost.engine.events import (
    EventRaised,
    ExecutionStarted,
    Message,
    RuntimeStatus,
    SubOrchestrationFailed,
    TaskCompleted,
)
from funchost.engine.ports import (
    ActivityItem,
    AddMessage,
    Child,
    CommitEpisode,
    CreateInstance,
    InstanceRecord,
    Outgoing,
    Snapshot,
    Store,
    TimerItem,
    Write,
)

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_record(instance_id: str = "a", *, execution_id: str = "e1") -> InstanceRecord:
    return InstanceRecord(
        instance_id=instance_id,
        execution_id=execution_id,
        name="order",
        status=RuntimeStatus.PENDING,
        created_at=T0,
        updated_at=T0,
        input='{"quantity":1}',
    )


def a_start(sequence: int, *, execution_id: str = "e1") -> Message:
    event = ExecutionStarted(at=T0, name="order", execution_id=execution_id)
    return Message(sequence=sequence, event=event, execution_id=execution_id)


def a_creation(
    instance_id: str = "a",
    *,
    sequence: int = 1,
    execution_id: str = "e1",
    replace_running: bool = False,
) -> CreateInstance:
    return CreateInstance(
        record=a_record(instance_id, execution_id=execution_id),
        start=a_start(sequence, execution_id=execution_id),
        replace_running=replace_running,
    )


def a_message(instance_id: str = "a", *, sequence: int, name: str = "approval") -> Outgoing:
    message = Message(sequence=sequence, event=EventRaised(at=T0, name=name, input='"yes"'))
    return Outgoing(instance_id=instance_id, message=message)


def an_arrival(instance_id: str = "a", *, sequence: int) -> AddMessage:
    return AddMessage(outgoing=a_message(instance_id, sequence=sequence))


def an_answer(sequence: int, *, task_id: int = 0, execution_id: str = "e1") -> Message:
    event = TaskCompleted(at=T0, task_id=task_id, result="42")
    return Message(sequence=sequence, event=event, execution_id=execution_id)


def an_activity(
    instance_id: str = "a", *, task_id: int = 0, execution_id: str = "e1"
) -> ActivityItem:
    return ActivityItem(
        instance_id=instance_id,
        execution_id=execution_id,
        task_id=task_id,
        name="reserve_stock",
        input='{"sku":"s-1"}',
    )


def a_timer(
    instance_id: str = "a", *, timer_id: int = 0, execution_id: str = "e1", minutes: int = 0
) -> TimerItem:
    return TimerItem(
        instance_id=instance_id,
        execution_id=execution_id,
        timer_id=timer_id,
        fire_at=T0 + timedelta(minutes=minutes),
    )


def a_child(instance_id: str, *, sequence: int, parent: str = "a") -> Child:
    """Build a child whose start has the given sequence and whose refusal has the next."""
    failure = SubOrchestrationFailed(at=T0, task_id=0, reason="The child exists.")
    return Child(
        create=a_creation(instance_id, sequence=sequence, execution_id=f"of-{parent}"),
        refusal=Outgoing(
            instance_id=parent,
            message=Message(sequence=sequence + 1, event=failure, execution_id="e1"),
        ),
    )


def an_episode(
    record: InstanceRecord,
    *,
    status: RuntimeStatus = RuntimeStatus.RUNNING,
    next_execution_id: str | None = None,
) -> CommitEpisode:
    """Build the episode that follows a record; ``replace`` what else a test is about."""
    ended = RuntimeStatus.COMPLETED is status
    after = replace(
        record,
        status=status,
        episode=record.episode + 1,
        execution_id=next_execution_id or record.execution_id,
        updated_at=record.updated_at + timedelta(seconds=1),
        output='"done"' if ended else None,
    )
    return CommitEpisode(record=after, execution_id=record.execution_id, appended=())


def must(store: Store, *writes: Write) -> None:
    """Commit a batch none of which may be refused."""
    assert [outcome.error for outcome in store.commit(writes)] == [None] * len(writes)


def refusal(store: Store, write: Write) -> Exception | None:
    """Commit one write and return its error."""
    [outcome] = store.commit([write])
    return outcome.error


def loaded(store: Store, instance_id: str = "a") -> Snapshot:
    """Load an instance that must be there."""
    snapshot = store.load(instance_id)
    assert snapshot is not None
    return snapshot


def arrivals(messages: Sequence[Message]) -> list[int]:
    return [message.sequence for message in messages]


def a_running(store: Store, instance_id: str = "a", *, sequence: int = 1) -> InstanceRecord:
    """Create an instance, run an episode that takes its start, and return the record."""
    must(store, a_creation(instance_id, sequence=sequence))
    first = replace(an_episode(a_record(instance_id)), consumed=(sequence,))
    must(store, first)
    return first.record


def an_ended(store: Store, instance_id: str = "a", *, sequence: int = 1) -> InstanceRecord:
    """Create an instance, end it in its first episode, and return the record."""
    must(store, a_creation(instance_id, sequence=sequence))
    last = an_episode(a_record(instance_id), status=RuntimeStatus.COMPLETED)
    must(store, last)
    return last.record
