"""How a parcel moves on: the table of what may follow what, and what counts as news.

Nothing here waits or has effects; the orchestrator asks, the table answers.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from workflows.delivery_tracking.models import (
    DeliveryStatus,
    Letter,
    NotifyCustomer,
    Reading,
    TrackingState,
)

ENDS = frozenset(
    {
        DeliveryStatus.DELIVERED,
        DeliveryStatus.RETURNED,
        DeliveryStatus.CANCELLED,
        DeliveryStatus.LOST,
        DeliveryStatus.EXPIRED,
    }
)

# A poll may miss what lies between two scans, so every later status may follow an earlier one.
ALLOWED: Mapping[DeliveryStatus, frozenset[DeliveryStatus]] = MappingProxyType(
    {
        DeliveryStatus.BOOKED: ENDS
        | {
            DeliveryStatus.IN_TRANSIT,
            DeliveryStatus.OUT_FOR_DELIVERY,
            DeliveryStatus.ATTEMPT_FAILED,
            DeliveryStatus.RETURNING,
        },
        DeliveryStatus.IN_TRANSIT: ENDS
        | {
            DeliveryStatus.OUT_FOR_DELIVERY,
            DeliveryStatus.ATTEMPT_FAILED,
            DeliveryStatus.RETURNING,
        },
        DeliveryStatus.OUT_FOR_DELIVERY: ENDS
        | {DeliveryStatus.ATTEMPT_FAILED, DeliveryStatus.RETURNING},
        DeliveryStatus.ATTEMPT_FAILED: ENDS
        | {DeliveryStatus.OUT_FOR_DELIVERY, DeliveryStatus.RETURNING},
        DeliveryStatus.RETURNING: ENDS,
    }
)

_SHORTEST_PAUSE = timedelta(milliseconds=200)
_LONGEST_PAUSE = timedelta(hours=12)
PAUSE_WITHOUT_ANSWER = timedelta(minutes=1)


def heard(state: TrackingState, reading: Reading) -> TrackingState:
    """Take in what the carrier says; old news and impossible news change nothing."""
    if reading.scans <= state.scans or reading.status not in ALLOWED.get(state.status, frozenset()):
        return state
    return state.model_copy(update={"status": reading.status, "scans": reading.scans})


def noticed(state: TrackingState, reading: Reading, now: datetime) -> TrackingState:
    """Take note of a new scan, whatever it says: a parcel without any for long is silent."""
    if reading.scans <= state.seen:
        return state
    return state.model_copy(update={"seen": reading.scans, "heard_at": now})


def out_of_time(state: TrackingState, now: datetime) -> TrackingState:
    """Give up on a parcel that has not ended when its time is over.

    One that the carrier had is lost; one that nobody ever scanned on its way has only expired.
    """
    if state.status in ENDS or now < state.until:
        return state
    unseen = state.status is DeliveryStatus.BOOKED
    given_up = DeliveryStatus.EXPIRED if unseen else DeliveryStatus.LOST
    return state.model_copy(update={"status": given_up})


def pause(state: TrackingState, reading: Reading | None, now: datetime) -> timedelta:
    """How long to wait before the next check: as the carrier proposes, never beyond the limit."""
    proposed = timedelta(seconds=reading.next_check_s) if reading else PAUSE_WITHOUT_ANSWER
    return min(max(proposed, _SHORTEST_PAUSE), _LONGEST_PAUSE, max(state.until - now, timedelta()))


_LETTERS: Mapping[DeliveryStatus, tuple[str, str]] = MappingProxyType(
    {
        DeliveryStatus.IN_TRANSIT: (
            "Your order {order} is with the carrier",
            "Your parcel {tracking} is travelling.",
        ),
        DeliveryStatus.OUT_FOR_DELIVERY: (
            "Your order {order} arrives today",
            "Your parcel {tracking} is out for delivery.",
        ),
        DeliveryStatus.ATTEMPT_FAILED: (
            "We missed you with your order {order}",
            "Nobody could take your parcel {tracking}. The carrier tries again.",
        ),
        DeliveryStatus.DELIVERED: (
            "Your order {order} is delivered",
            "Your parcel {tracking} has arrived.",
        ),
        DeliveryStatus.RETURNING: (
            "Your order {order} is on its way back",
            "Your parcel {tracking} could not be delivered and returns to us.",
        ),
        DeliveryStatus.RETURNED: (
            "Your order {order} is back with us",
            "Your parcel {tracking} could not be delivered. We will come back to you.",
        ),
        DeliveryStatus.LOST: (
            "Your order {order} is lost",
            "The carrier lost your parcel {tracking}. We will come back to you.",
        ),
    }
)


def worth_telling(status: DeliveryStatus) -> bool:
    """Whether a customer hears of this status; silence is no news to write about."""
    return status in _LETTERS


def letter(question: NotifyCustomer) -> Letter:
    """Write what the customer is told."""
    subject, text = _LETTERS[question.status]
    facts = {"order": question.order_id, "tracking": question.tracking_number}
    return Letter(subject=subject.format_map(facts), text=text.format_map(facts))
