"""Where rows begin and end in bytes, and how rows make chunks; pure, and never the whole file.

A row ends at a newline outside quotes (RFC 4180), or at any newline in JSON Lines. A quote that is
never closed must not swallow what follows: such a row is broken, ends at its first newline, and
reading goes on behind it. Planner and reader use the same function, so they see the same rows.
What is in a row is for rows.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

MOST_ROW_BYTES = 64 * 1024
MOST_CHUNK_BYTES = 8 * 1024 * 1024  # what one activity holds, whatever the rows are like
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_FIELD = rb'(?:"(?:[^"]++|"")*+"\r?|[^",\n][^,\n]*+|)'
_WHOLE_ROW = re.compile(rb"(?:%b,)*+%b\n" % (_FIELD, _FIELD))


class Format(StrEnum):
    """How the rows of a source are written."""

    CSV = "csv"
    JSON_LINES = "jsonl"


class EndlessRowError(ValueError):
    """No row ends within what one chunk may hold: this is no text of rows."""


@dataclass(frozen=True, slots=True)
class Split:
    """Where rows end in some bytes, as offsets, and which of them (by index) are broken.

    What follows the last end is the beginning of a row whose rest has not come yet.
    """

    ends: list[int]
    broken: list[int]

    def rows(self, data: bytes) -> list[bytes]:
        """Return the rows, each with its newline."""
        return [data[start:end] for start, end in pairwise([0, *self.ends])]


def split_rows(data: bytes, row_format: Format, *, is_last: bool) -> Split:
    """Find the rows in bytes that begin with one.

    Args:
        data: Where to look.
        row_format: Whether quotes count.
        is_last: Nothing follows, so that the rest is a row, with or without a newline.
    """
    size = len(data)
    if is_last and size and not data.endswith(b"\n"):
        data += b"\n"
    ends: list[int] = []
    broken: list[int] = []
    position = 0
    quote = data.find(b'"') if row_format is Format.CSV else -1
    while end := data.find(b"\n", position) + 1:
        if 0 <= quote < position:
            quote = data.find(b'"', position)
        if 0 <= quote < end:
            row = _WHOLE_ROW.match(data, position, position + MOST_ROW_BYTES)
            if row is not None:
                end = row.end()
            elif not is_last and size - position < MOST_ROW_BYTES:
                break  # what closes the quote may still come
            else:
                broken.append(len(ends))
        ends.append(min(end, size))
        position = end
    return Split(ends=ends, broken=broken)


def is_broken(row: bytes) -> bool:
    """Tell whether one CSV row, given alone, has a quote that is not closed as it should be."""
    whole = row if row.endswith(b"\n") else row + b"\n"
    return b'"' in row and _WHOLE_ROW.fullmatch(whole) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where planning stands: the next byte, and the numbers of the next row, line and chunk.

    Rows and lines count from 1, as people do; chunks and bytes from 0.
    """

    offset: int = 0
    row: int = 1
    line: int = 1
    chunk: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some whole rows of the source: where they are, and how many."""

    begin: Place
    length: int
    rows: int
    lines: int

    @property
    def end(self) -> Place:
        """Where the next chunk begins."""
        return Place(
            offset=self.begin.offset + self.length,
            row=self.begin.row + self.rows,
            line=self.begin.line + self.lines,
            chunk=self.begin.chunk + 1,
        )


class Planner:
    """Cuts a source that comes in pieces into chunks; holds one unfinished row at most.

    Args:
        begin: Where the first piece begins.
        row_format: How rows are written.
        rows_per_chunk: How many rows a chunk has at most.
    """

    def __init__(self, begin: Place, *, row_format: Format, rows_per_chunk: int) -> None:
        self._format = row_format
        self._most_rows = rows_per_chunk
        self._open = Chunk(begin=begin, length=0, rows=0, lines=0)
        self._tail = b""

    def feed(self, piece: bytes, *, is_last: bool) -> list[Chunk]:
        """Take the next piece; return the chunks that it completes.

        Raises:
            EndlessRowError: A row is longer than a chunk may be.
        """
        data = self._tail + piece
        ends = split_rows(data, self._format, is_last=is_last).ends
        chunks: list[Chunk] = []
        start = taken = 0
        while taken < len(ends):
            room = MOST_CHUNK_BYTES - self._open.length
            most = min(taken + self._most_rows - self._open.rows, len(ends))
            fitting = bisect_right(ends, start + room, taken, most)
            if fitting > taken:
                self._take(data, start, ends[fitting - 1], fitting - taken)
                start, taken = ends[fitting - 1], fitting
            if self._open.rows == self._most_rows or taken < len(ends):
                chunks.append(self._closed())
        self._tail = data[start:]
        if len(self._tail) > MOST_CHUNK_BYTES:
            raise EndlessRowError("a row is longer than a chunk may be")
        if is_last and self._open.rows:
            chunks.append(self._closed())
        return chunks

    def _take(self, data: bytes, start: int, end: int, rows: int) -> None:
        self._open = replace(
            self._open,
            length=self._open.length + end - start,
            rows=self._open.rows + rows,
            lines=self._open.lines + data.count(b"\n", start, end),
        )

    def _closed(self) -> Chunk:
        chunk = self._open
        if not chunk.rows:
            raise EndlessRowError("a row is longer than a chunk may be")
        self._open = Chunk(begin=chunk.end, length=0, rows=0, lines=0)
        return chunk
