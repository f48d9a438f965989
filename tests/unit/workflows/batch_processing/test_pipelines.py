"""What every pipeline keeps to, and how a header is read."""

import pytest

from workflows.batch_processing.pipelines import PIPELINES
from workflows.batch_processing.pipelines.base import Pipeline
from workflows.batch_processing.pipelines.catalogue_import import CATALOGUE_IMPORT


@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=lambda pipeline: pipeline.name)
def test_every_pipeline_has_control_sums_and_a_name_that_requests_can_say(
    pipeline: Pipeline,
) -> None:
    assert pipeline.control_sums
    assert PIPELINES[pipeline.name] is pipeline
    assert pipeline.required <= pipeline.columns


def test_columns_may_come_in_any_order() -> None:
    header = ["stock", "sku", "taxClass", "priceMinor", "currency"]

    assert CATALOGUE_IMPORT.header_problems(header) == ()


def test_every_difference_in_a_header_is_named() -> None:
    header = ["sku", "sku", "priceMinor", "Currency", "taxClass", "stok\n"]

    assert CATALOGUE_IMPORT.header_problems(header) == (
        "missing column: currency",
        "missing column: stock",
        "unknown column: 'Currency'",
        "unknown column: 'stok\\n'",
        "repeated column: 'sku'",
    )


def test_a_long_name_is_cut_before_it_gets_into_a_status() -> None:
    [*_, found] = CATALOGUE_IMPORT.header_problems([*CATALOGUE_IMPORT.columns, "x" * 1000])

    assert len(found) < 80
