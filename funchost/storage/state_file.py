"""Opening a state file: connection policy, recognising our own files, bringing them up to date.

There is one connection, which also does every checkpoint: SQLite before 3.51.3 can corrupt a WAL
file that several connections checkpoint at once.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from funchost.storage.errors import StateFileError
from funchost.storage.sql import SCHEMA_STEPS

APPLICATION_ID = 0x66756E63  # "func": marks a SQLite file as one of ours
BUSY_TIMEOUT_S = 5.0  # somebody may look into the file with SQLite's own shell
OLDEST_SQLITE = (3, 37)  # STRICT tables

type Sync = Literal["normal", "full"]


def open_state_file(path: Path, sync: Sync) -> sqlite3.Connection:
    """Return a connection to an up-to-date state file, made if there is none.

    Args:
        path: the file; its folder must exist.
        sync: "normal" survives the end of the process, "full" a power failure as well.

    Raises:
        StateFileError: the file cannot be used; the message names it and says why.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StateFileError(f"SQLite {sqlite3.sqlite_version} is too old for state files.")
    try:
        path.touch(mode=0o600)  # histories hold payloads: nobody else is to read them
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, autocommit=True, check_same_thread=False
        )
    except (OSError, sqlite3.Error) as error:
        raise StateFileError(f"The state file {path} cannot be opened: {error}.") from error
    try:
        _recognise(connection, path)
        _configure(connection, path, sync)
        upgrade(connection, path, SCHEMA_STEPS)
    except sqlite3.Error as error:
        connection.close()
        raise StateFileError(f"The state file {path} cannot be used: {error}.") from error
    except StateFileError:
        connection.close()
        raise
    return connection


def _recognise(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file of somebody else's, before anything is changed in it."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if objects and application_id != APPLICATION_ID:
        raise StateFileError(f"The file {path} is a database, but not a state file.")


def _configure(connection: sqlite3.Connection, path: Path, sync: Sync) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StateFileError(
            f"The state file {path} is on a file system that cannot keep a write-ahead log."
        )
    connection.execute(f"PRAGMA synchronous = {'FULL' if sync == 'full' else 'NORMAL'}")
    # A commit is not to wait for the disk by chance: ``SqliteStore.keep_up`` does each checkpoint.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA foreign_keys = ON")
    # An UPDATE with RETURNING or CHECKs keeps a scratch table: on disk it costs 100 µs an episode.
    connection.execute("PRAGMA temp_store = MEMORY")


def upgrade(connection: sqlite3.Connection, path: Path, steps: Sequence[str]) -> None:
    """Apply the schema steps that the file lacks, each in a transaction of its own.

    Raises:
        StateFileError: the file is of a version beyond the last step.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise StateFileError(
            f"The state file {path} is of version {version}; this program knows versions up to "
            f"{len(steps)}. Use the newer program, or another file."
        )
    for number, step in enumerate(steps[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executescript(step)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
