"""Amounts reach Stripe in its own units, exactly or not at all."""

import pytest

from shared.providers.stripe_amounts import NotPayableError, stripe_amount


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [
        (1999, "EUR", 1999),
        (500, "JPY", 500),
        (5, "ISK", 500),
        (7, "UGX", 700),
        (300, "MGA", 3),
        (5120, "KWD", 5120),
    ],
)
def test_amounts_are_told_in_stripes_units(minor: int, currency: str, expected: int) -> None:
    assert stripe_amount(minor, currency) == expected


@pytest.mark.parametrize(("minor", "currency"), [(5124, "KWD"), (150, "MGA")])
def test_what_would_have_to_be_rounded_is_refused(minor: int, currency: str) -> None:
    with pytest.raises(NotPayableError, match=currency):
        stripe_amount(minor, currency)
