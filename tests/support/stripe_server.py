"""A server that speaks the part of Stripe's HTTP API that is used here, idempotency included.

What a payment method does is in its name, as with Stripe's own test methods; faults are put in by
tests. Nothing of a request is believed that the real service would refuse.
"""

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.support.standing_server import Handler, serving

API_KEY: Final = "sk_test_of_a_server_in_this_process"

type Answer = tuple[int, dict[str, Any]]
type Fields = dict[str, str]

_OPEN: Final = frozenset(
    {"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"}
)


@dataclass(slots=True)
class Ledger:
    """What the service knows: intents by id, answers by idempotency key, and every request."""

    intents: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    charges: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    answers: dict[str, tuple[str, Fields, Answer]] = field(
        default_factory=dict[str, tuple[str, Fields, Answer]]
    )
    requests: list[tuple[str, str, Fields]] = field(default_factory=list[tuple[str, str, Fields]])
    # By the number of a request: an answer in place of doing it, or None to do it and say nothing.
    faults: dict[int, Answer | None] = field(default_factory=dict[int, Answer | None])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def intent_of(self, key: str) -> dict[str, Any]:
        """Return the only intent that was made for a key of ours."""
        (found,) = [one for one in self.intents.values() if one["metadata"].get("key") == key]
        return found

    def finish_action(self, key: str) -> None:
        """Let the customer pass what the bank asked for."""
        self._hold(self.intent_of(key))

    def moved(self, kind: str) -> int:
        """Sum what was captured or refunded."""
        return sum(charge[kind] for charge in self.charges.values())

    def create(self, fields: Fields) -> Answer:
        amount = int(fields["amount"])
        if amount < 1:
            return _refused("parameter_invalid_integer")
        number = len(self.intents) + 1
        intent: dict[str, Any] = {
            "id": f"pi_{number:06}",
            "object": "payment_intent",
            "amount": amount,
            "currency": fields["currency"],
            "capture_method": fields["capture_method"],
            "metadata": {"key": fields["metadata[key]"]},
            "status": "requires_payment_method",
            "cancellation_reason": None,
            "last_payment_error": None,
            "latest_charge": None,
        }
        self.intents[intent["id"]] = intent
        return 200, intent

    def confirm(self, intent: dict[str, Any], fields: Fields) -> Answer:
        if intent["status"] not in {"requires_payment_method", "requires_confirmation"}:
            return _refused("payment_intent_unexpected_state")
        match fields["payment_method"]:
            case "pm_card_visa":
                self._hold(intent)
            case "pm_card_authenticationRequired":
                intent["status"] = "requires_action"
            case "pm_card_chargeDeclined":
                error = {"type": "card_error", "code": "card_declined", "message": "declined"}
                intent["last_payment_error"] = error
                return 402, {"error": error}
            case _:
                return _refused("resource_missing")
        return 200, intent

    def capture(self, intent: dict[str, Any], _fields: Fields) -> Answer:
        if intent["status"] != "requires_capture":
            return _refused("payment_intent_unexpected_state")
        intent["status"] = "succeeded"
        self.charges[intent["latest_charge"]]["captured"] = intent["amount"]
        return 200, intent

    def cancel(self, intent: dict[str, Any], fields: Fields) -> Answer:
        if intent["status"] not in _OPEN:
            return _refused("payment_intent_unexpected_state")
        intent["status"] = "canceled"
        intent["cancellation_reason"] = fields.get("cancellation_reason")
        return 200, intent

    def refund(self, fields: Fields) -> Answer:
        intent = self.intents[fields["payment_intent"]]
        charge = self.charges[intent["latest_charge"]]
        if charge["refunded"]:
            return _refused("charge_already_refunded")
        charge.update(refunded=True, given_back=intent["amount"])
        return 200, {"id": "re_1", "object": "refund", "status": "succeeded"}

    def shown(self, answer: Answer, fields: Fields) -> Answer:
        status, document = answer
        if status == 200 and fields.get("expand[0]") == "latest_charge":
            return status, {
                **document,
                "latest_charge": self.charges.get(document["latest_charge"]),
            }
        return answer

    def _hold(self, intent: dict[str, Any]) -> None:
        charge = f"ch_{intent['id']}"
        intent.update(status="requires_capture", latest_charge=charge)
        self.charges[charge] = {
            "id": charge,
            "object": "charge",
            "refunded": False,
            "captured": 0,
            "given_back": 0,
        }


def _refused(code: str) -> Answer:
    return 400, {"error": {"type": "invalid_request_error", "code": code, "message": code}}


@dataclass(frozen=True, slots=True)
class StripeServer:
    """The service on a port of its own; clients find it at ``url``."""

    ledger: Ledger
    url: str


@contextmanager
def stripe_server() -> Generator[StripeServer]:
    """A fresh service for as long as the block runs."""
    ledger = Ledger()
    with serving(_Server(ledger)) as url:
        yield StripeServer(ledger, url)


class _Handler(Handler):
    """One request: authenticate, replay or perform, answer."""

    def do_GET(self) -> None:  # noqa: N802 - so the library calls it
        self._serve(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:  # noqa: N802 - so the library calls it
        body = self.body().decode()
        self._serve(dict(parse_qsl(body)))

    def _serve(self, fields: Fields) -> None:
        assert isinstance(self.server, _Server)
        ledger = self.server.ledger
        path = urlsplit(self.path).path
        with ledger.lock:
            number = len(ledger.requests)
            ledger.requests.append((self.command, path, fields))
            answer = ledger.faults.get(number) or self._answer(ledger, path, fields)
        if number in ledger.faults and ledger.faults[number] is None:
            self.close_connection = True
            return
        self.send(*answer)

    def _answer(self, ledger: Ledger, path: str, fields: Fields) -> Answer:
        if self.headers.get("Authorization") != f"Bearer {API_KEY}":
            return 401, {"error": {"type": "authentication_error", "message": "no such key"}}
        key = self.headers.get("Idempotency-Key", "")
        if self.command == "POST":
            assert key, f"{path} changes something and has no idempotency key"
        if key in ledger.answers:
            known_path, known_fields, answer = ledger.answers[key]
            if (known_path, known_fields) != (path, fields):
                return 400, {"error": {"type": "idempotency_error", "message": "key reused"}}
            return answer
        status, document = ledger.shown(self._performed(ledger, path, fields), fields)
        fixed = status, json.loads(json.dumps(document))
        if key:
            ledger.answers[key] = (path, fields, fixed)
        return fixed

    def _performed(self, ledger: Ledger, path: str, fields: Fields) -> Answer:
        moves: dict[str, Callable[[dict[str, Any], Fields], Answer]] = {
            "confirm": ledger.confirm,
            "capture": ledger.capture,
            "cancel": ledger.cancel,
        }
        match self.command, path.removeprefix("/v1/").split("/"):
            case "POST", ["payment_intents"]:
                return ledger.create(fields)
            case "GET", ["payment_intents", intent]:
                return 200, ledger.intents[intent]
            case "POST", ["payment_intents", intent, move]:
                return moves[move](ledger.intents[intent], fields)
            case "POST", ["refunds"]:
                return ledger.refund(fields)
            case _:
                return 404, {"error": {"type": "invalid_request_error", "message": path}}


class _Server(ThreadingHTTPServer):
    def __init__(self, ledger: Ledger) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ledger = ledger
