"""What every turn needs: the parts of dispatch that are shared, as one value."""

from dataclasses import dataclass
from typing import Protocol

from funchost.dispatch.commits import Sources
from funchost.dispatch.journal import Journal
from funchost.dispatch.lanes import Lane
from funchost.dispatch.ports import Clock, Worker
from funchost.engine.actions import Turn
from funchost.engine.closing import Closing
from funchost.engine.ports import CommitEpisode, InstanceRecord, Outcome


class Effects(Protocol):
    """What carries out what a commit has made durable."""

    def apply(self, commit: CommitEpisode, outcome: Outcome) -> None:
        """Start activities and children, set and forget timers, deliver messages."""
        ...


class Warner(Protocol):
    """What says how an orchestration would fare in Azure."""

    def look(
        self, lane: Lane, record: InstanceRecord, closing: Closing | None, turn: Turn | None
    ) -> None:
        """Look at an episode that is committed, or at an inbox that none could be made of."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The worker, the journal, the time, fresh ids, who acts on commits and who warns."""

    worker: Worker
    journal: Journal
    clock: Clock
    sources: Sources
    effects: Effects
    warner: Warner
