"""One table: read a row, write rows together or not at all, list and count rows.

Absence, lost races and refused rows are answers (``None``, ``False``). What is not here: merging
updates, whose requests the SDK does not repeat safely; every change replaces whole rows.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from http import HTTPStatus
from itertools import batched
from typing import Any, Protocol

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import TransactionOperation, UpdateMode

from shared.errors import StorageUnavailableError
from shared.storage.faults import error_code, transient_faults_named
from shared.storage.row import Row, Stretch, from_entity, to_entity

MOST_ROWS_TOGETHER = 100  # the service's limit for one transaction

# Each lost race means that somebody else's write went through, so N rivals need N rounds.
_MOST_ROUNDS = 64

_TABLE_MISSING = "TableNotFound"
_LOST_RACES = frozenset(
    {
        "EntityAlreadyExists",
        "UpdateConditionNotSatisfied",
        "ConditionNotMet",
        "ResourceNotFound",
        "EntityNotFound",
    }
)

_TABLE_EXISTS = "TableAlreadyExists"
_REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.CONTENT_TOO_LARGE})

type _Operation = tuple[TransactionOperation, dict[str, Any], dict[str, Any]]


class RaceLostError(Exception):
    """Another writer was faster; ``Table.until_written`` starts a new round."""


class _TableCalls(Protocol):
    """What is used of the SDK's ``TableClient``, which does not type its options."""

    table_name: str

    def create_table(self) -> object: ...
    def get_entity(self, partition_key: str, row_key: str) -> Any: ...
    def create_entity(self, entity: Mapping[str, Any]) -> object: ...
    def update_entity(
        self,
        entity: Mapping[str, Any],
        mode: UpdateMode,
        *,
        etag: str | None,
        match_condition: MatchConditions | None,
    ) -> object: ...
    def upsert_entity(self, entity: Mapping[str, Any], mode: UpdateMode) -> object: ...
    def submit_transaction(self, operations: Sequence[_Operation]) -> object: ...
    def delete_entity(
        self,
        entity: Mapping[str, Any],
        *,
        etag: str | None,
        match_condition: MatchConditions | None,
    ) -> object: ...
    def query_entities(
        self,
        query_filter: str,
        *,
        parameters: dict[str, Any] | None,
        select: list[str] | None = None,
    ) -> Iterable[Any]: ...


def _not_this_way(_rows: Sequence[Row]) -> bool:
    return False


