"""The ledger of units: where each is in the source, whether it is done, and what it came to.

One row for each chunk, written by the plan, and one for each part of a chunk that was taken apart.
A unit is done once: whoever finishes it second is told what the first has recorded. A unit that has
been taken apart can no longer be finished, so that no row counts twice. Blobs are for gateways.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Self

from shared.models import WireModel
from shared.storage import Row, Stretch, Table, Value, instant_text
from workflows.batch_processing.models import Tally, Unit
from workflows.batch_processing.partition import Chunk, Place
from workflows.batch_processing.transitions import ancestors

_END = "~"  # sorts behind every key


class UnitState(StrEnum):
    """What has happened to a unit."""

    PLANNED = "planned"
    BEGUN = "begun"
    APART = "apart"  # its parts are done instead
    DONE = "done"


class Written(WireModel):
    """A blob that a unit has written; a size of 0 means that there was nothing to write."""

    blob: str = ""
    size: int = 0
    sha256: str = ""


class UnitRecord(WireModel):
    """What a unit came to."""

    tally: Tally
    reasons: dict[str, int]
    read_sums: dict[str, int]
    written_sums: dict[str, int]
    output: Written = Written()
    letters: Written = Written()


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a chunk is in the source: in bytes of a blob, or between keys of a store."""

    chunk: Chunk
    stretch: Stretch | None = None

    def to_fields(self) -> dict[str, Value]:
        """Return it as a row holds it."""
        begin = self.chunk.begin
        fields: dict[str, Value] = {
            "offset": begin.offset,
            "length": self.chunk.length,
            "rows": self.chunk.rows,
            "lines": self.chunk.lines,
            "firstRow": begin.row,
            "firstLine": begin.line,
        }
        if self.stretch is not None:
            fields |= {
                "partition": self.stretch.partition,
                "firstKey": self.stretch.first,
                "lastKey": self.stretch.last,
            }
        return fields

    @classmethod
    def of(cls, row: Row) -> Self:
        """Read what ``to_fields`` wrote."""
        rows = row.integer("rows")
        chunk = Chunk(
            begin=Place(
                offset=row.integer("offset"),
                row=row.integer("firstRow"),
                line=row.integer("firstLine"),
                chunk=int(row.row_key),
            ),
            length=row.integer("length"),
            rows=rows,
            lines=row.integer("lines"),
        )
        if "partition" not in row.fields:
            return cls(chunk=chunk)
        stretch = Stretch(
            partition=row.text("partition"),
            first=row.text("firstKey"),
            last=row.text("lastKey"),
            rows=rows,
        )
        return cls(chunk=chunk, stretch=stretch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A unit that may be worked through; ``tally`` when there is nothing left to do."""

    location: Location
    starts: int = 0
    tally: Tally | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A unit as the ledger has it; ``record`` and ``finished_at`` once it is done."""

    key: str
    state: UnitState
    planned_rows: int
    starts: int
    started_at: datetime | None = None
    finished_at: datetime | None = None
    record: UnitRecord | None = None

    @property
    def chunk(self) -> int:
        """The chunk that it is, or is a part of."""
        return int(self.key.partition(".")[0])

    @property
    def part(self) -> tuple[int, int]:
        """Where in its chunk it begins and how many rows it is given; zeros for a whole chunk."""
        start, _, count = self.key.partition(".")[2].partition("+")
        return int(start or 0), int(count or 0)


class Ledger:
    """One job's units. Every method may raise ``StorageUnavailableError``."""

    def __init__(self, table: Table, job_id: str) -> None:
        self._table = table
        self._job_id = job_id

    def plan(self, locations: Iterable[Location]) -> None:
        """Note chunks, unless they are noted: planning again forgets nothing that was done."""
        self._table.insert_missing(
            [
                self._row(
                    f"{location.chunk.begin.chunk:07}",
                    state=UnitState.PLANNED.value,
                    starts=0,
                    **location.to_fields(),
                )
                for location in locations
            ]
        )

    def begin(self, unit: Unit, *, batch_size: int, now: datetime) -> Begun:
        """Note that a unit is begun, unless it is done, or a unit that it is a part of is."""
        location = Location.of(self._planned(unit.chunk))
        for whole in ancestors(unit, batch_size=batch_size):
            done = self._table.until_written(partial(self._take_apart, whole))
            if done is not None:
                # It ended after all: its rows are counted once, by the part that begins it.
                counted = done if unit.start == whole.start else Tally()
                return Begun(location=location, tally=counted)
        return self._table.until_written(lambda: self._begin(unit, location, now))

    def finish(self, unit: Unit, record: UnitRecord, *, now: datetime) -> Tally:
        """Note what a unit came to; return what counts, which is the first such note.

        A unit that was taken apart meanwhile counts nothing: its parts do.
        """
        return self._table.until_written(lambda: self._finish(unit, record, now))

    def entries(self, after: str = "") -> Iterator[Entry]:
        """Yield the units behind a key in the order of their rows, parts behind their chunk."""
        first = f"{after}!" if after else ""  # the least text that is greater than the key
        return map(_entry, self._table.between(self._job_id, first, _END))

    def _begin(self, unit: Unit, location: Location, now: datetime) -> Begun:
        row = self._known(unit)
        if row.text("state") == UnitState.DONE:
            return Begun(location=location, tally=_record(row).tally)
        starts = row.integer("starts") + 1
        fields: dict[str, Value] = {"starts": starts, "startedAt": instant_text(now)}
        if row.text("state") == UnitState.PLANNED:
            fields["state"] = UnitState.BEGUN.value
        self._table.write_or_retry(row.changed(**fields))
        return Begun(location=location, starts=starts)

    def _take_apart(self, whole: Unit) -> Tally | None:
        row = self._known(whole)
        if row.text("state") == UnitState.DONE:
            return _record(row).tally
        if row.text("state") != UnitState.APART:
            self._table.write_or_retry(row.changed(state=UnitState.APART.value))
        return None

    def _finish(self, unit: Unit, record: UnitRecord, now: datetime) -> Tally:
        row = self._known(unit)
        match UnitState(row.text("state")):
            case UnitState.DONE:
                return _record(row).tally
            case UnitState.APART:
                return Tally()
            case _:
                self._table.write_or_retry(
                    row.changed(
                        state=UnitState.DONE.value,
                        finishedAt=instant_text(now),
                        record=record.model_dump_json(by_alias=True),
                    )
                )
                return record.tally

    def _planned(self, chunk: int) -> Row:
        row = self._table.read(self._job_id, f"{chunk:07}")
        if row is None:
            raise LookupError(f"chunk {chunk} of {self._job_id} was never planned")
        return row

    def _known(self, unit: Unit) -> Row:
        """Return a unit's row; a part that has none gets one when it is written."""
        if not unit.count:
            return self._planned(unit.chunk)
        found = self._table.read(self._job_id, unit.key)
        return found or self._row(unit.key, state=UnitState.PLANNED.value, starts=0)

    def _row(self, key: str, **fields: Value) -> Row:
        return Row(partition_key=self._job_id, row_key=key, fields=fields)


@dataclass(slots=True, kw_only=True)
class Audit:
    """What the entries of a job add up to; ``missing`` are chunks that are not whole."""

    tally: Tally = field(default_factory=Tally)
    reasons: Counter[str] = field(default_factory=Counter[str])
    read_sums: Counter[str] = field(default_factory=Counter[str])
    written_sums: Counter[str] = field(default_factory=Counter[str])
    chunks: int = 0
    missing: int = 0

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """Add up; entries come chunk by chunk."""
        audit = cls()
        left: dict[int, int] = {}
        for entry in entries:
            if entry.planned_rows:
                audit.chunks += 1
                left[entry.chunk] = entry.planned_rows
            if entry.record is not None:
                audit._add(entry.record)
                left[entry.chunk] -= entry.record.tally.rows
        audit.missing = sum(1 for rows in left.values() if rows)
        return audit

    def _add(self, record: UnitRecord) -> None:
        self.tally += record.tally
        self.reasons.update(record.reasons)
        self.read_sums.update(record.read_sums)
        self.written_sums.update(record.written_sums)


def _record(row: Row) -> UnitRecord:
    return UnitRecord.from_json(json.loads(row.text("record")))


def _entry(row: Row) -> Entry:
    is_done = row.text("state") == UnitState.DONE
    return Entry(
        key=row.row_key,
        state=UnitState(row.text("state")),
        planned_rows=row.integer("rows") if "rows" in row.fields else 0,
        starts=row.integer("starts"),
        started_at=row.instant("startedAt") if "startedAt" in row.fields else None,
        finished_at=row.instant("finishedAt") if is_done else None,
        record=_record(row) if is_done else None,
    )
