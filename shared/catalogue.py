"""The catalogue: what is sold, at which price, and how much there is; kept in one table.

An article is sold at one price in each of its currencies, a row each. They are spread over sixteen
partitions by a digest of their SKU: a point read finds one at once, and an import fills whole
transactions. Who imports is not known here; what an order costs is shared.quote's business.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from shared.storage import Row, Storage, Table, key_text

TABLE: Final = "catalogue"
_PARTITIONS: Final = 16
_SEEDED: Final = ("about", "seeded")


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

    def find(self, sku: str, currency: str) -> Article | None:
        """Return an article as it is sold in a currency now, or None."""
        row = self._table.read(_partition(sku), _row_key(sku, currency))
        return None if row is None else _article(row)

    def is_sold(self, sku: str) -> bool:
        """Tell whether there is such an article, in whatever currency."""
        first, end = _row_key(sku, ""), f"{key_text(sku)};"  # ";" follows ":"
        return next(iter(self._table.between(_partition(sku), first, end)), None) is not None

    def seed(self, articles: Iterable[Article]) -> None:
        """Put in what is not there; what was imported meanwhile stays as it is. Safe to repeat."""
        if self._table.read(*_SEEDED) is not None:
            return
        by_partition: dict[str, list[Row]] = {}
        for article in articles:
            row = _row(_result(article), article.job_id)
            by_partition.setdefault(row.partition_key, []).append(row)
        for rows in by_partition.values():
            self._table.insert_missing(rows)
        self._table.write(Row(partition_key=_SEEDED[0], row_key=_SEEDED[1]))

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


def _row_key(sku: str, currency: str) -> str:
    return f"{key_text(sku)}:{currency}"


def _result(article: Article) -> Mapping[str, Any]:
    return {
        "sku": article.sku,
        "priceMinor": article.price_minor,
        "currency": article.currency,
        "taxClass": article.tax_class,
        "stock": article.stock,
    }


def _row(result: Mapping[str, Any], job_id: str) -> Row:
    sku = result["sku"]
    return Row(
        partition_key=_partition(sku),
        row_key=_row_key(sku, result["currency"]),
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
