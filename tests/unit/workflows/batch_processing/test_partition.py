"""Planner and reader see the same rows, whatever the pieces, and one bad quote costs one row."""

import csv
from itertools import batched, pairwise

import pytest
from hypothesis import given, strategies as st

from workflows.batch_processing import partition
from workflows.batch_processing.partition import (
    MOST_ROW_BYTES,
    Chunk,
    EndlessRowError,
    Format,
    Place,
    Planner,
    is_broken,
    split_rows,
)

CSV_FIELDS = st.text(st.sampled_from('ab,"\r\n é'), max_size=6)
RECORDS = st.lists(st.lists(CSV_FIELDS, min_size=2, max_size=4), max_size=12)
# Anything at all, rich in what rows are made of.
CHAOS = st.lists(st.sampled_from([b"a", b",", b'"', b"\n", b"\r\n", b"\xff"]), max_size=60).map(
    b"".join
)
PIECES = st.integers(1, 9)


def rows_of(data: bytes, row_format: Format = Format.CSV) -> list[bytes]:
    return split_rows(data, row_format, is_last=True).rows(data)


def planned(data: bytes, *, piece: int, rows_per_chunk: int) -> list[Chunk]:
    planner = Planner(Place(), row_format=Format.CSV, rows_per_chunk=rows_per_chunk)
    pieces = [bytes(part) for part in batched(data, piece, strict=False)]
    chunks = [chunk for part in pieces for chunk in planner.feed(part, is_last=False)]
    return chunks + planner.feed(b"", is_last=True)


def written(records: list[list[str]]) -> bytes:
    lines: list[str] = []

    class Sink:
        def write(self, text: str) -> None:
            lines.append(text)

    csv.writer(Sink(), quoting=csv.QUOTE_ALL).writerows(records)
    return "".join(lines).encode()


@given(RECORDS)
def test_a_well_formed_file_has_the_rows_that_were_written(records: list[list[str]]) -> None:
    data = written(records)

    split = split_rows(data, Format.CSV, is_last=True)

    assert not split.broken
    assert [next(csv.reader([row.decode()], strict=True)) for row in split.rows(data)] == records


@given(CHAOS)
def test_every_byte_is_in_exactly_one_row(data: bytes) -> None:
    assert b"".join(rows_of(data)) == data
    assert all(rows_of(data))


@given(CHAOS, PIECES, st.integers(1, 5), st.integers(1, 40))
def test_planner_and_reader_agree_on_any_bytes_in_any_pieces(
    data: bytes, piece: int, rows_per_chunk: int, most_row_bytes: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partition, "MOST_ROW_BYTES", most_row_bytes)
        chunks = planned(data, piece=piece, rows_per_chunk=rows_per_chunk)
        read = [rows_of(data[chunk.begin.offset : chunk.end.offset]) for chunk in chunks]
        whole = rows_of(data)

    assert [row for rows in read for row in rows] == whole
    assert [len(rows) for rows in read] == [chunk.rows for chunk in chunks]
    assert all(len(rows) == rows_per_chunk for rows in read[:-1])
    assert all(one.end == other.begin for one, other in pairwise(chunks))
    assert [chunk.begin.line for chunk in chunks] == [
        1 + data[: chunk.begin.offset].count(b"\n") for chunk in chunks
    ]


@given(CHAOS)
def test_a_broken_row_is_broken_alone_too(data: bytes) -> None:
    split = split_rows(data, Format.CSV, is_last=True)

    broken = [at for at, row in enumerate(split.rows(data)) if is_broken(row)]

    assert broken == split.broken


@given(RECORDS, st.integers(1, 4))
def test_a_limit_in_bytes_ends_chunks_too(records: list[list[str]], most: int) -> None:
    data = written(records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partition, "MOST_CHUNK_BYTES", 64 * most)
        chunks = planned(data, piece=50, rows_per_chunk=1000)

    assert all(chunk.length <= 64 * most for chunk in chunks)
    assert sum(chunk.rows for chunk in chunks) == len(records)


def test_a_quote_that_is_never_closed_costs_its_row_and_no_other() -> None:
    good = b"a,1\n" * (MOST_ROW_BYTES // 4 + 10)
    data = b'x,1\n"y,2\n' + good

    split = split_rows(data, Format.CSV, is_last=True)

    assert split.broken == [1]
    assert split.rows(data)[1] == b'"y,2\n'
    assert len(split.ends) == 2 + good.count(b"\n")


def test_a_stray_quote_does_not_flip_the_meaning_of_the_rest() -> None:
    data = b'"y,2\n1,a\n2,b\n"q ""x"" \n r",3\n5" pipe,4\n'

    split = split_rows(data, Format.CSV, is_last=True)

    assert split.rows(data) == [
        b'"y,2\n',
        b"1,a\n",
        b"2,b\n",
        b'"q ""x"" \n r",3\n',
        b'5" pipe,4\n',
    ]
    assert split.broken == [0]


def test_quotes_mean_nothing_in_json_lines() -> None:
    assert rows_of(b'{"a":"\n{}', Format.JSON_LINES) == [b'{"a":"\n', b"{}"]


def test_the_planner_reads_on_while_a_quote_may_still_be_closed() -> None:
    planner = Planner(Place(), row_format=Format.CSV, rows_per_chunk=1)

    assert planner.feed(b'"a\n', is_last=False) == []
    [chunk] = planner.feed(b'b",1\n', is_last=True)

    assert (chunk.length, chunk.rows, chunk.lines) == (8, 1, 2)


def test_planning_goes_on_where_it_stopped() -> None:
    data = b"".join(b"%d\n" % number for number in range(10))
    first = planned(data, piece=4, rows_per_chunk=3)
    stop = first[1].end

    planner = Planner(stop, row_format=Format.CSV, rows_per_chunk=3)
    rest = planner.feed(data[stop.offset :], is_last=True)

    assert [*first[:2], *rest] == first
    assert stop == Place(offset=12, row=7, line=7, chunk=2)


@pytest.mark.parametrize("is_last", [False, True])
def test_bytes_without_rows_are_refused_before_they_fill_the_memory(*, is_last: bool) -> None:
    planner = Planner(Place(), row_format=Format.CSV, rows_per_chunk=3)

    with pytest.raises(EndlessRowError):
        planner.feed(b"x" * (partition.MOST_CHUNK_BYTES + 1), is_last=is_last)


def test_nothing_is_no_row() -> None:
    assert rows_of(b"") == []
    assert planned(b"", piece=1, rows_per_chunk=1) == []
