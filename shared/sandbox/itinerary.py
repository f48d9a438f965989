"""Where a parcel is at a given moment: a pure function of its service and the time since booking.

Nothing here reads a clock, so a parcel travels as fast under a virtual clock as the clock goes.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class TrackingStatus(StrEnum):
    """What the carrier's last scan says."""

    LABEL_CREATED = "label_created"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"  # ends the journey
    FAILED_ATTEMPT = "failed_attempt"
    RETURNING = "returning"
    RETURNED = "returned"  # ends the journey
    CANCELLED = "cancelled"  # ends it before it begins


FINAL_STATUSES = frozenset(
    {TrackingStatus.DELIVERED, TrackingStatus.RETURNED, TrackingStatus.CANCELLED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Somebody had the parcel in hand: what was noted, when, and where."""

    code: TrackingStatus
    at: datetime
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """What is known of a parcel at a moment.

    Attributes:
        status: the last scan's.
        scans: all so far, oldest first.
        next_check_after: when the answer may be another one; zero when it never will be.
    """

    status: TrackingStatus
    scans: tuple[Scan, ...]
    next_check_after: timedelta


@dataclass(frozen=True, slots=True)
class Stop:
    """A scan to come, at a fraction of the transit time."""

    fraction: float
    code: TrackingStatus
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """How the carrier treats a booking.

    Attributes:
        route: the scans to come.
        pace: the transit time as a fraction of the standard one.
        refused_because: it is not accepted, and why.
        always_down: no booking is ever answered.
        outage_calls: how many ``book`` calls fail first.
        loses_answer: the parcel is booked and the answer to that call is lost.
    """

    route: tuple[Stop, ...]
    pace: float = 1.0
    refused_because: str = ""
    always_down: bool = False
    outage_calls: int = 0
    loses_answer: bool = False


_ON_THE_WAY = (
    Stop(0.0, TrackingStatus.LABEL_CREATED, "sender"),
    Stop(0.2, TrackingStatus.PICKED_UP, "origin depot"),
    Stop(0.4, TrackingStatus.IN_TRANSIT, "sorting hub"),
)
_AT_THE_DOOR = (*_ON_THE_WAY, Stop(0.8, TrackingStatus.OUT_FOR_DELIVERY, "destination depot"))
_DELIVERED = (*_AT_THE_DOOR, Stop(1.0, TrackingStatus.DELIVERED, "recipient"))
_NOBODY_HOME = (*_AT_THE_DOOR, Stop(1.0, TrackingStatus.FAILED_ATTEMPT, "recipient"))
_SECOND_ATTEMPT = (
    *_NOBODY_HOME,
    Stop(1.3, TrackingStatus.OUT_FOR_DELIVERY, "destination depot"),
    Stop(1.5, TrackingStatus.DELIVERED, "recipient"),
)
_RETURNED = (
    *_NOBODY_HOME,
    Stop(1.2, TrackingStatus.RETURNING, "destination depot"),
    Stop(2.0, TrackingStatus.RETURNED, "sender"),
)
_SILENT = (*_ON_THE_WAY, Stop(4.4, TrackingStatus.DELIVERED, "recipient"))
_SERVICES = {
    "standard": Service(route=_DELIVERED),
    "express": Service(route=_DELIVERED, pace=0.5),
    "sandbox_down": Service(route=_DELIVERED, always_down=True),
    "sandbox_lost_answer": Service(route=_DELIVERED, loses_answer=True),
    "sandbox_refused": Service(route=(), refused_because="service_refused"),
    "sandbox_lost": Service(route=_ON_THE_WAY),
    "sandbox_uncollected": Service(route=_ON_THE_WAY[:1]),
    "sandbox_returned": Service(route=_RETURNED),
    "sandbox_failed_attempt": Service(route=_SECOND_ATTEMPT),
    "sandbox_silent": Service(route=_SILENT),
}
# What becomes of a parcel that a customer sends back, where it is not simply delivered to us.
_RETURNS = {
    "sandbox_return_refused": Service(route=(), refused_because="service_refused"),
    "sandbox_return_lost": Service(route=_ON_THE_WAY),
    "sandbox_return_unused": Service(route=_ON_THE_WAY[:1]),
    "sandbox_return_down": Service(route=_DELIVERED, always_down=True),
}
_UNKNOWN = Service(route=(), refused_because="unknown_service")
_COUNTED = re.compile(r"sandbox_down_(?P<calls>[0-9]{1,3})")


def service_named(name: str, *, is_return: bool = False) -> Service:
    """Return what a service's name stands for; an unknown one is refused.

    One that names what becomes of a return delivers, and every other one brings returns back.
    """
    delivered = Service(route=_DELIVERED)
    if is_return:
        return _RETURNS.get(name, delivered)
    if name in _RETURNS:
        return delivered
    counted = _COUNTED.fullmatch(name)
    if counted:
        return Service(route=_DELIVERED, outage_calls=int(counted["calls"]))
    return _SERVICES.get(name, _UNKNOWN)


def picked_up_at(service: Service, *, booked_at: datetime, transit: timedelta) -> datetime | None:
    """Return when the parcel leaves the sender; ``None`` when it never does."""
    for stop in service.route:
        if stop.code is TrackingStatus.PICKED_UP:
            return booked_at + transit * stop.fraction
    return None


def tracking(
    service: Service, *, booked_at: datetime, transit: timedelta, as_of: datetime
) -> Tracking:
    """Return what is known of a parcel at ``as_of``; its label at least, even before booking."""
    first, *later = (
        Scan(code=stop.code, at=booked_at + transit * stop.fraction, place=stop.place)
        for stop in service.route
    )
    scans = (first, *(scan for scan in later if scan.at <= as_of))
    coming = [scan for scan in later if scan.at > as_of]
    status = scans[-1].code
    if status in FINAL_STATUSES:
        next_check_after = timedelta(0)
    else:
        # Nobody can know that no scan is coming any more; then it is worth asking now and then.
        next_check_after = coming[0].at - as_of if coming else transit
    return Tracking(status=status, scans=scans, next_check_after=next_check_after)
