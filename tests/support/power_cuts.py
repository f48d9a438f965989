"""The local host, its power cut at one named commit: `python -m tests.support.power_cuts start`.

Two variables of the environment say when: POWER_CUT, "before" or "after" and the name of a commit,
and POWER_CUT_MARK, the file that keeps the cut from happening twice. funchost knows nothing of
this: its store is replaced by one that ends the process with SIGKILL.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, Self, override
from unittest import mock

from funchost import bootstrap, cli
from funchost.engine.events import EventRaised, OperationRequested, TimerFired
from funchost.engine.ids import is_entity
from funchost.engine.ports import (
    AddMessage,
    CommitEpisode,
    CompleteActivity,
    CreateInstance,
    Outcome,
    PurgeInstances,
    RewindInstance,
    Write,
)
from funchost.storage.sqlite import SqliteStore

PROGRAM: Final = "tests.support.power_cuts"


class Moment(StrEnum):
    """When, seen from the commit: all is written and nothing is durable, or all is durable."""

    BEFORE = "before"
    AFTER = "after"


class Commit(StrEnum):
    """What the journal commits."""

    START = "start"
    EVENT = "event"
    SIGNAL = "signal"
    ANSWER = "answer"  # an activity's
    EPISODE = "episode"  # that schedules activities
    CHILD = "child"  # the creation of one
    CHILD_END = "child-end"  # with the answer to its parent
    TIMER = "timer"  # the episode that takes its firing
    ENTITY_CALL = "entity-call"
    GENERATION = "generation"  # continue-as-new
    BATCH = "batch"  # of an entity
    END = "end"
    REWIND = "rewind"
    PURGE = "purge"


def settings(moment: Moment, commit: Commit, folder: Path) -> dict[str, str]:
    """Return the environment of a host whose power goes at this point."""
    return {"POWER_CUT": f"{moment} {commit}", "POWER_CUT_MARK": str(folder / "power-cut")}


def has_happened(folder: Path) -> bool:
    return (folder / "power-cut").exists()


def _is_turn(write: Write, test: Callable[[CommitEpisode], bool]) -> bool:
    return (
        isinstance(write, CommitEpisode) and not is_entity(write.record.instance_id) and test(write)
    )


def _is_end(turn: CommitEpisode, *, of_child: bool) -> bool:
    return turn.record.status.is_terminal and (turn.record.parent is not None) == of_child


_TESTS: Final[dict[Commit, Callable[[Write], bool]]] = {
    Commit.START: lambda w: isinstance(w, CreateInstance),
    Commit.EVENT: lambda w: (
        isinstance(w, AddMessage) and isinstance(w.outgoing.message.event, EventRaised)
    ),
    Commit.SIGNAL: lambda w: (
        isinstance(w, AddMessage) and isinstance(w.outgoing.message.event, OperationRequested)
    ),
    Commit.ANSWER: lambda w: isinstance(w, CompleteActivity),
    Commit.EPISODE: lambda w: _is_turn(w, lambda turn: bool(turn.activities)),
    Commit.CHILD: lambda w: _is_turn(w, lambda turn: bool(turn.children)),
    Commit.CHILD_END: lambda w: _is_turn(w, lambda turn: _is_end(turn, of_child=True)),
    Commit.TIMER: lambda w: _is_turn(
        w, lambda turn: any(isinstance(event, TimerFired) for event in turn.appended)
    ),
    Commit.ENTITY_CALL: lambda w: _is_turn(
        w, lambda turn: any(is_entity(message.instance_id) for message in turn.outgoing)
    ),
    Commit.GENERATION: lambda w: _is_turn(
        w, lambda turn: turn.record.execution_id != turn.execution_id
    ),
    Commit.BATCH: lambda w: isinstance(w, CommitEpisode) and is_entity(w.record.instance_id),
    Commit.END: lambda w: _is_turn(w, lambda turn: _is_end(turn, of_child=False)),
    Commit.REWIND: lambda w: isinstance(w, RewindInstance),
    Commit.PURGE: lambda w: isinstance(w, PurgeInstances),
}


class CutStore(SqliteStore):
    """A store whose process loses its power at the commit that the environment names."""

    _moment: Moment
    _is_named: Callable[[Write], bool]
    _mark: Path

    @classmethod
    @override
    def open(cls, path: Path, *, owner: str, sync: str = "normal") -> Self:
        store = super().open(path, owner=owner, sync="full" if sync == "full" else "normal")
        moment, _, commit = os.environ["POWER_CUT"].partition(" ")
        store._moment = Moment(moment)
        store._is_named = _TESTS[Commit(commit)]
        store._mark = Path(os.environ["POWER_CUT_MARK"])
        return store

    @override
    def commit(self, writes: Sequence[Write]) -> list[Outcome]:
        outcomes = super().commit(writes)
        self._cut(Moment.AFTER, writes)
        return outcomes

    @override
    def _seal(self, writes: Sequence[Write], outcomes: Sequence[Outcome]) -> None:
        super()._seal(writes, outcomes)
        self._cut(Moment.BEFORE, writes)

    def _cut(self, moment: Moment, writes: Sequence[Write]) -> None:
        if moment is self._moment and any(map(self._is_named, writes)) and not self._mark.exists():
            self._mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    with mock.patch.object(bootstrap, "SqliteStore", CutStore):
        sys.exit(cli.main())
