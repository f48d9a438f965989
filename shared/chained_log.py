"""Logs in table storage that can only grow: each append is one transaction under the head's etag.

A log is one partition: a row ``head`` with the last entry's sequence and hash, a row per entry, and
guard rows, each of which exists once. Of any number of appends that follow the same entry one goes
through; the others read again. What entries mean is their domain's; the chain is in shared.chain.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final, Protocol

from shared.chain import Break, Entry, NewEntry, first_break, sealed
from shared.errors import LogBrokenError
from shared.storage import Row, Value, instant_text, key_text, text_of_key

_HEAD: Final = "head"
_ENTRY: Final = "e:"
_GUARD: Final = "guard:"
_SEQUENCE_DIGITS: Final = 8
# A text property of a table holds 32 Ki UTF-16 units; half of it in characters always fits.
_CHUNK: Final = 15_000
# An append between two pages of one answer is seen in part; the next answer is whole.
_MOST_READS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log as it was read: its entries in order, its guards, and the head that a next one needs.

    ``guards`` are the keys that were used up by earlier appends. Rows that no append of ours can
    have left are ``unreadable``, as are all entries after the first of them.
    """

    log_id: str
    entries: tuple[Entry, ...]
    guards: frozenset[str]
    head: Row | None
    unreadable: bool = False

    @property
    def broken_at(self) -> Break | None:
        """Where the log is not what was written; None when it is whole."""
        if self.unreadable:
            after = Break(sequence=len(self.entries) + 1, reason="unreadable")
            return first_break(self.log_id, self.entries) or after
        if not self.entries and self.head is None:
            return None
        return first_break(self.log_id, self.entries, head=_noted(self.head))


class LogTable(Protocol):
    """The part of a table that logs need."""

    def rows(self, condition: str, **parameters: str) -> Iterator[Row]:
        """Yield the rows that meet a condition, in key order."""
        ...

    def write_or_retry(self, *rows: Row) -> None:
        """Insert or replace all of them, or lose the race."""
        ...

    def until_written[T](self, attempt: Callable[[], T]) -> T:
        """Repeat the attempt until it loses no race."""
        ...


class ChainedLogs:
    """The logs of one table. Every method may raise ``StorageUnavailableError``."""

    def __init__(self, table: LogTable) -> None:
        self._table = table

    def read(self, log_id: str) -> Log:
        """Return a log that is whole; an empty one when nothing was ever appended.

        Raises:
            LogBrokenError: Its rows are not what was written. Nobody decides by such a log.
        """
        log = self.read_unchecked(log_id)
        if log.broken_at is None:
            return log
        raise LogBrokenError(f"the log of {log_id} is not what was written; see the runbook")

    def read_unchecked(self, log_id: str) -> Log:
        """Return whatever is kept, for an audit."""
        for _ in range(_MOST_READS - 1):
            log = self._as_kept(log_id)
            if log.broken_at is None:
                return log
        return self._as_kept(log_id)

    def every(self) -> Iterator[Log]:
        """Yield all logs as ``read_unchecked`` does, by their ids' order as keys."""
        rows = self._table.rows("PartitionKey ge @first", first="")
        for partition, its_rows in groupby(rows, key=lambda row: row.partition_key):
            log = _log(text_of_key(partition), its_rows)
            yield log if log.broken_at is None else self.read_unchecked(log.log_id)

    def _as_kept(self, log_id: str) -> Log:
        rows = self._table.rows("PartitionKey eq @partition", partition=key_text(log_id))
        return _log(log_id, rows)

    def append(
        self, log: Log, new: Sequence[NewEntry], *, at: datetime, guard: str | None = None
    ) -> tuple[Entry, ...]:
        """Append entries right after what was read, all of them or none.

        Args:
            log: as it was read; anything appended since makes this call lose.
            new: at least one entry.
            at: the instant of whoever appends.
            guard: a key that only one append ever uses.

        Returns:
            All entries of the log, the new ones last.

        Raises:
            RaceLostError: Something else was appended, or the guard is used. Inside ``settle``, a
                new round begins.
        """
        entries = sealed(log.log_id, log.entries, new, at=at)
        partition = key_text(log.log_id)
        head = log.head or Row(partition_key=partition, row_key=_HEAD)
        last = entries[-1]
        rows = [
            head.changed(sequence=last.sequence, hash=last.hash),
            *(_row(partition, entry) for entry in entries),
        ]
        if guard is not None:
            rows.append(_guard_row(partition, guard, last.sequence))
        self._table.write_or_retry(*rows)
        return (*log.entries, *entries)

    def settle[T](self, attempt: Callable[[], T]) -> T:
        """Repeat an attempt that reads, decides and appends until it loses no race.

        The attempt has to recognise an earlier append of its own, because the answer to that may
        have been lost.
        """
        return self._table.until_written(attempt)


def _log(log_id: str, rows: Iterable[Row]) -> Log:
    entries: list[Entry] = []
    guards: set[str] = set()
    head: Row | None = None
    unreadable = False
    for row in rows:
        try:
            if row.row_key == _HEAD:
                head = row
            elif row.row_key.startswith(_GUARD):
                guards.add(row.text("guard"))
            elif not unreadable:
                entries.append(_entry(row))
        except (TypeError, ValueError):
            unreadable = True
    return Log(
        log_id=log_id,
        entries=tuple(entries),
        guards=frozenset(guards),
        head=head,
        unreadable=unreadable,
    )


def _noted(head: Row | None) -> tuple[int, str]:
    """Return what the head says of the last entry; a head that says nothing fits no log."""
    if head is None:
        return 0, ""
    try:
        return head.integer("sequence"), head.text("hash")
    except TypeError:
        return 0, ""


def _row(partition: str, entry: Entry) -> Row:
    text = json.dumps(entry.payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
    fields: dict[str, Value] = {
        "sequence": entry.sequence,
        "at": instant_text(entry.at),
        "kind": entry.kind,
        "level": entry.level,
        "round": entry.round,
        "actor": entry.actor,
        "proof": entry.proof,
        "previousHash": entry.previous_hash,
        "hash": entry.hash,
        "chunks": len(chunks),
        **{f"payload{number}": chunk for number, chunk in enumerate(chunks)},
    }
    row_key = f"{_ENTRY}{entry.sequence:0{_SEQUENCE_DIGITS}}"
    return Row(partition_key=partition, row_key=row_key, fields=fields)


def _entry(row: Row) -> Entry:
    payload = "".join(row.text(f"payload{number}") for number in range(row.integer("chunks")))
    return Entry(
        sequence=row.integer("sequence"),
        at=row.instant("at"),
        kind=row.text("kind"),
        level=row.integer("level"),
        round=row.integer("round"),
        actor=row.text("actor"),
        proof=row.text("proof"),
        payload=json.loads(payload),
        previous_hash=row.text("previousHash"),
        hash=row.text("hash"),
    )


def _guard_row(partition: str, guard: str, sequence: int) -> Row:
    return Row(
        partition_key=partition,
        row_key=f"{_GUARD}{key_text(guard)}",
        fields={"guard": guard, "sequence": sequence},
    )
