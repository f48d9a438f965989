"""What an order's steps and waits are called where an instance is explained."""

from typing import Final

from shared import retry
from shared.operations.explaining.words import EventWait, Moment, Words
from workflows.order_processing import names
from workflows.order_processing.outcomes import OUTCOMES
from workflows.order_processing.returns.transitions import RETURN_OUTCOMES
from workflows.order_processing.transitions import OrderStatus

_FORWARD: Final = retry.TRANSIENT.backoff.attempts
_UNDOING: Final = retry.COMPENSATION.backoff.attempts
_NO_WAY_BACK: Final = retry.PERSISTENT.backoff.attempts

WORDS: Final = Words(
    prefixes=("order_processing_", "saga_"),  # closing the way back is theirs together
    calls={names.TRACK_DELIVERY: "the delivery"},
    attempts={
        names.VALIDATE_ORDER: _FORWARD,
        names.RESERVE_STOCK: _FORWARD,
        names.FIND_AMENDMENT: _FORWARD,
        names.AUTHORIZE_PAYMENT: _FORWARD,
        names.EXTEND_RESERVATION: _FORWARD,
        names.COMMIT_STOCK: _FORWARD,
        names.BOOK_SHIPMENT: _FORWARD,
        names.CAPTURE_PAYMENT: _NO_WAY_BACK,
        names.RECORD_OUTCOME: _NO_WAY_BACK,
        names.RECORD_REFUND: _NO_WAY_BACK,
        names.RELEASE_STOCK: _UNDOING,
        names.VOID_PAYMENT: _UNDOING,
        names.CANCEL_SHIPMENT: _UNDOING,
        names.NOTIFY_CUSTOMER: retry.BEST_EFFORT.backoff.attempts,
    },
    waits={
        OrderStatus.AWAITING_CUSTOMER: EventWait(
            event="amend",
            phrase="the customer to take what is there, or to cancel",
            since="askedAt",
            moments=(Moment(member="amendBy", what="the order ends out of stock"),),
            deadline="amendBy",
        ),
        OrderStatus.AWAITING_PAYMENT: EventWait(
            event="payment",
            phrase="the payment provider to settle a pending payment",
            since="pendingSince",
            moments=(Moment(member="deadlineAt", what="the order is given up"),),
            deadline="deadlineAt",
        ),
    },
    ends=frozenset(OUTCOMES) - {OrderStatus.SHIPPED},  # its delivery is followed
)

RETURN_WORDS: Final = Words(
    prefixes=("order_processing_",),
    calls={names.TRACK_DELIVERY: "the way back", names.BOOK_SHIPMENT: "the label"},
    attempts={
        names.BOOK_SHIPMENT: _NO_WAY_BACK,
        names.RECORD_REFUND: _NO_WAY_BACK,
        names.RELEASE_STOCK: _UNDOING,
        names.VOID_PAYMENT: _UNDOING,
        names.CANCEL_SHIPMENT: _UNDOING,
        names.NOTIFY_CUSTOMER: retry.BEST_EFFORT.backoff.attempts,
    },
    ends=frozenset(RETURN_OUTCOMES),
)
