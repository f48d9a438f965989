"""What a carrier says over HTTP, in this domain's words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.errors import ProviderUnavailableError
from shared.providers.carrier import CarrierScan, CarrierTracking
from tests.support.playing import T0
from workflows.delivery_tracking.adapters import CarrierByHttp
from workflows.delivery_tracking.models import Scan, Tracking


class Telling:
    """A carrier that tells of one scan."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def tracking(self, key: str) -> CarrierTracking:
        assert key == "order-A1:book"
        scan = CarrierScan(scan_id="s-1", code="in_transit", at=self.at)
        return CarrierTracking(scans=(scan,), next_check_s=60.0)


def a_carrier(at: datetime) -> CarrierByHttp:
    told: Any = Telling(at)
    return CarrierByHttp(told)


def test_scans_are_told_as_they_were_made() -> None:
    scan = Scan(scan_id="s-1", code="in_transit", at=T0)

    assert a_carrier(T0).reading("order-A1:book", as_of=T0) == Tracking(
        scans=(scan,), next_check_s=60.0
    )


def test_a_carrier_that_tells_what_cannot_be_has_not_answered() -> None:
    carrier = a_carrier(datetime(1970, 1, 1, tzinfo=UTC))

    with pytest.raises(ProviderUnavailableError):
        carrier.reading("order-A1:book", as_of=T0)
