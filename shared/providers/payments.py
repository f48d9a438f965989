"""What any payment provider says of a payment, in the words that this application uses."""

from dataclasses import dataclass
from enum import StrEnum


class ProviderStatus(StrEnum):
    """Where a payment stands with its provider."""

    PENDING = "pending"  # the provider or the customer has not decided yet
    AUTHORIZED = "authorized"  # the funds are held
    DECLINED = "declined"
    CAPTURED = "captured"
    VOIDED = "voided"  # the hold was dropped, ran out, or never came to be
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPayment:
    """A payment; ``payment_id`` is the provider's, None for one called off before it was made."""

    status: ProviderStatus
    payment_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentNotice:
    """A provider tells that a payment has changed; ``key`` is what it was authorized under."""

    notice_id: str
    key: str
