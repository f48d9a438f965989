"""The file itself: what it looks like, how it is upgraded, what is said when it is unusable."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from funchost.engine.events import EventWaited, RuntimeStatus
from funchost.storage.errors import StateFileError, UnstorableWriteError
from funchost.storage.sql import SCHEMA_STEPS, STATEMENTS
from funchost.storage.sqlite import SqliteStore
from funchost.storage.state_file import upgrade
from tests.contract.storage.builders import (
    T0,
    a_creation,
    a_record,
    a_running,
    an_activity,
    an_arrival,
    an_episode,
    loaded,
    must,
)

pytestmark = pytest.mark.integration
OWNER = "process 1 at http://127.0.0.1:7071 since noon"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore.open(path, owner=OWNER)) as opened:
        yield opened


# -- policy


@pytest.mark.parametrize(("sync", "level"), [("normal", 1), ("full", 2)])
def test_the_file_is_synchronised_as_asked(
    path: Path, sync: Literal["normal", "full"], level: int
) -> None:
    with closing(SqliteStore.open(path, owner=OWNER, sync=sync)) as store:
        connection = store._connection
        assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_a_closed_file_needs_no_write_ahead_log(store: SqliteStore, path: Path) -> None:
    must(store, a_creation())
    store.close()

    assert {found.name for found in path.parent.iterdir()} == {"state.db", "state.db.lock"}


def test_every_read_walks_a_key_in_order(store: SqliteStore) -> None:
    def plan(name: str) -> str:
        statement = f"EXPLAIN QUERY PLAN {STATEMENTS[name]}"
        names = ("instance_id", "id_prefix", "prefix_successor", "after_id", "statuses")
        values = dict.fromkeys(names, "a") | {
            "created_from": 0,
            "created_to": 0,
            "limit": 1,
            "entities": False,
        }
        return str(store._connection.execute(statement, values).fetchall())

    for name in ("read_history", "read_inbox", "query_instances"):
        assert "SEARCH" in plan(name)
        assert "TEMP B-TREE" not in plan(name)


# -- files that cannot be used


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_text("This is a letter to a friend. " * 100)

    with pytest.raises(StateFileError, match=r"state.db cannot be used: file is not a database"):
        SqliteStore.open(path, owner=OWNER)


def test_a_database_of_somebody_else_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE invoices (number INTEGER)")
    before = path.read_bytes()

    with pytest.raises(StateFileError, match=r"state.db is a database, but not a state file"):
        SqliteStore.open(path, owner=OWNER)

    assert path.read_bytes() == before


def test_a_file_of_a_newer_version_is_refused(path: Path) -> None:
    SqliteStore.open(path, owner=OWNER).close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 999")

    with pytest.raises(StateFileError, match=r"state.db is of version 999"):
        SqliteStore.open(path, owner=OWNER)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StateFileError, match=r"file/state.db cannot be used"):
        SqliteStore.open(tmp_path / "file" / "state.db", owner=OWNER)


def test_a_folder_in_place_of_the_file_is_named(path: Path) -> None:
    path.mkdir()

    with pytest.raises(StateFileError, match=r"state.db cannot be opened"):
        SqliteStore.open(path, owner=OWNER)


def test_a_damaged_file_is_an_error_that_names_it(path: Path) -> None:
    with closing(SqliteStore.open(path, owner=OWNER)) as store:
        must(store, *(a_creation(f"i-{n}", sequence=n) for n in range(1, 200)))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)

    with pytest.raises(StateFileError, match=r"state.db"):
        SqliteStore.open(path, owner=OWNER)


# -- versions


def test_steps_are_applied_once_each_in_order(path: Path) -> None:
    steps = (*SCHEMA_STEPS, "CREATE TABLE notes (a TEXT) STRICT;", "DROP TABLE notes;")
    with closing(SqliteStore.open(path, owner=OWNER)) as store:
        must(store, a_creation())

    with closing(sqlite3.connect(path, autocommit=True)) as connection:
        upgrade(connection, path, steps)
        upgrade(connection, path, steps)

        assert connection.execute("PRAGMA user_version").fetchone() == (len(steps),)
        assert connection.execute("SELECT count(*) FROM instances").fetchone() == (1,)


def test_a_step_that_fails_leaves_the_version_before_it(path: Path) -> None:
    SqliteStore.open(path, owner=OWNER).close()
    broken = (*SCHEMA_STEPS, "CREATE TABLE notes (a TEXT) STRICT; INSERT INTO nowhere VALUES (1);")

    with closing(sqlite3.connect(path, autocommit=True)) as connection:
        with pytest.raises(sqlite3.OperationalError, match=r"nowhere"):
            upgrade(connection, path, broken)

        tables = connection.execute("SELECT name FROM sqlite_schema WHERE name = 'notes'")
        assert tables.fetchall() == []
    SqliteStore.open(path, owner=OWNER).close()


# -- what no row can hold


def test_a_write_that_no_row_can_hold_is_refused_alone(store: SqliteStore) -> None:
    record = a_running(store)
    waited = EventWaited(at=T0, name="approval")
    impossible = replace(
        an_episode(record), appended=(waited,), record=replace(record, episode=2, output="1")
    )

    outcomes = store.commit(
        [
            an_arrival(sequence=2),
            impossible,
            a_creation("\ud800", sequence=3),
            a_creation("", sequence=4),
            an_arrival(sequence=2**63),
            an_arrival(sequence=2),
            a_creation("b", sequence=5),
        ]
    )

    errors = [outcome.error for outcome in outcomes]
    assert [errors[0], errors[6]] == [None, None]
    assert all(isinstance(error, UnstorableWriteError) for error in errors[1:6])
    assert "only_an_ended_instance_has_output" in str(errors[1])
    assert loaded(store).record == record
    assert loaded(store).history == ()
    assert store.backlog().last_sequence == 5


def test_an_episode_found_unstorable_halfway_leaves_no_trace(store: SqliteStore) -> None:
    record = a_running(store)
    twice = replace(
        an_episode(record),
        appended=(EventWaited(at=T0, name="approval"),),
        activities=(an_activity(), an_activity()),
    )

    outcomes = store.commit([twice, a_creation("b", sequence=2)])

    assert isinstance(outcomes[0].error, UnstorableWriteError)
    assert outcomes[1].error is None
    assert loaded(store).record == record
    assert loaded(store).history == ()
    assert store.backlog().activities == ()


def test_the_last_sequence_survives_a_restart(path: Path) -> None:
    with closing(SqliteStore.open(path, owner=OWNER)) as store:
        must(store, a_creation(sequence=7))
        must(store, an_episode(a_record(), status=RuntimeStatus.COMPLETED))

    with closing(SqliteStore.open(path, owner=OWNER)) as store:
        assert store.backlog().last_sequence == 7


def test_a_read_that_fails_is_an_error_that_names_the_file(store: SqliteStore, path: Path) -> None:
    store._connection.execute("DROP TABLE timers")

    with pytest.raises(StateFileError, match=f"{path} failed: no such table"):
        store.backlog()


def test_a_full_disk_loses_the_batch_and_nothing_else(store: SqliteStore, path: Path) -> None:
    must(store, a_creation())
    connection = store._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    large = replace(a_record("b"), input="x" * 100_000)

    with pytest.raises(StateFileError, match=f"{path} failed: database or disk is full"):
        store.commit([an_arrival(sequence=2), replace(a_creation("b"), record=large)])

    connection.execute("PRAGMA max_page_count = 1000000")
    assert store.backlog().last_sequence == 1
    must(store, an_arrival(sequence=2))


def test_only_the_owner_of_the_process_may_read_the_file(store: SqliteStore, path: Path) -> None:
    must(store, a_creation())

    modes = {found.name: found.stat().st_mode & 0o777 for found in path.parent.iterdir()}

    assert modes == dict.fromkeys(
        ["state.db", "state.db-wal", "state.db-shm", "state.db.lock"], 0o600
    )
