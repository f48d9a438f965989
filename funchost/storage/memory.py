"""A store in plain dicts: the rules of ``engine.ports`` at their shortest, for tests and trials.

It forgets everything when the process ends. ``sqlite_writes`` follows the same order of steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from funchost.engine.errors import (
    InstanceEndedError,
    InstanceExistsError,
    InstanceNotFoundError,
    StaleWorkError,
)
from funchost.engine.events import Event, Message
from funchost.engine.ids import is_entity
from funchost.engine.ports import (
    ActivityItem,
    AddMessage,
    Backlog,
    Child,
    CommitEpisode,
    CompleteActivity,
    CreateInstance,
    InstanceQuery,
    InstanceRecord,
    Outcome,
    Outgoing,
    PurgeInstances,
    RewindInstance,
    Snapshot,
    TimerItem,
    Write,
)
from funchost.storage.errors import StoreClosedError
from funchost.storage.sequences import sequences


@dataclass(slots=True)
class _Instance:
    """Everything that goes when its instance goes."""

    record: InstanceRecord
    history: list[Event] = field(default_factory=list[Event])
    inbox: dict[int, Message] = field(default_factory=dict[int, Message])
    activities: dict[int, ActivityItem] = field(default_factory=dict[int, ActivityItem])
    timers: dict[int, TimerItem] = field(default_factory=dict[int, TimerItem])

    def messages(self) -> tuple[Message, ...]:
        return tuple(message for _, message in sorted(self.inbox.items()))


class MemoryStore:
    """Implements ``engine.ports.Store`` for as long as the process lives."""

    def __init__(self) -> None:
        self._instances: dict[str, _Instance] = {}
        self._last_sequence = 0
        self._is_closed = False

    def get(self, instance_id: str) -> InstanceRecord | None:
        """Return the record, or None when there is no such instance."""
        self._require_open()
        found = self._instances.get(instance_id)
        return found.record if found else None

    def load(self, instance_id: str) -> Snapshot | None:
        """Return record, history and inbox, or None when there is no such instance."""
        self._require_open()
        found = self._instances.get(instance_id)
        if found is None:
            return None
        return Snapshot(record=found.record, history=tuple(found.history), inbox=found.messages())

    def query(self, query: InstanceQuery) -> tuple[InstanceRecord, ...]:
        """Return up to ``limit`` matching records, ordered by instance id."""
        self._require_open()
        records = (self._instances[key].record for key in sorted(self._instances))
        return tuple(record for record in records if _matches(record, query))[: query.limit]

    def backlog(self) -> Backlog:
        """Return all due work: instances by first message, activities by id, timers by time."""
        self._require_open()
        everything = self._instances.items()
        waiting = sorted((min(found.inbox), key) for key, found in everything if found.inbox)
        activities = [item for _, found in everything for item in found.activities.values()]
        timers = [item for _, found in everything for item in found.timers.values()]
        return Backlog(
            instance_ids=tuple(key for _, key in waiting),
            activities=tuple(sorted(activities, key=lambda item: (item.instance_id, item.task_id))),
            timers=tuple(
                sorted(timers, key=lambda item: (item.fire_at, item.instance_id, item.timer_id))
            ),
            last_sequence=self._last_sequence,
        )

    def commit(self, writes: Sequence[Write]) -> list[Outcome]:
        """Apply each write or refuse it; answer in the same order."""
        self._require_open()
        return [self._account_for(write, self._apply(write)) for write in writes]

    @property
    def waits_for_disk(self) -> bool:
        """Say no: there is none."""
        return False

    @property
    def needs_upkeep(self) -> bool:
        """Say no: nothing is put off."""
        return False

    def keep_up(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Forget everything; every other call is refused from now on."""
        self._is_closed = True
        self._instances.clear()

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreClosedError

    def _account_for(self, write: Write, outcome: Outcome) -> Outcome:
        if outcome.error is None:
            self._last_sequence = max(self._last_sequence, *sequences(write), 0)
        return outcome

    def _apply(self, write: Write) -> Outcome:
        match write:
            case CreateInstance():
                return self._create(write)
            case AddMessage(outgoing=outgoing):
                return self._add(outgoing)
            case CompleteActivity():
                return self._complete(write)
            case CommitEpisode():
                return self._commit_episode(write)
            case RewindInstance():
                return self._rewind(write)
            case PurgeInstances(instance_ids=instance_ids):
                for instance_id in instance_ids:
                    found = self._instances.get(instance_id)
                    if found and found.record.status.is_terminal:
                        del self._instances[instance_id]
                return Outcome()
            case _:
                assert_never(write)

    def _create(self, write: CreateInstance) -> Outcome:
        key = write.record.instance_id
        found = self._instances.get(key)
        if found and not found.record.status.is_terminal and not write.replace_running:
            return Outcome(error=InstanceExistsError(key, found.record.status))
        self._instances[key] = _Instance(write.record, inbox={write.start.sequence: write.start})
        return Outcome()

    def _add(self, outgoing: Outgoing) -> Outcome:
        found = self._instances.get(outgoing.instance_id)
        if found is None and outgoing.creates is not None:
            found = self._instances[outgoing.instance_id] = _Instance(outgoing.creates)
        if found is None:
            return Outcome(error=InstanceNotFoundError(outgoing.instance_id))
        if found.record.status.is_terminal:
            return Outcome(error=InstanceEndedError(outgoing.instance_id))
        found.inbox[outgoing.message.sequence] = outgoing.message
        return Outcome()

    def _complete(self, write: CompleteActivity) -> Outcome:
        key = write.item
        found = self._instances.get(key.instance_id)
        due = found.activities.get(key.task_id) if found else None
        if found is None or due is None or due.execution_id != key.execution_id:
            return Outcome(error=StaleWorkError(key.instance_id))
        del found.activities[key.task_id]
        found.inbox[write.message.sequence] = write.message
        return Outcome()

    def _commit_episode(self, write: CommitEpisode) -> Outcome:
        found = self._instances.get(write.record.instance_id)
        if found is None or not _is_next(found.record, write):
            return Outcome(error=StaleWorkError(write.record.instance_id))
        _advance(found, write)
        refused = tuple(child for child in write.children if not self._start_child(child))
        for outgoing in (*(child.refusal for child in refused), *write.outgoing):
            self._add(outgoing)  # refused: the message is dropped
        return Outcome(refused=refused)

    def _rewind(self, write: RewindInstance) -> Outcome:
        found = self._instances.get(write.record.instance_id)
        fence = (write.record.execution_id, write.record.episode - 1)
        if found is None or (found.record.execution_id, found.record.episode) != fence:
            return Outcome(error=StaleWorkError(write.record.instance_id))
        self._instances[write.record.instance_id] = _Instance(
            write.record,
            history=list(write.history),
            inbox={} if write.message is None else {write.message.sequence: write.message},
            activities={item.task_id: item for item in write.activities},
        )
        return Outcome()

    def _start_child(self, child: Child) -> bool:
        found = self._instances.get(child.create.record.instance_id)
        if found and not found.record.status.is_terminal:
            return False
        self._create(child.create)
        return True


