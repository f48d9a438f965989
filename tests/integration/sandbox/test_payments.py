"""The payment provider: money moves once, and the book shows each move."""

from collections import Counter
from datetime import UTC, datetime
from functools import partial

import pytest

from shared.errors import ProviderUnavailableError
from shared.sandbox.payments import (
    NO_CURRENCY,
    Balance,
    EffectKind,
    KeyReused,
    Payment,
    PaymentLedger,
    PaymentStatus,
    payment_id_for,
)
from shared.storage import Storage
from tests.integration.sandbox.rivals import Rivals, at_once

pytestmark = pytest.mark.integration

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
APPROVED = "tok_sandbox_approved"
DECLINED = "tok_sandbox_declined"
PENDING_SETTLES = "tok_sandbox_pending_settles"
PENDING_FOREVER = "tok_sandbox_pending_forever"
LOST_ANSWER = "tok_sandbox_lost_answer"
DOWN_2 = "tok_sandbox_down_2"
CAPTURE_DOWN_2 = "tok_sandbox_capture_down_2"
CANARY_4242 = "tok_canary_4242"
NOTHING = Balance(held_minor=0, captured_minor=0, refunded_minor=0)


class StoppedClock:
    def now(self) -> datetime:
        return T0


@pytest.fixture
def ledger(storage: Storage) -> PaymentLedger:
    return PaymentLedger(storage, clock=StoppedClock())


def authorized(
    ledger: PaymentLedger, key: str = "o1:authorize", *, token: str = APPROVED
) -> Payment:
    payment = ledger.authorize(key, amount_minor=4_999, currency="EUR", token=token)
    assert isinstance(payment, Payment)
    return payment


def kinds(ledger: PaymentLedger) -> Counter[EffectKind]:
    return Counter(effect.kind for effect in ledger.effects())


def test_an_approved_payment_holds_its_amount(ledger: PaymentLedger) -> None:
    payment = authorized(ledger)

    assert payment.status is PaymentStatus.AUTHORIZED
    assert ledger.find("o1:authorize") == payment
    assert ledger.balance("EUR") == Balance(held_minor=4_999, captured_minor=0, refunded_minor=0)
    assert ledger.balance("USD") == NOTHING


def test_a_captured_and_refunded_payment_adds_up_to_nothing(ledger: PaymentLedger) -> None:
    payment = authorized(ledger)

    assert ledger.capture(payment.payment_id, "c").status is PaymentStatus.CAPTURED
    assert ledger.balance("EUR").net_minor == 4_999
    assert ledger.refund(payment.payment_id, "r").status is PaymentStatus.REFUNDED
    assert ledger.balance("EUR") == Balance(
        held_minor=0, captured_minor=4_999, refunded_minor=4_999
    )
    assert ledger.balance("EUR").net_minor == 0


def test_an_entry_says_what_happened_under_which_key_and_when(ledger: PaymentLedger) -> None:
    payment = authorized(ledger)
    ledger.void(payment.payment_id, "o1:void")

    entries = {effect.kind: effect for effect in ledger.effects()}

    assert entries[EffectKind.AUTHORIZE].key == "o1:authorize"
    assert entries[EffectKind.VOID].key == "o1:void"
    assert entries[EffectKind.VOID].amount_minor == 4_999
    assert entries[EffectKind.VOID].at == T0


def test_amounts_beyond_32_bits_are_kept_whole(ledger: PaymentLedger) -> None:
    ledger.authorize("k", amount_minor=10**12, currency="JPY", token=APPROVED)

    assert ledger.balance("JPY").held_minor == 10**12


def test_an_amount_must_be_positive(ledger: PaymentLedger) -> None:
    with pytest.raises(ValueError, match="0 minor units"):
        ledger.authorize("k", amount_minor=0, currency="EUR", token=APPROVED)


def test_parallel_duplicates_of_every_call_move_money_once(rivals: Rivals) -> None:
    ledgers = [PaymentLedger(rivals.storage()) for _ in range(8)]

    payments = at_once([partial(authorized, ledger) for ledger in ledgers])
    payment_id = payments[0].payment_id
    captured = at_once([partial(ledger.capture, payment_id, "c") for ledger in ledgers])
    refunded = at_once([partial(ledger.refund, payment_id, "r") for ledger in ledgers])

    assert set(payments) == {payments[0]}
    assert {payment.status for payment in captured} == {PaymentStatus.CAPTURED}
    assert {payment.status for payment in refunded} == {PaymentStatus.REFUNDED}
    assert kinds(ledgers[0]) == {
        EffectKind.AUTHORIZE: 1,
        EffectKind.CAPTURE: 1,
        EffectKind.REFUND: 1,
    }


