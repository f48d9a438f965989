"""A payment provider's book: authorize, then capture or void, refund after a capture.

The token decides what happens, on purpose:

==============================  ==================================================================
token                           what the provider does
==============================  ==================================================================
``tok_sandbox_approved``        authorizes
``tok_sandbox_declined``        declines with ``insufficient_funds``
``tok_sandbox_pending_settles`` answers pending; authorized at the third ``find``
``tok_sandbox_pending_forever`` answers pending and never decides
``tok_sandbox_lost_answer``     authorizes, and the answer to that call is lost
``tok_sandbox_down_N``          is unavailable for the first N ``authorize`` calls of a key, with
                                nothing written, then authorizes; N is 0 to 999
``tok_sandbox_capture_down_N``  authorizes; is unavailable for the first N ``capture`` calls
``tok_sandbox_void_down_N``     authorizes; is unavailable for the first N ``void`` calls
anything else                   declines with ``unknown_token``
==============================  ==================================================================

A real provider's adapter does not belong here. Amounts are captured and refunded in full.
"""

from dataclasses import replace
from functools import partial

from shared.clock import Clock, system_clock
from shared.errors import ProviderUnavailableError
from shared.ids import derived_id
from shared.sandbox import payment_rows
from shared.sandbox.accounts import (
    MOVES,
    NO_CURRENCY,
    Balance,
    Effect,
    EffectKind,
    KeyReused,
    Payment,
    balance_of,
)
from shared.sandbox.outages import answers_for, suffer_outage
from shared.sandbox.payment_rows import Account
from shared.sandbox.tokens import PaymentStatus, behaviour_of
from shared.storage import Storage, Table

__all__ = [
    "NO_CURRENCY",
    "Balance",
    "Effect",
    "EffectKind",
    "KeyReused",
    "Payment",
    "PaymentLedger",
    "PaymentStatus",
    "payment_id_for",
]


def payment_id_for(key: str) -> str:
    """Return the id of the payment that is, or will be, made under this key."""
    return derived_id("pay", key)


