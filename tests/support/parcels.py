"""A parcel's outside in memory: a carrier that makes scans as it is told to, and whom it tells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.errors import ProviderUnavailableError
from shared.notifications.contacts import Contact
from tests.support.memory_table import MemoryTable
from tests.support.outside import MemoryMail
from workflows.delivery_tracking.gateways import Carrier, Outside
from workflows.delivery_tracking.models import Scan, Tracking
from workflows.delivery_tracking.scans import KeptScans


@dataclass
class Desk:
    """What a carrier was asked beside where parcels are."""

    away: bool = False
    refuses: bool = False
    inquiries: list[int] = field(default_factory=list[int])
    claims: int = 0

    def trace(self, shipment_id: str, *, number: int, at: datetime) -> bool:
        self._answer(shipment_id, at)
        if number not in self.inquiries:
            self.inquiries.append(number)
        return not self.refuses

    def claim(self, shipment_id: str, *, at: datetime) -> bool:
        self._answer(shipment_id, at)
        self.claims += 1
        return not self.refuses

    def _answer(self, shipment_id: str, at: datetime) -> None:
        assert shipment_id
        assert at.tzinfo
        if self.away:
            raise ProviderUnavailableError("down")


@dataclass
class ScriptedCarrier(Desk):
    """Makes one scan at each question, the last one for ever; does not answer to None."""

    script: Sequence[str | None] = ("delivered",)
    proposes: timedelta | None = timedelta(hours=1)
    asked_at: list[datetime] = field(default_factory=list[datetime])
    made: list[Scan] = field(default_factory=list[Scan])

    def reading(self, shipment_id: str, *, as_of: datetime) -> Tracking:
        assert shipment_id
        code = self.script[min(len(self.asked_at), len(self.script) - 1)]
        self.asked_at.append(as_of)
        if code is None:
            raise ProviderUnavailableError("down")
        self.made.append(Scan(scan_id=f"s{len(self.asked_at)}", code=code, at=as_of))
        return Tracking(scans=tuple(self.made), next_check_s=in_seconds(self.proposes))


@dataclass
class TimedCarrier(Desk):
    """Makes its scans at their instants, and is asked in vain while it is away."""

    scans: Sequence[Scan] = ()
    proposes: timedelta | None = None
    away_at: Sequence[tuple[datetime, datetime]] = ()
    asked_at: list[datetime] = field(default_factory=list[datetime])

    def reading(self, shipment_id: str, *, as_of: datetime) -> Tracking:
        assert shipment_id
        self.asked_at.append(as_of)
        if any(begin <= as_of < end for begin, end in self.away_at):
            raise ProviderUnavailableError("down")
        made = tuple(scan for scan in self.scans if scan.at <= as_of)
        return Tracking(scans=made, next_check_s=in_seconds(self.proposes))


class Contacts:
    """Knows the customer of order A1."""

    def of(self, business_id: str, *, table: str) -> Contact:
        assert (business_id, table) == ("A1", "orderrequests")
        return Contact(email="customer@example.com")


def in_seconds(pause: timedelta | None) -> float | None:
    return None if pause is None else pause.total_seconds()


def memory_scans() -> KeptScans:
    return KeptScans(MemoryTable())


def a_parcels_outside(
    carrier: Carrier, *, mail: MemoryMail | None = None, scans: KeptScans | None = None
) -> Outside:
    return Outside(
        carrier=carrier,
        scans=scans or memory_scans(),
        post=mail or MemoryMail(),
        contacts=Contacts(),
    )
