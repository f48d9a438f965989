"""The store of a test: it outlives the host that uses it, as a file does."""

from collections.abc import Sequence
from threading import Lock

from funchost.engine.ports import (
    Backlog,
    InstanceQuery,
    InstanceRecord,
    Outcome,
    Snapshot,
    Store,
    Write,
)
from funchost.testing.calls import CallBook


class Lifetime:
    """Implements ``engine.ports.Store`` for one life of a host.

    After ``cut`` nothing is written any more, though whoever writes does not learn of it: to the
    store, the host has died at that moment.
    """

    def __init__(self, kept: Store, book: CallBook) -> None:
        """Forward to ``kept``, which is left open."""
        self._kept = kept
        self._book = book
        self._is_cut = False
        self._lock = Lock()  # writes come from the journal's thread

    def cut(self) -> None:
        """Let this be the last moment."""
        with self._lock:
            self._is_cut = True

    def get(self, instance_id: str) -> InstanceRecord | None:
        """Return the record, or None when there is no such instance."""
        return self._kept.get(instance_id)

    def load(self, instance_id: str) -> Snapshot | None:
        """Return record, history and inbox, or None when there is no such instance."""
        return self._kept.load(instance_id)

    def query(self, query: InstanceQuery) -> tuple[InstanceRecord, ...]:
        """Return up to ``limit`` matching records, ordered by instance id."""
        return self._kept.query(query)

    def backlog(self) -> Backlog:
        """Return all due work."""
        return self._kept.backlog()

    def commit(self, writes: Sequence[Write]) -> list[Outcome]:
        """Apply the writes, unless the host has died."""
        with self._lock:
            if self._is_cut:
                return [Outcome() for _ in writes]
            self._book.schedule(writes)
            return self._kept.commit(writes)

    @property
    def waits_for_disk(self) -> bool:
        """Tell whether every commit waits for the disk."""
        return self._kept.waits_for_disk

    @property
    def needs_upkeep(self) -> bool:
        """Tell whether it is time for ``keep_up``."""
        return self._kept.needs_upkeep

    def keep_up(self) -> None:
        """Do what was put off."""
        self._kept.keep_up()

    def close(self) -> None:
        """Leave the kept store open."""
