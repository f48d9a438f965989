"""The catalogue: what is sold, at which price, and how much there is; kept in one table.

Articles are spread over sixteen partitions by a digest of their SKU: a point read finds one at
once, and an import fills whole transactions. Who imports and who prices is not known here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from shared.storage import Row, Storage, Table, key_text

TABLE: Final = "catalogue"
_PARTITIONS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article; money in minor units. ``job_id`` names the import that wrote it last."""

    sku: str
    price_minor: int
    currency: str
    tax_class: str
    stock: int
    job_id: str


class Catalogue:
    """The table of articles. Its methods may raise ``StorageUnavailableError``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def open(cls, storage: Storage) -> Self:
        """Open the catalogue of an account."""
        return cls(storage.table(TABLE))

    def find(self, sku: str) -> Article | None:
        """Return an article as it is now, or None."""
        row = self._table.read(_partition(sku), key_text(sku))
        return None if row is None else _article(row)

    def group_of(self, result: Mapping[str, Any]) -> str:
        """Name the partition of an article: those of one partition can be written together."""
        return _partition(result["sku"])

    def write(self, results: Sequence[Mapping[str, Any]], *, job_id: str) -> bool:
        """Write up to 100 articles of one partition, all or none; False: one is refused.

        Args:
            results: Objects with ``sku``, ``priceMinor``, ``currency``, ``taxClass``, ``stock``.
            job_id: Who writes.
        """
        return self._table.put_together([_row(result, job_id) for result in results])

    def count(self, job_id: str) -> int:
        """Count the articles that this import was the last to write."""
        return sum(
            self._table.count(
                "PartitionKey eq @partition and jobId eq @job", partition=p, job=job_id
            )
            for p in map(_name, range(_PARTITIONS))
        )


def open_catalogue(storage: Storage) -> Catalogue:
    """Open the catalogue of an account."""
    return Catalogue.open(storage)


def _name(number: int) -> str:
    return f"p{number:02}"


def _partition(sku: str) -> str:
    return _name(hashlib.blake2b(sku.encode(), digest_size=1).digest()[0] % _PARTITIONS)


def _row(result: Mapping[str, Any], job_id: str) -> Row:
    sku = result["sku"]
    return Row(
        partition_key=_partition(sku),
        row_key=key_text(sku),
        fields={
            "sku": sku,
            "priceMinor": result["priceMinor"],
            "currency": result["currency"],
            "taxClass": result["taxClass"],
            "stock": result["stock"],
            "jobId": job_id,
        },
    )


def _article(row: Row) -> Article:
    return Article(
        sku=row.text("sku"),
        price_minor=row.integer("priceMinor"),
        currency=row.text("currency"),
        tax_class=row.text("taxClass"),
        stock=row.integer("stock"),
        job_id=row.text("jobId"),
    )
