"""A parcel's journey, as all its scans together tell it: in the order in which they were made.

A pure function of a set: in which order scans were heard, how late and how often, changes nothing.
What a story makes of it is in transitions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from workflows.delivery_tracking.models import DeliveryStatus, Scan

# The words that carriers use on this side of their adapters.
CODES: Final[Mapping[str, DeliveryStatus]] = MappingProxyType(
    {
        "label_created": DeliveryStatus.BOOKED,
        "picked_up": DeliveryStatus.IN_TRANSIT,
        "in_transit": DeliveryStatus.IN_TRANSIT,
        "out_for_delivery": DeliveryStatus.OUT_FOR_DELIVERY,
        "failed_attempt": DeliveryStatus.ATTEMPT_FAILED,
        "returning": DeliveryStatus.RETURNING,
        "delivered": DeliveryStatus.DELIVERED,
        "returned": DeliveryStatus.RETURNED,
        "cancelled": DeliveryStatus.CANCELLED,
        "lost": DeliveryStatus.LOST,
    }
)

ENDS: Final = frozenset(
    {
        DeliveryStatus.DELIVERED,
        DeliveryStatus.RETURNED,
        DeliveryStatus.CANCELLED,
        DeliveryStatus.LOST,
        DeliveryStatus.EXPIRED,
    }
)

_RETURNING: Final = ENDS | {DeliveryStatus.RETURNING}
_AT_THE_DOOR: Final = _RETURNING | {DeliveryStatus.ATTEMPT_FAILED}
_ON_ITS_WAY: Final = _AT_THE_DOOR | {DeliveryStatus.OUT_FOR_DELIVERY}

# Not every scan is heard of, so every later status may follow an earlier one. Nothing leads back.
ALLOWED: Final[Mapping[DeliveryStatus, frozenset[DeliveryStatus]]] = MappingProxyType(
    {
        DeliveryStatus.BOOKED: _ON_ITS_WAY | {DeliveryStatus.IN_TRANSIT},
        DeliveryStatus.IN_TRANSIT: _ON_ITS_WAY,
        DeliveryStatus.OUT_FOR_DELIVERY: _AT_THE_DOOR,
        DeliveryStatus.ATTEMPT_FAILED: _ON_ITS_WAY,  # another attempt is one more
        DeliveryStatus.RETURNING: ENDS,
    }
)

# How much faster than ours a carrier's clock may go. What it dates later counts when it is time.
_SKEW: Final = timedelta(minutes=5)
_ORDER: Final = {status: place for place, status in enumerate(DeliveryStatus)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What scans say together: see ``questions.Reading`` for the members."""

    status: DeliveryStatus
    moved_at: datetime | None
    scans: int
    heard_at: datetime | None
    attempts: int


def journey(scans: Iterable[Scan], *, as_of: datetime) -> Journey:
    """Follow the scans in the order in which they were made; what cannot follow is passed over."""
    status, moved_at, attempts = DeliveryStatus.BOOKED, None, 0
    made = _made(scans, as_of)
    for scan in made:
        to = CODES[scan.code]
        if to not in ALLOWED.get(status, frozenset()):
            continue
        status, moved_at = to, scan.at
        attempts += to is DeliveryStatus.ATTEMPT_FAILED
    return Journey(
        status=status,
        moved_at=moved_at,
        scans=len(made),
        heard_at=made[-1].at if made else None,
        attempts=attempts,
    )


def _made(scans: Iterable[Scan], as_of: datetime) -> list[Scan]:
    """Return each scan that was made by then and says something, once, in order of time."""
    once = {scan.scan_id: scan for scan in scans}.values()
    return sorted(
        (scan for scan in once if scan.code in CODES and scan.at <= as_of + _SKEW),
        key=lambda scan: (scan.at, _ORDER[CODES[scan.code]], scan.scan_id),
    )