def test_a_race_of_capture_and_void_has_one_winner_that_both_are_told(rivals: Rivals) -> None:
    ledgers = [PaymentLedger(rivals.storage()) for _ in range(8)]
    payment = authorized(ledgers[0])

    answers = at_once(
        [
            partial(ledger.capture if number % 2 else ledger.void, payment.payment_id, f"k{number}")
            for number, ledger in enumerate(ledgers)
        ]
    )

    outcome = {answer.status for answer in answers}
    assert outcome in ({PaymentStatus.CAPTURED}, {PaymentStatus.VOIDED})
    assert kinds(ledgers[0]).total() == 2
    assert ledgers[0].balance("EUR").held_minor == 0


def test_a_key_belongs_to_one_amount_currency_and_token(ledger: PaymentLedger) -> None:
    payment = authorized(ledger)
    reused = KeyReused(payment_id=payment.payment_id)
    authorize = partial(ledger.authorize, "o1:authorize")

    assert authorize(amount_minor=5_000, currency="EUR", token=APPROVED) == reused
    assert authorize(amount_minor=4_999, currency="USD", token=APPROVED) == reused
    assert authorize(amount_minor=4_999, currency="EUR", token=DECLINED) == reused
    assert kinds(ledger) == {EffectKind.AUTHORIZE: 1}


@pytest.mark.parametrize(
    ("token", "code"),
    [("tok_sandbox_declined", "insufficient_funds"), ("tok_other", "unknown_token")],
)
def test_a_decline_is_an_answer_and_moves_no_money(
    ledger: PaymentLedger, token: str, code: str
) -> None:
    payment = authorized(ledger, token=token)

    assert payment.status is PaymentStatus.DECLINED
    assert payment.decline_code == code
    assert ledger.capture(payment.payment_id, "c").status is PaymentStatus.DECLINED
    assert ledger.void(payment.payment_id, "v").status is PaymentStatus.DECLINED
    assert ledger.effects() == []


def test_a_voided_payment_can_be_neither_captured_nor_refunded(ledger: PaymentLedger) -> None:
    payment = authorized(ledger)

    assert ledger.void(payment.payment_id, "v").status is PaymentStatus.VOIDED
    assert ledger.void(payment.payment_id, "v").status is PaymentStatus.VOIDED
    assert ledger.capture(payment.payment_id, "c").status is PaymentStatus.VOIDED
    assert ledger.refund(payment.payment_id, "r").status is PaymentStatus.VOIDED
    assert ledger.balance("EUR") == NOTHING


def test_an_authorized_payment_is_not_refundable_before_its_capture(ledger: PaymentLedger) -> None:
    payment = authorized(ledger)

    assert ledger.refund(payment.payment_id, "r").status is PaymentStatus.AUTHORIZED
    assert ledger.balance("EUR").held_minor == 4_999


def test_a_pending_payment_settles_at_the_third_find(ledger: PaymentLedger) -> None:
    payment = authorized(ledger, token=PENDING_SETTLES)
    found = [ledger.find("o1:authorize") for _ in range(4)]

    assert payment.status is PaymentStatus.PENDING
    assert [each.status for each in found if each] == [
        PaymentStatus.PENDING,
        PaymentStatus.PENDING,
        PaymentStatus.AUTHORIZED,
        PaymentStatus.AUTHORIZED,
    ]
    assert kinds(ledger) == {EffectKind.AUTHORIZE: 1}


def test_parallel_finds_settle_a_pending_payment_once(rivals: Rivals) -> None:
    ledgers = [PaymentLedger(rivals.storage()) for _ in range(8)]
    authorized(ledgers[0], token=PENDING_SETTLES)

    at_once([partial(ledger.find, "o1:authorize") for ledger in ledgers])

    assert kinds(ledgers[0]) == {EffectKind.AUTHORIZE: 1}


def test_a_payment_that_is_pending_forever_can_be_called_off(ledger: PaymentLedger) -> None:
    payment = authorized(ledger, token=PENDING_FOREVER)
    for _ in range(5):
        found = ledger.find("o1:authorize")
        assert found is not None
        assert found.status is PaymentStatus.PENDING

    assert ledger.capture(payment.payment_id, "c").status is PaymentStatus.PENDING
    assert ledger.void(payment.payment_id, "v").status is PaymentStatus.VOIDED
    assert ledger.effects() == []


