"""A store in one SQLite file that survives ``kill -9`` (and power failures with ``sync="full"``).

This module holds transactions, fencing and reads; what a write does to the tables is
``sqlite_writes``, how a file is opened is ``state_file``. A store may be opened in one thread and
used in another, by one at a time.
"""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from funchost.engine.errors import StateFileHeldError
from funchost.engine.events import TERMINAL
from funchost.engine.ports import (
    Backlog,
    InstanceQuery,
    InstanceRecord,
    Outcome,
    Snapshot,
    Write,
)
from funchost.storage.errors import StateFileError, StoreClosedError, UnstorableWriteError
from funchost.storage.events_json import decode_event
from funchost.storage.ownership import StateFileLock
from funchost.storage.rows import (
    Row,
    activity_from,
    message_from,
    query_row,
    record_from,
    timer_from,
)
from funchost.storage.sequences import sequences
from funchost.storage.sql import STATEMENTS
from funchost.storage.sqlite_writes import apply
from funchost.storage.state_file import Sync, open_state_file

WRITES_PER_CHECKPOINT = 500  # some 10 MB of write-ahead log

# What SQLite or its Python binding says of one write's values, as opposed to the file.
UNSTORABLE = (sqlite3.IntegrityError, sqlite3.DataError, OverflowError, UnicodeEncodeError)


class SqliteStore:
    """Implements ``engine.ports.Store`` in a file that this process alone owns; see ``open``."""

    def __init__(
        self, path: Path, lock: StateFileLock, connection: sqlite3.Connection, sync: Sync
    ) -> None:
        self._path = path
        self._sync = sync
        self._unchecked = 0  # writes since the last checkpoint
        self._lock = lock
        self._connection = connection
        self._identity = _identity(path)
        (self._epoch,) = connection.execute(STATEMENTS["open_epoch"]).fetchone()
        self._is_closed = False

    @classmethod
    def open(cls, path: Path, *, owner: str, sync: Sync = "normal") -> Self:
        """Open a state file, or make one; its folder must exist.

        Args:
            path: the file; ``<path>.lock`` stands beside it.
            owner: who asks, for the message another process gets: process id, address, start time.
            sync: "normal" survives the end of the process, "full" a power failure as well.

        Raises:
            StateFileHeldError: another process owns it.
            StateFileError: it cannot be used.
        """
        lock = StateFileLock(path, owner)
        try:
            connection = open_state_file(path, sync)
            try:
                return cls(path, lock, connection, sync)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            lock.release()
            raise StateFileError(f"The state file {path} cannot be used: {error}.") from error
        except BaseException:
            lock.release()
            raise

    def get(self, instance_id: str) -> InstanceRecord | None:
        """Return the record, or None when there is no such instance."""
        rows = self._read("get_instance", {"instance_id": instance_id})
        return record_from(rows[0]) if rows else None

    def load(self, instance_id: str) -> Snapshot | None:
        """Return record, history and inbox, or None when there is no such instance."""
        record = self.get(instance_id)
        if record is None:
            return None
        key = {"instance_id": instance_id}
        return Snapshot(
            record=record,
            history=tuple(decode_event(event) for (event,) in self._read("read_history", key)),
            inbox=tuple(map(message_from, self._read("read_inbox", key))),
        )

    def query(self, query: InstanceQuery) -> tuple[InstanceRecord, ...]:
        """Return up to ``limit`` matching records, ordered by instance id."""
        return tuple(map(record_from, self._read(_statement_for(query), query_row(query))))

    def backlog(self) -> Backlog:
        """Return all due work: instances by first message, activities by id, timers by time."""
        ((last_sequence,),) = self._read("last_sequence")
        return Backlog(
            instance_ids=tuple(key for (key,) in self._read("read_waiting_instances")),
            activities=tuple(map(activity_from, self._read("read_activities"))),
            timers=tuple(map(timer_from, self._read("read_timers"))),
            last_sequence=last_sequence,
        )

    def commit(self, writes: Sequence[Write]) -> list[Outcome]:
        """Apply each write or refuse it, all in one transaction; answer in the same order.

        A write that no row can hold gets an ``UnstorableWriteError`` for its outcome.

        Raises:
            StateFileHeldError: another process has taken the file; nothing was applied.
            StateFileError: the file failed (disk full, say); nothing was applied.
            StoreClosedError: the store was closed.
        """
        self._require_open()
        self._unchecked += len(writes)
        try:
            try:
                return self._transact(writes, apply)
            except UNSTORABLE:
                return self._transact(writes, _apply_guarded)
        except sqlite3.Error as error:
            raise StateFileError(f"The state file {self._path} failed: {error}.") from error

    @property
    def waits_for_disk(self) -> bool:
        """Tell whether every commit waits until the disk has it."""
        return self._sync == "full"

    @property
    def needs_upkeep(self) -> bool:
        """Tell whether the write-ahead log is long."""
        return self._unchecked >= WRITES_PER_CHECKPOINT

    def keep_up(self) -> None:
        """Bring the write-ahead log's pages into the file, which waits for the disk.

        Raises:
            StateFileError: the file failed.
        """
        self._unchecked = 0
        self._require_open()
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:
            raise StateFileError(f"The state file {self._path} failed: {error}.") from error

    def close(self) -> None:
        """Give the file back; every other call is refused from now on."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._connection.close()  # the last connection also does the last checkpoint
        finally:
            self._lock.release()

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreClosedError

    def _read(self, statement: str, parameters: Row | None = None) -> list[Any]:
        self._require_open()
        try:
            return self._connection.execute(STATEMENTS[statement], parameters or {}).fetchall()
        except UnicodeEncodeError:
            return []  # no row holds an id that UTF-8 cannot carry
        except sqlite3.Error as error:
            raise StateFileError(f"The state file {self._path} failed: {error}.") from error

    def _transact(
        self, writes: Sequence[Write], step: Callable[[sqlite3.Connection, Write], Outcome]
    ) -> list[Outcome]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [step(connection, write) for write in writes]
            self._seal(writes, outcomes)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return outcomes

    def _seal(self, writes: Sequence[Write], outcomes: Sequence[Outcome]) -> None:
        """Check that the file is still ours, and note the highest sequence given out."""
        applied = [write for write, out in zip(writes, outcomes, strict=True) if not out.error]
        highest = max((number for write in applied for number in sequences(write)), default=0)
        seal = {"last_sequence": highest, "epoch": self._epoch}
        is_ours = self._connection.execute(STATEMENTS["seal_transaction"], seal).rowcount == 1
        if not is_ours or _identity(self._path) != self._identity:
            raise StateFileHeldError(
                f"The state file {self._path} was taken by another process or replaced."
            )


def _statement_for(query: InstanceQuery) -> str:
    """Choose the way to the rows: by what has not ended, by time, or by id."""
    if query.statuses and query.statuses.isdisjoint(TERMINAL):
        return "query_unfinished_instances"
    if query.created_from is not None or query.created_to is not None:
        return "query_instances_by_time"
    return "query_instances"


def _apply_guarded(connection: sqlite3.Connection, write: Write) -> Outcome:
    """Apply one write so that its values, if no row can hold them, spoil nothing else."""
    connection.execute("SAVEPOINT write")
    try:
        outcome = apply(connection, write)
    except UNSTORABLE as error:
        connection.execute("ROLLBACK TO write")
        kind = type(write).__name__
        outcome = Outcome(error=UnstorableWriteError(f"A {kind} cannot be stored: {error}."))
    connection.execute("RELEASE write")
    return outcome


def _identity(path: Path) -> tuple[int, int] | None:
    """Return which file a path leads to, or None for none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
