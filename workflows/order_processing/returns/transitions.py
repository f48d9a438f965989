"""The decisions of a return, as tables: what may follow what, and what each end leaves behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from workflows.order_processing.questions import Message
from workflows.order_processing.transitions import Step

BOOK_LABEL: Final = "book_label"


class ReturnStatus(StrEnum):
    """Where a return stands; the last block are ends."""

    BOOKING_LABEL = "booking_label"
    AWAITING_PARCEL = "awaiting_parcel"  # the customer has the label; the parcel is followed
    REFUNDING = "refunding"
    NEEDS_ATTENTION = "needs_attention"  # an operator is waited for

    RECEIVED = "received"  # it is back: restocked and refunded
    LOST = "lost"  # lost on its way back: refunded
    RETURN_EXPIRED = "return_expired"  # never handed in: the label is called off
    UNDELIVERABLE = "undeliverable"  # the carrier brought it back to the customer
    RETURN_REFUSED = "return_refused"  # the carrier does not take it: nothing changes
    SETTLED_BY_OPERATOR = "settled_by_operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnOutcome:
    """One way to end: what is undone, of the order's sale or of the return, and what is told."""

    undoes: frozenset[str] = frozenset()
    message: Message | None = None


RETURN_OUTCOMES: Mapping[ReturnStatus, ReturnOutcome] = MappingProxyType(
    {
        ReturnStatus.RECEIVED: ReturnOutcome(
            undoes=frozenset({Step.RESERVE_STOCK, Step.AUTHORIZE_PAYMENT}),
            message=Message.RETURN_RECEIVED,
        ),
        ReturnStatus.LOST: ReturnOutcome(
            undoes=frozenset({Step.AUTHORIZE_PAYMENT}), message=Message.RETURN_LOST
        ),
        # Whoever hands the parcel in after that would be without goods and without money.
        ReturnStatus.RETURN_EXPIRED: ReturnOutcome(
            undoes=frozenset({BOOK_LABEL}), message=Message.RETURN_EXPIRED
        ),
        ReturnStatus.UNDELIVERABLE: ReturnOutcome(message=Message.RETURN_EXPIRED),
        ReturnStatus.RETURN_REFUSED: ReturnOutcome(message=Message.RETURN_REFUSED),
        ReturnStatus.SETTLED_BY_OPERATOR: ReturnOutcome(),
    }
)

RETURN_ALLOWED: Mapping[ReturnStatus, frozenset[ReturnStatus]] = MappingProxyType(
    {
        ReturnStatus.BOOKING_LABEL: frozenset(
            {
                ReturnStatus.AWAITING_PARCEL,
                ReturnStatus.RETURN_REFUSED,
                ReturnStatus.NEEDS_ATTENTION,
            }
        ),
        ReturnStatus.AWAITING_PARCEL: frozenset(
            {
                ReturnStatus.REFUNDING,
                ReturnStatus.RETURN_EXPIRED,
                ReturnStatus.UNDELIVERABLE,
                ReturnStatus.NEEDS_ATTENTION,
            }
        ),
        ReturnStatus.REFUNDING: frozenset(
            {
                ReturnStatus.RECEIVED,
                ReturnStatus.LOST,
                ReturnStatus.SETTLED_BY_OPERATOR,
                ReturnStatus.NEEDS_ATTENTION,
            }
        ),
        # Back to what did not go on, or past it, as the operator says.
        ReturnStatus.NEEDS_ATTENTION: frozenset(
            {
                ReturnStatus.BOOKING_LABEL,
                ReturnStatus.AWAITING_PARCEL,
                ReturnStatus.REFUNDING,
                ReturnStatus.SETTLED_BY_OPERATOR,
            }
        ),
    }
)

_ARRIVALS: Mapping[str, ReturnStatus] = MappingProxyType(
    {
        "delivered": ReturnStatus.RECEIVED,
        "lost": ReturnStatus.LOST,
        "expired": ReturnStatus.RETURN_EXPIRED,
        "cancelled": ReturnStatus.RETURN_EXPIRED,
        "returned": ReturnStatus.UNDELIVERABLE,
    }
)


def arrival(delivery: str) -> ReturnStatus | None:
    """Translate how the way back ended; None when that says nothing."""
    return _ARRIVALS.get(delivery)


def advance(current: ReturnStatus, to: ReturnStatus) -> ReturnStatus:
    """Return the new status.

    Raises:
        ValueError: The table does not allow it.
    """
    if to not in RETURN_ALLOWED.get(current, frozenset()):
        raise ValueError(f"a return cannot go from {current} to {to}")
    return to
