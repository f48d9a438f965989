"""Amounts as Stripe counts them, which is not always in ISO 4217's minor units.

Source of the rules: https://docs.stripe.com/currencies, zero-decimal to special cases.
"""

from shared.money import decimals_of

# Stripe counts these in hundredths though they have no minor unit any more.
_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
# Stripe counts these in whole units though ISO 4217 has hundredths of them.
_IN_WHOLE_UNITS = frozenset({"MGA"})
_THREE_DECIMALS = 3
_HUNDRED = 100
_TEN = 10


class NotPayableError(ValueError):
    """Stripe cannot take this very amount in this currency."""


def stripe_amount(minor: int, currency: str) -> int:
    """Return the amount as Stripe counts it; it is always exact.

    Raises:
        NotPayableError: It would have to be rounded, and rounding is not for an adapter to decide.
    """
    if currency in _IN_HUNDREDTHS:
        return minor * _HUNDRED
    if currency in _IN_WHOLE_UNITS:
        if minor % _HUNDRED:
            raise NotPayableError(f"{currency} can only be paid in whole units")
        return minor // _HUNDRED
    if decimals_of(currency) == _THREE_DECIMALS and minor % _TEN:
        raise NotPayableError(f"{currency} can only be paid in tens of the minor unit")
    return minor
