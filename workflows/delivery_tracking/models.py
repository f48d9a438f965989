"""What crosses a boundary of this domain: the shipment to follow, its scans, the end.

No personal data: how the customer wants to be written to is looked up by the activity that writes.
What activities are asked is in questions.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, Field
from pydantic_core import PydanticCustomError

from shared.fields import matching
from shared.models import EdgeModel, WireModel

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_MOST_TOLD: Final = 1000


def _plausible(instant: datetime) -> datetime:
    if not _EARLIEST <= instant < _LATEST:
        raise PydanticCustomError("implausible", "expected an instant between 2000 and 2200")
    return instant


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
ScannedAt = Annotated[AwareDatetime, AfterValidator(_plausible)]
Token = Annotated[
    str,
    Field(min_length=1, max_length=100),
    matching(r"[\x21-\x7e]*", "printable ASCII without spaces"),
]


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
    LOST = "lost"  # the carrier had it, and says so or its time is over
    EXPIRED = "expired"  # the carrier never had it, and its time is over


class Scan(WireModel):
    """The carrier had the parcel in hand: what was noted, and when.

    The same ``scan_id`` is the same scan, however often it is told. A ``code`` that journey does
    not know says nothing.
    """

    scan_id: Token
    code: Token
    at: ScannedAt


class Tracking(WireModel):
    """What a carrier says when it is asked.

    Attributes:
        scans: all that were made so far, in any order.
        next_check_s: in how many seconds there may be more; None when the carrier does not say.
    """

    scans: Annotated[tuple[Scan, ...], Field(max_length=_MOST_TOLD)] = ()
    next_check_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class ScannedShipment(EdgeModel):
    """Which parcel was scanned; ``reference`` is what the carrier was given when it was booked."""

    shipment_id: Token
    reference: Token
    scan_id: Token
    code: Token
    at: ScannedAt


class ShipmentScanned(EdgeModel):
    """The body of ``POST /api/webhooks/carrier``."""

    type: Literal["shipment.scanned"]
    timestamp: str | None = None
    data: ScannedShipment


class TrackingState(WireModel):
    """What is known so far; carried from one generation of the instance to the next.

    Attributes:
        status: where the parcel is.
        moved_at: when it came there, as the carrier's scan says; None before the first.
        until: when it is given up.
        scans: how many of the carrier's scans are known.
        heard_at: when the last of them was made, or when the following began.
        attempts: how often nobody could take it.
        is_late: its estimate and the grace behind it are over.
        is_silent: there has been no scan for longer than patience is.
        is_inquired: the carrier was asked about this silence.
        inquiries: how many silences there were.
        notices: how many notices of a scan have been heard; names the next one.
        idle: how often in a row nothing was new.
        unanswered: how often in a row the carrier did not answer.
    """

    status: DeliveryStatus = DeliveryStatus.BOOKED
    moved_at: AwareDatetime | None = None
    until: AwareDatetime
    scans: Count = 0
    heard_at: AwareDatetime | None = None
    attempts: Count = 0
    is_late: bool = False
    is_silent: bool = False
    is_inquired: bool = False
    inquiries: Count = 0
    notices: Count = 0
    idle: Count = 0
    unanswered: Count = 0


class TrackDelivery(WireModel):
    """The orchestrator's input.

    Attributes:
        order_id: Whose parcel it is.
        shipment_id: How the carrier knows it.
        tracking_number: How people know it.
        limit_s: When it is given up.
        requests_table: The table of stored requests that knows the customer of ``order_id``.
        expected_at: When the carrier thinks that it arrives, if it said so.
        silence_s: How long there may be no scan of a parcel that the carrier has.
        quiet: Nobody is written to: it is a parcel that comes back to us.
        state: What the generation before this one knew.
    """

    order_id: str
    shipment_id: str
    tracking_number: str
    limit_s: Seconds
    requests_table: str
    expected_at: AwareDatetime | None = None
    silence_s: Seconds = 48 * 3600
    quiet: bool = False
    state: TrackingState | None = None


class DeliveryResult(WireModel):
    """The orchestration's output.

    ``late`` is about the estimate, by when it was delivered and not by when that was heard of;
    ``claimed`` is there for a parcel that is lost, and tells whether the carrier takes the claim.
    """

    order_id: str
    shipment_id: str
    tracking_number: str
    status: DeliveryStatus
    attempts: Count = 0
    late: bool = False
    claimed: bool | None = None
    completed_at: AwareDatetime
