"""How an order can end: one row for each end, with everything that is left behind.

The orchestrator takes from it what to undo and what to say, views what the customer may do, tests
what must stand in the ledgers. Which status may follow which is in transitions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from workflows.order_processing.questions import Message
from workflows.order_processing.transitions import OrderStatus, Step


class MoneyEffect(StrEnum):
    """What an end leaves of the customer's money."""

    NONE = "none"  # none was ever held
    RELEASED = "released"  # none is held any more, and none was taken
    CAPTURED = "captured"
    REFUNDED = "refunded"  # taken, and given back in full
    AS_LEFT = "as_left"  # as it was when an operator let it be


class StockEffect(StrEnum):
    """What an end leaves of the goods."""

    NONE = "none"  # none were ever held
    RELEASED = "released"  # none are held any more, and none were sent
    SOLD = "sold"  # they have left the shelf for good
    RESTOCKED = "restocked"  # sent, and back on the shelf
    AS_LEFT = "as_left"  # as they were when an operator let it be


class ParcelEffect(StrEnum):
    """What an end leaves of the booking at the carrier."""

    NONE = "none"  # no booking stands
    SENT = "sent"
    CALLED_OFF = "called_off"  # booked, never collected, and cancelled
    AS_LEFT = "as_left"  # as it was when an operator let it be


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One way to end.

    Attributes:
        runtime: how the runtime sees it: an end of the business is no failure of the instance.
        money: the ledger effect of the payment.
        stock: the ledger effect of the reservation.
        parcel: the ledger effect of the booking.
        message: what the order tells its customer; None where tracking has told everything, or
            where only an operator knows what to say.
        may_return: whether the customer may send the goods back.
    """

    money: MoneyEffect
    stock: StockEffect
    parcel: ParcelEffect
    message: Message | None = None
    may_return: bool = False
    runtime: str = "Completed"

    @property
    def undoes(self) -> frozenset[Step]:
        """Which steps are undone when an order that was shipped ends like this."""
        if self.money is not MoneyEffect.REFUNDED:
            return frozenset()
        steps = {Step.AUTHORIZE_PAYMENT}
        if self.stock is StockEffect.RESTOCKED:
            steps.add(Step.RESERVE_STOCK)
        if self.parcel is ParcelEffect.CALLED_OFF:
            steps.add(Step.BOOK_SHIPMENT)
        return frozenset(steps)


def _undone(message: Message) -> Outcome:
    """An order that did not go on: whatever was held is released."""
    return Outcome(
        money=MoneyEffect.RELEASED,
        stock=StockEffect.RELEASED,
        parcel=ParcelEffect.NONE,
        message=message,
    )


def _refunded(stock: StockEffect, parcel: ParcelEffect, message: Message) -> Outcome:
    """An order that was shipped and did not arrive: the customer pays nothing."""
    return Outcome(money=MoneyEffect.REFUNDED, stock=stock, parcel=parcel, message=message)


_SENT: Final = Outcome(
    money=MoneyEffect.CAPTURED,
    stock=StockEffect.SOLD,
    parcel=ParcelEffect.SENT,
    message=Message.CONFIRMED,
    may_return=True,
)

OUTCOMES: Mapping[OrderStatus, Outcome] = MappingProxyType(
    {
        OrderStatus.DELIVERED: _SENT,
        OrderStatus.SHIPPED: _SENT,
        OrderStatus.RETURNED: _refunded(
            StockEffect.RESTOCKED, ParcelEffect.SENT, Message.REFUNDED_RETURNED
        ),
        OrderStatus.LOST: _refunded(StockEffect.SOLD, ParcelEffect.SENT, Message.REFUNDED_LOST),
        OrderStatus.UNCOLLECTED: _refunded(
            StockEffect.RESTOCKED, ParcelEffect.CALLED_OFF, Message.REFUNDED_UNCOLLECTED
        ),
        OrderStatus.REJECTED: Outcome(
            money=MoneyEffect.NONE,
            stock=StockEffect.NONE,
            parcel=ParcelEffect.NONE,
            message=Message.REJECTED,
        ),
        OrderStatus.OUT_OF_STOCK: _undone(Message.OUT_OF_STOCK),
        OrderStatus.PAYMENT_DECLINED: _undone(Message.PAYMENT_DECLINED),
        OrderStatus.PAYMENT_EXPIRED: _undone(Message.PAYMENT_EXPIRED),
        OrderStatus.CANCELLED: _undone(Message.CANCELLED_AS_ASKED),
        OrderStatus.COMPENSATED: _undone(Message.CANCELLED),
        OrderStatus.SETTLED_BY_OPERATOR: Outcome(
            money=MoneyEffect.AS_LEFT, stock=StockEffect.AS_LEFT, parcel=ParcelEffect.AS_LEFT
        ),
    }
)
"""Every status that an order can end with, and nothing else."""


def may_be_returned(status: str) -> bool:
    """Tell whether the goods of an order that was last seen like that may be sent back."""
    return any(status == known and outcome.may_return for known, outcome in OUTCOMES.items())
