"""What a stranger may send: every number bounded, every name checked, one source."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.http import field_problems
from workflows.batch_processing.models import Unit
from workflows.batch_processing.requests import BatchRequest

GOOD = {"jobId": "j1", "pipeline": "catalogue_import", "dataSource": "imports/catalogue.csv"}
WINDOW = {"from": "2030-01-01T00:00:00Z", "to": "2030-01-02T00:00:00Z"}


def problems(**changed: Any) -> list[str]:
    body = {name: value for name, value in (GOOD | changed).items() if value is not ...}
    with pytest.raises(ValidationError) as raised:
        BatchRequest.from_json(body)
    return [found.pointer for found in field_problems(raised.value)]


def test_a_request_has_safe_defaults() -> None:
    request = BatchRequest.from_json(GOOD)

    assert request.batch_size == 5_000
    assert request.max_parallelism == 8
    assert request.failure_budget.percent == 10
    assert not request.dry_run


@pytest.mark.parametrize("field", ["batchSize", "maxParallelism"])
@pytest.mark.parametrize("value", [0, -1, 10**9, "8", 1.5, True, None, [8]])
def test_numbers_that_no_loop_survives_are_refused_by_name(field: str, value: Any) -> None:
    assert problems(**{field: value}) == [f"/{field}"]


@pytest.mark.parametrize(
    "budget", [{"percent": 101}, {"percent": -1}, {"rows": -1}, {"rows": 0.5}, {"percent": "5"}]
)
def test_a_budget_is_bounded(budget: dict[str, Any]) -> None:
    assert problems(failureBudget=budget) == [f"/failureBudget/{next(iter(budget))}"]


@pytest.mark.parametrize(
    "source",
    [
        "https://example.com/x.csv",
        "imports/../secrets.csv",
        "imports/",
        "catalogue.csv",
        "imports/a//b.csv",
        "imports/.hidden",
        "imports/a/.hidden",
        "imports/a.",
        "IMPORTS/a.csv",
        "imports/a b.csv",
        "imports/a.csv?sig=x",
        "imports/a.csv\n",
        "imports/" + "a" * 201,
        "",
    ],
)
def test_a_source_is_a_name_in_a_container_and_nothing_else(source: str) -> None:
    assert problems(dataSource=source) == ["/dataSource"]


@pytest.mark.parametrize(
    ("window", "pointer"),
    [
        ({"from": "2030-01-01T00:00:00", "to": WINDOW["to"]}, "/window/from"),
        ({"from": WINDOW["to"], "to": WINDOW["from"]}, "/window"),
        ({"from": WINDOW["from"], "to": WINDOW["from"]}, "/window"),
        ({"from": "2030-01-01T00:00:00Z", "to": "2031-01-03T00:00:00Z"}, "/window"),
    ],
)
def test_a_window_is_a_stretch_of_time_in_utc(window: dict[str, str], pointer: str) -> None:
    assert problems(dataSource=..., window=window) == [pointer]


def test_there_is_one_source() -> None:
    assert problems(dataSource=...) == [""]
    assert problems(window=WINDOW) == [""]


def test_a_field_that_we_do_not_know_is_refused() -> None:
    assert problems(chunks=3) == ["/chunks"]


def test_the_keys_of_units_sort_as_their_rows_do() -> None:
    units = [
        Unit(chunk=9),
        Unit(chunk=10),
        Unit(chunk=10, start=0, count=2500),
        Unit(chunk=10, start=2500, count=2500),
        Unit(chunk=11),
    ]

    keys = [unit.key for unit in units]

    assert keys == sorted(keys)
    assert keys[2] == "0000010.00000+02500"
