"""What activities are asked, and what they answer. Nothing here holds personal data."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.models import WireModel
from workflows.delivery_tracking.models import Count, DeliveryStatus


class CheckShipment(WireModel):
    """Input: look how things stand at an instant."""

    shipment_id: str
    as_of: AwareDatetime


class Reading(WireModel):
    """What all scans that are known say together.

    Attributes:
        status: where the parcel is.
        moved_at: when it came there; None before the first scan.
        scans: how many are known.
        heard_at: when the last one was made; None before the first.
        attempts: how often nobody could take the parcel.
        answered: whether the carrier answered; if not, this is what was known before.
        next_check_s: in how many seconds there may be more, if the carrier says so.
    """

    status: DeliveryStatus
    moved_at: AwareDatetime | None = None
    scans: Count = 0
    heard_at: AwareDatetime | None = None
    attempts: Count = 0
    answered: bool = True
    next_check_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class Trouble(StrEnum):
    """What a customer hears of beside where the parcel is."""

    LATE = "late"
    SILENT = "silent"


class NotifyCustomer(WireModel):
    """Input: tell the customer of an order of a trouble, or else where the parcel is.

    Once per key; ``attempts`` is how often nobody could take the parcel.
    """

    order_id: str
    requests_table: str
    key: str
    status: DeliveryStatus
    trouble: Trouble | None = None
    attempts: Count = 0
    tracking_number: str
    at: AwareDatetime


class OpenInquiry(WireModel):
    """Input: ask the carrier what became of a parcel; each silence has its number."""

    shipment_id: str
    number: Annotated[int, Field(ge=1)]
    at: AwareDatetime


class OpenClaim(WireModel):
    """Input: ask the carrier to pay for a parcel that is lost."""

    shipment_id: str
    at: AwareDatetime


class Asked(WireModel):
    """What came of asking: the carrier looks into it, or refuses to."""

    taken: bool
