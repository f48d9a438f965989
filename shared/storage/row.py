"""A table row as a value: two keys, flat fields, and the tag of the version that was read.

The tables' wire types stay here: whole numbers travel as 64 bits, instants as sortable text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from azure.data.tables import EdmType, EntityProperty

type Value = str | int | bool

_KEYS = ("PartitionKey", "RowKey")


def key_text(text: str) -> str:
    r"""Return the text as a table key can hold it; readable for ids, and reversible for all.

    Keys may not hold ``/ \ # ?`` or control characters, and services differ on ``%``.
    """
    return quote(text, safe=":@+,!()* ").replace("%", "=")


def text_of_key(key: str) -> str:
    """Return the text that ``key_text`` made a key of."""
    return unquote(key.replace("=", "%"))


def instant_text(instant: datetime) -> str:
    """Return an aware instant as UTC text whose order is the order of time.

    Raises:
        ValueError: the instant is naive.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant must be aware")
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row. An empty ``etag`` means that it was not read from the table: writing inserts it."""

    partition_key: str
    row_key: str
    fields: Mapping[str, Value] = field(default_factory=dict[str, Value])
    etag: str = ""

    def changed(self, **fields: Value) -> "Row":
        """Return this version of the row with some fields replaced."""
        return Row(
            partition_key=self.partition_key,
            row_key=self.row_key,
            fields={**self.fields, **fields},
            etag=self.etag,
        )

    def text(self, name: str) -> str:
        """Return a text field.

        Raises:
            TypeError: the field is missing or holds something else.
        """
        return _of_type(self, name, str)

    def integer(self, name: str) -> int:
        """Return a whole number; ``TypeError`` as in ``text``."""
        return _of_type(self, name, int)

    def flag(self, name: str) -> bool:
        """Return a truth value; ``TypeError`` as in ``text``."""
        return _of_type(self, name, bool)

    def instant(self, name: str) -> datetime:
        """Return an instant written with ``instant_text``; ``TypeError`` as in ``text``."""
        return datetime.fromisoformat(self.text(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """So many rows of one partition, from one key to another, the last included."""

    partition: str
    first: str
    last: str
    rows: int

    @property
    def position(self) -> str:
        """Where reading stands behind it; for tables whose partition keys hold no blank."""
        return f"{self.partition} {self.last}"


def _of_type[T: Value](row: Row, name: str, kind: type[T]) -> T:
    value = row.fields.get(name)
    if type(value) is not kind:
        raise TypeError(f"row {row.partition_key}/{row.row_key}: {name} is not {kind.__name__}")
    return value


def to_entity(row: Row) -> dict[str, Any]:
    """Return the row as the SDK sends it."""
    entity: dict[str, Any] = {"PartitionKey": row.partition_key, "RowKey": row.row_key}
    for name, value in row.fields.items():
        is_number = isinstance(value, int) and not isinstance(value, bool)
        entity[name] = EntityProperty(value, EdmType.INT64) if is_number else value
    return entity


def from_entity(entity: Mapping[str, Any], *, etag: str) -> Row:
    """Return the row that the SDK read."""
    return Row(
        partition_key=str(entity["PartitionKey"]),
        row_key=str(entity["RowKey"]),
        fields={name: _plain(value) for name, value in entity.items() if name not in _KEYS},
        etag=etag,
    )


def _plain(value: Any) -> Value:
    match value:
        case EntityProperty(value=inner):
            return _plain(inner)
        case bool() | int() | str():
            return value
        case _:
            raise TypeError(f"a table field of type {type(value).__name__} was not written by us")
