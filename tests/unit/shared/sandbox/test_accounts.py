"""The rules of money, without storage."""

from datetime import UTC, datetime
from typing import assert_never

from hypothesis import given, strategies as st

from shared.sandbox.accounts import MOVES, Balance, Effect, EffectKind, balance_of
from shared.sandbox.tokens import PaymentStatus, behaviour_of

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def entries_of(moves: list[tuple[PaymentStatus, PaymentStatus]]) -> list[Effect]:
    return [
        Effect(kind=kind, payment_id="p", key="k", amount_minor=7, currency="EUR", at=T0)
        for kind in (MOVES[move] for move in moves)
        if kind
    ]


def balance_in(status: PaymentStatus, *, captured_before: bool) -> Balance:
    match status:
        case PaymentStatus.PENDING | PaymentStatus.DECLINED | PaymentStatus.VOIDED:
            return Balance(held_minor=0, captured_minor=0, refunded_minor=0)
        case PaymentStatus.AUTHORIZED:
            return Balance(held_minor=7, captured_minor=0, refunded_minor=0)
        case PaymentStatus.CAPTURED:
            return Balance(held_minor=0, captured_minor=7, refunded_minor=0)
        case PaymentStatus.REFUNDED:
            assert captured_before
            return Balance(held_minor=0, captured_minor=7, refunded_minor=7)
        case _:
            assert_never(status)


@given(st.lists(st.sampled_from(PaymentStatus), max_size=8))
def test_the_book_agrees_with_the_status_after_any_calls(targets: list[PaymentStatus]) -> None:
    status, moves = PaymentStatus.PENDING, list[tuple[PaymentStatus, PaymentStatus]]()
    for target in targets:
        if (status, target) in MOVES:
            moves.append((status, target))
            status = target

    captured_before = (PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED) in moves
    assert balance_of(entries_of(moves), currency="EUR") == balance_in(
        status, captured_before=captured_before
    )


def test_no_entry_is_booked_by_two_different_moves() -> None:
    booked = [kind for kind in MOVES.values() if kind]

    assert sorted(booked) == sorted(EffectKind)


def test_currencies_are_never_added_together() -> None:
    effects = [
        Effect(
            kind=EffectKind.AUTHORIZE,
            payment_id=currency,
            key="k",
            amount_minor=5,
            currency=currency,
            at=T0,
        )
        for currency in ("EUR", "USD")
    ]

    assert balance_of(effects, currency="EUR").held_minor == 5


def test_a_counted_token_must_count() -> None:
    assert behaviour_of("tok_sandbox_down_3").outage_calls == 3
    assert behaviour_of("tok_sandbox_capture_down_3").capture_outage_calls == 3
    assert behaviour_of("tok_sandbox_void_down_3").void_outage_calls == 3
    assert behaviour_of("tok_sandbox_down_").decline_code == "unknown_token"
    assert behaviour_of("tok_sandbox_down_3 ").decline_code == "unknown_token"
