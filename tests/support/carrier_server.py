"""A carrier that serves the contract of docs/carrier.md, and faults that tests put in.

What it does with a shipment is in the service's name; each question about a journey lets it go on
by one scan. Nothing of a request is believed that a real carrier would refuse.
"""

import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from http.server import ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import unquote

from tests.support.standing_server import Handler, serving

API_KEY: Final = "key-of-a-carrier-in-this-process"

type Answer = tuple[int, Any]

_MEMBERS: Final = {"reference", "orderId", "direction", "service", "parcels", "address"}
_ROUTE: Final = ("label_created", "picked_up", "in_transit", "out_for_delivery", "delivered")


class Lost(Enum):
    """A request that is not answered."""

    BEFORE = "before"  # and not carried out
    AFTER = "after"  # but carried out


@dataclass(slots=True, kw_only=True)
class Parcels:
    """What stands under a key: what was booked, or only that it was called off."""

    body: dict[str, Any] = field(default_factory=dict[str, Any])
    cancelled: bool = False
    scans: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    inquiries: set[str] = field(default_factory=set[str])
    claimed: bool = False


@dataclass(slots=True)
class CarrierLedger:
    """Every shipment by key, how often each thing was really done, and every request."""

    shipments: dict[str, Parcels] = field(default_factory=dict[str, Parcels])
    done: list[str] = field(default_factory=list[str])
    requests: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    # By the number of a request: no answer, or one in place of carrying it out.
    faults: dict[int, Lost | Answer] = field(default_factory=dict[int, Lost | Answer])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def book(self, key: str, body: dict[str, Any]) -> Answer:
        if set(body) != _MEMBERS or not set(body["address"]) >= {"street", "city", "country"}:
            return 400, {"reason": "malformed"}
        if body["service"] == "sandbox_refused":
            return 422, {"reason": "service_refused"}
        known = self.shipments.get(key)
        if known is None:
            self.shipments[key] = Parcels(body=body)
            self.done.append(f"book {key}")
            return 201, _booking(key)
        if known.cancelled:
            return 409, {"reason": "called_off"}
        return (200, _booking(key)) if known.body == body else (409, {"reason": "key_reused"})

    def cancel(self, key: str) -> Answer:
        parcels = self.shipments.setdefault(key, Parcels())
        if len(parcels.scans) > 1:
            return 409, {}
        if not parcels.cancelled:
            parcels.cancelled = True
            self.done.append(f"cancel {key}")
        return 200, {}

    def track(self, key: str) -> Answer:
        parcels = self.shipments.get(key)
        if parcels is None or not parcels.body:
            return 404, {}
        if len(parcels.scans) < len(_ROUTE):
            code = _ROUTE[len(parcels.scans)]
            at = datetime.now(UTC).isoformat()
            parcels.scans.append({"scanId": f"{key}/{code}", "code": code, "at": at})
        return 200, {"scans": parcels.scans, "nextCheckS": 0.2}

    def inquire(self, key: str, number: str) -> Answer:
        self.shipments[key].inquiries.add(number)
        return 200, {}

    def claim(self, key: str) -> Answer:
        if self.shipments[key].claimed:
            return 200, {}
        self.shipments[key].claimed = True
        self.done.append(f"claim {key}")
        return 201, {}


def _booking(key: str) -> dict[str, str]:
    number = f"T{sum(key.encode()):06}"
    return {"shipmentId": key, "trackingNumber": number, "estimatedDeliveryAt": "2099-01-01T12:00Z"}


@dataclass(frozen=True, slots=True)
class CarrierServer:
    """The carrier on a port of its own; clients find it at ``url``."""

    ledger: CarrierLedger
    url: str


@contextmanager
def carrier_server() -> Generator[CarrierServer]:
    """A fresh carrier for as long as the block runs."""
    ledger = CarrierLedger()
    with serving(_Server(ledger)) as url:
        yield CarrierServer(ledger, f"{url}/v1")


class _Handler(Handler):
    """One request: authenticate, carry out, answer."""

    def do_GET(self) -> None:  # noqa: N802 - so the library calls it
        self._serve({})

    def do_PUT(self) -> None:  # noqa: N802 - so the library calls it
        content = self.body()
        self._serve(json.loads(content))

    def _serve(self, body: dict[str, Any]) -> None:
        assert isinstance(self.server, _Server)
        ledger = self.server.ledger
        with ledger.lock:
            number = len(ledger.requests)
            ledger.requests.append((self.command, self.path))
            answer = self._answer(ledger, body, ledger.faults.get(number))
        if answer is None:
            self.close_connection = True
        else:
            self.send(*answer)

    def _answer(
        self, ledger: CarrierLedger, body: dict[str, Any], fault: Lost | Answer | None
    ) -> Answer | None:
        match fault:
            case None:
                is_known = self.headers.get("Authorization") == f"Bearer {API_KEY}"
                return self._carried_out(ledger, body) if is_known else (401, {})
            case Lost.BEFORE:
                return None
            case Lost.AFTER:
                self._carried_out(ledger, body)
                return None
            case _:
                return fault

    def _carried_out(self, ledger: CarrierLedger, body: dict[str, Any]) -> Answer:
        parts: Sequence[str] = [unquote(part) for part in self.path.split("/")]
        match self.command, parts:
            case "PUT", ["", "v1", "shipments", key]:
                return ledger.book(key, body)
            case "PUT", ["", "v1", "shipments", key, "cancellation"]:
                return ledger.cancel(key)
            case "GET", ["", "v1", "shipments", key, "tracking"]:
                return ledger.track(key)
            case "PUT", ["", "v1", "shipments", key, "inquiries", number]:
                return ledger.inquire(key, number)
            case "PUT", ["", "v1", "shipments", key, "claim"]:
                return ledger.claim(key)
            case _:
                return 404, {}


class _Server(ThreadingHTTPServer):
    """The server, with what it knows."""

    daemon_threads = True

    def __init__(self, ledger: CarrierLedger) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ledger = ledger
