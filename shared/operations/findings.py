"""What the watchdog has found: each finding once, open until it is over.

A finding is the instance, what is wrong, and since when; the same three are the same finding, which
is told of once, by whichever host. Whether something is one is decided in judging.
"""

import functools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from pydantic import AwareDatetime

from shared.models import JsonObject, WireModel
from shared.settings import current_settings
from shared.storage import Row, instant_text, key_text, open_storage

FINDINGS_TABLE: Final = "OperationFindings"

_OPEN: Final = "open"
_CLOSED: Final = "closed"


class FindingKind(StrEnum):
    """What is wrong."""

    PENDING_TOO_LONG = "pending_too_long"
    NO_PROGRESS = "no_progress"
    LEVEL_OVERDUE = "level_overdue"
    SHIPMENT_SILENT = "shipment_silent"
    NEEDS_ATTENTION = "needs_attention"


class Finding(WireModel):
    """One finding; ``reason`` is the sentence of its explanation when it was found.

    ``letter`` names the letter that tells operators of it, ``sent_at`` is when that was sent.
    """

    instance_id: str
    type: str
    kind: FindingKind
    reason: str
    since: AwareDatetime
    reported_at: AwareDatetime
    letter: str | None = None
    sent_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None

    @property
    def key(self) -> str:
        """What makes it this finding and no other."""
        return finding_key(self.instance_id, self.kind, self.since)

    def shown(self) -> JsonObject:
        """Return what ``GET /api/ops/findings`` shows of it."""
        return self.model_dump(
            mode="json", by_alias=True, exclude={"letter", "sent_at", "closed_at"}
        )


def finding_key(instance_id: str, kind: FindingKind, since: datetime) -> str:
    """Return the key of a finding."""
    return f"{instance_id}:{kind}:{instant_text(since)}"


class FindingsTable(Protocol):
    """The part of a table that findings need."""

    def read(self, partition_key: str, row_key: str) -> Row | None:
        """Return the row as it is now, or None."""
        ...

    def rows(self, condition: str, **parameters: str) -> Iterator[Row]:
        """Yield the rows that meet a condition, in key order."""
        ...

    def write(self, *rows: Row) -> bool:
        """Insert or replace; False for a lost race."""
        ...

    def put(self, row: Row) -> None:
        """Write the row whatever is there."""
        ...

    def remove(self, row: Row) -> bool:
        """Remove a row."""
        ...


@dataclass(frozen=True, slots=True)
class FindingsBoard:
    """Open and closed findings; calls may raise ``StorageUnavailableError``."""

    table: FindingsTable

    def open(self) -> Sequence[Finding]:
        """Return what is open, the oldest first."""
        found = map(_finding, self._rows(_OPEN))
        return sorted(found, key=lambda finding: (finding.since, finding.key))

    def note(self, finding: Finding) -> bool:
        """Open a finding; False when it was known, even if it was over in between."""
        key = key_text(finding.key)
        known = self.table.read(_CLOSED, key)
        if known is not None:
            again = _finding(known).model_copy(update={"closed_at": None})
            self.table.put(_row(_OPEN, again))
            self.table.remove(known)
            return False
        return self.table.write(_row(_OPEN, finding))

    def change(self, finding: Finding) -> None:
        """Keep what has become of an open finding."""
        self.table.put(_row(_OPEN, finding))

    def close(self, finding: Finding, *, at: datetime) -> None:
        """Take it from the open ones; it is remembered, so that it is not told of again."""
        self.table.put(_row(_CLOSED, finding.model_copy(update={"closed_at": at})))
        self.table.remove(_row(_OPEN, finding))

    def forget(self, *, before: datetime, most: int) -> int:
        """Forget some of what was closed before an instant; return how many."""
        forgotten = 0
        for row in self._rows(_CLOSED):
            closed_at = _finding(row).closed_at
            if forgotten < most and closed_at is not None and closed_at < before:
                self.table.remove(row)
                forgotten += 1
        return forgotten

    def _rows(self, partition: str) -> Iterator[Row]:
        return self.table.rows("PartitionKey eq @partition", partition=partition)


def _row(partition: str, finding: Finding) -> Row:
    fields = {"document": json.dumps(finding.to_json())}
    return Row(partition_key=partition, row_key=key_text(finding.key), fields=fields)


def _finding(row: Row) -> Finding:
    return Finding.from_json(json.loads(row.text("document")))


@functools.cache
def findings_board() -> FindingsBoard:
    """Open the board, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return FindingsBoard(storage.table(FINDINGS_TABLE))
