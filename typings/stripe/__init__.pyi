"""The part of Stripe's library that this project uses; the real package is typed and very large."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

enable_telemetry: bool

class StripeError(Exception):
    code: str | None
    http_status: int | None

class APIConnectionError(StripeError): ...
class CardError(StripeError): ...
class InvalidRequestError(StripeError): ...
class IdempotencyError(StripeError): ...
class SignatureVerificationError(StripeError): ...
class HTTPClient: ...

class RequestsClient(HTTPClient):
    def __init__(self, timeout: float | tuple[float, float] = ...) -> None: ...
    def close(self) -> None: ...

class RequestOptions(TypedDict, total=False):
    idempotency_key: str

class Charge:
    refunded: bool

class PaymentIntent:
    id: str
    status: Literal[
        "canceled",
        "processing",
        "requires_action",
        "requires_capture",
        "requires_confirmation",
        "requires_payment_method",
        "succeeded",
    ]
    cancellation_reason: str | None
    last_payment_error: Any
    latest_charge: str | Charge | None

class Refund:
    status: str | None

class PaymentIntentService:
    def create(self, params: Mapping[str, Any], options: RequestOptions) -> PaymentIntent: ...
    def retrieve(self, intent: str, params: Mapping[str, Sequence[str]]) -> PaymentIntent: ...
    def confirm(
        self, intent: str, params: Mapping[str, Any], options: RequestOptions
    ) -> PaymentIntent: ...
    def capture(
        self, intent: str, params: Mapping[str, Any], options: RequestOptions
    ) -> PaymentIntent: ...
    def cancel(
        self, intent: str, params: Mapping[str, Any], options: RequestOptions
    ) -> PaymentIntent: ...

class RefundService:
    def create(self, params: Mapping[str, Any], options: RequestOptions) -> Refund: ...

class V1Services:
    payment_intents: PaymentIntentService
    refunds: RefundService

class StripeClient:
    v1: V1Services
    def __init__(
        self,
        api_key: str,
        *,
        base_addresses: Mapping[str, str] | None = None,
        max_network_retries: int | None = None,
        http_client: HTTPClient | None = None,
    ) -> None: ...

class WebhookSignature:
    @classmethod
    def generate_signature_header(
        cls, payload: str, secret: str, timestamp: int | None = None
    ) -> str: ...
    @staticmethod
    def verify_header(
        payload: str, header: str, secret: str, tolerance: int | None = None
    ) -> bool: ...
