"""The decisions of an order, as tables and pure functions: what is allowed and what comes next.

Nothing here waits or has effects; the orchestrator asks, the tables answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from shared.cancellation import CANCELLED
from shared.quote import PriceProblem
from shared.saga import Begun, StepStatus, Undo
from workflows.order_processing import names
from workflows.order_processing.models import Order, OrderPolicy
from workflows.order_processing.questions import PaymentStatus, Shortage


class OrderStatus(StrEnum):
    """Where an order stands; the last block are ends."""

    VALIDATING = "validating"
    RESERVING_STOCK = "reserving_stock"
    AWAITING_CUSTOMER = "awaiting_customer"  # only some of it is there
    AUTHORIZING_PAYMENT = "authorizing_payment"
    AWAITING_PAYMENT = "awaiting_payment"  # the provider said pending
    COMMITTING_STOCK = "committing_stock"
    BOOKING_SHIPMENT = "booking_shipment"
    CAPTURING_PAYMENT = "capturing_payment"  # the pivot
    COMPENSATING = "compensating"
    REFUNDING = "refunding"  # it was shipped, and did not arrive
    NEEDS_ATTENTION = "needs_attention"  # an operator is waited for

    SHIPPED = "shipped"  # fulfilled; an end only when nobody can tell how the delivery went
    DELIVERED = "delivered"
    RETURNED = "returned"  # it came back: restocked and refunded
    LOST = "lost"  # refunded
    UNCOLLECTED = "uncollected"  # the carrier never had it: called off, restocked and refunded
    REJECTED = "rejected"
    OUT_OF_STOCK = "out_of_stock"
    PAYMENT_DECLINED = "payment_declined"
    PAYMENT_EXPIRED = "payment_expired"
    CANCELLED = "cancelled"
    COMPENSATED = "compensated"
    SETTLED_BY_OPERATOR = "settled_by_operator"


_UNDONE = frozenset(
    {
        OrderStatus.OUT_OF_STOCK,
        OrderStatus.PAYMENT_DECLINED,
        OrderStatus.PAYMENT_EXPIRED,
        OrderStatus.CANCELLED,
        OrderStatus.COMPENSATED,
        OrderStatus.SETTLED_BY_OPERATOR,
    }
)

_NOT_ARRIVED = frozenset({OrderStatus.RETURNED, OrderStatus.LOST, OrderStatus.UNCOLLECTED})

ALLOWED: Mapping[OrderStatus, frozenset[OrderStatus]] = MappingProxyType(
    {
        OrderStatus.VALIDATING: frozenset(
            {OrderStatus.RESERVING_STOCK, OrderStatus.REJECTED, OrderStatus.COMPENSATING}
        ),
        OrderStatus.RESERVING_STOCK: frozenset(
            {
                OrderStatus.AWAITING_CUSTOMER,
                OrderStatus.AUTHORIZING_PAYMENT,
                OrderStatus.COMPENSATING,
            }
        ),
        # What they would take instead is an order like any other.
        OrderStatus.AWAITING_CUSTOMER: frozenset(
            {OrderStatus.VALIDATING, OrderStatus.COMPENSATING}
        ),
        OrderStatus.AUTHORIZING_PAYMENT: frozenset(
            {
                OrderStatus.AWAITING_PAYMENT,
                OrderStatus.COMMITTING_STOCK,
                OrderStatus.COMPENSATING,
            }
        ),
        OrderStatus.AWAITING_PAYMENT: frozenset(
            {OrderStatus.COMMITTING_STOCK, OrderStatus.COMPENSATING}
        ),
        OrderStatus.COMMITTING_STOCK: frozenset(
            {OrderStatus.BOOKING_SHIPMENT, OrderStatus.COMPENSATING}
        ),
        OrderStatus.BOOKING_SHIPMENT: frozenset(
            {OrderStatus.CAPTURING_PAYMENT, OrderStatus.COMPENSATING}
        ),
        OrderStatus.CAPTURING_PAYMENT: frozenset(
            {OrderStatus.SHIPPED, OrderStatus.COMPENSATING, OrderStatus.NEEDS_ATTENTION}
        ),
        OrderStatus.COMPENSATING: _UNDONE | {OrderStatus.NEEDS_ATTENTION},
        OrderStatus.REFUNDING: _NOT_ARRIVED
        | {OrderStatus.SETTLED_BY_OPERATOR, OrderStatus.NEEDS_ATTENTION},
        # Back to what did not go on, or past it, as the operator says.
        OrderStatus.NEEDS_ATTENTION: frozenset(
            {
                OrderStatus.CAPTURING_PAYMENT,
                OrderStatus.COMPENSATING,
                OrderStatus.REFUNDING,
                OrderStatus.SHIPPED,
                OrderStatus.SETTLED_BY_OPERATOR,
            }
        ),
        OrderStatus.SHIPPED: frozenset({OrderStatus.DELIVERED, OrderStatus.REFUNDING}),
    }
)


def advance(current: OrderStatus, to: OrderStatus) -> OrderStatus:
    """Return the new status.

    Raises:
        ValueError: The table does not allow it.
    """
    if to not in ALLOWED.get(current, frozenset()):
        raise ValueError(f"an order cannot go from {current} to {to}")
    return to


class Step(StrEnum):
    """The steps that have effects, in the order in which they are begun."""

    RESERVE_STOCK = "reserve_stock"
    AUTHORIZE_PAYMENT = "authorize_payment"
    COMMIT_STOCK = "commit_stock"
    BOOK_SHIPMENT = "book_shipment"
    CAPTURE_PAYMENT = "capture_payment"  # the pivot


# How the steps before the pivot are undone; releasing a reservation undoes its commit, too.
UNDOING: Mapping[Step, Undo] = MappingProxyType(
    {
        Step.RESERVE_STOCK: Undo(activity=names.RELEASE_STOCK),
        Step.AUTHORIZE_PAYMENT: Undo(activity=names.VOID_PAYMENT),
        Step.BOOK_SHIPMENT: Undo(activity=names.CANCEL_SHIPMENT),
    }
)


# In these the customer's money is neither held nor taken.
MONEY_IS_BACK = frozenset(
    {
        PaymentStatus.ABSENT,
        PaymentStatus.DECLINED,
        PaymentStatus.VOIDED,
        PaymentStatus.REFUNDED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why an order goes no further, and the status it should end with."""

    status: OrderStatus
    reason: str
    problems: tuple[PriceProblem, ...] = ()
    shortages: tuple[Shortage, ...] = ()


