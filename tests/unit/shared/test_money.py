import pytest
from pydantic import TypeAdapter, ValidationError

from shared.money import CURRENCIES, Currency, in_words


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (1999, "EUR", "19.99 EUR"),
        (5, "EUR", "0.05 EUR"),
        (980, "JPY", "980 JPY"),
        (12345, "KWD", "12.345 KWD"),
    ],
)
def test_amounts_are_written_with_the_currencys_own_decimals(
    minor: int, currency: str, words: str
) -> None:
    assert in_words(minor, currency) == words


def test_only_circulating_currencies_are_currencies() -> None:
    assert {"EUR", "USD", "JPY"} <= CURRENCIES
    for code in ("XXX", "XAU", "eur", "EURO", ""):
        with pytest.raises(ValidationError):
            TypeAdapter(Currency).validate_python(code)
