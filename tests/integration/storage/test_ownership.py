"""One process owns a state file, and one that has lost it acknowledges nothing."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from funchost.engine.errors import StateFileHeldError
from funchost.storage.errors import StateFileError
from funchost.storage.sqlite import SqliteStore
from tests.contract.storage.builders import (
    a_creation,
    a_record,
    an_arrival,
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


def test_a_second_owner_is_told_file_and_holder(store: SqliteStore, path: Path) -> None:
    with pytest.raises(StateFileHeldError) as caught:
        SqliteStore.open(path, owner="process 2")

    assert str(caught.value) == f"The state file {path} is in use by {OWNER}."
    must(store, a_creation())


def test_a_holder_that_has_not_signed_yet_is_another_process(
    store: SqliteStore, path: Path
) -> None:
    path.with_name("state.db.lock").write_text("")

    with pytest.raises(StateFileHeldError, match=r"in use by another process"):
        SqliteStore.open(path, owner="process 2")
    must(store, a_creation())


def test_a_file_given_back_can_be_opened_by_the_next(path: Path) -> None:
    with closing(SqliteStore.open(path, owner="a rather long first owner")) as first:
        must(first, a_creation())

    with closing(SqliteStore.open(path, owner="short")) as second:
        assert loaded(second).record == a_record()
        assert path.with_name("state.db.lock").read_text() == "short\n"


def test_a_failed_opening_gives_the_lock_back(path: Path) -> None:
    path.write_text("no database at all, but long enough to be looked at " * 50)
    with pytest.raises(StateFileError):
        SqliteStore.open(path, owner=OWNER)
    path.unlink()

    SqliteStore.open(path, owner=OWNER).close()


def test_an_owner_that_lost_its_lock_file_is_fenced_off(store: SqliteStore, path: Path) -> None:
    must(store, a_creation())
    path.with_name("state.db.lock").unlink()

    with closing(SqliteStore.open(path, owner="the thief")) as thief:
        with pytest.raises(StateFileHeldError, match=r"taken by another process"):
            store.commit([an_arrival(sequence=2), a_creation("b", sequence=3)])

        assert thief.get("b") is None
        assert len(loaded(thief).inbox) == 1
        must(thief, an_arrival(sequence=2))


@pytest.mark.parametrize("is_replaced", [False, True])
def test_an_owner_whose_file_was_removed_acknowledges_nothing(
    store: SqliteStore, path: Path, *, is_replaced: bool
) -> None:
    path.unlink()
    if is_replaced:
        path.touch()

    with pytest.raises(StateFileHeldError):
        store.commit([a_creation()])
