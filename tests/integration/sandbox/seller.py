"""A process that sells the same orders from the start each time; made to be killed."""

import os
from datetime import UTC, datetime, timedelta

from shared.sandbox.carrier import CarrierLedger
from shared.sandbox.payments import PaymentLedger, payment_id_for
from shared.sandbox.stock import StockLedger, StockLine
from shared.settings import current_settings
from shared.storage import open_storage

ORDERS = 8
T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LATER = T0 + timedelta(days=1000)
APPROVED = "tok_sandbox_approved"


def sell_everything() -> None:
    """Sell every order; whatever was done before is not done again."""
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    stock = StockLedger(storage)
    payments = PaymentLedger(storage)
    carrier = CarrierLedger(storage, transit=settings.sandbox_transit)
    for order in (f"o{number}" for number in range(ORDERS)):
        stock.reserve(order, [StockLine(sku="cup", quantity=2)], expires_at=LATER)
        payments.authorize(order, amount_minor=100, currency="EUR", token=APPROVED)
        stock.commit(order)
        carrier.book(order, order_id=order, service="standard", at=T0)
        payments.capture(payment_id_for(order), f"{order}:capture")


if __name__ == "__main__":
    sell_everything()
    os.write(1, b"sold\n")
