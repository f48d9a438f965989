"""What crosses a boundary when a customer sends an order back: the wish, the input, the result.

Why it comes back is kept with the wish and enters no history: people write all sorts of things.
"""

from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.models import EdgeModel, WireModel
from shared.money import Currency, MinorUnits
from shared.ordering import Identifier, Service
from shared.personal import PlainText
from shared.saga import Entry
from workflows.order_processing.models import CompensationEntry, Sale, Seconds


class ReturnOrder(EdgeModel):
    """The body of ``POST /api/orders/{orderId}/return``."""

    reason: PlainText


class Return(WireModel):
    """The orchestrator's input: what was sold, and how long a parcel may take to come back.

    ``limit_s`` is counted from the label: time to hand the parcel in, and time to travel.
    """

    order_id: Identifier
    sale: Sale
    currency: Currency
    service: Service
    limit_s: Seconds


class KeptReturn(WireModel):
    """A wish as it is kept: the first one of an order stands."""

    reason: str
    input: Return


class ReturnResult(WireModel):
    """The orchestration's output; money in minor units, ``settled`` is what an operator let be."""

    order_id: Identifier
    status: str
    reason: str | None = None
    refunded_minor: Annotated[MinorUnits, Field(ge=0)] = 0
    currency: Currency
    tracking_number: str | None = None
    compensations: tuple[CompensationEntry, ...] = ()
    settled: tuple[Entry, ...] | None = None
    customer_told: bool
    completed_at: AwareDatetime
