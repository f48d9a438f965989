"""What every turn needs: the parts of dispatch that are shared, as one value."""

from dataclasses import dataclass
from typing import Protocol

from funchost.dispatch.commits import Sources
from funchost.dispatch.journal import Journal
from funchost.dispatch.ports import Clock, Worker
from funchost.engine.ports import CommitEpisode, Outcome


class Effects(Protocol):
    """What carries out what a commit has made durable."""

    def apply(self, commit: CommitEpisode, outcome: Outcome) -> None:
        """Start activities and children, set and forget timers, deliver messages."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The worker that runs functions, the journal, the time, fresh ids, and who acts on commits."""

    worker: Worker
    journal: Journal
    clock: Clock
    sources: Sources
    effects: Effects
