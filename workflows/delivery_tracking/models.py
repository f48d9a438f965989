"""What crosses a boundary of this domain: the shipment to follow, what the carrier says, the end.

No personal data: the customer's address for mail is looked up by the activity that writes.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.models import WireModel

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class DeliveryStatus(StrEnum):
    """Where a parcel is."""

    BOOKED = "booked"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPT_FAILED = "attempt_failed"  # nobody was there; the carrier tries again
    RETURNING = "returning"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"  # the booking was called off
    LOST = "lost"  # the carrier had it, and its time is over
    EXPIRED = "expired"  # the carrier never had it, and its time is over


class TrackingState(WireModel):
    """What is known so far; carried from one generation of the instance to the next.

    ``scans`` counts the carrier's scans behind ``status``: news with fewer is old news. ``seen``
    counts all of them, ``heard_at`` is when the last one was seen, or the following began.
    """

    status: DeliveryStatus = DeliveryStatus.BOOKED
    scans: int = 0
    until: AwareDatetime
    seen: int = 0
    heard_at: AwareDatetime | None = None


class TrackDelivery(WireModel):
    """The orchestrator's input.

    ``requests_table`` names the table of stored requests that knows the customer of ``order_id``.
    """

    order_id: str
    shipment_id: str
    tracking_number: str
    limit_s: Seconds
    requests_table: str
    state: TrackingState | None = None


class CheckShipment(WireModel):
    """Input: ask the carrier how things stand at an instant."""

    shipment_id: str
    as_of: AwareDatetime


class Reading(WireModel):
    """What the carrier says, and in how many seconds it may have more to say."""

    status: DeliveryStatus
    scans: int
    next_check_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class NotifyCustomer(WireModel):
    """Input: tell the customer of an order where the parcel is, once per key."""

    order_id: str
    requests_table: str
    key: str
    status: DeliveryStatus
    tracking_number: str
    at: AwareDatetime


class Letter(WireModel):
    """What is written to a customer, in plain text."""

    subject: str
    text: str


class DeliveryResult(WireModel):
    """The orchestration's output."""

    order_id: str
    shipment_id: str
    tracking_number: str
    status: DeliveryStatus
    completed_at: AwareDatetime
