"""One parcel's world: the real activities over an outside in memory, and notices that come in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, override

import pytest

from shared.errors import ProviderUnavailableError
from tests.support.functions import activities_in
from tests.support.outside import MemoryMail
from tests.support.parcels import ScriptedCarrier, TimedCarrier, a_parcels_outside, memory_scans
from tests.support.playing import T0, Call, Run, play
from workflows.delivery_tracking import activities, names
from workflows.delivery_tracking.models import DeliveryStatus, Scan
from workflows.delivery_tracking.orchestrator import track_delivery
from workflows.delivery_tracking.scans import KeptScans

PARCEL: Final = {
    "orderId": "A1",
    "shipmentId": "shp-1",
    "trackingNumber": "TRK-1",
    "limitS": 86400,
    "requestsTable": "orderrequests",
}
_ACTIVITIES: Final = activities_in(activities.blueprint)


def no_change(_now: datetime) -> None:
    """Change nothing."""


@dataclass
class Notices(Mapping[str, timedelta]):
    """What carriers tell, and when: each wakes whoever waits by then, whatever it waits for."""

    coming: list[tuple[datetime, Scan]] = field(default_factory=list[tuple[datetime, Scan]])
    now: datetime = T0

    def come(self, now: datetime, kept: KeptScans) -> None:
        """Keep what has come by now."""
        self.now = now
        for at, scan in self.coming:
            if at <= now:
                kept.keep("shp-1", scan)

    @override
    def __getitem__(self, event: str) -> timedelta:
        later = [at for at, _ in self.coming if at > self.now]
        if not later or not event.startswith("scan:"):
            raise KeyError(event)
        return min(later) - T0

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(())

    @override
    def __len__(self) -> int:
        return len(self.coming)


@dataclass
class World:
    """Runs a parcel's story, one generation or all of them."""

    monkeypatch: pytest.MonkeyPatch
    carrier: ScriptedCarrier | TimedCarrier = field(default_factory=ScriptedCarrier)
    mail: MemoryMail = field(default_factory=MemoryMail)
    mail_is_down: bool = False
    events: Mapping[str, timedelta] = field(default_factory=dict[str, timedelta])
    notices: Notices = field(default_factory=Notices)
    kept: KeptScans = field(default_factory=memory_scans)
    before_each_look: Callable[[datetime], object] = no_change
    calls: list[str] = field(default_factory=list[str])
    at: datetime = T0

    def run(self, *script: str | None, **changes: Any) -> Run:
        """Run one generation with a carrier that makes a scan at each question."""
        self.carrier = ScriptedCarrier(script=script)
        return self.go_on(**changes)

    def to_the_end(self, **changes: Any) -> Run:
        """Run all generations; return the last one, with the custom statuses of all."""
        run = self.go_on(**changes)
        statuses = run.context.custom_statuses
        while run.failure is None and run.output is None:
            self.at = run.context.current_utc_datetime
            run = self.go_on(**run.context.continued_with)
            statuses += run.context.custom_statuses
        assert run.failure is None, run.failure
        run.context.custom_statuses[:] = statuses
        return run

    def go_on(self, **changes: Any) -> Run:
        outside = a_parcels_outside(self.carrier, mail=self.mail, scans=self.kept)
        self.monkeypatch.setattr(activities, "outside", lambda: outside)
        run = play(
            track_delivery,
            {**PARCEL, **changes},
            self.answer,
            instance_id="tracking-A1",
            events=self.events or self.notices,
            at=self.at,
        )
        self.calls += run.names
        return run

    def answer(self, call: Call) -> Any:
        if call.name == names.CHECK_SHIPMENT:
            now = datetime.fromisoformat(call.input["asOf"])
            self.before_each_look(now)
            self.notices.come(now, self.kept)
        if self.mail_is_down and call.name == names.NOTIFY_CUSTOMER:
            raise ProviderUnavailableError("down")
        return _ACTIVITIES[call.name](call.input)

    def told(self) -> list[str]:
        """What the customer was told, in words."""
        return [key.rpartition(":")[2] for key in self.mail.messages]

    def letters(self) -> list[tuple[DeliveryStatus, datetime]]:
        """Where the parcel was by each letter, and since when."""
        found = [key.split(":")[-2:] for key in self.mail.messages]
        return [
            (DeliveryStatus(status), datetime.strptime(f"{at}+0000", "%Y%m%dT%H%M%S.%f%z"))
            for at, status in found
        ]

    def asked_after(self) -> list[timedelta]:
        """When the carrier was asked."""
        return [at - T0 for at in self.carrier.asked_at]


def shown(run: Run, member: str) -> list[Any]:
    """What the custom status told of something, each word once, in order."""
    told = [status.get(member) for status in run.context.custom_statuses]
    return [word for before, word in zip([None, *told], told, strict=False) if word != before]
