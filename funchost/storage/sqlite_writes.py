"""What each write does to the tables: the steps of ``memory``, as statements.

Every function checks its fence with its first statement and changes nothing when that fails, so a
refused write needs no savepoint. The transaction around it is the store's business (``sqlite``).
"""

import sqlite3
from collections.abc import Sequence
from typing import assert_never

from funchost.engine.errors import (
    InstanceEndedError,
    InstanceExistsError,
    InstanceNotFoundError,
    StaleWorkError,
)
from funchost.engine.events import Event, RuntimeStatus
from funchost.engine.ports import (
    AddMessage,
    Child,
    CommitEpisode,
    CompleteActivity,
    CreateInstance,
    Outcome,
    Outgoing,
    PurgeInstances,
    RewindInstance,
    Write,
)
from funchost.storage.events_json import encode_event
from funchost.storage.rows import activity_row, instance_row, message_row, timer_row
from funchost.storage.sql import STATEMENTS


def apply(connection: sqlite3.Connection, write: Write) -> Outcome:
    """Apply one write inside the open transaction, or refuse it and change nothing."""
    match write:
        case CreateInstance():
            return _create(connection, write)
        case AddMessage(outgoing=outgoing):
            return _add(connection, outgoing)
        case CompleteActivity():
            return _complete(connection, write)
        case CommitEpisode():
            return _commit_episode(connection, write)
        case RewindInstance():
            return _rewind(connection, write)
        case PurgeInstances(instance_ids=instance_ids):
            rows = [{"instance_id": instance_id} for instance_id in instance_ids]
            connection.executemany(STATEMENTS["purge_instance"], rows)
            return Outcome()
        case _:
            assert_never(write)


def _create(connection: sqlite3.Connection, write: CreateInstance) -> Outcome:
    row = instance_row(write.record)
    if not connection.execute(STATEMENTS["create_instance"], row).rowcount:
        status = _status(connection, write.record.instance_id)
        if status and not status.is_terminal and not write.replace_running:
            return Outcome(error=InstanceExistsError(write.record.instance_id, status))
        connection.execute(STATEMENTS["forget_instance"], row)
        connection.execute(STATEMENTS["create_instance"], row)
    _deliver(connection, Outgoing(instance_id=write.record.instance_id, message=write.start))
    return Outcome()


def _add(connection: sqlite3.Connection, outgoing: Outgoing) -> Outcome:
    if _deliver(connection, outgoing):
        return Outcome()
    if _status(connection, outgoing.instance_id) is None:
        return Outcome(error=InstanceNotFoundError(outgoing.instance_id))
    return Outcome(error=InstanceEndedError(outgoing.instance_id))


def _complete(connection: sqlite3.Connection, write: CompleteActivity) -> Outcome:
    item = write.item
    key = {
        "instance_id": item.instance_id,
        "task_id": item.task_id,
        "execution_id": item.execution_id,
    }
    if not connection.execute(STATEMENTS["complete_activity"], key).rowcount:
        return Outcome(error=StaleWorkError(item.instance_id))
    _deliver(connection, Outgoing(instance_id=item.instance_id, message=write.message))
    return Outcome()


def _commit_episode(connection: sqlite3.Connection, write: CommitEpisode) -> Outcome:
    fence = {"fence_execution_id": write.execution_id, "appended": len(write.appended)}
    row = instance_row(write.record) | fence
    advanced = connection.execute(STATEMENTS["advance_instance"], row).fetchone()
    if advanced is None:
        return Outcome(error=StaleWorkError(write.record.instance_id))
    (history_length,) = advanced
    _keep_history(connection, write, history_length)
    _keep_inbox(connection, write)
    _keep_due_work(connection, write)
    refused = tuple(child for child in write.children if not _start_child(connection, child))
    for outgoing in (*(child.refusal for child in refused), *write.outgoing):
        _deliver(connection, outgoing)
    return Outcome(refused=refused)


