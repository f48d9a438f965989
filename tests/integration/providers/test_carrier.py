"""A carrier over HTTP: done once however often it is sent; silence says nothing."""

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from shared.errors import ProviderUnavailableError
from shared.ordering import Address
from shared.providers.carrier import BookedParcels, HttpCarrier, Refusal
from shared.settings.providers import CarrierService
from tests.support.carrier_server import API_KEY, CarrierServer, Lost, carrier_server
from tests.support.functions import always
from tests.support.playing import T0
from workflows.delivery_tracking import adapters as tracking
from workflows.order_processing import adapters
from workflows.order_processing.questions import BookShipment, Direction

pytestmark = pytest.mark.integration

KEY: Final = "order-A1:book"
PARCELS: Final[dict[str, Any]] = {
    "reference": "tracking-A1",
    "orderId": "A1",
    "direction": "outbound",
    "service": "standard",
    "parcels": 2,
    "address": {
        "name": "Ünïcode Recipient",
        "street": "1 Example Street",
        "city": "X",
        "postalCode": "1",
        "country": "DE",
    },
}


@pytest.fixture
def server() -> Generator[CarrierServer]:
    with carrier_server() as running:
        yield running


@pytest.fixture
def carrier(server: CarrierServer) -> HttpCarrier:
    return HttpCarrier(CarrierService(url=server.url, api_key=API_KEY))


def until_answered[A](ask: Callable[[], A]) -> A:
    """Repeat what is not answered, as an activity does."""
    for _ in range(5):
        try:
            return ask()
        except ProviderUnavailableError:
            continue
    raise AssertionError("never answered")


def booked(carrier: HttpCarrier) -> BookedParcels:
    answer = carrier.book(KEY, PARCELS)
    assert isinstance(answer, BookedParcels)
    return answer


def test_parcels_are_booked_once_under_their_key(
    carrier: HttpCarrier, server: CarrierServer
) -> None:
    first, again = booked(carrier), booked(carrier)

    assert first == again
    assert first.shipment_id == KEY
    assert first.estimated_delivery_at is not None
    assert server.ledger.done == [f"book {KEY}"]
    assert server.ledger.shipments[KEY].body == PARCELS
    assert server.ledger.requests[0] == ("PUT", "/v1/shipments/order-A1%3Abook")


@pytest.mark.parametrize(
    "fault",
    [
        Lost.BEFORE,
        Lost.AFTER,
        (500, {}),
        (503, {}),
        (429, {}),
        (408, {}),
        (401, {}),
        (403, {}),
        (302, {}),
        (204, b""),
        (200, b"<html>"),
        (200, {"shipmentId": KEY}),
        (200, {"shipmentId": "another", "trackingNumber": "T1"}),
        (200, {"shipmentId": KEY, "trackingNumber": "T1", "estimatedDeliveryAt": "soon"}),
        (200, {"shipmentId": KEY, "trackingNumber": "<b>1</b>"}),
        (200, {"shipmentId": KEY, "trackingNumber": "T1", "more": "x" * 300_000}),
    ],
    ids=lambda fault: str(fault)[:80],
)
def test_whatever_is_no_answer_is_asked_again_and_there_is_one_shipment(
    carrier: HttpCarrier, server: CarrierServer, fault: Any
) -> None:
    server.ledger.faults = {0: fault, 1: fault}

    found = until_answered(lambda: booked(carrier))

    assert found.shipment_id == KEY
    assert server.ledger.done == [f"book {KEY}"]
    assert len(server.ledger.requests) == 3


@pytest.mark.parametrize("fault", [Lost.BEFORE, Lost.AFTER, (500, {}), (429, {})], ids=str)
def test_a_cancellation_whose_answer_is_lost_is_one(
    carrier: HttpCarrier, server: CarrierServer, fault: Any
) -> None:
    booked(carrier)
    server.ledger.faults = {1: fault, 2: fault}

    assert until_answered(lambda: carrier.cancel(KEY)) is None
    assert server.ledger.done == [f"book {KEY}", f"cancel {KEY}"]


def test_a_key_that_was_called_off_takes_no_parcels_any_more(
    carrier: HttpCarrier, server: CarrierServer
) -> None:
    assert carrier.cancel(KEY) is None

    assert carrier.book(KEY, PARCELS) == Refusal(reason="called_off")
    assert server.ledger.done == [f"cancel {KEY}"]


def test_parcels_that_are_under_way_are_not_called_off(carrier: HttpCarrier) -> None:
    booked(carrier)
    carrier.tracking(KEY)
    carrier.tracking(KEY)

    assert carrier.cancel(KEY) == Refusal(reason="already_picked_up")


A_SCAN: Final = {"scanId": "1", "code": "in_transit", "at": "2026-01-01T12:00:00Z"}
NOES: Final[Sequence[tuple[tuple[int, Any], str]]] = [
    ((422, {"reason": "no_such_service"}), "no_such_service"),
    ((422, {"reason": "No such service, dear <b>customer</b>!"}), "http_422"),
    ((400, b"<html>"), "http_400"),
    ((404, {}), "http_404"),
]


