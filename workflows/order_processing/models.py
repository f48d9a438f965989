"""What crosses a boundary of this domain: the request, the order, what activities say, the result.

The request is what a customer sends and holds personal data and the payment token; it is stored
once and never enters a history. The order is what the orchestrator works on and holds neither.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field

from shared.models import EdgeModel, WireModel
from shared.money import Currency, MinorUnits
from shared.ordering import (
    Address,
    Customer,
    Identifier,
    Lines,
    PaymentMethod,
    Quantity,
    Service,
    Shipping,
)
from shared.personal import PlainText
from shared.quote import PriceProblem
from shared.saga import Entry, StepStatus, Undoing

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class OrderLine(WireModel):
    """So many pieces at the price that the customer was shown; validation compares it."""

    sku: Identifier
    quantity: Quantity
    unit_price_minor: MinorUnits


class Item(OrderLine):
    """An order line as a stranger sends it."""

    model_config = ConfigDict(extra="forbid")


class OrderRequest(EdgeModel):
    """The body of ``POST /api/orders``."""

    order_id: Identifier
    customer: Customer
    items: Lines[Item]
    currency: Currency
    shipping_address: Address
    shipping: Shipping = Shipping()
    payment: PaymentMethod


class CancelOrder(EdgeModel):
    """The body of ``POST /api/orders/{orderId}/cancel``."""

    reason: PlainText


class ChangedPayment(EdgeModel):
    """Which payment a notice is about, by the key that it was authorized under."""

    key: Annotated[str, Field(min_length=1, max_length=200)]


class PaymentChanged(EdgeModel):
    """The body of ``POST /api/webhooks/payments``."""

    type: Literal["payment.changed"]
    timestamp: str | None = None
    data: ChangedPayment


class OrderPolicy(WireModel):
    """The settings that shape one order, in seconds, fixed when it starts so that replays agree.

    A pending payment has ``payment_patience_s``; the provider is asked after
    ``payment_check_s``, then after ever longer pauses. Tracking ends after ``delivery_limit_s``.
    """

    payment_patience_s: Seconds
    payment_check_s: Seconds
    reservation_ttl_s: Seconds
    delivery_limit_s: Seconds


class Order(WireModel):
    """The orchestrator's input: no token, no name, no address, no e-mail."""

    order_id: Identifier
    items: tuple[OrderLine, ...]
    currency: Currency
    service: Service
    policy: OrderPolicy

    @classmethod
    def of(cls, request: OrderRequest, policy: OrderPolicy) -> Self:
        """Keep of a request what the orchestrator may know."""
        return cls(
            order_id=request.order_id,
            items=tuple(
                OrderLine(
                    sku=item.sku, quantity=item.quantity, unit_price_minor=item.unit_price_minor
                )
                for item in request.items
            ),
            currency=request.currency,
            service=request.shipping.service,
            policy=policy,
        )

    @property
    def total_minor(self) -> int:
        """What the customer owes, in minor units; computed here, never received."""
        return sum(item.quantity * item.unit_price_minor for item in self.items)


class ReserveStock(WireModel):
    """Input: hold these quantities until an instant."""

    reservation_id: str
    items: tuple[OrderLine, ...]
    expires_at: AwareDatetime


class Reservation(WireModel):
    """What the stock says: held, or which SKUs are missing."""

    reserved: bool
    missing: tuple[str, ...] = ()


class ReservationKey(WireModel):
    """Input: which reservation to commit or release."""

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


class BookShipment(WireModel):
    """Input: hand the parcel to the carrier."""

    order_id: Identifier
    key: str
    service: Service
    at: AwareDatetime


class Shipment(WireModel):
    """A parcel that the carrier has taken on."""

    shipment_id: str
    tracking_number: str


class Booking(WireModel):
    """What the carrier says: a shipment, or none, because it refuses."""

    shipment: Shipment | None = None


class Message(StrEnum):
    """What a customer can be told."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    OUT_OF_STOCK = "out_of_stock"
    PAYMENT_DECLINED = "payment_declined"
    PAYMENT_EXPIRED = "payment_expired"
    CANCELLED = "cancelled"
    CANCELLED_AS_ASKED = "cancelled_as_asked"
    DELAYED = "delayed"


class NotifyCustomer(WireModel):
    """Input: tell the customer of an order something, once per key."""

    order_id: Identifier
    key: str
    message: Message
    total_minor: int
    currency: Currency
    tracking_number: str | None = None
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


class Recorded(WireModel):
    """What the book says: the order is in it."""


class Letter(WireModel):
    """What is written to a customer, in plain text."""

    subject: str
    text: str


class CompensationEntry(WireModel):
    """How undoing one step went, in the order in which it was first tried."""

    step: str
    status: StepStatus
    attempts: int
    error: str | None = None

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Keep of a ledger's line what was done to undo it."""
        undoing = entry.compensation or Undoing(attempts=0)
        return cls(
            step=entry.step, status=entry.status, attempts=undoing.attempts, error=undoing.error
        )


class Amounts(WireModel):
    """The order's money in minor units: tax is in the total, captured is what was really taken."""

    total_minor: int
    tax_minor: int
    captured_minor: int
    currency: Currency


class TrackDelivery(WireModel):
    """Input of the delivery tracking orchestration, as far as an order fills it."""

    order_id: Identifier
    shipment_id: str
    tracking_number: str
    limit_s: Seconds
    requests_table: str


class Delivery(WireModel):
    """What delivery tracking ends with, as far as an order reads it."""

    status: str


class OrderResult(WireModel):
    """The orchestration's output; ``settled`` are the steps that an operator let be."""

    order_id: Identifier
    status: str
    reason: str | None = None
    problems: tuple[PriceProblem, ...] = ()
    amounts: Amounts
    payment_id: str | None = None
    shipment_id: str | None = None
    tracking_number: str | None = None
    compensations: tuple[CompensationEntry, ...] = ()
    settled: tuple[Entry, ...] | None = None
    customer_told: bool
    completed_at: AwareDatetime
