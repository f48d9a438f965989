"""How the payment provider's book is written down: a partition per payment.

It holds the payment's row and one row per entry, so that a change of status and the entry for it
are one transaction. Nothing is decided here. A token is never written, only a mark that tells
whether two calls brought the same one.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from shared.sandbox.accounts import NO_CURRENCY, Effect, EffectKind, Payment
from shared.sandbox.tokens import PaymentStatus, behaviour_of
from shared.storage import Row, instant_text

PAYMENT_KEY = "payment"
EFFECTS = ("effect:", "effect;")  # the first row key and the end: ";" follows ":"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A payment with what only its provider knows.

    Attributes:
        authorize_key: the key it was made under; its later entries have keys of their own.
        token_mark: the beginning of the token's SHA-256; empty for one voided before it came.
        finds: how often a pending payment was looked up.
        settles_at_find: the look-up at which it settles; 0 is never.
        capture_outage_calls: how many ``capture`` calls fail first.
        void_outage_calls: how many ``void`` calls fail first.
    """

    payment: Payment
    authorize_key: str
    token_mark: str = ""
    finds: int = 0
    settles_at_find: int = 0
    capture_outage_calls: int = 0
    void_outage_calls: int = 0
    etag: str = ""

    def with_status(self, status: PaymentStatus) -> "Account":
        """Return the account after a move."""
        return replace(self, payment=replace(self.payment, status=status))


def token_mark(token: str) -> str:
    """Return what may be kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def opened(payment_id: str, key: str, *, amount_minor: int, currency: str, token: str) -> Account:
    """Return the account that the token's behaviour opens."""
    behaviour = behaviour_of(token)
    return Account(
        payment=Payment(
            payment_id=payment_id,
            status=behaviour.status,
            amount_minor=amount_minor,
            currency=currency,
            decline_code=behaviour.decline_code or None,
        ),
        authorize_key=key,
        token_mark=token_mark(token),
        settles_at_find=behaviour.settles_at_find,
        capture_outage_calls=behaviour.capture_outage_calls,
        void_outage_calls=behaviour.void_outage_calls,
    )


def called_off(payment_id: str) -> Account:
    """Return what a void leaves when the payment has not come: a late one finds it and stops."""
    return Account(
        payment=Payment(
            payment_id=payment_id,
            status=PaymentStatus.VOIDED,
            amount_minor=0,
            currency=NO_CURRENCY,
        ),
        authorize_key="",
    )


def account_row(account: Account) -> Row:
    """Return the account's row, still under the etag that was read."""
    payment = account.payment
    return Row(
        partition_key=payment.payment_id,
        row_key=PAYMENT_KEY,
        fields={
            "status": payment.status.value,
            "amount_minor": payment.amount_minor,
            "currency": payment.currency,
            "decline_code": payment.decline_code or "",
            "authorize_key": account.authorize_key,
            "token_mark": account.token_mark,
            "finds": account.finds,
            "settles_at_find": account.settles_at_find,
            "capture_outage_calls": account.capture_outage_calls,
            "void_outage_calls": account.void_outage_calls,
        },
        etag=account.etag,
    )


def account(row: Row) -> Account:
    """Return what an account's row says."""
    return Account(
        payment=Payment(
            payment_id=row.partition_key,
            status=PaymentStatus(row.text("status")),
            amount_minor=row.integer("amount_minor"),
            currency=row.text("currency"),
            decline_code=row.text("decline_code") or None,
        ),
        authorize_key=row.text("authorize_key"),
        token_mark=row.text("token_mark"),
        finds=row.integer("finds"),
        settles_at_find=row.integer("settles_at_find"),
        capture_outage_calls=row.integer("capture_outage_calls"),
        # Rows that were written before there was this member lack it.
        void_outage_calls=row.integer("void_outage_calls")
        if "void_outage_calls" in row.fields
        else 0,
        etag=row.etag,
    )


def effect_row(payment: Payment, kind: EffectKind, key: str, at: datetime) -> Row:
    """Return a new entry; its row key admits one entry of a kind per payment, whatever happens."""
    return Row(
        partition_key=payment.payment_id,
        row_key=f"{EFFECTS[0]}{kind.value}",
        fields={
            "kind": kind.value,
            "key": key,
            "amount_minor": payment.amount_minor,
            "currency": payment.currency,
            "at": instant_text(at),
        },
    )


def effect(row: Row) -> Effect:
    """Return what an entry says."""
    return Effect(
        kind=EffectKind(row.text("kind")),
        payment_id=row.partition_key,
        key=row.text("key"),
        amount_minor=row.integer("amount_minor"),
        currency=row.text("currency"),
        at=row.instant("at"),
    )
