"""What a pipeline is: the shape of its rows, what they become, and where that goes.

A pipeline is a value in a file of its own; everything around it (chunks, retries, dead letters,
ledger, reconciliation) is the same for all. Nothing here does I/O.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic import BeforeValidator, TypeAdapter
from pydantic_core import PydanticCustomError

from shared.models import JsonObject
from shared.storage import Storage, Stretch


class RowRefusedError(Exception):
    """A transform refuses a row that is well formed; the code goes to its dead letter."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Target(Protocol):
    """Where a pipeline loads its results. Every write is an upsert: repeating it is harmless."""

    def group_of(self, result: JsonObject) -> str:
        """Name the group of a result: only results of one group are written together."""
        ...

    def write(self, results: Sequence[JsonObject], *, job_id: str) -> bool:
        """Write up to 100 results of one group, all or none; False: at least one is refused.

        Raises:
            StorageUnavailableError: Try again.
        """
        ...

    def count(self, job_id: str) -> int:
        """Count what was last written by this job."""
        ...


class RowStore(Protocol):
    """Where an export reads its rows: in one order, found by time."""

    def stretches(
        self, begin: datetime, end: datetime, *, after: str, rows: int
    ) -> Iterator[Stretch]:
        """Cut what lies in the window behind a position into stretches of so many rows."""
        ...

    def read(self, stretch: Stretch) -> list[JsonObject]:
        """Read a stretch."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSum:
    """A sum that must be the same over the rows read and over the results written.

    Args:
        name: What it is called in the manifest.
        of_row: The member of the validated row.
        of_result: The member of the result.
        by: Members of the result that it is split by, such as a day and a currency.
    """

    name: str
    of_row: str
    of_result: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """One kind of batch job.

    Args:
        name: What requests call it.
        row: The shape of a row: a TypedDict with annotated constraints. Members read from CSV come
            as text, so numbers there are ``WholeNumber``.
        transform: Turns a validated row into what is written; it may raise ``RowRefusedError``.
        control_sums: What must add up.
        key: The member of a result that names it; twice in one chunk is a dead letter.
        open_target: Opens where results are loaded; None writes the output blobs alone.
        open_store: Opens where rows are read from, for an export; None reads files.
        readable_after: How long after an instant that store holds all that belongs before it.
        rows_per_s: What the target bears, over all jobs; None is no limit.
    """

    name: str
    row: TypeAdapter[Any]
    transform: Callable[[Any], JsonObject]
    control_sums: tuple[ControlSum, ...] = ()
    key: str | None = None
    open_target: Callable[[Storage], Target] | None = None
    open_store: Callable[[Storage], RowStore] | None = None
    readable_after: timedelta = timedelta()
    rows_per_s: float | None = None
    _schema: Mapping[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_schema", self.row.json_schema())

    @property
    def columns(self) -> frozenset[str]:
        """The members that a row may have."""
        return frozenset(self._schema["properties"])

    @property
    def required(self) -> frozenset[str]:
        """The members that every row must have."""
        return frozenset(self._schema.get("required", ()))

    def header_problems(self, header: Sequence[str]) -> tuple[str, ...]:
        """Say what is wrong with the names of a file's columns, one finding each."""
        seen = set(header)
        repeated = sorted({name for name in seen if header.count(name) > 1})
        return (
            *(f"missing column: {name}" for name in sorted(self.required - seen)),
            *(f"unknown column: {_shown(name)}" for name in sorted(seen - self.columns)),
            *(f"repeated column: {_shown(name)}" for name in repeated),
        )


_MOST_SHOWN = 40


def _shown(name: str) -> str:
    """Cut a stranger's text to what a status can hold."""
    return ascii(name[:_MOST_SHOWN])


def _digits(value: object) -> object:
    """Let text be digits alone: the parser behind would take ``1_000`` and ``1.0``, too."""
    if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
        raise PydanticCustomError("whole_number", "expected digits alone")
    return value


# For numbers in CSV; put it first in an Annotated type, before bounds.
WholeNumber = BeforeValidator(_digits)
