"""What activities are asked, and what they answer.

Nothing here holds personal data or a payment token: activities load both by the order's id.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.models import WireModel
from shared.money import Currency
from shared.ordering import Address, Identifier, PaymentMethod, Service
from workflows.order_processing.models import OrderLine


class ReserveStock(WireModel):
    """Input: hold these quantities until an instant."""

    reservation_id: str
    items: tuple[OrderLine, ...]
    expires_at: AwareDatetime


class Shortage(WireModel):
    """A line of which there is too little."""

    sku: str
    requested: int
    available: int


class Reservation(WireModel):
    """What the stock says: held in these warehouses, or not, and of what there is too little."""

    reserved: bool
    warehouses: tuple[str, ...] = ()
    shortages: tuple[Shortage, ...] = ()


class Asking(WireModel):
    """What a customer is asked: to take less, round after round, by an instant."""

    round: int
    shortages: tuple[Shortage, ...]
    asked_at: AwareDatetime
    amend_by: AwareDatetime

    @property
    def event(self) -> str:
        """What tells the order that something was said; it holds nothing."""
        return f"amend:{self.round}"


class AmendmentKey(WireModel):
    """Input: what the customer said in this round; when it closes, nothing more can be said."""

    instance_id: str
    round: int
    closes: bool = False


class AmendedLine(WireModel):
    """So many pieces are still wanted."""

    sku: str
    quantity: int


class Amendment(WireModel):
    """What the customer said: all that is still wanted; nothing when nothing was said."""

    items: tuple[AmendedLine, ...] = ()


class ExtendReservation(WireModel):
    """Input: hold what is reserved until a later instant."""

    reservation_id: str
    until: AwareDatetime


class ReservationKey(WireModel):
    """Input: which reservation to commit."""

    reservation_id: str


class PaymentStatus(StrEnum):
    """What the provider says of a payment; ABSENT when it never heard of the key."""

    ABSENT = "absent"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    DECLINED = "declined"
    CAPTURED = "captured"
    VOIDED = "voided"
    REFUNDED = "refunded"


class KeptPayment(WireModel):
    """What paying needs of a stored request."""

    payment: PaymentMethod


class KeptAddress(WireModel):
    """What shipping needs of a stored request."""

    shipping_address: Address


class AuthorizePayment(WireModel):
    """Input: hold the amount on the customer's payment method.

    Its token is in a stored request: the order's own, unless another table and id are named.
    """

    order_id: Identifier
    requests_table: str | None = None
    request_id: str | None = None
    key: str
    amount_minor: Annotated[int, Field(gt=0)]
    currency: Currency


class PaymentKey(WireModel):
    """Input: the payment that was authorized under this key."""

    key: str


class Payment(WireModel):
    """What the provider says."""

    status: PaymentStatus
    payment_id: str | None = None


class Direction(StrEnum):
    """Which way a parcel goes: to the customer, or from there back to us."""

    OUTBOUND = "outbound"
    RETURN = "return"


class BookShipment(WireModel):
    """Input: hand the parcels to the carrier, one from each warehouse.

    ``reference`` is the instance that follows them: the carrier names it when it tells of a scan.
    Where they go is in a stored request: the order's own, unless another table and id are named.
    """

    order_id: Identifier
    requests_table: str | None = None
    request_id: str | None = None
    key: str
    service: Service
    parcels: Annotated[int, Field(gt=0)] = 1
    direction: Direction = Direction.OUTBOUND
    reference: str | None = None
    at: AwareDatetime


class Shipment(WireModel):
    """A parcel that the carrier has taken on, and when it thinks that it arrives, if it says so."""

    shipment_id: str
    tracking_number: str
    expected_at: AwareDatetime | None = None


class Booking(WireModel):
    """What the carrier says: a shipment, or none, because it refuses; ``reason`` is why."""

    shipment: Shipment | None = None
    reason: str | None = None


class Message(StrEnum):
    """What a customer can be told."""

    CONFIRMED = "confirmed"
    ON_ITS_WAY = "on_its_way"  # and an operator let the capture be
    REJECTED = "rejected"
    PARTLY_OUT_OF_STOCK = "partly_out_of_stock"
    OUT_OF_STOCK = "out_of_stock"
    PAYMENT_DECLINED = "payment_declined"
    PAYMENT_EXPIRED = "payment_expired"
    CANCELLED = "cancelled"
    CANCELLED_AS_ASKED = "cancelled_as_asked"
    DELAYED = "delayed"
    REFUNDED_RETURNED = "refunded_returned"
    REFUNDED_LOST = "refunded_lost"
    REFUNDED_UNCOLLECTED = "refunded_uncollected"
    RETURN_LABEL = "return_label"
    RETURN_RECEIVED = "return_received"
    RETURN_LOST = "return_lost"
    RETURN_EXPIRED = "return_expired"
    RETURN_REFUSED = "return_refused"


class NotifyCustomer(WireModel):
    """Input: tell the customer of an order something, once per key."""

    order_id: Identifier
    key: str
    message: Message
    total_minor: int
    currency: Currency
    tracking_number: str | None = None
    asking: Asking | None = None
    at: AwareDatetime


class Told(WireModel):
    """Whether the customer was written to, as far as whoever carries it can tell."""

    told: bool


class RecordOutcome(WireModel):
    """Input: enter into the order book how an order ended; money in minor units."""

    order_id: Identifier
    status: str
    ended_at: AwareDatetime
    total_minor: int
    captured_minor: int
    currency: Currency


class RecordRefund(WireModel):
    """Input: enter into the order book that an order's money went back; in minor units."""

    order_id: Identifier
    refunded_minor: Annotated[int, Field(gt=0)]
    currency: Currency
    refunded_at: AwareDatetime


class Recorded(WireModel):
    """What the book says: it is in it."""