def test_a_payment_called_off_while_pending_never_settles(ledger: PaymentLedger) -> None:
    payment = authorized(ledger, token=PENDING_SETTLES)
    ledger.void(payment.payment_id, "v")

    found = [ledger.find("o1:authorize") for _ in range(4)]

    assert {each.status for each in found if each} == {PaymentStatus.VOIDED}
    assert ledger.effects() == []


def test_a_lost_answer_is_found_by_asking_and_charges_once(ledger: PaymentLedger) -> None:
    with pytest.raises(ProviderUnavailableError):
        authorized(ledger, token=LOST_ANSWER)

    found = ledger.find("o1:authorize")
    again = authorized(ledger, token=LOST_ANSWER)

    assert found is not None
    assert found.status is PaymentStatus.AUTHORIZED
    assert again == found
    assert kinds(ledger) == {EffectKind.AUTHORIZE: 1}


def test_an_outage_lasts_for_the_calls_that_the_token_names(rivals: Rivals) -> None:
    for _ in range(2):
        with pytest.raises(ProviderUnavailableError):
            authorized(PaymentLedger(rivals.storage()), token=DOWN_2)
    ledger = PaymentLedger(rivals.storage())

    assert ledger.find("o1:authorize") is None
    assert ledger.effects() == []
    assert authorized(ledger, token=DOWN_2).status is PaymentStatus.AUTHORIZED


def test_an_outage_of_captures_leaves_the_hold_in_place(ledger: PaymentLedger) -> None:
    payment = authorized(ledger, token=CAPTURE_DOWN_2)
    for _ in range(2):
        with pytest.raises(ProviderUnavailableError):
            ledger.capture(payment.payment_id, "c")

    assert kinds(ledger) == {EffectKind.AUTHORIZE: 1}
    assert ledger.capture(payment.payment_id, "c").status is PaymentStatus.CAPTURED


def test_an_outage_of_voids_leaves_the_hold_in_place(ledger: PaymentLedger) -> None:
    payment = authorized(ledger, token="tok_sandbox_void_down_2")  # noqa: S106 - no secret
    for _ in range(2):
        with pytest.raises(ProviderUnavailableError):
            ledger.void(payment.payment_id, "v")

    assert kinds(ledger) == {EffectKind.AUTHORIZE: 1}
    assert ledger.void(payment.payment_id, "v").status is PaymentStatus.VOIDED


def test_a_payment_voided_before_it_came_never_holds_anything(ledger: PaymentLedger) -> None:
    called_off = ledger.void(payment_id_for("o1:authorize"), "o1:void")

    late = authorized(ledger)

    assert called_off.status is PaymentStatus.VOIDED
    assert late.status is PaymentStatus.VOIDED
    assert late.currency == NO_CURRENCY
    assert ledger.effects() == []


def test_a_race_of_authorize_and_its_void_holds_nothing_in_the_end(rivals: Rivals) -> None:
    ledgers = [PaymentLedger(rivals.storage()) for _ in range(8)]
    payment_id = payment_id_for("o1:authorize")

    at_once(
        [
            partial(ledger.void, payment_id, "o1:void")
            if number % 2
            else partial(authorized, ledger)
            for number, ledger in enumerate(ledgers)
        ]
    )

    assert authorized(ledgers[0]).status is PaymentStatus.VOIDED
    assert ledgers[0].balance("EUR") == NOTHING


def test_an_unknown_payment_cannot_be_captured_or_refunded(ledger: PaymentLedger) -> None:
    with pytest.raises(LookupError, match="no payment pay_unknown"):
        ledger.capture("pay_unknown", "c")
    with pytest.raises(LookupError, match="no payment pay_unknown"):
        ledger.refund("pay_unknown", "r")


def test_no_token_is_ever_written_down(ledger: PaymentLedger, storage: Storage) -> None:
    authorized(ledger, token=PENDING_SETTLES)
    authorized(ledger, "other", token=CANARY_4242)
    ledger.find("o1:authorize")

    rows = list(storage.table("Payments").rows("PartitionKey ge @first", first=""))

    assert len(rows) == 2
    assert "tok_" not in repr(rows)
