"""The input of the order saga: what is ordered, without a price that would be believed.

Prices come from the catalogue. A price that the customer was shown may be sent along; then the
saga refuses when it is not the catalogue's.
"""

from typing import ClassVar, override

from shared.models import EdgeModel
from shared.money import Currency, MinorUnits
from shared.ordering import (
    Address,
    Customer,
    Identifier,
    Lines,
    PaymentMethod,
    Quantity,
    Shipping,
)
from workflows.saga.models import SagaInput


class OrderItem(EdgeModel):
    """So many pieces, and perhaps the price that the customer was shown."""

    sku: Identifier
    quantity: Quantity
    unit_price_minor: MinorUnits | None = None


class OrderSagaInput(SagaInput):
    """What a client sends for the saga ``order``; the order's id is the saga's."""

    private: ClassVar[frozenset[str]] = frozenset({"customer", "shipping_address", "payment"})

    customer: Customer
    items: Lines[OrderItem]
    currency: Currency
    shipping_address: Address
    shipping: Shipping = Shipping()
    payment: PaymentMethod

    @property
    @override
    def contact(self) -> str:
        """The customer's address for mail."""
        return self.customer.email


class OrderSagaBody(OrderSagaInput):
    """The body of ``POST /api/saga/order/{orderId}``: the id may be repeated in it."""

    order_id: Identifier | None = None
