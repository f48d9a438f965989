"""The rules of money: what a payment is, how it may change, and the entry that each change books.

Pure values and one table of moves; amounts are whole minor units beside an ISO 4217 code. Keeping
them in storage is ``shared.sandbox.payments``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.sandbox.tokens import PaymentStatus

NO_CURRENCY = "XXX"  # ISO 4217's own code for "no currency is involved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment as it stands.

    Attributes:
        payment_id: the provider's id; the same for every call under one key.
        decline_code: why it was declined; ``None`` in every other status.
    """

    payment_id: str
    status: PaymentStatus
    amount_minor: int
    currency: str
    decline_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReused:
    """The key belongs to a payment with other content; nothing was done."""

    payment_id: str


class EffectKind(StrEnum):
    """What an entry did to money."""

    AUTHORIZE = "authorize"  # holds
    CAPTURE = "capture"  # takes what was held
    VOID = "void"  # stops holding
    REFUND = "refund"  # gives back what was taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One entry of the book: it happened, once, and is never changed."""

    kind: EffectKind
    payment_id: str
    key: str
    amount_minor: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The sums of the entries in one currency."""

    held_minor: int
    captured_minor: int
    refunded_minor: int

    @property
    def net_minor(self) -> int:
        """What the merchant has in the end."""
        return self.captured_minor - self.refunded_minor


# Every change that is allowed and the entry it books; a pair that is not here changes nothing.
MOVES: Mapping[tuple[PaymentStatus, PaymentStatus], EffectKind | None] = {
    (PaymentStatus.PENDING, PaymentStatus.AUTHORIZED): EffectKind.AUTHORIZE,
    (PaymentStatus.PENDING, PaymentStatus.VOIDED): None,  # nothing was held yet
    (PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED): EffectKind.CAPTURE,
    (PaymentStatus.AUTHORIZED, PaymentStatus.VOIDED): EffectKind.VOID,
    (PaymentStatus.CAPTURED, PaymentStatus.REFUNDED): EffectKind.REFUND,
}


def balance_of(effects: Iterable[Effect], *, currency: str) -> Balance:
    """Add up the entries of one currency."""
    sums = dict.fromkeys(EffectKind, 0)
    for effect in effects:
        if effect.currency == currency:
            sums[effect.kind] += effect.amount_minor
    return Balance(
        held_minor=sums[EffectKind.AUTHORIZE] - sums[EffectKind.CAPTURE] - sums[EffectKind.VOID],
        captured_minor=sums[EffectKind.CAPTURE],
        refunded_minor=sums[EffectKind.REFUND],
    )
