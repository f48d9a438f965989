"""What crosses a boundary of this domain: the request, the order, what activities say, the result.

The request is what a customer sends and holds personal data and the payment token; it is stored
once and never enters a history. The order is what the orchestrator works on and holds neither.
"""

from collections.abc import Mapping
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


class AmendedItem(EdgeModel):
    """So many pieces are still wanted; at the price of the order."""

    sku: Identifier
    quantity: Quantity


class AmendOrder(EdgeModel):
    """The body of ``POST /api/orders/{orderId}/amend``: all that is still wanted."""

    items: Lines[AmendedItem]


class RetryMessage(EdgeModel):
    """The body of ``POST /api/orders/messages/refused/{messageId}/retry``."""

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
    ``payment_check_s``, then after ever longer pauses. Tracking ends after ``delivery_limit_s``;
    the carrier is asked about a parcel that has not been scanned for ``delivery_silence_s``.
    A customer who is asked to take less has ``amend_patience_s`` to say so.
    """

    payment_patience_s: Seconds
    payment_check_s: Seconds
    reservation_ttl_s: Seconds
    delivery_limit_s: Seconds
    amend_patience_s: Seconds = 86_400.0
    delivery_silence_s: Seconds = 48 * 3600  # orders of a time before it do not say


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

    def amended(self, wanted: Mapping[str, int]) -> Self:
        """Return what is left of the order: so many pieces of each SKU, and no other line."""
        items = tuple(
            item.model_copy(update={"quantity": wanted[item.sku]})
            for item in self.items
            if item.sku in wanted
        )
        return self.model_copy(update={"items": items})

    @property
    def total_minor(self) -> int:
        """What the customer owes, in minor units; computed here, never received."""
        return sum(item.quantity * item.unit_price_minor for item in self.items)


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
    """The order's money in minor units.

    Tax is in the total, captured is what was really taken, refunded is what of that was given back.
    """

    total_minor: int
    tax_minor: int
    captured_minor: int
    refunded_minor: int = 0
    currency: Currency


class Sale(WireModel):
    """What was sold, as whoever undoes it later needs it: under which keys, and for how much."""

    reservation_id: str
    payment_key: str
    captured_minor: Annotated[int, Field(ge=0)]
    parcels: Annotated[int, Field(ge=1)] = 1


class TrackDelivery(WireModel):
    """Input of the delivery tracking orchestration, as far as an order fills it."""

    order_id: Identifier
    shipment_id: str
    tracking_number: str
    limit_s: Seconds
    requests_table: str
    expected_at: AwareDatetime | None = None
    silence_s: Seconds | None = None
    quiet: bool = False


class Delivery(WireModel):
    """What delivery tracking ends with, as far as an order reads it.

    ``reason`` says why there is no status.
    """

    status: str
    reason: str | None = None


class OrderResult(WireModel):
    """The orchestration's output; ``settled`` are the steps that an operator let be.

    ``amended_items`` is all that was still wanted, when the customer took less than was ordered.
    ``sale`` is there when the customer has the goods, or should have: a return undoes it.
    """

    order_id: Identifier
    status: str
    reason: str | None = None
    problems: tuple[PriceProblem, ...] = ()
    amounts: Amounts
    payment_id: str | None = None
    shipment_id: str | None = None
    tracking_number: str | None = None
    sale: Sale | None = None
    compensations: tuple[CompensationEntry, ...] = ()
    settled: tuple[Entry, ...] | None = None
    amended_items: tuple[OrderLine, ...] | None = None
    customer_told: bool
    completed_at: AwareDatetime
