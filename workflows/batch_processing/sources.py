"""Opening a source: which version it is, how its rows are written, and where they begin.

What is packed, or in many small blobs (the dead letters of another job), is first written into one
plain blob of the job's own, block by block; from there on every source is read in the same way.
"""

import csv
import zlib
from collections.abc import Callable, Iterator
from typing import assert_never

from pydantic_core import from_json

from shared.storage import BlobVersion, Container
from workflows.batch_processing import names
from workflows.batch_processing.gateways import (
    JSON_LINES_TYPE,
    Batches,
    pipeline_of,
    version_of,
)
from workflows.batch_processing.models import (
    DeadLetterSource,
    FileSource,
    Job,
    Reading,
    WindowSource,
)
from workflows.batch_processing.partition import (
    BYTE_ORDER_MARK,
    MOST_ROW_BYTES,
    Format,
    Place,
    split_rows,
)
from workflows.batch_processing.pipelines.base import Pipeline

PIECE_BYTES = 4 * 1024 * 1024  # read at once
BLOCK_BYTES = 8 * 1024 * 1024  # written at once
READING = "source.json"

_FORMATS = {".csv": Format.CSV, ".jsonl": Format.JSON_LINES, ".ndjson": Format.JSON_LINES}
_GZIP = ".gz"
_GZIP_WINDOW = 31  # what zlib calls gzip, headers and all
_STAGED = "staged"


class SourceUnusableError(Exception):
    """The source cannot be used, and no retry changes that; ``code`` says why."""

    def __init__(self, code: str, *details: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def opened(batches: Batches, job: Job) -> Reading:
    """Open a job's source, and keep what was found for those who come later.

    Raises:
        SourceUnusableError: It is missing, too large, of an unknown kind, or has another header.
    """
    pipeline = pipeline_of(job.pipeline)
    match job.source:
        case FileSource():
            reading = _file(batches, job, job.source, pipeline)
        case DeadLetterSource():
            reading = _letters(batches, job, job.source)
        case WindowSource():
            reading = Reading(window=job.source)
        case _:
            assert_never(job.source)
    batches.results(job.job_id).put(READING, reading.to_json())
    return reading


def pieces(container: Container, version: BlobVersion, begin: int) -> Iterator[tuple[bytes, bool]]:
    """Yield a blob's bytes from an offset on, and whether they are its last."""
    offset = begin
    while offset < version.size:
        piece = container.read_range(version, offset, PIECE_BYTES)
        offset += len(piece)
        yield piece, offset >= version.size


def _file(batches: Batches, job: Job, source: FileSource, pipeline: Pipeline) -> Reading:
    if not batches.is_registered(source.container):
        raise SourceUnusableError("container_not_registered")
    container = batches.container(source.container)
    version = container.find(source.blob)
    if version is None:
        raise SourceUnusableError("source_missing")
    if version.size > batches.settings.largest_source:
        raise SourceUnusableError("source_too_large")
    name = source.blob.lower()
    row_format = _format(name.removesuffix(_GZIP))
    container_name = source.container
    if name.endswith(_GZIP):
        packed = pieces(container, version, 0)
        limit = batches.settings.largest_source
        version = _staged(batches, job.job_id, lambda: _inflated(packed, limit))
        container_name = names.RESULTS_CONTAINER
    reading = Reading(
        container=container_name,
        blob=version.name,
        etag=version.etag,
        size=version.size,
        row_format=row_format,
    )
    return _beyond_header(batches.container(container_name), reading, pipeline)


def _format(name: str) -> Format:
    for suffix, row_format in _FORMATS.items():
        if name.endswith(suffix):
            return row_format
    raise SourceUnusableError("unknown_format", "name it .csv, .jsonl or .ndjson, and .gz on top")


def _beyond_header(container: Container, reading: Reading, pipeline: Pipeline) -> Reading:
    """Find where the rows begin, and in CSV what their columns are."""
    head = container.read_range(version_of(reading), 0, len(BYTE_ORDER_MARK) + MOST_ROW_BYTES)
    mark = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
    if reading.row_format is not Format.CSV:
        return reading.model_copy(update={"begin": Place(offset=mark)})
    split = split_rows(head[mark:], Format.CSV, is_last=len(head) >= reading.size)
    if not split.ends or split.broken[:1] == [0]:
        raise SourceUnusableError("header_missing")
    header = head[mark : mark + split.ends[0]]
    try:
        columns = next(csv.reader([header.decode()], strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceUnusableError("header_malformed") from error
    if found := pipeline.header_problems(columns):
        raise SourceUnusableError("header_differs", *found[:_MOST_DETAILS])
    begin = Place(offset=mark + split.ends[0], line=1 + header.count(b"\n"))
    return reading.model_copy(update={"begin": begin, "columns": tuple(columns)})


_MOST_DETAILS = 10


def _letters(batches: Batches, job: Job, source: DeadLetterSource) -> Reading:
    """Put the dead letters of another job together, and read them as that job read its rows."""
    kept = batches.results(source.job_id).read(READING)
    if kept is None:
        raise SourceUnusableError("job_unknown")
    before = Reading.from_json(from_json(kept))
    entries = batches.ledger(source.job_id).entries()
    blobs = (read() for _, read in batches.results(source.job_id).letters(entries))
    version = _staged(batches, job.job_id, lambda: blobs)
    return Reading(
        container=names.RESULTS_CONTAINER,
        blob=version.name,
        etag=version.etag,
        size=version.size,
        row_format=before.row_format,
        letters=True,
        columns=before.columns,
    )


def _staged(batches: Batches, job_id: str, content: Callable[[], Iterator[bytes]]) -> BlobVersion:
    """Write content into one blob of the job, unless an earlier attempt has; return it."""
    container = batches.container(names.RESULTS_CONTAINER)
    name = f"{job_id}/{_STAGED}"
    if container.find(name) is None:
        writer = container.in_blocks(name)
        block = bytearray()
        for piece in content():
            block += piece
            if len(block) >= BLOCK_BYTES:
                writer.add(bytes(block))
                block.clear()
        writer.add(bytes(block))
        writer.commit(content_type=JSON_LINES_TYPE)
    version = container.find(name)
    if version is None:
        raise LookupError(f"{name} was written and is gone")
    return version


def _inflated(packed: Iterator[tuple[bytes, bool]], limit: int) -> Iterator[bytes]:
    """Unpack, never holding more than a block: a small file may unpack to anything."""
    total = 0
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    for piece, _ in packed:
        rest = piece
        while rest:
            if unpacker.eof:  # one gzip file may hold several, one after the other
                unpacker = zlib.decompressobj(_GZIP_WINDOW)
            try:
                content = unpacker.decompress(rest, BLOCK_BYTES)
            except zlib.error as error:
                raise SourceUnusableError("not_gzip") from error
            total += len(content)
            if total > limit:
                raise SourceUnusableError("source_too_large", "unpacked, it is")
            yield content
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if not unpacker.eof:
        raise SourceUnusableError("gzip_cut_short")