class PaymentLedger:
    """Take money once. Every call may raise ``ProviderUnavailableError``; its outcome is unknown.

    Then repeat it under the same key, or ask with ``find``. Whatever a call is not allowed to do is
    not done, and the answer is the payment as it stands: compare its status with the one wanted.

    Args:
        storage: where the book is kept.
        clock: dates the entries.
    """

    def __init__(self, storage: Storage, *, clock: Clock | None = None) -> None:
        self._storage = storage
        self._clock = clock or system_clock()

    @answers_for("payment provider")
    def authorize(
        self, key: str, *, amount_minor: int, currency: str, token: str
    ) -> Payment | KeyReused:
        """Hold the amount; a repeat under the same key answers with the first payment.

        Returns:
            The payment: authorized, pending, declined, or what has become of it since. ``VOIDED``
            with ``NO_CURRENCY`` when it was called off before it came.
            ``KeyReused`` when the key belongs to another amount, currency or token.

        Raises:
            ValueError: the amount is not positive.
        """
        if amount_minor < 1:
            raise ValueError(f"{amount_minor} minor units cannot be authorized")
        asked = payment_rows.opened(
            payment_id_for(key), key, amount_minor=amount_minor, currency=currency, token=token
        )
        known = self._account(asked.payment.payment_id)
        if known:
            return _repeated(known, asked)
        behaviour = behaviour_of(token)
        suffer_outage(
            self._table,
            asked.payment.payment_id,
            operation="authorize",
            calls=behaviour.outage_calls,
        )
        return self._table.until_written(
            partial(self._try_open, asked, loses_answer=behaviour.loses_answer)
        )

    @answers_for("payment provider")
    def find(self, key: str) -> Payment | None:
        """Return the payment made under a key, or ``None`` when there is none (yet).

        Asking is what lets ``tok_sandbox_pending_settles`` settle.
        """
        return self._table.until_written(partial(self._try_find, payment_id_for(key)))

    @answers_for("payment provider")
    def capture(self, payment_id: str, key: str) -> Payment:
        """Take the held amount; ``CAPTURED`` is the only success.

        Raises:
            LookupError: there is no such payment.
        """
        account = self._account(payment_id)
        if account is None:
            raise _no_such_payment(payment_id)
        suffer_outage(
            self._table, payment_id, operation="capture", calls=account.capture_outage_calls
        )
        return self._move(payment_id, key, PaymentStatus.CAPTURED)

    @answers_for("payment provider")
    def void(self, payment_id: str, key: str) -> Payment:
        """Drop the hold, or call a pending payment off; ``VOIDED`` is the only success.

        A payment that has not come is called off too, so that a late ``authorize`` under its key
        holds nothing: ``payment_id_for`` gives the id when the answer with it was lost.
        """
        account = self._account(payment_id)
        calls = account.void_outage_calls if account else 0
        suffer_outage(self._table, payment_id, operation="void", calls=calls)
        return self._move(payment_id, key, PaymentStatus.VOIDED)

    @answers_for("payment provider")
    def refund(self, payment_id: str, key: str) -> Payment:
        """Give the captured amount back; ``REFUNDED`` is the only success.

        Raises:
            LookupError: there is no such payment.
        """
        return self._move(payment_id, key, PaymentStatus.REFUNDED)

    @answers_for("payment provider")
    def effects(self) -> list[Effect]:
        """Return every entry of the book, in the order of time."""
        first, end = payment_rows.EFFECTS
        rows = self._table.rows("RowKey ge @first and RowKey lt @end", first=first, end=end)
        return sorted(map(payment_rows.effect, rows), key=lambda effect: effect.at)

    def balance(self, currency: str) -> Balance:
        """Return the sums of all entries in a currency."""
        return balance_of(self.effects(), currency=currency)

    @property
    def _table(self) -> Table:
        return self._storage.table("Payments")

    def _account(self, payment_id: str) -> Account | None:
        row = self._table.read(payment_id, payment_rows.PAYMENT_KEY)
        return payment_rows.account(row) if row else None

    def _write(self, account: Account, effect: EffectKind | None, key: str) -> None:
        rows = [payment_rows.account_row(account)]
        if effect:
            rows.append(payment_rows.effect_row(account.payment, effect, key, self._clock.now()))
        self._table.write_or_retry(*rows)

    def _try_open(self, asked: Account, *, loses_answer: bool) -> Payment | KeyReused:
        known = self._account(asked.payment.payment_id)
        if known:
            return _repeated(known, asked)
        held = asked.payment.status is PaymentStatus.AUTHORIZED
        effect = EffectKind.AUTHORIZE if held else None
        self._write(asked, effect, asked.authorize_key)
        if loses_answer:
            raise ProviderUnavailableError("the sandbox lost its answer on purpose")
        return asked.payment

    def _try_find(self, payment_id: str) -> Payment | None:
        account = self._account(payment_id)
        if account is None:
            return None
        if account.payment.status is not PaymentStatus.PENDING or not account.settles_at_find:
            return account.payment
        asked = replace(account, finds=account.finds + 1)
        if asked.finds < asked.settles_at_find:
            self._write(asked, None, "")
            return asked.payment
        settled = asked.with_status(PaymentStatus.AUTHORIZED)
        self._write(settled, EffectKind.AUTHORIZE, settled.authorize_key)
        return settled.payment

    def _move(self, payment_id: str, key: str, target: PaymentStatus) -> Payment:
        return self._table.until_written(partial(self._try_move, payment_id, key, target))

    def _try_move(self, payment_id: str, key: str, target: PaymentStatus) -> Payment:
        account = self._account(payment_id)
        if account is None:
            if target is not PaymentStatus.VOIDED:
                raise _no_such_payment(payment_id)
            tombstone = payment_rows.called_off(payment_id)
            self._write(tombstone, None, key)
            return tombstone.payment
        move = (account.payment.status, target)
        if move not in MOVES:
            return account.payment
        moved = account.with_status(target)
        self._write(moved, MOVES[move], key)
        return moved.payment


def _no_such_payment(payment_id: str) -> LookupError:
    return LookupError(f"no payment {payment_id}: ids come from authorize or find")


def _repeated(known: Account, asked: Account) -> Payment | KeyReused:
    if not known.authorize_key:  # called off before it came
        return known.payment
    same = (
        known.token_mark == asked.token_mark
        and known.payment.amount_minor == asked.payment.amount_minor
        and known.payment.currency == asked.payment.currency
    )
    return known.payment if same else KeyReused(payment_id=known.payment.payment_id)
