"""Messages that could not become orders: kept with what is wrong with them, until they are retried.

A row holds what a customer sent, so it holds personal data: nobody is shown it, it enters no log,
and it is forgotten after ``KEPT_FOR``. A card number is never kept, not even here.
"""

import functools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Protocol, Self

from shared.card_numbers import card_numbers
from shared.errors import MalformedJsonError
from shared.models import JsonObject
from shared.settings import current_settings
from shared.storage import Row, Storage, Value, instant_text, key_text, open_storage
from shared.strict_json import parse_json

KEPT_FOR: Final = timedelta(days=30)

_TABLE: Final = "RefusedMessages"
_PARTITION: Final = "refused"
_END: Final = ":"  # behind every id, which begins with a year
_HIDDEN: Final = "[card number]"
# A text property of a table holds 32 Ki UTF-16 units; half of it in characters always fits.
_CHUNK: Final = 15_000


class Rows(Protocol):
    """The part of a table that is needed here."""

    def read(self, partition_key: str, row_key: str) -> Row | None:
        """Return the row as it is now."""
        ...

    def between(self, partition_key: str, first: str, end: str) -> Iterator[Row]:
        """Yield a partition's rows whose row key is at least ``first`` and below ``end``."""
        ...

    def put(self, row: Row) -> None:
        """Write the row whatever is there."""
        ...

    def remove(self, row: Row) -> bool:
        """Remove a row; False when it has changed since."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message as its queue gave it: its own id there, when it was put in, and what it says."""

    message_id: str
    inserted_at: datetime
    text: str

    @property
    def id(self) -> str:
        """By which it is known here; the order of ids is the order of arrival."""
        return f"{self.inserted_at:%Y%m%dT%H%M%S}-{self.message_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedMessage:
    """A message that is kept.

    Attributes:
        arrival: the message.
        problem: why it was refused, as a problem of RFC 9457.
        refused_at: when, at the last attempt.
        is_whole: whether ``arrival.text`` is what was sent; not with a card number in it.
    """

    arrival: Arrival
    problem: JsonObject
    refused_at: datetime
    is_whole: bool


class RefusedMessages:
    """The messages that are kept, by id. Calls may raise ``StorageUnavailableError``.

    Args:
        rows: A row for each.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    @classmethod
    def open(cls, storage: Storage) -> Self:
        """Open what is kept in an account."""
        return cls(storage.table(_TABLE))

    def keep(
        self, arrival: Arrival, *, problem: JsonObject, is_order: bool, at: datetime
    ) -> RefusedMessage:
        """Keep a message; the same one again replaces what was kept of it.

        Args:
            arrival: the message.
            problem: why it is refused.
            is_order: whether it says a whole order, in which no card number can be.
            at: when it is refused.
        """
        text = arrival.text if is_order else without_card_numbers(arrival.text)
        kept = RefusedMessage(
            arrival=Arrival(
                message_id=arrival.message_id, inserted_at=arrival.inserted_at, text=text
            ),
            problem=problem,
            refused_at=at,
            is_whole=text == arrival.text,
        )
        self._rows.put(_row(kept))
        return kept

    def find(self, message_id: str) -> RefusedMessage | None:
        """Return a message by the id it has here."""
        row = self._rows.read(_PARTITION, key_text(message_id))
        return _message(row) if row else None

    def oldest(self, most: int, *, after: str = "") -> Sequence[RefusedMessage]:
        """Return so many of them, those first that came first.

        Args:
            most: how many.
            after: the id of the last one that was seen.
        """
        last = key_text(after)
        unseen = (row for row in self._from(last) if row.row_key != last)
        return [_message(row) for row in islice(unseen, most)]

    def remove(self, message: RefusedMessage) -> None:
        """Forget a message that has become an order."""
        self._rows.remove(_row(message))

    def forget(self, *, before: datetime) -> int:
        """Forget what came before an instant; return how many."""
        forgotten = 0
        for row in self._from(""):
            if row.instant("insertedAt") >= before:
                break
            self._rows.remove(row)
            forgotten += 1
        return forgotten

    def _from(self, first: str) -> Iterator[Row]:
        return self._rows.between(_PARTITION, first, _END)


@functools.cache
def refused_messages() -> RefusedMessages:
    """Open the messages that were refused, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    return RefusedMessages.open(open_storage(settings.storage, prefix=settings.data_prefix))


def without_card_numbers(text: str) -> str:
    """Return the text, or what can be kept of it: JSON is looked at as it reads, escapes undone."""
    try:
        readable = json.dumps(parse_json(text.encode()), ensure_ascii=False)
    except MalformedJsonError:
        readable = text
    parts, shown = list[str](), 0
    for begin, end in card_numbers(readable):
        parts += (readable[shown:begin], _HIDDEN)
        shown = end
    return "".join((*parts, readable[shown:])) if parts else text


def _row(kept: RefusedMessage) -> Row:
    text = kept.arrival.text
    chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
    fields: dict[str, Value] = {
        "messageId": kept.arrival.message_id,
        "insertedAt": instant_text(kept.arrival.inserted_at),
        "refusedAt": instant_text(kept.refused_at),
        "problem": json.dumps(kept.problem),
        "isWhole": kept.is_whole,
        "chunks": len(chunks),
        **{f"text{number}": chunk for number, chunk in enumerate(chunks)},
    }
    return Row(partition_key=_PARTITION, row_key=key_text(kept.arrival.id), fields=fields)


def _message(row: Row) -> RefusedMessage:
    return RefusedMessage(
        arrival=Arrival(
            message_id=row.text("messageId"),
            inserted_at=row.instant("insertedAt"),
            text="".join(row.text(f"text{number}") for number in range(row.integer("chunks"))),
        ),
        problem=json.loads(row.text("problem")),
        refused_at=row.instant("refusedAt"),
        is_whole=row.flag("isWhole"),
    )
