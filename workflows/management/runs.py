"""Who of several hosts does what is to be done by one at a time, and when it was done last.

One row per task: held for a while by whoever replaced it first under its etag. What ended is noted
in it, with where the next run goes on; a host that dies holds up the others no longer than that.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from pydantic import AwareDatetime

from shared.ids import new_id
from shared.models import WireModel
from shared.storage import Row

RUNS_TABLE: Final = "OperationRuns"

_ROW_KEY: Final = "run"


class RunTable(Protocol):
    """The part of a table that is needed here."""

    def read(self, partition_key: str, row_key: str) -> Row | None:
        """Return the row as it is now, or None."""
        ...

    def write(self, *rows: Row) -> bool:
        """Insert or replace; False for a lost race."""
        ...


class Place(WireModel):
    """Where a walk through many instances stands: a page of the runtime, and the last one seen."""

    token: str | None = None
    after: str = ""


class Run(WireModel):
    """The latest run of a task.

    ``ended_at`` and ``examined`` are those of the last run that came to its end; ``round_ended_at``
    is when a walk last saw everything.
    """

    task: str
    holder: str = ""
    busy_until: AwareDatetime | None = None
    place: Place = Place()
    ended_at: AwareDatetime | None = None
    examined: int = 0
    round_ended_at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBook:
    """The runs of every task; calls may raise ``StorageUnavailableError``.

    Args:
        table: one row per task.
        make_id: names a holder.
    """

    table: RunTable
    make_id: Callable[[], str] = new_id

    def last(self, task: str) -> Run:
        """Return how the task stands; one that never ran stands at its beginning."""
        row = self.table.read(task, _ROW_KEY)
        return Run.from_json(json.loads(row.text("document"))) if row else Run(task=task)

    def begin(self, task: str, *, now: datetime, hold: timedelta) -> Run | None:
        """Hold a task, unless somebody does."""
        row = self.table.read(task, _ROW_KEY) or Row(partition_key=task, row_key=_ROW_KEY)
        run = Run.from_json(json.loads(row.text("document"))) if row.etag else Run(task=task)
        if run.busy_until is not None and run.busy_until > now:
            return None
        # Whoever held it has not come to an end: its place may be what stopped it.
        place = run.place if run.busy_until is None else Place()
        begun = run.model_copy(
            update={"holder": self.make_id(), "busy_until": now + hold, "place": place}
        )
        return begun if self.table.write(_changed(row, begun)) else None

    def end(self, run: Run, *, now: datetime, place: Place | None, examined: int) -> bool:
        """Let go, and note where the next run goes on; False when the task is not held any more.

        Args:
            run: as ``begin`` gave it.
            now: when it ended.
            place: None when everything was seen.
            examined: how many instances were looked at.
        """
        row = self.table.read(run.task, _ROW_KEY)
        if row is None or Run.from_json(json.loads(row.text("document"))).holder != run.holder:
            return False
        ended = run.model_copy(
            update={
                "busy_until": None,
                "place": place or Place(),
                "ended_at": now,
                "examined": examined,
                "round_ended_at": now if place is None else run.round_ended_at,
            }
        )
        return self.table.write(_changed(row, ended))


def _changed(row: Row, run: Run) -> Row:
    return row.changed(document=json.dumps(run.to_json()))