def out_of_stock(shortages: tuple[Shortage, ...]) -> Stop:
    """Too little of something is there, so nothing is held."""
    missing = ", ".join(short.sku for short in shortages)
    return Stop(status=OrderStatus.OUT_OF_STOCK, reason=f"missing: {missing}", shortages=shortages)


def is_partly_there(order: Order, shortages: tuple[Shortage, ...]) -> bool:
    """Tell whether the customer could take less of an order that there is too little for."""
    available = {short.sku: short.available for short in shortages}
    return bool(shortages) and any(
        available.get(item.sku, item.quantity) > 0 for item in order.items
    )


def gave_up(step: str, error: str | None) -> Stop:
    """A step gave up: its effect is unknown, so the order is undone."""
    return Stop(status=OrderStatus.COMPENSATED, reason=f"{step}: {error}")


def let_be(begun: Begun) -> Stop | None:
    """An operator lets a step be: the order goes on without it, or it ends here."""
    if begun.status is StepStatus.SKIPPED:
        return None
    return Stop(status=OrderStatus.SETTLED_BY_OPERATOR, reason=f"{begun.step}: {begun.error}")


# What an order that does not go on may have come to by the time that somebody cancels it.
_SAYS_NO_REASON = frozenset({OrderStatus.COMPENSATED, OrderStatus.PAYMENT_EXPIRED})


def cancelled(stop: Stop | None, *, is_wished: bool) -> Stop | None:
    """Stop a step's order when somebody cancelled it; a no from outside stays what it was."""
    if stop is not None and stop.reason == CANCELLED:
        is_wished = True
    if is_wished and (stop is None or stop.status in _SAYS_NO_REASON):
        return Stop(status=OrderStatus.CANCELLED, reason=CANCELLED)
    return stop


_BEFORE_THE_PIVOT = frozenset(
    {
        "accepted",  # it has not begun
        OrderStatus.VALIDATING,
        OrderStatus.RESERVING_STOCK,
        OrderStatus.AWAITING_CUSTOMER,
        OrderStatus.AUTHORIZING_PAYMENT,
        OrderStatus.AWAITING_PAYMENT,
        OrderStatus.COMMITTING_STOCK,
        OrderStatus.BOOKING_SHIPMENT,
    }
)


_BEFORE_SHIPPING = _BEFORE_THE_PIVOT | {OrderStatus.CAPTURING_PAYMENT}


def is_before_shipping(status: str) -> bool:
    """Tell whether an order that was last seen like that is still on its way to the carrier."""
    return status in _BEFORE_SHIPPING


def may_be_cancelled(status: str) -> bool:
    """Tell whether an order that was last seen like that may still be cancelled."""
    return status in _BEFORE_THE_PIVOT


_DELIVERIES: Mapping[str, OrderStatus] = MappingProxyType(
    {
        "delivered": OrderStatus.DELIVERED,
        "returned": OrderStatus.RETURNED,
        "lost": OrderStatus.LOST,
        "expired": OrderStatus.UNCOLLECTED,
        "cancelled": OrderStatus.UNCOLLECTED,
    }
)


def fulfilment(delivery: str) -> OrderStatus:
    """Translate how tracking ended; an end that says nothing leaves the order shipped."""
    return _DELIVERIES.get(delivery, OrderStatus.SHIPPED)


_GROWTH = 2
_LONGEST_CHECK_FACTOR = 20


def payment_check_pause(policy: OrderPolicy, checks: int) -> timedelta:
    """How long to wait before the next question, doubling up to twenty first pauses."""
    factor = min(_GROWTH**checks, _LONGEST_CHECK_FACTOR)
    return timedelta(seconds=policy.payment_check_s * factor)
