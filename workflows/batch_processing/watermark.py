"""Up to where an export has been made: one row for each pipeline, moved after success alone.

Which window comes next is decided here, too; what happens in it is a job like any other.
"""

from datetime import UTC, datetime, timedelta

from shared.storage import Row, Table, instant_text
from workflows.batch_processing.models import WindowSource
from workflows.batch_processing.requests import LONGEST_WINDOW

_PARTITION = "watermark"
_FIRST_REACH = timedelta(days=1)


class Watermarks:
    """The table of watermarks. Its methods may raise ``StorageUnavailableError``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def next_window(self, pipeline: str, *, readable_until: datetime) -> WindowSource | None:
        """Return what has not been exported, or None when that is nothing.

        The first window begins with the day before: from there on no gap can be. What is older is
        exported by jobs with a window of their own.

        Args:
            pipeline: Which export.
            readable_until: Up to where rows no longer change.
        """
        end = readable_until.astimezone(UTC).replace(microsecond=0)
        begin = self._table.until_written(lambda: self._known(pipeline, end))
        end = min(end, begin + LONGEST_WINDOW)
        return WindowSource(begin=begin, end=end) if begin < end else None

    def move(self, pipeline: str, window: WindowSource, *, job_id: str) -> bool:
        """Note that a window has been exported.

        Returns:
            False when the watermark does not stand at its begin: somebody else has moved it.
        """
        return self._table.until_written(lambda: self._moved(pipeline, window, job_id))

    def _known(self, pipeline: str, end: datetime) -> datetime:
        row = self._table.read(_PARTITION, pipeline)
        if row is not None:
            return row.instant("exportedUntil")
        begin = (end - _FIRST_REACH).replace(hour=0, minute=0, second=0)
        self._table.write_or_retry(_row(pipeline, begin))
        return begin

    def _moved(self, pipeline: str, window: WindowSource, job_id: str) -> bool:
        row = self._table.read(_PARTITION, pipeline)
        if row is None:
            raise LookupError(f"{pipeline} has no watermark that could be moved")
        stands_at = row.instant("exportedUntil")
        if stands_at == window.begin:
            fields = {"exportedUntil": instant_text(window.end), "jobId": job_id}
            self._table.write_or_retry(row.changed(**fields))
            return True
        # An attempt of ours may have moved it, and the answer to that been lost.
        return stands_at == window.end and row.text("jobId") == job_id


def _row(pipeline: str, begin: datetime) -> Row:
    fields = {"exportedUntil": instant_text(begin), "jobId": ""}
    return Row(partition_key=_PARTITION, row_key=pipeline, fields=fields)
