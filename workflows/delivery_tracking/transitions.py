"""What a reading changes in what is known of a parcel, and how long to wait for the next one.

Nothing here waits or has effects; the story asks, these functions answer. What scans mean together
is in journey.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from workflows.delivery_tracking.journey import ALLOWED, ENDS
from workflows.delivery_tracking.models import (
    DeliveryResult,
    DeliveryStatus,
    TrackDelivery,
    TrackingState,
)
from workflows.delivery_tracking.questions import Reading

# How long after the carrier's estimate a parcel is still as good as on time.
LATE_GRACE: Final = timedelta(days=1)

# How often it is worth looking where the carrier proposes nothing.
PACE: Final[Mapping[DeliveryStatus, timedelta]] = MappingProxyType(
    {
        DeliveryStatus.BOOKED: timedelta(hours=1),
        DeliveryStatus.IN_TRANSIT: timedelta(hours=4),
        DeliveryStatus.OUT_FOR_DELIVERY: timedelta(minutes=15),
        DeliveryStatus.ATTEMPT_FAILED: timedelta(hours=1),
        DeliveryStatus.RETURNING: timedelta(hours=6),
    }
)
_SHORTEST: Final = timedelta(milliseconds=200)
_LONGEST: Final = timedelta(hours=12)
_FIRST_WITHOUT_ANSWER: Final = timedelta(minutes=1)
_LONGEST_WITHOUT_ANSWER: Final = timedelta(hours=1)

_TRAVELLING: Final = frozenset(ALLOWED) - {DeliveryStatus.BOOKED}
_TO_THE_CUSTOMER: Final = frozenset(ALLOWED) - {DeliveryStatus.RETURNING}


def beginning(parcel: TrackDelivery, now: datetime) -> TrackingState:
    """Return what is known: what the generation before this one knew, or nothing yet."""
    return parcel.state or TrackingState(
        until=now + timedelta(seconds=parcel.limit_s), heard_at=now
    )


def heard(state: TrackingState, reading: Reading | None) -> TrackingState:
    """Take in a reading; old news and impossible news change nothing, and no answer is no news."""
    if reading is None:
        return state.model_copy(update={"unanswered": state.unanswered + 1})
    is_new = reading.scans > state.scans
    counted = state.model_copy(
        update={
            "scans": max(state.scans, reading.scans),
            "attempts": max(state.attempts, reading.attempts),
            "idle": 0 if is_new else state.idle + 1,
            "unanswered": 0 if reading.answered else state.unanswered + 1,
        }
    )
    return _moved(_signed_life(counted, reading), reading)


def _signed_life(state: TrackingState, reading: Reading) -> TrackingState:
    """Note when the last scan was made; a silence is over with it."""
    if reading.heard_at is None or (state.heard_at and reading.heard_at <= state.heard_at):
        return state
    return state.model_copy(
        update={"heard_at": reading.heard_at, "is_silent": False, "is_inquired": False}
    )


def _moved(state: TrackingState, reading: Reading) -> TrackingState:
    if not _is_news(state, reading):
        return state
    return state.model_copy(update={"status": reading.status, "moved_at": reading.moved_at})


def _is_news(state: TrackingState, reading: Reading) -> bool:
    if reading.moved_at is None:
        return False
    is_later = state.moved_at is None or reading.moved_at > state.moved_at
    if reading.status is state.status:  # once more, and what was between was not heard of
        return state.moved_at is not None and is_later
    if state.status in ALLOWED.get(reading.status, frozenset()):  # they come in turn
        return is_later
    return reading.status in ALLOWED.get(state.status, frozenset())


def given_up(state: TrackingState, now: datetime) -> TrackingState:
    """Give up on a parcel that has not ended when its time is over.

    One that the carrier had is lost; one that nobody ever scanned on its way has only expired.
    """
    if state.status in ENDS or now < state.until:
        return state
    unseen = state.status is DeliveryStatus.BOOKED
    status = DeliveryStatus.EXPIRED if unseen else DeliveryStatus.LOST
    return state.model_copy(update={"status": status, "moved_at": state.until})


def overdue(state: TrackingState, parcel: TrackDelivery, now: datetime) -> TrackingState:
    """Note that a parcel is late, as long as it is on its way to the customer."""
    due = late_at(parcel)
    is_late = due is not None and now >= due and state.status in _TO_THE_CUSTOMER
    return state.model_copy(update={"is_late": state.is_late or is_late})


def silent(state: TrackingState, parcel: TrackDelivery, now: datetime) -> TrackingState:
    """Note that nothing has been heard for long of a parcel that the carrier has."""
    due = silent_at(state, parcel)
    if state.is_silent or due is None or now < due:
        return state
    return state.model_copy(update={"is_silent": True, "inquiries": state.inquiries + 1})


def late_at(parcel: TrackDelivery) -> datetime | None:
    """Say when a parcel is late, if the carrier said when it comes."""
    return parcel.expected_at + LATE_GRACE if parcel.expected_at else None


def silent_at(state: TrackingState, parcel: TrackDelivery) -> datetime | None:
    """Say when it has been silent for too long, if the carrier has it."""
    if state.status not in _TRAVELLING or state.heard_at is None:
        return None
    return state.heard_at + timedelta(seconds=parcel.silence_s)


def was_late(state: TrackingState, parcel: TrackDelivery) -> bool:
    """Tell of a parcel that has ended whether it was late: delivered late, or late and then not."""
    due = late_at(parcel)
    if state.status is not DeliveryStatus.DELIVERED or due is None or state.moved_at is None:
        return state.is_late
    return state.moved_at >= due  # whenever that was heard of


def pause(
    state: TrackingState, reading: Reading | None, parcel: TrackDelivery, now: datetime
) -> timedelta:
    """How long to wait for a notice before the carrier is asked again.

    As it proposes, or as the status suggests; ever longer while nothing is new; never beyond the
    moment at which a parcel is late, silent or given up.
    """
    moments = [state.until]
    if (due := late_at(parcel)) and not state.is_late and state.status in _TO_THE_CUSTOMER:
        moments.append(due)
    if (due := silent_at(state, parcel)) and not state.is_silent:
        moments.append(due)
    return max(min(_next_look(state, reading), *(moment - now for moment in moments)), timedelta())


def _next_look(state: TrackingState, reading: Reading | None) -> timedelta:
    if reading is None or not reading.answered:
        again = _grown(_FIRST_WITHOUT_ANSWER, state.unanswered - 1)
        return min(again, _LONGEST_WITHOUT_ANSWER)
    if reading.next_check_s is None:
        return min(_grown(PACE[state.status], state.idle), _LONGEST)
    proposed = timedelta(seconds=min(reading.next_check_s, _LONGEST.total_seconds()))
    # Who proposes to be asked at once for ever is not asked at once for ever.
    return min(max(proposed, _grown(_SHORTEST, state.idle)), _LONGEST)


_MOST_DOUBLINGS: Final = 18


def _grown(first: timedelta, times: int) -> timedelta:
    return first * (1 << min(max(times, 0), _MOST_DOUBLINGS))


def result(
    state: TrackingState, parcel: TrackDelivery, *, claimed: bool | None, now: datetime
) -> DeliveryResult:
    """Say how it ended."""
    return DeliveryResult(
        order_id=parcel.order_id,
        shipment_id=parcel.shipment_id,
        tracking_number=parcel.tracking_number,
        status=state.status,
        attempts=state.attempts,
        late=was_late(state, parcel),
        claimed=claimed,
        completed_at=now,
    )
