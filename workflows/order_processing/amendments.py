"""Keeps what customers would take instead, when there is too little of what they ordered.

A word is kept before anybody is told of it, so that none is lost; the instance asks for it. Of a
word and the end of the waiting, storage takes what is written first. Who may say what is decided at
the edge.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final, Self

from shared.storage import Row, Storage, Table, Value, instant_text, key_text

_TABLE: Final = "Amendments"
_ROUND: Final = "round"  # keeps the rows of an instance in order

# So many pieces of each SKU, and none of any other.
type Word = Mapping[str, int]


class Amendments:
    """What was said in each round of asking: the first word of a round stands.

    Args:
        table: A row by instance and round.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def open(cls, storage: Storage) -> Self:
        """Open what is kept in an account."""
        return cls(storage.table(_TABLE))

    def say(self, instance_id: str, round_: int, word: Word, *, at: datetime) -> Word | None:
        """Keep a word; return the one that stands, or None when the round is over without one."""
        said: dict[str, Value] = {
            "items": json.dumps(word, sort_keys=True),
            "at": instant_text(at),
        }
        return self._first(instance_id, round_, said)

    def close(self, instance_id: str, round_: int) -> Word | None:
        """Let nobody say anything any more; return what was said before that."""
        return self._first(instance_id, round_, {"items": ""})

    def find(self, instance_id: str, round_: int) -> Word | None:
        """Return what was said in a round, if anything was."""
        row = self._table.read(key_text(instance_id), _key(round_))
        return _word(row) if row else None

    def latest(self, instance_id: str) -> Word | None:
        """Return the last word of all rounds."""
        rows = self._table.rows("PartitionKey eq @partition", partition=key_text(instance_id))
        words = [word for row in rows if (word := _word(row)) is not None]
        return words[-1] if words else None

    def _first(self, instance_id: str, round_: int, fields: dict[str, Value]) -> Word | None:
        row = Row(partition_key=key_text(instance_id), row_key=_key(round_), fields=fields)
        return self._table.until_written(partial(self._try, row))

    def _try(self, row: Row) -> Word | None:
        known = self._table.read(row.partition_key, row.row_key)
        if known:
            return _word(known)
        self._table.write_or_retry(row)
        return _word(row)


def _key(round_: int) -> str:
    return f"{_ROUND}:{round_:06}"


def _word(row: Row) -> Word | None:
    items = row.text("items")
    return json.loads(items) if items else None
