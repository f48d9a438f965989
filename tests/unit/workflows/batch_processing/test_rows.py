"""What becomes of rows: accepted, blank, or given up with a reason; nothing disappears."""

import json
from collections.abc import Sequence
from typing import Any, TypedDict

import pytest
from hypothesis import given, strategies as st
from pydantic import TypeAdapter

from shared.models import JsonObject
from workflows.batch_processing.partition import MOST_ROW_BYTES, Format, split_rows
from workflows.batch_processing.pipelines.base import ControlSum, Pipeline, RowRefusedError
from workflows.batch_processing.pipelines.catalogue_import import CATALOGUE_IMPORT
from workflows.batch_processing.rows import (
    SLICE,
    RawRows,
    Worked,
    buried,
    letters_opened,
    worked,
)

COLUMNS = ("sku", "priceMinor", "currency", "taxClass", "stock")
GOOD = b"lamp,1999,EUR,standard,7\n"


def raw(data: bytes, row_format: Format = Format.CSV, **more: Any) -> RawRows:
    split = split_rows(data, row_format, is_last=True)
    return RawRows(
        rows=split.rows(data),
        row_format=row_format,
        columns=COLUMNS,
        broken=frozenset(split.broken),
        **more,
    )


def letters(done: Worked) -> list[dict[str, Any]]:
    return [json.loads(letter) for letter in done.letters]


def codes(done: Worked) -> list[tuple[str, str]]:
    return [(found["code"], found["problems"][0]["code"]) for found in letters(done)]


def test_a_good_row_becomes_a_result_and_adds_to_the_sums() -> None:
    done = worked(CATALOGUE_IMPORT, raw(GOOD + b"mug,1,EUR,zero,2\n"))

    assert [json.loads(result) for result in done.results] == [
        {"sku": "lamp", "priceMinor": 1999, "currency": "EUR", "taxClass": "standard", "stock": 7},
        {"sku": "mug", "priceMinor": 1, "currency": "EUR", "taxClass": "zero", "stock": 2},
    ]
    assert done.sums.read == done.sums.written == {"priceMinor": 2000, "stock": 9}
    assert (done.rows, done.blank, done.letters) == (2, 0, [])


@pytest.mark.parametrize(
    ("row", "code", "problem"),
    [
        (b"lamp,1_000,EUR,standard,7", "invalid_row", "whole_number"),
        (b"lamp, 1,EUR,standard,7", "invalid_row", "whole_number"),
        (b"lamp,1.0,EUR,standard,7", "invalid_row", "whole_number"),
        (b"lamp,-1,EUR,standard,7", "invalid_row", "whole_number"),
        (b"lamp,1e9,EUR,standard,7", "invalid_row", "whole_number"),
        (b"lamp,1000000001,EUR,standard,7", "invalid_row", "less_than_equal"),
        (b"lamp,1,XXX,standard,7", "invalid_row", "unknown_currency"),
        (b"lamp,1,EUR,luxury,7", "invalid_row", "literal_error"),
        (b"la mp,1,EUR,standard,7", "invalid_row", "string_pattern_mismatch"),
        (b",1,EUR,standard,7", "invalid_row", "missing"),
        (b"lamp,1,EUR,standard", "malformed_row", "wrong_number_of_columns"),
        (b"lamp,1,EUR,standard,7,8", "malformed_row", "wrong_number_of_columns"),
        (b'"lamp,1,EUR,standard,7', "malformed_row", "unclosed_quote"),
        (b'lamp,1,EUR,standard,"7"8', "malformed_row", "unclosed_quote"),
        (b"la\rmp,1,EUR,standard,7", "malformed_row", "not_csv"),
        (b"lamp\xff,1,EUR,standard,7", "malformed_row", "not_utf8"),
        (b"x" * (MOST_ROW_BYTES + 1), "malformed_row", "row_too_long"),
    ],
)
def test_a_bad_row_is_one_dead_letter_and_its_neighbours_are_not_touched(
    row: bytes, code: str, problem: str
) -> None:
    done = worked(CATALOGUE_IMPORT, raw(GOOD + row + b"\nmug,1,EUR,zero,2\n"))

    assert codes(done) == [(code, problem)]
    assert letters(done)[0]["row"] == 2
    assert len(done.results) == 2


def test_blank_rows_are_counted_and_are_no_failure() -> None:
    done = worked(CATALOGUE_IMPORT, raw(b"\n" + GOOD + b"\r\n"))

    assert (done.rows, done.blank, len(done.results), done.letters) == (3, 2, 1, [])


def test_a_dead_letter_says_where_the_row_stood_in_rows_and_in_lines() -> None:
    data = b'"a\nb",1,EUR,standard,7\nlamp,x,EUR,standard,7\n'

    done = worked(CATALOGUE_IMPORT, raw(data, first_row=11, first_line=12))

    assert [(found["row"], found["line"]) for found in letters(done)] == [(11, 12), (12, 14)]
    assert letters(done)[1]["raw"] == "lamp,x,EUR,standard,7"
    assert [problem["column"] for problem in letters(done)[1]["problems"]] == ["priceMinor"]


