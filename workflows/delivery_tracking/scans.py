"""The scans that are kept of each parcel: whoever told of them first, each is kept once.

What they mean together is in journey.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, Self

from shared.storage import Row, Storage, instant_text, key_text
from workflows.delivery_tracking import names
from workflows.delivery_tracking.journey import CODES
from workflows.delivery_tracking.models import Scan

MOST_SCANS = 200  # that notices can make of one parcel; the longest journeys have some dozens


class _Rows(Protocol):
    """What is used of a table."""

    def rows(self, condition: str, **parameters: str) -> Iterator[Row]: ...
    def write(self, *rows: Row) -> bool: ...
    def insert_missing(self, rows: Sequence[Row]) -> None: ...


class KeptScans:
    """A row for each scan, under its parcel. Every call may raise ``StorageUnavailableError``.

    Args:
        table: Where they are kept.
    """

    def __init__(self, table: _Rows) -> None:
        self._table = table

    @classmethod
    def open(cls, storage: Storage) -> Self:
        """Open what is kept in an account."""
        return cls(storage.table(names.SCANS_TABLE))

    def of(self, shipment_id: str) -> tuple[Scan, ...]:
        """Return the scans of a parcel that are kept."""
        rows = self._table.rows("PartitionKey eq @partition", partition=key_text(shipment_id))
        return tuple(
            Scan(scan_id=row.text("scan_id"), code=row.text("code"), at=row.instant("at"))
            for row in rows
        )

    def keep(self, shipment_id: str, scan: Scan) -> bool:
        """Keep a scan that somebody tells of; False when it says nothing, or there are too many."""
        if scan.code not in CODES:
            return False
        known = {kept.scan_id for kept in self.of(shipment_id)}
        if scan.scan_id not in known and len(known) < MOST_SCANS:
            self._table.write(_row(shipment_id, scan))
            return True
        return scan.scan_id in known

    def merged(self, shipment_id: str, told: Iterable[Scan]) -> tuple[Scan, ...]:
        """Keep what is new of what the carrier answers, and return everything that is known.

        A scan that is known stays as it was kept.
        """
        known = {scan.scan_id: scan for scan in self.of(shipment_id)}
        new = {
            scan.scan_id: scan for scan in told if scan.scan_id not in known and scan.code in CODES
        }
        self._table.insert_missing([_row(shipment_id, scan) for scan in new.values()])
        return (*known.values(), *new.values())


def _row(shipment_id: str, scan: Scan) -> Row:
    return Row(
        partition_key=key_text(shipment_id),
        row_key=key_text(scan.scan_id),
        fields={"scan_id": scan.scan_id, "code": scan.code, "at": instant_text(scan.at)},
    )
