"""A table in memory that behaves like shared.storage.Table, and lets a rival in between.

``before_write`` is where a test puts what happens after somebody has read and before they write.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from shared.storage import Row
from shared.storage.table import RaceLostError


@dataclass
class MemoryTable:
    """Insert without an etag, replace under one; rows written together are all or none."""

    held: dict[tuple[str, str], Row] = field(default_factory=dict[tuple[str, str], Row])
    before_write: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])
    version: int = 0

    def read(self, partition_key: str, row_key: str) -> Row | None:
        return self.held.get((partition_key, row_key))

    def rows(self, condition: str, **parameters: str) -> Iterator[Row]:
        assert condition == "PartitionKey eq @partition"
        wanted = parameters["partition"]
        yield from [row for key, row in sorted(self.held.items()) if key[0] == wanted]

    def between(self, partition_key: str, first: str, end: str) -> Iterator[Row]:
        found = sorted(self.held.items())
        yield from [
            row for (part, key), row in found if part == partition_key and first <= key < end
        ]

    def write(self, *rows: Row) -> bool:
        if self.before_write:
            self.before_write.pop(0)()
        for row in rows:
            known = self.held.get((row.partition_key, row.row_key))
            if (known.etag if known else "") != row.etag:
                return False
        for row in rows:
            self.put(row)
        return True

    def insert_missing(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.write(row)

    def write_or_retry(self, *rows: Row) -> None:
        if not self.write(*rows):
            raise RaceLostError

    def until_written[T](self, attempt: Callable[[], T]) -> T:
        while True:
            with suppress(RaceLostError):
                return attempt()

    def put(self, row: Row) -> None:
        self.version += 1
        key = (row.partition_key, row.row_key)
        self.held[key] = replace(row, etag=str(self.version))

    def remove(self, row: Row) -> bool:
        known = self.held.get((row.partition_key, row.row_key))
        if known and row.etag not in {"", known.etag}:
            return False
        self.held.pop((row.partition_key, row.row_key), None)
        return True
