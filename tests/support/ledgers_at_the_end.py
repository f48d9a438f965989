"""What must stand in the sandbox's ledgers when an order has ended, by the row of its end."""

from collections.abc import Collection, Mapping
from typing import Final

from tests.support.books import Reading
from tests.support.stories import DROPPED, PAID, REFUNDED
from workflows.order_processing.outcomes import OUTCOMES, MoneyEffect, ParcelEffect, StockEffect
from workflows.order_processing.transitions import OrderStatus

# A payment that never came to a hold has no entry to release.
_MONEY: Final[Mapping[MoneyEffect, Collection[tuple[str, ...]]]] = {
    MoneyEffect.NONE: [()],
    MoneyEffect.RELEASED: [(), DROPPED],
    MoneyEffect.CAPTURED: [PAID],
    MoneyEffect.REFUNDED: [REFUNDED],
}
_STOCK: Final[Mapping[StockEffect, Collection[str | None]]] = {
    StockEffect.NONE: [None],
    StockEffect.RELEASED: [None, "released"],
    StockEffect.SOLD: ["committed"],
    StockEffect.RESTOCKED: ["released"],
}


def ledgers_stand_as_said(reading: Reading, order_id: str, status: str) -> None:
    """Fail unless money, goods and parcel of an order are where its end says."""
    end = OUTCOMES[OrderStatus(status)]
    assert reading.money_of(order_id) in _MONEY[end.money]
    assert reading.stock_of(order_id) in _STOCK[end.stock]
    assert reading.parcels_of(order_id) == (end.parcel is ParcelEffect.SENT)
