"""What an order costs: the catalogue's prices, whatever the client believes.

Pure; the catalogue comes as values.
"""

from collections.abc import Mapping, Sequence

from workflows.saga.models import LineToPrice, PricedLine, PricedOrder, PriceProblem


def priced(
    lines: Sequence[LineToPrice], prices: Mapping[str, int], *, known: frozenset[str]
) -> PricedOrder:
    """Price every line, and name every reason why the order cannot be sold like that.

    Args:
        lines: What is ordered.
        prices: The catalogue's unit prices by SKU, in the order's currency.
        known: Every SKU that is sold in any currency.
    """
    problems = [problem for line in lines if (problem := _problem(line, prices, known))]
    items = tuple(
        PricedLine(sku=line.sku, quantity=line.quantity, unit_price_minor=prices[line.sku])
        for line in lines
        if line.sku in prices
    )
    total_minor = sum(item.quantity * item.unit_price_minor for item in items)
    if not problems and total_minor == 0:
        problems.append(PriceProblem(code="nothing_to_pay"))
    return PricedOrder(
        valid=not problems, problems=tuple(problems), items=items, total_minor=total_minor
    )


def _problem(
    line: LineToPrice, prices: Mapping[str, int], known: frozenset[str]
) -> PriceProblem | None:
    if line.sku not in known:
        return PriceProblem(code="unknown_sku", sku=line.sku)
    if line.sku not in prices:
        return PriceProblem(code="not_sold_in_currency", sku=line.sku)
    if line.unit_price_minor not in {None, prices[line.sku]}:
        return PriceProblem(code="price_differs", sku=line.sku)
    return None
