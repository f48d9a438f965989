"""Being told of a scan: believed when signed, kept once, and only for a parcel that is followed."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import azure.functions as func
import pytest

from shared.errors import StorageUnavailableError
from shared.notices import TakenNotices
from shared.settings import Settings
from shared.standard_webhooks import WebhookSecret
from tests.support.clients import MemoryClient, document
from tests.support.functions import handler_of
from tests.support.memory_table import MemoryTable
from tests.support.parcels import memory_scans
from workflows.delivery_tracking import http_notices, names
from workflows.delivery_tracking.models import Scan
from workflows.delivery_tracking.scans import MOST_SCANS, KeptScans

SECRET: Final = WebhookSecret(bytes(range(32)))
AT: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)
FOLLOWED: Final = {"orderId": "A1", "shipmentId": "shp-1", "listensFor": "scan:0"}
SCANNED: Final = {
    "shipmentId": "shp-1",
    "reference": "tracking-A1",
    "scanId": "s-1",
    "code": "in_transit",
    "at": "2030-01-01T12:00:00Z",
}


@dataclass
class Gate:
    """The endpoint with what it keeps and whom it tells."""

    client: MemoryClient = field(default_factory=MemoryClient)
    scans: KeptScans = field(default_factory=memory_scans)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.at

    def tell(self, *, notice_id: str = "msg_1", **changes: Any) -> func.HttpResponse:
        return self.send(
            {"type": "shipment.scanned", "data": {**SCANNED, **changes}}, notice_id=notice_id
        )

    def send(
        self, document: Any, *, notice_id: str = "msg_1", secret: WebhookSecret = SECRET
    ) -> func.HttpResponse:
        body = json.dumps(document).encode()
        signed = secret.sign(body, notice_id=notice_id, at=self.at)
        request = func.HttpRequest(
            method="POST",
            url="http://localhost/api/webhooks/carrier",
            headers={"Content-Type": "application/json", **signed},
            body=body,
        )
        handler = handler_of(http_notices.take_scan)
        response: func.HttpResponse = asyncio.run(handler(request, client=self.client))
        return response

    def kept(self) -> list[str]:
        return [scan.scan_id for scan in self.scans.of("shp-1")]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    settings = replace(
        Settings.from_environment({"AzureWebJobsStorage": "UseDevelopmentStorage=true"}),
        carrier_notice_secret=SECRET,
    )
    told = TakenNotices(MemoryTable())  # type: ignore[arg-type] # the part that is used
    monkeypatch.setattr(http_notices, "taken_notices", lambda: told)
    monkeypatch.setattr(http_notices, "kept_scans", lambda: gate.scans)
    monkeypatch.setattr(http_notices, "system_clock", lambda: gate)
    monkeypatch.setattr(http_notices, "current_settings", lambda: settings)
    gate.client.put("tracking-A1", name=names.ORCHESTRATOR, customStatus=FOLLOWED)
    return gate


def test_a_scan_is_kept_and_wakes_who_follows_the_parcel(gate: Gate) -> None:
    assert gate.tell().status_code == 204

    assert gate.scans.of("shp-1") == (Scan(scan_id="s-1", code="in_transit", at=AT),)
    assert gate.client.told == [("tracking-A1", "scan:0")]


def test_the_same_notice_again_changes_nothing(gate: Gate) -> None:
    assert [gate.tell().status_code for _ in range(3)] == [204] * 3

    assert gate.kept() == ["s-1"]
    assert gate.client.told == [("tracking-A1", "scan:0")]


def test_a_scan_stays_as_it_was_told_first(gate: Gate) -> None:
    gate.tell()
    gate.tell(notice_id="msg_2", code="delivered")

    assert gate.scans.of("shp-1") == (Scan(scan_id="s-1", code="in_transit", at=AT),)


def test_a_scan_is_kept_though_nobody_could_be_woken_and_is_wanted_again(gate: Gate) -> None:
    gate.client.unreachable = True
    first = gate.tell()
    gate.client.unreachable = False

    assert (first.status_code, gate.kept()) == (503, ["s-1"])
    assert gate.tell().status_code == 204
    assert gate.client.told == [("tracking-A1", "scan:0")]


def test_a_parcel_that_comes_to_its_end_at_that_moment_needs_no_second_notice(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_late(*_arguments: Any) -> None:
        await asyncio.sleep(0)
        gate.client.put("tracking-A1", runtimeStatus="Completed")
        raise RuntimeError("the instance has ended")

    monkeypatch.setattr(gate.client, "raise_event", too_late)

    assert gate.tell().status_code == 204


def test_a_scan_that_cannot_be_kept_is_wanted_again_and_wakes_nobody(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object) -> bool:
        raise StorageUnavailableError("down")

    monkeypatch.setattr(KeptScans, "keep", away)

    assert gate.tell().status_code == 503
    assert gate.client.told == []


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "mislaid"},
        {"shipmentId": "shp-2"},
        {"reference": "tracking-A2"},
        {"reference": "order-A1"},
        {"reference": "../../admin"},
        {"reference": "tracking-A1?x="},
    ],
    ids=["unknown code", "unknown parcel", "unknown reference", "no tracking", "path", "query"],
)
def test_what_is_about_nothing_that_is_followed_is_taken_and_does_nothing(
    gate: Gate, changes: dict[str, str]
) -> None:
    gate.client.put("order-A1", customStatus=FOLLOWED)

    assert gate.tell(**changes).status_code == 204
    assert (gate.kept(), gate.scans.of("shp-2"), gate.client.told) == ([], (), [])


@pytest.mark.parametrize("changes", [{"runtimeStatus": "Completed"}, {"customStatus": None}])
def test_a_parcel_whose_story_has_ended_or_not_begun_keeps_nothing(
    gate: Gate, changes: dict[str, Any]
) -> None:
    gate.client.put("tracking-A1", **changes)

    assert gate.tell().status_code == 204
    assert (gate.kept(), gate.client.told) == ([], [])


def test_who_has_the_secret_cannot_fill_the_storage(gate: Gate) -> None:
    for number in range(MOST_SCANS + 5):
        assert gate.tell(scanId=f"s-{number}", notice_id=f"msg_{number}").status_code == 204

    assert len(gate.kept()) == MOST_SCANS
    # What the carrier itself answers counts all the same.
    asked = Scan(scan_id="asked", code="delivered", at=AT)
    assert asked in gate.scans.merged("shp-1", [asked])


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"scanId": "x" * 101}, "/data/scanId"),
        ({"code": ""}, "/data/code"),
        ({"shipmentId": "a b"}, "/data/shipmentId"),
        ({"at": "2030-01-01T12:00:00"}, "/data/at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "/data/at"),
        ({"at": "9999-12-31T23:59:59-14:00"}, "/data/at"),
        ({"place": "hub"}, "/data/place"),
    ],
)
def test_a_signed_body_is_checked_like_any_other(
    gate: Gate, changes: dict[str, str], pointer: str
) -> None:
    answer = gate.tell(**changes)

    assert answer.status_code == 400
    assert document(answer)["errors"][0]["pointer"] == pointer
    assert gate.kept() == []


def refused(response: func.HttpResponse) -> bool:
    problem: str = document(response)["type"]
    return response.status_code == 403 and problem.endswith(":notice-refused")


def test_only_what_the_carrier_signed_just_now_is_believed(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"type": "shipment.scanned", "data": SCANNED}

    assert refused(gate.send(body, secret=WebhookSecret(bytes(32))))
    signed_at = gate.at
    gate.at = signed_at - timedelta(minutes=6)
    monkeypatch.setattr(http_notices, "system_clock", lambda: replace(gate, at=signed_at))
    assert refused(gate.send(body))
    assert (gate.kept(), gate.client.told) == ([], [])


def test_without_a_secret_nobody_is_believed(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.from_environment({"AzureWebJobsStorage": "UseDevelopmentStorage=true"})
    monkeypatch.setattr(http_notices, "current_settings", lambda: settings)

    assert refused(gate.tell())
