"""What an order costs: the catalogue's prices, whatever the customer was shown.

Pure. A quote is fixed when an order is priced; a price that has changed since the customer saw it
is a problem that names the new one. Prices include tax, so a total is the plain sum of its lines,
and the tax in a line is told: rounded half up to a minor unit, line by line.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Annotated, Final, Protocol

from pydantic import Field

from shared.models import WireModel
from shared.money import MinorUnits

# Rates in percent by country (ISO 3166-1) and tax class; where we have none, none is included.
TAX_RATES: Final = MappingProxyType(
    {
        "AT": {"standard": Decimal(20), "reduced": Decimal(10)},
        "DE": {"standard": Decimal(19), "reduced": Decimal(7)},
        "FR": {"standard": Decimal(20), "reduced": Decimal("5.5")},
        "IT": {"standard": Decimal(22), "reduced": Decimal(10)},
        "NL": {"standard": Decimal(21), "reduced": Decimal(9)},
    }
)


class LineToQuote(Protocol):
    """So many pieces, and the price that the customer was shown, if they say so."""

    @property
    def sku(self) -> str: ...  # noqa: D102 - named by itself
    @property
    def quantity(self) -> int: ...  # noqa: D102 - named by itself
    @property
    def unit_price_minor(self) -> int | None: ...  # noqa: D102 - named by itself


class PricedArticle(Protocol):
    """What the catalogue says of an article in one currency."""

    @property
    def price_minor(self) -> int: ...  # noqa: D102 - named by itself
    @property
    def tax_class(self) -> str: ...  # noqa: D102 - named by itself


class Catalogue(Protocol):
    """What is sold, and at which price."""

    def find(self, sku: str, currency: str) -> PricedArticle | None:
        """Return an article as it is sold in a currency."""
        ...

    def is_sold(self, sku: str) -> bool:
        """Tell whether it is sold in any currency."""
        ...


class QuotedLine(WireModel):
    """So many pieces at the catalogue's price; ``tax_minor`` is the tax in the line's price."""

    sku: str
    quantity: int
    unit_price_minor: MinorUnits
    tax_class: str
    tax_minor: Annotated[int, Field(ge=0)]


class PriceProblem(WireModel):
    """Why a line cannot be sold as asked; ``unit_price_minor`` is the price that would be right."""

    code: str
    sku: str | None = None
    unit_price_minor: MinorUnits | None = None


class Quote(WireModel):
    """What can be sold at which price, and every reason why the order cannot be taken."""

    lines: tuple[QuotedLine, ...]
    total_minor: int
    tax_minor: int
    problems: tuple[PriceProblem, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether the order can be taken like that."""
        return not self.problems


def quoted(
    lines: Iterable[LineToQuote],
    catalogue: Catalogue,
    *,
    currency: str,
    country: str | None = None,
) -> Quote:
    """Price every line, and name every reason why the order cannot be sold like that.

    Args:
        lines: What is ordered.
        catalogue: Whose prices count.
        currency: What is paid with.
        country: Where the goods go (ISO 3166-1); None: no tax is told.
    """
    found: list[QuotedLine] = []
    problems: list[PriceProblem] = []
    for line in lines:
        known = catalogue.find(line.sku, currency)
        if known is None:
            code = "not_sold_in_currency" if catalogue.is_sold(line.sku) else "unknown_sku"
            problems.append(PriceProblem(code=code, sku=line.sku))
            continue
        found.append(_line(line, known, country))
        if line.unit_price_minor not in {None, known.price_minor}:
            problems.append(
                PriceProblem(code="price_differs", sku=line.sku, unit_price_minor=known.price_minor)
            )
    total_minor = sum(line.quantity * line.unit_price_minor for line in found)
    if not problems and total_minor == 0:
        problems.append(PriceProblem(code="nothing_to_pay"))
    return Quote(
        lines=tuple(found),
        total_minor=total_minor,
        tax_minor=sum(line.tax_minor for line in found),
        problems=tuple(problems),
    )


def _line(line: LineToQuote, article: PricedArticle, country: str | None) -> QuotedLine:
    return QuotedLine(
        sku=line.sku,
        quantity=line.quantity,
        unit_price_minor=article.price_minor,
        tax_class=article.tax_class,
        tax_minor=_tax_in(line.quantity * article.price_minor, article.tax_class, country),
    )


def _tax_in(gross_minor: int, tax_class: str, country: str | None) -> int:
    rate = TAX_RATES.get(country or "", {}).get(tax_class, Decimal(0))
    tax = Decimal(gross_minor) * rate / (100 + rate)
    return int(tax.quantize(Decimal(1), rounding=ROUND_HALF_UP))
