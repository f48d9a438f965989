"""Answers kept under the key that a client gave them, so that a repeated request gets the same one.

Only what was done is kept: a request that was refused changed nothing, and is looked at afresh. A
request whose answer never came may be sent again after a minute. Reading keys from requests is the
edges' business.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Protocol

from shared.errors import ConflictingRequestError, RefusedError
from shared.ids import derived_id
from shared.settings import current_settings
from shared.storage import Row, Value, instant_text, open_storage

TABLE: Final = "operationskeys"

_ROW_KEY: Final = "answer"
_CHUNK: Final = 15_000  # characters that always fit into a text property of a table
_LEASE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer that was given: its status and its body, JSON text."""

    status: int
    body: str


class Rows(Protocol):
    """The part of a table that is needed here."""

    def read(self, partition_key: str, row_key: str) -> Row | None:
        """Return the row as it is now."""
        ...

    def write(self, *rows: Row) -> bool:
        """Insert or replace; False when a race was lost."""
        ...

    def put(self, row: Row) -> None:
        """Write the row whatever is there."""
        ...

    def remove(self, row: Row) -> bool:
        """Remove the row, whatever it holds."""
        ...

    def rows(self, condition: str, **parameters: str) -> Iterator[Row]:
        """Yield the rows that meet a condition."""
        ...


class KeptAnswers:
    """The answers by key. Every call may raise ``StorageUnavailableError``, and blocks."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def begin(self, actor: str, key: str, digest: str, *, now: datetime) -> Kept | None:
        """Return the answer that was given, or None: then the request is to be carried out.

        Args:
            actor: whose key it is; others may use the same one.
            key: as the client gave it.
            digest: of everything that the request says.
            now: what time it is.

        Raises:
            ConflictingRequestError: The key was used with another request.
            RefusedError: The same request is being carried out at this moment.
        """
        fresh = _row(actor, key, digest=digest, begunAt=instant_text(now), status=0)
        if self._rows.write(fresh):
            return None
        known = self._rows.read(fresh.partition_key, fresh.row_key)
        if known is None or self._is_ours_by_now(known, digest, now):
            return None
        return Kept(status=known.integer("status"), body=_body(known))

    def keep(self, actor: str, key: str, digest: str, kept: Kept, *, now: datetime) -> None:
        """Keep what was answered."""
        text = kept.body
        chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
        row = _row(
            actor,
            key,
            digest=digest,
            begunAt=instant_text(now),
            status=kept.status,
            chunks=len(chunks),
            **{f"body{number}": chunk for number, chunk in enumerate(chunks)},
        )
        self._rows.put(row)

    def forget(self, actor: str, key: str) -> None:
        """Let the next request with this key be looked at afresh."""
        self._rows.remove(_row(actor, key))

    def forget_older(self, *, before: datetime, most: int) -> int:
        """Forget so many of those that were begun before an instant; return how many."""
        old = self._rows.rows("begunAt lt @before", before=instant_text(before))
        forgotten = list(islice(old, most))
        for row in forgotten:
            self._rows.remove(row)
        return len(forgotten)

    def _is_ours_by_now(self, known: Row, digest: str, now: datetime) -> bool:
        """Tell whether whoever carried the same request out has died, and it is this one's turn."""
        if known.text("digest") != digest:
            raise ConflictingRequestError("the idempotency key was used with another request")
        if known.integer("status"):
            return False
        is_old = now - known.instant("begunAt") >= _LEASE
        if is_old and self._rows.write(known.changed(begunAt=instant_text(now))):
            return True
        raise RefusedError("request_in_progress", "the same request is being carried out")


@functools.cache
def kept_answers() -> KeptAnswers:
    """Open the table of answers, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return KeptAnswers(storage.table(TABLE))


def _row(actor: str, key: str, **fields: Value) -> Row:
    return Row(partition_key=derived_id("key", actor, key), row_key=_ROW_KEY, fields=fields)


def _body(row: Row) -> str:
    return "".join(row.text(f"body{number}") for number in range(row.integer("chunks")))
