"""What a state file has to be like after crashes, read with the host away."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from funchost.engine.events import (
    Event,
    ExecutionCompleted,
    ExecutionStarted,
    RuntimeStatus,
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
from funchost.engine.ports import InstanceQuery, InstanceRecord
from funchost.storage.sqlite import SqliteStore


def endings(path: Path) -> dict[str, InstanceRecord]:
    """Return the records of all orchestrations, once the file has proved to be sound.

    Sound: whole for SQLite, no work left over, and in every history each thing once.
    """
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    with closing(SqliteStore.open(path, owner="the test")) as store:
        backlog = store.backlog()
        assert (backlog.instance_ids, backlog.activities, backlog.timers) == ((), (), ())
        records = store.query(InstanceQuery(limit=10_000))
        for record in records:
            snapshot = store.load(record.instance_id)
            assert snapshot is not None
            assert_each_thing_once(snapshot.history)
        return {record.instance_id: record for record in records}


def assert_each_thing_once(history: Sequence[Event]) -> None:
    """Check one generation: begun once, ended once, every answer once and to something asked."""
    assert [isinstance(event, ExecutionStarted) for event in history].count(True) == 1, history
    assert [isinstance(event, ExecutionCompleted) for event in history].count(True) == 1, history
    assert isinstance(history[-1], ExecutionCompleted), history
    tasks = {event.id for event in history if isinstance(event, TaskScheduled)}
    children = {event.id for event in history if isinstance(event, SubOrchestrationCreated)}
    timers = {event.id for event in history if isinstance(event, TimerCreated)}
    _each_once((e.task_id for e in history if isinstance(e, TaskCompleted | TaskFailed)), tasks)
    _each_once(
        (
            event.task_id
            for event in history
            if isinstance(event, SubOrchestrationCompleted | SubOrchestrationFailed)
        ),
        children,
    )
    _each_once((e.timer_id for e in history if isinstance(e, TimerFired | TimerCanceled)), timers)


def _each_once(answers: Iterable[int], asked: set[int]) -> None:
    counted = Counter(answers)
    assert set(counted) == asked, counted
    assert set(counted.values()) <= {1}, counted


def outputs(records: dict[str, InstanceRecord]) -> dict[str, str | None]:
    """Return the outputs of those that completed; there may be no others."""
    assert {record.status for record in records.values()} <= {RuntimeStatus.COMPLETED}, records
    return {instance_id: record.output for instance_id, record in records.items()}