def _is_next(record: InstanceRecord, write: CommitEpisode) -> bool:
    return (record.execution_id, record.episode) == (write.execution_id, write.record.episode - 1)


def _advance(instance: _Instance, write: CommitEpisode) -> None:
    instance.record = write.record
    for sequence in write.consumed:
        instance.inbox.pop(sequence, None)
    is_new_generation = write.record.execution_id != write.execution_id
    if is_new_generation:
        instance.history.clear()
    else:
        instance.history.extend(write.appended)
    if write.record.status.is_terminal:
        instance.inbox.clear()
    if is_new_generation or write.record.status.is_terminal:
        instance.activities.clear()
        instance.timers.clear()
        return
    instance.activities.update({item.task_id: item for item in write.activities})
    instance.timers.update({item.timer_id: item for item in write.timers})
    for timer_id in write.ended_timers:
        instance.timers.pop(timer_id, None)


def _matches(record: InstanceRecord, query: InstanceQuery) -> bool:
    return (
        is_entity(record.instance_id) == query.entities
        and record.instance_id.startswith(query.id_prefix)
        and (query.after_id is None or record.instance_id > query.after_id)
        and (not query.statuses or record.status in query.statuses)
        and (query.created_from is None or record.created_at >= query.created_from)
        and (query.created_to is None or record.created_at <= query.created_to)
    )