class Table:
    """A table; ``create`` it before use. Every method may raise ``StorageUnavailableError``.

    Args:
        client: The SDK's.
        upsert_all: A quicker way to write rows together; False when the SDK has to do it.
    """

    def __init__(
        self, client: _TableCalls, *, upsert_all: Callable[[Sequence[Row]], bool] = _not_this_way
    ) -> None:
        self._client = client
        self._upsert_all = upsert_all
        self._place = f"table {client.table_name}"
        self._losers = threading.Lock()

    def create(self) -> None:
        """Make sure that the table exists."""
        with transient_faults_named(self._place, recreate=_nothing):
            try:
                self._client.create_table()
            except ResourceExistsError as exists:
                if error_code(exists) != _TABLE_EXISTS:
                    raise

    def read(self, partition_key: str, row_key: str) -> Row | None:
        """Return the row as it is now, or ``None``."""
        with self._faults_named():
            try:
                return _row(self._client.get_entity(partition_key, row_key))
            except ResourceNotFoundError as missing:
                if error_code(missing) == _TABLE_MISSING:
                    raise
                return None

    def write(self, *rows: Row) -> bool:
        """Insert the rows without an etag and replace those with one: all of them or none.

        Rows written together share a partition and are at most ``MOST_ROWS_TOGETHER``.

        Returns:
            False when a row to insert exists or a row to replace has changed since it was read.
        """
        with self._faults_named():
            try:
                self._write(rows)
            except HttpResponseError as error:
                if error_code(error) not in _LOST_RACES:
                    raise
                return False
        return True

    def _write(self, rows: tuple[Row, ...]) -> None:
        match rows:
            case (Row(etag="") as row,):
                self._client.create_entity(to_entity(row))
            case (row,):
                # A replacement is a PUT, which the SDK repeats by itself after a lost connection.
                self._client.update_entity(
                    to_entity(row),
                    UpdateMode.REPLACE,
                    etag=row.etag,
                    match_condition=MatchConditions.IfNotModified,
                )
            case _:
                self._client.submit_transaction([_operation(row) for row in rows])

    def until_written[T](self, attempt: Callable[[], T], *, in_turn: bool = False) -> T:
        """Repeat a read-decide-write attempt until it loses no race; the losers queue up.

        Args:
            in_turn: queue up at once, because everybody writes the same rows; trying first would
                only make whoever is at the head of the queue lose.
            attempt: reads afresh, decides, and writes with ``write_or_retry``. It must recognise an
                earlier write of its own, because the answer to that may have been lost.

        Raises:
            StorageUnavailableError: also when other processes won every round.
        """
        if not in_turn:
            with suppress(RaceLostError):
                return attempt()
        with self._losers:
            for _ in range(_MOST_ROUNDS):
                with suppress(RaceLostError):
                    return attempt()
        raise StorageUnavailableError(f"{self._place}: lost {_MOST_ROUNDS} races for one row")

    def write_or_retry(self, *rows: Row) -> None:
        """Write as ``write`` does, inside ``until_written``: a lost race starts a new round."""
        if not self.write(*rows):
            raise RaceLostError

    def put(self, row: Row) -> None:
        """Write the row whatever is there; for values that do not depend on what was there."""
        with self._faults_named():
            self._client.upsert_entity(to_entity(row), UpdateMode.REPLACE)

    def put_together(self, rows: Sequence[Row]) -> bool:
        """Write up to ``MOST_ROWS_TOGETHER`` rows of a partition, whatever is there: all or none.

        Returns:
            False when the service refuses a row for what it holds: none was written, and writing
            the same again would be refused again.
        """
        with self._faults_named():
            try:
                self._put(rows)
            except HttpResponseError as error:
                if error.status_code not in _REFUSALS:
                    raise
                return False
        return True

    def remove(self, row: Row) -> bool:
        """Remove a row: as it was read if it has an etag, else whatever it holds by now.

        Returns:
            False when it has changed since it was read; a row that is gone is removed.
        """
        with self._faults_named():
            try:
                self._client.delete_entity(
                    {"PartitionKey": row.partition_key, "RowKey": row.row_key},
                    etag=row.etag or None,
                    match_condition=MatchConditions.IfNotModified if row.etag else None,
                )
            except HttpResponseError as error:
                if error_code(error) not in _LOST_RACES:
                    raise
                return False
        return True

    def _put(self, rows: Sequence[Row]) -> None:
        if len(rows) == 1:
            self._client.upsert_entity(to_entity(rows[0]), UpdateMode.REPLACE)
            return
        if self._upsert_all(rows):
            return
        replacing = {"mode": UpdateMode.REPLACE}
        self._client.submit_transaction(
            [(TransactionOperation.UPSERT, to_entity(row), replacing) for row in rows]
        )

    def insert_missing(self, rows: Sequence[Row]) -> None:
        """Insert those rows of one partition that are not there; the others stay as they are."""
        for together in batched(rows, MOST_ROWS_TOGETHER, strict=False):
            if not self.write(*together):  # a row of these is there, so see which one by one
                for row in together:
                    self.write(row)

    def count(self, condition: str, **parameters: str) -> int:
        """Count the rows that meet a condition, given as in ``rows``; only keys travel."""
        return sum(1 for _ in self.row_keys(condition, **parameters))

    def row_keys(self, condition: str, **parameters: str) -> Iterator[str]:
        """Yield the row keys of what meets a condition, given as in ``rows``."""
        with self._faults_named():
            found = self._client.query_entities(condition, parameters=parameters, select=["RowKey"])
            for entity in found:
                yield entity["RowKey"]

    def rows(self, condition: str, **parameters: str) -> Iterator[Row]:
        """Yield the rows that meet an OData condition, in key order.

        Values come in through ``parameters`` and are named ``@name`` in the condition, each a word
        of its own; never write a value into the condition.
        """
        with self._faults_named():
            for entity in self._client.query_entities(condition, parameters=parameters):
                yield _row(entity)

    def _faults_named(self) -> AbstractContextManager[None]:
        return transient_faults_named(self._place, recreate=self.create)

    def between(self, partition_key: str, first: str, end: str) -> Iterator[Row]:
        """Yield a partition's rows whose row key is at least ``first`` and below ``end``."""
        return self.rows(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @end",
            partition=partition_key,
            first=first,
            end=end,
        )

    def stretches(
        self, partition_key: str, first: str, end: str, *, rows: int
    ) -> Iterator[Stretch]:
        """Cut what ``between`` would give into stretches of so many rows."""
        keys = self.row_keys(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @end",
            partition=partition_key,
            first=first,
            end=end,
        )
        for found in batched(keys, rows, strict=False):
            yield Stretch(partition=partition_key, first=found[0], last=found[-1], rows=len(found))

    def along(self, stretch: Stretch) -> Iterator[Row]:
        """Yield the rows of a stretch."""
        return self.rows(
            "PartitionKey eq @partition and RowKey ge @first and RowKey le @last",
            partition=stretch.partition,
            first=stretch.first,
            last=stretch.last,
        )


def _nothing() -> None:
    """Recreate nothing: creating is what is being tried."""


def _row(entity: Any) -> Row:
    return from_entity(entity, etag=str(entity.metadata["etag"]))


def _operation(row: Row) -> _Operation:
    if not row.etag:
        return TransactionOperation.CREATE, to_entity(row), {}
    condition = {
        "mode": UpdateMode.REPLACE,
        "etag": row.etag,
        "match_condition": MatchConditions.IfNotModified,
    }
    return TransactionOperation.UPDATE, to_entity(row), condition
