"""Whom this domain talks to: source containers, the container of results, ledger and stores.

Everything is in one storage account; what may heal is raised as ``StorageUnavailableError``. How a
source is opened is in sources, what units came to in ledger, what rows hold in rows.
"""

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pydantic_core import to_json

from shared.models import JsonObject
from shared.settings import Settings, current_settings
from shared.storage import BlobVersion, Container, Storage, open_storage
from shared.stored_requests import StoredRequests
from workflows.batch_processing import names
from workflows.batch_processing.ledger import Entry, Ledger, Location, UnitState, Written
from workflows.batch_processing.models import Reading, Unit
from workflows.batch_processing.partition import Format, split_rows
from workflows.batch_processing.pipelines import PIPELINES
from workflows.batch_processing.pipelines.base import Pipeline, RowStore, Target
from workflows.batch_processing.rows import RawRows, Worked, letters_opened
from workflows.batch_processing.watermark import Watermarks

JSON_LINES_TYPE = "application/x-ndjson"
_JSON_TYPE = "application/json"
_OUTPUT, _LETTERS = "output", "dead-letters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batches:
    """The storage account as this domain sees it."""

    storage: Storage
    settings: Settings

    def container(self, name: str) -> Container:
        """Return a container by the name that requests and readings use."""
        return self.storage.container(name)

    def is_registered(self, container: str) -> bool:
        """Tell whether requests may name a container as a source."""
        return container in self.settings.source_containers

    def ledger(self, job_id: str) -> Ledger:
        """Open the ledger of a job's units."""
        return Ledger(self.storage.table(names.CHUNKS_TABLE), job_id)

    def results(self, job_id: str) -> "Results":
        """Open a job's own folder."""
        return Results(self.storage.container(names.RESULTS_CONTAINER), job_id)

    def target(self, pipeline: Pipeline) -> Target | None:
        """Open where a pipeline loads its results."""
        return pipeline.open_target(self.storage) if pipeline.open_target else None

    def store(self, pipeline: Pipeline) -> RowStore:
        """Open where an export reads its rows."""
        if pipeline.open_store is None:
            raise LookupError(f"{pipeline.name} reads files")
        return pipeline.open_store(self.storage)

    def watermarks(self) -> Watermarks:
        """Open the table of how far exports are."""
        return Watermarks(self.storage.table(names.WATERMARKS_TABLE))

    def requests(self) -> StoredRequests:
        """Open the table of requests as they came."""
        return StoredRequests(self.storage.table(names.REQUESTS_TABLE))

    def rows(self, pipeline: Pipeline, reading: Reading, location: Location) -> RawRows:
        """Read the rows of a chunk.

        Raises:
            BlobChangedError: The source is not the version that was planned.
        """
        begin = location.chunk.begin
        if location.stretch is not None:
            found = self.store(pipeline).read(location.stretch)
            return RawRows(
                rows=[to_json(row) for row in found],
                row_format=Format.JSON_LINES,
                first_row=begin.row,
                first_line=begin.line,
            )
        data = self.container(reading.container).read_range(
            version_of(reading), begin.offset, location.chunk.length
        )
        stored = Format.JSON_LINES if reading.letters else reading.row_format
        split = split_rows(data, stored, is_last=True)
        if reading.letters:
            return letters_opened(
                split.rows(data), inner=reading.row_format, columns=reading.columns
            )
        return RawRows(
            rows=split.rows(data),
            row_format=reading.row_format,
            columns=reading.columns,
            first_row=begin.row,
            first_line=begin.line,
            broken=frozenset(split.broken),
        )


@functools.cache
def batches() -> Batches:
    """Connect once per process."""
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return Batches(storage=storage, settings=settings)


def version_of(reading: Reading) -> BlobVersion:
    """Return the very version of the blob that is read."""
    return BlobVersion(name=reading.blob, etag=reading.etag, size=reading.size)


def pipeline_of(name: str) -> Pipeline:
    """Return a registered pipeline; requests are checked at the edge, so it is there."""
    return PIPELINES[name]


class Results:
    """A job's own folder in the container of results: output, dead letters, documents."""

    def __init__(self, container: Container, job_id: str) -> None:
        self._container = container
        self._folder = f"{job_id}/"

    def write(self, unit: Unit, worked: Worked) -> tuple[Written, Written]:
        """Write a unit's output and dead letters; writing them again replaces them."""
        return (
            self._lines(f"{self._folder}{_OUTPUT}/{unit.key}.jsonl", worked.results),
            self._lines(f"{self._folder}{_LETTERS}/{unit.key}.jsonl", worked.letters),
        )

    def put(self, name: str, document: JsonObject) -> str:
        """Write a document about the job; return the blob's name."""
        blob = self._folder + name
        self._container.replace(blob, to_json(document), content_type=_JSON_TYPE)
        return blob

    def read(self, name: str) -> bytes | None:
        """Read a document about the job."""
        return self._container.read(self._folder + name)

    def letters(self, entries: Iterator[Entry]) -> Iterator[tuple[Entry, Callable[[], bytes]]]:
        """Yield the units that have dead letters, and how to read those."""
        for entry in entries:
            if entry.record is not None and entry.record.letters.size:
                yield entry, partial(self._read, entry.record.letters.blob)

    def _read(self, blob: str) -> bytes:
        return self._container.read(blob) or b""

    def differing(self, entries: Iterator[Entry]) -> Sequence[str]:
        """Compare all blobs with the ledger; return the names of those that differ or are gone.

        What no finished unit vouches for (the work of one that was taken apart) is removed.
        """
        wanted = {
            written.blob: written
            for entry in entries
            if entry.state is UnitState.DONE and entry.record is not None
            for written in (entry.record.output, entry.record.letters)
            if written.size
        }
        for kind in (_OUTPUT, _LETTERS):
            for version in self._container.versions(f"{self._folder}{kind}/"):
                written = wanted.get(version.name)
                if written is None:
                    self._container.delete(version.name)
                elif version.size == written.size and version.notes == _notes(written.sha256):
                    del wanted[version.name]
        return sorted(wanted)

    def _lines(self, blob: str, lines: list[bytes]) -> Written:
        if not lines:
            return Written()
        content = b"\n".join([*lines, b""])
        sha256 = hashlib.sha256(content).hexdigest()
        self._container.replace(blob, content, content_type=JSON_LINES_TYPE, notes=_notes(sha256))
        return Written(blob=blob, size=len(content), sha256=sha256)


def _notes(sha256: str) -> Mapping[str, str]:
    return {"sha256": sha256}