def _rewind(connection: sqlite3.Connection, write: RewindInstance) -> Outcome:
    instance_id = write.record.instance_id
    fence = {"fence_execution_id": write.record.execution_id, "appended": 0}
    row = instance_row(write.record) | fence
    if connection.execute(STATEMENTS["advance_instance"], row).fetchone() is None:
        return Outcome(error=StaleWorkError(instance_id))
    key = {"instance_id": instance_id, "length": len(write.history)}
    connection.execute(STATEMENTS["forget_history"], key)
    connection.execute(STATEMENTS["set_history_length"], key)
    _append(connection, instance_id, write.history, start=0)
    connection.executemany(STATEMENTS["add_activity"], map(activity_row, write.activities))
    if write.message is not None:
        _deliver(connection, Outgoing(instance_id=instance_id, message=write.message))
    return Outcome()


def _append(
    connection: sqlite3.Connection, instance_id: str, events: Sequence[Event], *, start: int
) -> None:
    connection.executemany(
        STATEMENTS["append_history"],
        [
            {"instance_id": instance_id, "sequence": sequence, "event": encode_event(event)}
            for sequence, event in enumerate(events, start=start)
        ],
    )


def _keep_history(connection: sqlite3.Connection, write: CommitEpisode, length: int) -> None:
    instance_id = write.record.instance_id
    if _is_new_generation(write):
        connection.execute(STATEMENTS["forget_history"], {"instance_id": instance_id})
        return
    _append(connection, instance_id, write.appended, start=length - len(write.appended))


def _keep_inbox(connection: sqlite3.Connection, write: CommitEpisode) -> None:
    instance_id = write.record.instance_id
    if write.record.status.is_terminal:
        connection.execute(STATEMENTS["forget_messages"], {"instance_id": instance_id})
    elif write.consumed:
        connection.executemany(
            STATEMENTS["consume_message"],
            [{"instance_id": instance_id, "sequence": sequence} for sequence in write.consumed],
        )


def _keep_due_work(connection: sqlite3.Connection, write: CommitEpisode) -> None:
    instance_id = write.record.instance_id
    if write.record.status.is_terminal or _is_new_generation(write):
        connection.execute(STATEMENTS["forget_activities"], {"instance_id": instance_id})
        connection.execute(STATEMENTS["forget_timers"], {"instance_id": instance_id})
        return
    if write.activities:
        connection.executemany(STATEMENTS["add_activity"], map(activity_row, write.activities))
    if write.timers:
        connection.executemany(STATEMENTS["add_timer"], map(timer_row, write.timers))
    if write.ended_timers:
        connection.executemany(
            STATEMENTS["end_timer"],
            [{"instance_id": instance_id, "timer_id": timer} for timer in write.ended_timers],
        )


def _start_child(connection: sqlite3.Connection, child: Child) -> bool:
    """Create a child unless one of its id is alive, whatever ``replace_running`` says."""
    status = _status(connection, child.create.record.instance_id)
    if status and not status.is_terminal:
        return False
    _create(connection, child.create)
    return True


def _deliver(connection: sqlite3.Connection, outgoing: Outgoing) -> bool:
    """Put a message into an inbox; tell whether there was one to put it into."""
    row = message_row(outgoing.instance_id, outgoing.message)
    if connection.execute(STATEMENTS["add_message"], row).rowcount:
        return True
    if outgoing.creates is None:
        return False
    connection.execute(STATEMENTS["create_instance"], instance_row(outgoing.creates))
    return connection.execute(STATEMENTS["add_message"], row).rowcount == 1


def _status(connection: sqlite3.Connection, instance_id: str) -> RuntimeStatus | None:
    key = {"instance_id": instance_id}
    found = connection.execute(STATEMENTS["get_status"], key).fetchone()
    return RuntimeStatus(found[0]) if found else None


def _is_new_generation(write: CommitEpisode) -> bool:
    return write.record.execution_id != write.execution_id
