"""What is in the rows of a unit: decoded, validated, transformed, or refused with a reason.

Pure, and quick: a row costs one parse, one validation, one transform and one dump, and nothing
else is made for a row that is right. Where rows come from and results go is for activities.
"""

import base64
import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, batched
from operator import itemgetter
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from shared.models import JsonObject
from workflows.batch_processing.partition import MOST_ROW_BYTES, Format, is_broken
from workflows.batch_processing.pipelines.base import Pipeline, RowRefusedError

# Rows worked on together: what is held of them at once, and what the target is given at once.
SLICE = 1_250

MALFORMED = "malformed_row"
INVALID = "invalid_row"
REFUSED = "refused_by_target"
REPEATED = "repeated_key"
POISON = "poison_row"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRows:
    """The rows of a unit as they came, and where each stands in the source.

    ``places`` are (row, line, attempts so far) for rows that are dead letters of another job;
    otherwise rows follow one another from ``first_row`` and ``first_line``.
    """

    rows: Sequence[bytes]
    row_format: Format
    columns: tuple[str, ...] = ()
    first_row: int = 1
    first_line: int = 1
    broken: frozenset[int] = frozenset()
    places: Sequence[tuple[int, int, int]] = ()

    def part(self, start: int, count: int) -> "RawRows":
        """Return some of the rows; those beyond the end are not there."""
        before = self.rows[:start]
        stop = start + count
        return RawRows(
            rows=self.rows[start:stop],
            row_format=self.row_format,
            columns=self.columns,
            first_row=self.first_row + len(before),
            first_line=self.first_line + sum(row.count(b"\n") for row in before),
            broken=frozenset(at - start for at in self.broken if start <= at < stop),
            places=self.places[start:stop],
        )

    def lines(self) -> Sequence[int]:
        """Return the line that each row begins in."""
        ends = (row.count(b"\n") for row in self.rows)
        return list(accumulate(ends, initial=self.first_line))


def letters_opened(letters: Iterable[bytes], *, inner: Format, columns: tuple[str, ...]) -> RawRows:
    """Return the rows inside dead letters, with the places that they had in their source."""
    rows: list[bytes] = []
    places: list[tuple[int, int, int]] = []
    for text in letters:
        letter = json.loads(text)
        raw = letter.get("raw")
        rows.append(base64.b64decode(letter["rawBase64"]) if raw is None else raw.encode())
        places.append((letter["row"], letter["line"], letter["attempts"]))
    is_csv = inner is Format.CSV
    return RawRows(
        rows=rows,
        row_format=inner,
        columns=columns,
        broken=frozenset(at for at, row in enumerate(rows) if is_csv and is_broken(row)),
        places=places,
    )


@dataclass(slots=True, kw_only=True)
class Sums:
    """Control sums of rows read and of results written, by the name of the sum and its group."""

    read: Counter[str] = field(default_factory=Counter[str])
    written: Counter[str] = field(default_factory=Counter[str])


@dataclass(slots=True, kw_only=True)
class Worked:
    """What became of a unit's rows."""

    results: list[bytes] = field(default_factory=list[bytes])
    letters: list[bytes] = field(default_factory=list[bytes])
    reasons: Counter[str] = field(default_factory=Counter[str])
    sums: Sums = field(default_factory=Sums)
    rows: int = 0
    blank: int = 0


type Row = Mapping[str, Any]
# Loads results and returns the indexes of those that the target refuses.
type Load = Callable[[Sequence[JsonObject]], Iterable[int]]


@dataclass(slots=True)
class _Slice:
    """Rows on their way: those accepted so far by their index in the unit, side by side."""

    at: list[int] = field(default_factory=list[int])
    read: list[Row] = field(default_factory=list[Row])
    results: list[JsonObject] = field(default_factory=list[JsonObject])


@dataclass(frozen=True, slots=True)
class _Refusal(Exception):  # noqa: N818 - it ends a row, not the work
    code: str
    problems: tuple[JsonObject, ...] = ()


def worked(pipeline: Pipeline, raw: RawRows, load: Load | None = None) -> Worked:
    """Work through the rows of a unit, slice by slice.

    Args:
        pipeline: What to do with them.
        raw: The rows.
        load: Writes results to the target, which may refuse some; None for a dry run.
    """
    done = Worked(rows=len(raw.rows))
    lines = raw.lines() if not raw.places else ()
    refusals: list[tuple[int, _Refusal]] = []
    keys: set[Any] = set()
    numbered = enumerate(_readings(pipeline, raw))
    for readings in batched(numbered, SLICE, strict=False):
        taken = _taken(pipeline, readings, keys, refusals, done)
        for index in sorted(load(taken.results) if load else (), reverse=True):
            refusals.append((taken.at[index], _Refusal(REFUSED)))
            for column in (taken.at, taken.read, taken.results):
                del column[index]
        _add_up(pipeline, taken, done.sums)
        done.results += map(to_json, taken.results)
    for at, refusal in sorted(refusals, key=itemgetter(0)):
        done.reasons[refusal.code] += 1
        done.letters.append(_letter(raw, at, lines, refusal))
    return done


def buried(raw: RawRows) -> Worked:
    """Give up every row of a unit: it ends whoever works on it."""
    lines = raw.lines() if not raw.places else ()
    letters = [_letter(raw, at, lines, _Refusal(POISON)) for at in range(len(raw.rows))]
    return Worked(letters=letters, reasons=Counter({POISON: len(letters)}), rows=len(letters))