def test_json_lines_are_as_strict() -> None:
    good = b'{"sku":"lamp","priceMinor":1,"currency":"EUR","taxClass":"zero","stock":0}'
    lines = [good, good.replace(b":1,", b':"1",'), good[:-1], b"", b"[]", good[:-1] + b',"x":1}']

    done = worked(CATALOGUE_IMPORT, raw(b"\n".join(lines), Format.JSON_LINES))

    assert codes(done) == [
        ("invalid_row", "int_type"),
        ("malformed_row", "json_invalid"),
        ("invalid_row", "dict_type"),
        ("invalid_row", "extra_forbidden"),
    ]
    assert (len(done.results), done.blank) == (1, 1)


def test_the_second_row_of_a_key_is_a_dead_letter() -> None:
    done = worked(CATALOGUE_IMPORT, raw(GOOD + GOOD))

    assert [found["code"] for found in letters(done)] == ["repeated_key"]
    assert done.sums.written["stock"] == 7


def test_what_the_target_refuses_is_a_dead_letter_and_in_no_sum() -> None:
    def load(results: Sequence[JsonObject]) -> list[int]:
        return [at for at, result in enumerate(results) if result["sku"] == "mug"]

    done = worked(CATALOGUE_IMPORT, raw(GOOD + b"mug,1,EUR,zero,2\n"), load)

    assert [found["code"] for found in letters(done)] == ["refused_by_target"]
    assert done.sums.read == done.sums.written == {"priceMinor": 1999, "stock": 7}


class Line(TypedDict):
    """A row of the pipeline below."""

    day: str
    amount: int


def strange(row: Line) -> JsonObject:
    if row["amount"] == 13:
        raise RowRefusedError("unlucky")
    return {"day": row["day"], "share": 100 // row["amount"]}


STRANGE = Pipeline(
    name="strange",
    row=TypeAdapter(Line),
    transform=strange,
    control_sums=(ControlSum(name="amount", of_row="amount", of_result="share", by=("day",)),),
)


def test_a_transform_that_refuses_or_trips_costs_one_row() -> None:
    rows = b'{"day":"mon","amount":0}\n{"day":"mon","amount":13}\n{"day":"tue","amount":10}'

    done = worked(STRANGE, raw(rows, Format.JSON_LINES))

    assert done.reasons == {"transform_failed": 1, "unlucky": 1}
    assert letters(done)[0]["problems"] == [{"code": "ZeroDivisionError"}]
    assert done.sums.read == done.sums.written == {"amount tue": 10}


def test_a_transform_that_changes_a_sum_is_seen() -> None:
    done = worked(STRANGE, raw(b'{"day":"mon","amount":50}', Format.JSON_LINES))

    assert done.sums.read != done.sums.written


def test_dead_letters_can_be_worked_through_again_under_their_old_numbers() -> None:
    data = b'lamp,x,EUR,standard,7\n\xff,1\n"y,2\n'
    first = worked(CATALOGUE_IMPORT, raw(data, first_row=5, first_line=6))

    again = worked(
        CATALOGUE_IMPORT, letters_opened(first.letters, inner=Format.CSV, columns=COLUMNS)
    )

    assert codes(again) == codes(first)
    assert [(found["row"], found["line"]) for found in letters(again)] == [(5, 6), (6, 7), (7, 8)]
    assert [found["attempts"] for found in letters(again)] == [2, 2, 2]
    assert letters(again)[1]["rawBase64"] == letters(first)[1]["rawBase64"]


def test_a_buried_row_keeps_its_content() -> None:
    done = buried(raw(GOOD + b'"a\nb",1,2\n' + GOOD).part(2, 1))

    assert letters(done) == [
        {
            "row": 3,
            "line": 4,
            "code": "poison_row",
            "attempts": 1,
            "raw": "lamp,1999,EUR,standard,7",
        }
    ]
    assert done.rows == 1


ANY_ROW = st.sampled_from(
    [
        GOOD,
        b"mug,1,EUR,zero,2\n",
        b"\n",
        b'"open,1\n',
        b'"a\nb",1,EUR,zero,3\n',
        b"a,b\n",
        b"\xff\n",
    ]
)


@given(st.lists(ANY_ROW, max_size=30), st.integers(0, 30), st.integers(1, 30))
def test_nothing_disappears_and_parts_say_what_the_whole_says(
    rows: list[bytes], start: int, count: int
) -> None:
    data = b"".join(rows)
    whole = raw(data)

    done = worked(CATALOGUE_IMPORT, whole)

    assert len(done.results) + len(done.letters) + done.blank == done.rows
    part = whole.part(start, count)
    places = dict(enumerate(whole.lines()[:-1], start=1))
    assert part.rows == whole.rows[start : start + count]
    for letter in letters(worked(CATALOGUE_IMPORT, part)):
        assert places[letter["row"]] == letter["line"]


def test_rows_are_loaded_in_slices_so_that_memory_stays_flat() -> None:
    sizes: list[int] = []

    def load(results: Sequence[JsonObject]) -> list[int]:
        sizes.append(len(results))
        return []

    data = b"".join(b"s%d,1,EUR,zero,2\n" % number for number in range(2 * SLICE + 5))
    worked(CATALOGUE_IMPORT, raw(data), load)

    assert sizes == [SLICE, SLICE, 5]
