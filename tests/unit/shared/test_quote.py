"""Quotes: the catalogue's prices, every difference named, and the tax that is in a line."""

from dataclasses import dataclass

import pytest

from shared.quote import TAX_RATES, PriceProblem, Quote, quoted


@dataclass(frozen=True)
class Line:
    sku: str
    unit_price_minor: int | None = None
    quantity: int = 2


@dataclass(frozen=True)
class Article:
    price_minor: int
    tax_class: str = "standard"


class Prices:
    """A lamp for 5.00, ink for 0.07 at a reduced rate, a gift for nothing; one thing in dollars."""

    def find(self, sku: str, currency: str) -> Article | None:
        articles = {"lamp": Article(500), "ink": Article(7, "reduced"), "gift": Article(0)}
        return articles.get(sku) if currency == "EUR" else None

    def is_sold(self, sku: str) -> bool:
        return sku in {"lamp", "ink", "gift", "dollars"}


def quote(*lines: Line, country: str | None = None, currency: str = "EUR") -> Quote:
    return quoted(lines, Prices(), currency=currency, country=country)


@pytest.mark.parametrize(
    ("lines", "problems", "total_minor"),
    [
        ([Line("lamp"), Line("ink", 7)], [], 1014),
        (
            [Line("lamp", 1)],
            [PriceProblem(code="price_differs", sku="lamp", unit_price_minor=500)],
            1000,
        ),
        ([Line("nowhere")], [PriceProblem(code="unknown_sku", sku="nowhere")], 0),
        ([Line("dollars")], [PriceProblem(code="not_sold_in_currency", sku="dollars")], 0),
        ([Line("gift")], [PriceProblem(code="nothing_to_pay")], 0),
        ([Line("gift", 0), Line("lamp")], [], 1000),
    ],
)
def test_prices_are_the_catalogues_and_every_difference_is_named(
    lines: list[Line], problems: list[PriceProblem], total_minor: int
) -> None:
    found = quote(*lines)

    assert list(found.problems) == problems
    assert found.is_valid is not bool(problems)
    assert found.total_minor == total_minor


@pytest.mark.parametrize(
    ("lines", "country", "taxes"),
    [
        ([Line("lamp"), Line("ink")], "DE", [160, 1]),  # 159.66 and 0.92
        ([Line("lamp")], "FR", [167]),  # 166.67
        ([Line("ink", quantity=11)], "FR", [4]),  # 4.01
        ([Line("lamp", quantity=1)], "IT", [90]),  # 90.16
        ([Line("lamp")], "US", [0]),
        ([Line("lamp")], None, [0]),
    ],
)
def test_the_tax_in_a_line_is_rounded_half_up_by_itself(
    lines: list[Line], country: str | None, taxes: list[int]
) -> None:
    found = quote(*lines, country=country)

    assert [line.tax_minor for line in found.lines] == taxes
    assert found.tax_minor == sum(taxes)
    assert found.total_minor == sum(line.quantity * line.unit_price_minor for line in found.lines)


def test_no_tax_is_more_than_what_it_is_in() -> None:
    assert all(0 <= rate < 100 for rates in TAX_RATES.values() for rate in rates.values())