@pytest.mark.parametrize(("answer", "reason"), NOES, ids=str)
def test_a_no_is_a_value_with_a_code_and_no_foreign_words(
    carrier: HttpCarrier, server: CarrierServer, answer: Any, reason: str
) -> None:
    server.ledger.faults = {0: answer}

    assert carrier.book(KEY, PARCELS) == Refusal(reason=reason)


def test_the_way_is_told_scan_by_scan(carrier: HttpCarrier) -> None:
    booked(carrier)
    seen = [carrier.tracking(KEY) for _ in range(6)]

    assert [scan.code for scan in seen[-1].scans] == [
        *("label_created", "picked_up", "in_transit", "out_for_delivery", "delivered")
    ]
    assert seen[0].next_check_s == 0.2


NOT_UNDERSTOOD: Final[Mapping[str, tuple[int, Any]]] = {
    "unknown": (404, {}),
    "no time zone": (200, {"scans": [{**A_SCAN, "at": "2026-01-01T12:00:00"}]}),
    "a long code": (200, {"scans": [{**A_SCAN, "code": "x" * 101}]}),
    "a pause of less than nothing": (200, {"scans": [], "nextCheckS": -1}),
    "too many": (200, {"scans": [A_SCAN] * 501}),
}


@pytest.mark.parametrize("answer", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_of_a_way_that_is_not_understood_nothing_is_concluded(
    carrier: HttpCarrier, server: CarrierServer, answer: Any
) -> None:
    server.ledger.faults = {0: answer}

    with pytest.raises(ProviderUnavailableError):
        carrier.tracking(KEY)


def test_parcels_are_looked_for_and_claimed_once(
    carrier: HttpCarrier, server: CarrierServer
) -> None:
    booked(carrier)
    server.ledger.faults = {1: Lost.AFTER, 4: Lost.AFTER}

    assert until_answered(lambda: carrier.inquire(KEY, 1))
    assert carrier.inquire(KEY, 2)
    assert until_answered(lambda: carrier.claim(KEY))
    assert server.ledger.shipments[KEY].inquiries == {"1", "2"}
    assert server.ledger.done == [f"book {KEY}", f"claim {KEY}"]
    server.ledger.faults = {len(server.ledger.requests): (422, {})}
    assert not carrier.claim(KEY)


def test_a_redirection_is_not_followed_and_the_key_goes_nowhere_else(
    carrier: HttpCarrier, server: CarrierServer
) -> None:
    server.ledger.faults = {0: (307, {})}

    with pytest.raises(ProviderUnavailableError, match="says 307"):
        carrier.book(KEY, PARCELS)
    assert len(server.ledger.requests) == 1


def test_a_password_file_of_this_machine_changes_nothing(
    carrier: HttpCarrier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n", "utf-8")
    monkeypatch.setenv("NETRC", str(netrc))

    assert booked(carrier).shipment_id == KEY


def test_what_is_sent_is_in_no_message_of_an_error(server: CarrierServer) -> None:
    carrier = HttpCarrier(CarrierService(url=server.url, api_key="CANARY-key"))
    server.ledger.faults = {1: Lost.BEFORE}

    for _ in range(2):
        with pytest.raises(ProviderUnavailableError) as failed:
            carrier.book(KEY, PARCELS)
        for secret in ("CANARY", "Example Street", "Recipient"):
            assert secret not in str(failed.value)
            assert failed.value.__cause__ is None
    assert "CANARY" not in repr(CarrierService(url="https://x", api_key="CANARY"))


def test_both_domains_say_it_in_their_own_words(
    carrier: HttpCarrier, server: CarrierServer
) -> None:
    address = Address.from_json(PARCELS["address"])
    booking = BookShipment(
        order_id="A1",
        key="return-A1:label",
        service="standard",
        direction=Direction.RETURN,
        reference="tracking-return:A1",
        at=T0,
    )
    shipping, following = adapters.CarrierByHttp(carrier), tracking.CarrierByHttp(carrier)

    shipment = shipping.book(booking, address=always(address)).shipment

    assert shipment is not None
    assert server.ledger.shipments[booking.key].body == {
        **PARCELS,
        "direction": "return",
        "reference": "tracking-return:A1",
        "parcels": 1,
    }
    told = following.reading(shipment.shipment_id, as_of=T0)
    assert [scan.code for scan in told.scans] == ["label_created"]
    assert following.trace(shipment.shipment_id, number=1, at=T0)
    assert following.claim(shipment.shipment_id, at=T0)
    assert shipping.cancel(booking.key, at=T0).undone
    refused = shipping.book(
        booking.model_copy(update={"key": "k", "service": "sandbox_refused"}),
        address=always(address),
    )
    assert (refused.shipment, refused.reason) == (None, "service_refused")
    assert shipping.cancel("k", at=T0).undone
