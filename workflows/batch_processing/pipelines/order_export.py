"""Settled orders and refunds as JSON Lines, with totals per day and currency, by their booking.

A window that has been readable once (order_book.READABLE_AFTER behind its end) never changes.
"""

from typing import Annotated, TypedDict

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from shared.models import JsonObject
from shared.money import Currency
from shared.order_book import READABLE_AFTER, open_order_book
from workflows.batch_processing.pipelines.base import ControlSum, Pipeline


class SettledRow(TypedDict):
    """An order, or the refund of one, as the book has it; money in minor units."""

    __pydantic_config__ = ConfigDict(alias_generator=to_camel, extra="forbid")  # type: ignore[misc]

    entry_id: str
    order_id: str
    status: str
    ended_at: AwareDatetime
    booked_at: AwareDatetime
    total_minor: Annotated[int, Field(ge=0)]
    captured_minor: Annotated[int, Field(ge=0)]
    refunded_minor: Annotated[int, Field(ge=0)]
    currency: Currency


def _exported(row: SettledRow) -> JsonObject:
    return {
        "entryId": row["entry_id"],
        "orderId": row["order_id"],
        "day": row["booked_at"].date().isoformat(),
        "bookedAt": row["booked_at"].isoformat(),
        "endedAt": row["ended_at"].isoformat(),
        "status": row["status"],
        "totalMinor": row["total_minor"],
        "capturedMinor": row["captured_minor"],
        "refundedMinor": row["refunded_minor"],
        "currency": row["currency"],
    }


_PER_DAY = ("day", "currency")

ORDER_EXPORT = Pipeline(
    name="order_export",
    row=TypeAdapter(SettledRow),
    transform=_exported,
    key="entryId",
    control_sums=(
        ControlSum(name="totalMinor", of_row="total_minor", of_result="totalMinor", by=_PER_DAY),
        ControlSum(
            name="capturedMinor",
            of_row="captured_minor",
            of_result="capturedMinor",
            by=_PER_DAY,
        ),
        ControlSum(
            name="refundedMinor",
            of_row="refunded_minor",
            of_result="refundedMinor",
            by=_PER_DAY,
        ),
    ),
    open_store=open_order_book,
    readable_after=READABLE_AFTER,
)
