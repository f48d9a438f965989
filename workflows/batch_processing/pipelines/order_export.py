"""Settled orders of a stretch of time as JSON Lines, with totals per day and currency."""

from typing import Annotated, TypedDict

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from shared.models import JsonObject
from shared.money import Currency
from shared.order_book import open_order_book
from workflows.batch_processing.pipelines.base import ControlSum, Pipeline


class SettledRow(TypedDict):
    """An order as the book has it; money in minor units."""

    __pydantic_config__ = ConfigDict(alias_generator=to_camel, extra="forbid")  # type: ignore[misc]

    order_id: str
    status: str
    settled_at: Annotated[str, Field(min_length=len("2030-01-01"))]
    total_minor: Annotated[int, Field(ge=0)]
    captured_minor: Annotated[int, Field(ge=0)]
    currency: Currency


def _exported(row: SettledRow) -> JsonObject:
    return {
        "orderId": row["order_id"],
        "day": row["settled_at"][: len("2030-01-01")],
        "settledAt": row["settled_at"],
        "status": row["status"],
        "totalMinor": row["total_minor"],
        "capturedMinor": row["captured_minor"],
        "currency": row["currency"],
    }


_PER_DAY = ("day", "currency")

ORDER_EXPORT = Pipeline(
    name="order_export",
    row=TypeAdapter(SettledRow),
    transform=_exported,
    key="orderId",
    control_sums=(
        ControlSum(name="totalMinor", of_row="total_minor", of_result="totalMinor", by=_PER_DAY),
        ControlSum(
            name="capturedMinor",
            of_row="captured_minor",
            of_result="capturedMinor",
            by=_PER_DAY,
        ),
    ),
    open_store=open_order_book,
)
