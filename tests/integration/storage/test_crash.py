"""What was acknowledged survives the process, however it ends."""

import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from funchost.engine.errors import StateFileHeldError
from funchost.engine.events import EventWaited
from funchost.storage.sqlite import SqliteStore
from tests.contract.storage.builders import arrivals, loaded

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]


@contextmanager
def a_committer(path: Path, sync: str = "normal") -> Generator[subprocess.Popen[str]]:
    """Start the committing process; it is killed, not asked to end."""
    command = [sys.executable, "-m", "tests.integration.storage.committer", str(path), sync]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def acknowledged(process: subprocess.Popen[str], *, at_least: int) -> int:
    """Kill the process after so many commits; return the last that it acknowledged."""
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= at_least:
            break
    process.kill()
    return max([at_least, *(int(line) for line in process.stdout if line.endswith("\n"))])


@pytest.mark.parametrize("sync", ["normal", "full"])
@pytest.mark.parametrize("commits", [1, 40, 300])
def test_no_acknowledged_commit_is_lost_to_a_kill(tmp_path: Path, commits: int, sync: str) -> None:
    path = tmp_path / "state.db"
    with a_committer(path, sync) as process:
        last = acknowledged(process, at_least=commits)

    with closing(SqliteStore.open(path, owner="the next")) as store:
        snapshot = loaded(store)
        backlog = store.backlog()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []

    episodes = snapshot.record.episode
    assert episodes in (last, last + 1)  # one may have been committed and not yet told
    names = [event.name for event in snapshot.history if isinstance(event, EventWaited)]
    assert names == [str(number) for number in range(1, episodes + 1) for _ in range(3)]
    assert arrivals(snapshot.inbox) == [episodes + 1]
    assert len(backlog.activities) == len(backlog.timers) == episodes
    assert backlog.last_sequence == episodes + 1


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with a_committer(path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(StateFileHeldError, match="the committer"):
            SqliteStore.open(path, owner="the test")

    SqliteStore.open(path, owner="the test").close()
