"""What must stand in the sandbox's ledgers when an order has ended, by the row of its end."""

from collections.abc import Collection, Mapping
from typing import Final

from tests.support.books import Reading
from tests.support.stories import DROPPED, PAID, REFUNDED
from workflows.order_processing.outcomes import OUTCOMES, MoneyEffect, ParcelEffect, StockEffect
from workflows.order_processing.returns.transitions import RETURN_OUTCOMES, ReturnStatus
from workflows.order_processing.transitions import OrderStatus, Step

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
# The carrier did not give one, or it was called off because nobody used it.
_WITHOUT_LABEL: Final = frozenset({ReturnStatus.RETURN_REFUSED, ReturnStatus.RETURN_EXPIRED})


def ledgers_stand_as_said(
    reading: Reading, order_id: str, status: str, *, sent_back: str | None = None
) -> None:
    """Fail unless money, goods and parcels of an order are where its end says.

    Args:
        reading: What the ledgers say.
        order_id: Whose they are.
        status: How the order ended.
        sent_back: How its return ended, if there was one.
    """
    end = OUTCOMES[OrderStatus(status)]
    money, stock = _MONEY[end.money], _STOCK[end.stock]
    parcels = int(end.parcel is ParcelEffect.SENT)
    if sent_back is not None:
        undone = RETURN_OUTCOMES[ReturnStatus(sent_back)].undoes
        money = [REFUNDED] if Step.AUTHORIZE_PAYMENT in undone else money
        stock = ["released"] if Step.RESERVE_STOCK in undone else stock
        parcels += sent_back not in _WITHOUT_LABEL
    assert reading.money_of(order_id) in money
    assert reading.stock_of(order_id) in stock
    assert reading.parcels_of(order_id) == parcels