def _taken(
    pipeline: Pipeline,
    readings: Iterable[tuple[int, Row | _Refusal | None]],
    keys: set[Any],
    refusals: list[tuple[int, _Refusal]],
    done: Worked,
) -> _Slice:
    """Transform the rows that can be read; note the others."""
    taken = _Slice()
    for at, row in readings:
        if row is None:
            done.blank += 1
            continue
        try:
            if isinstance(row, _Refusal):
                raise row
            result = _transformed(pipeline, row, keys)
        except _Refusal as refusal:
            refusals.append((at, refusal))
            continue
        taken.at.append(at)
        taken.read.append(row)
        taken.results.append(result)
    return taken


def _transformed(pipeline: Pipeline, row: Row, keys: set[Any]) -> JsonObject:
    try:
        result = pipeline.transform(row)
    except RowRefusedError as error:
        raise _Refusal(error.code) from error
    except Exception as error:  # whatever a pipeline's code trips over costs one row
        raise _Refusal("transform_failed", ({"code": type(error).__name__},)) from error
    if pipeline.key is not None:
        key = result[pipeline.key]
        if key in keys:
            raise _Refusal(REPEATED)
        keys.add(key)
    return result


def _readings(pipeline: Pipeline, raw: RawRows) -> Iterator[Row | _Refusal | None]:
    """Yield for every row what it says, why it cannot be read, or None when it is blank."""
    if raw.row_format is Format.CSV:
        return _csv_readings(pipeline, raw)
    return _json_readings(pipeline, raw)


def _csv_readings(pipeline: Pipeline, raw: RawRows) -> Iterator[Row | _Refusal | None]:
    validate = pipeline.row.validate_strings
    columns, width = raw.columns, len(raw.columns)
    # The reader is given whole rows alone, so that it stays in step with them.
    whole = (row for at, row in enumerate(raw.rows) if at not in raw.broken)
    reader = csv.reader(map(bytes.decode, whole), strict=True)
    for at, row in enumerate(raw.rows):
        if at in raw.broken:
            yield _Refusal(MALFORMED, ({"code": "unclosed_quote"},))
            continue
        try:
            values = next(reader)
            if len(values) == width and len(row) <= MOST_ROW_BYTES:
                record = dict(zip(columns, values, strict=True))
                if "" in values:
                    record = {name: value for name, value in record.items() if value}
                yield validate(record)
            else:
                yield None if not values else _misshapen(row)
        except ValidationError as error:
            yield _invalid(error)
        except UnicodeDecodeError:
            yield _Refusal(MALFORMED, ({"code": "not_utf8"},))
        except csv.Error:
            yield _Refusal(MALFORMED, ({"code": "not_csv"},))


def _misshapen(row: bytes) -> _Refusal:
    code = "row_too_long" if len(row) > MOST_ROW_BYTES else "wrong_number_of_columns"
    return _Refusal(MALFORMED, ({"code": code},))


def _json_readings(pipeline: Pipeline, raw: RawRows) -> Iterator[Row | _Refusal | None]:
    validate = pipeline.row.validate_json
    for row in raw.rows:
        try:
            if len(row) > MOST_ROW_BYTES:
                yield _misshapen(row)
            elif row.isspace() or not row:
                yield None
            else:
                yield validate(row, strict=True)
        except ValidationError as error:
            yield _invalid(error)


_MOST_PROBLEMS = 10


def _invalid(error: ValidationError) -> _Refusal:
    """Name what is wrong with each column; the values stand in the raw row."""
    problems = [
        {
            "column": ".".join(map(str, found["loc"]))[:64],
            "code": found["type"],
            "detail": found["msg"],
        }
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    malformed = any(problem["code"] == "json_invalid" for problem in problems)
    return _Refusal(MALFORMED if malformed else INVALID, tuple(problems[:_MOST_PROBLEMS]))


def _add_up(pipeline: Pipeline, taken: _Slice, sums: Sums) -> None:
    for control in pipeline.control_sums:
        if not control.by:
            sums.read[control.name] += sum(map(itemgetter(control.of_row), taken.read))
            sums.written[control.name] += sum(map(itemgetter(control.of_result), taken.results))
            continue
        for row, result in zip(taken.read, taken.results, strict=True):
            group = " ".join((control.name, *(str(result[member]) for member in control.by)))
            sums.read[group] += row[control.of_row]
            sums.written[group] += result[control.of_result]


def _letter(raw: RawRows, at: int, lines: Sequence[int], refusal: _Refusal) -> bytes:
    """Write a dead letter: where the row stood, why it was given up, and the row itself."""
    if raw.places:
        row, line, attempts = raw.places[at]
    else:
        row, line, attempts = raw.first_row + at, lines[at], 0
    content = raw.rows[at].rstrip(b"\r\n")
    document: JsonObject = {"row": row, "line": line, "code": refusal.code}
    if refusal.problems:
        document["problems"] = refusal.problems
    document["attempts"] = attempts + 1
    try:
        document["raw"] = content.decode()
    except UnicodeDecodeError:
        document["rawBase64"] = base64.b64encode(content).decode()
    return to_json(document)
