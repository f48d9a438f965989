"""Real lost answers: whatever the network does, a caller that repeats has one effect per key."""

from collections import Counter
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import batched

import pytest

from shared.errors import ProviderUnavailableError, StorageUnavailableError
from shared.sandbox.carrier import CarrierLedger
from shared.sandbox.outbox import Message, Outbox
from shared.sandbox.payments import EffectKind, Payment, PaymentLedger, PaymentStatus
from shared.sandbox.stock import ReservationState, Reserved, StockLedger, StockLevel, StockLine
from shared.settings.storage import ConnectionString
from shared.storage import Row, Storage
from tests.integration.sandbox.flaky_proxy import breaking_line
from tests.integration.sandbox.rivals import Rivals, at_once

pytestmark = [pytest.mark.integration, pytest.mark.slow]

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LATER = T0 + timedelta(minutes=30)
APPROVED = "tok_sandbox_approved"


@pytest.fixture
def broken(rivals: Rivals, azurite: str) -> Generator[Storage]:
    """The same books as ``rivals``, over a line that breaks at every third request or so."""
    parts = dict(part.split("=", 1) for part in azurite.split(";") if part)
    break_often = partial(breaking_line, lose_every=5, drop_every=11, cut_every=7)
    with (
        break_often(parts["TableEndpoint"]) as table_endpoint,
        break_often(parts["BlobEndpoint"]) as blob_endpoint,
    ):
        parts |= {"TableEndpoint": table_endpoint, "BlobEndpoint": blob_endpoint}
        connection = ";".join(f"{name}={value}" for name, value in parts.items())
        with Storage(ConnectionString(value=connection), prefix=rivals.prefix) as storage:
            yield storage


def persistently[T](call: Callable[[], T]) -> T:
    """Call again after every outage, as a durable retry policy does."""
    for _ in range(30):
        try:
            return call()
        except (ProviderUnavailableError, StorageUnavailableError):
            continue
    raise AssertionError("30 outages in a row")


def test_money_moves_once_over_a_line_that_loses_answers(broken: Storage, storage: Storage) -> None:
    ledger = PaymentLedger(broken)

    def pay(key: str) -> Payment:
        payment = persistently(
            partial(ledger.authorize, key, amount_minor=100, currency="EUR", token=APPROVED)
        )
        assert isinstance(payment, Payment)
        captured = persistently(partial(ledger.capture, payment.payment_id, f"{key}:c"))
        assert captured.status is PaymentStatus.CAPTURED
        return persistently(partial(ledger.refund, payment.payment_id, f"{key}:r"))

    refunded = at_once([partial(pay, f"o{number}") for number in range(8)])

    book = PaymentLedger(storage)
    assert {payment.status for payment in refunded} == {PaymentStatus.REFUNDED}
    assert Counter(effect.kind for effect in book.effects()) == {
        EffectKind.AUTHORIZE: 8,
        EffectKind.CAPTURE: 8,
        EffectKind.REFUND: 8,
    }
    assert book.balance("EUR").net_minor == 0


def test_stock_adds_up_over_a_line_that_loses_answers(broken: Storage, storage: Storage) -> None:
    ledger = StockLedger(broken)
    StockLedger(storage).seed({"cup": 100, "pot": 100})

    def sell(number: int) -> ReservationState:
        lines = [StockLine(sku="cup", quantity=2), StockLine(sku="pot", quantity=1)]
        held = persistently(partial(ledger.reserve, f"r{number}", lines, expires_at=LATER))
        assert isinstance(held, Reserved)
        done = persistently(partial(ledger.commit, f"r{number}"))
        return persistently(partial(ledger.release, f"r{number}")) if number % 2 else done

    states = at_once([partial(sell, number) for number in range(8)])

    assert states == [ReservationState.COMMITTED, ReservationState.RELEASED] * 4
    assert StockLedger(storage).levels() == {
        "cup": StockLevel(sku="cup", on_hand=92, reserved=0),
        "pot": StockLevel(sku="pot", on_hand=96, reserved=0),
    }


def test_parcels_are_booked_once_over_a_line_that_loses_answers(
    broken: Storage, storage: Storage
) -> None:
    ledger = CarrierLedger(broken, transit=timedelta(days=5))

    booked = at_once(
        [
            partial(
                persistently,
                partial(ledger.book, f"o{number}", order_id="o", service="standard", at=T0),
            )
            for number in range(8)
        ]
    )

    book = CarrierLedger(storage, transit=timedelta(days=5))
    assert len(set(booked)) == 8
    assert set(book.shipments()) == set(booked)


def test_messages_are_sent_once_over_a_line_that_loses_answers(
    broken: Storage, storage: Storage
) -> None:
    outbox = Outbox(broken)

    def send(number: int) -> Message:
        put = partial(outbox.put, f"k{number}", recipient="a@example.com", subject="s", at=T0)
        sent = persistently(partial(put, text=f"text {number}"))
        return persistently(partial(outbox.read, sent.name))

    sent = at_once([partial(send, number) for number in range(6)])

    assert [message.text for message in sent] == [f"text {number}" for number in range(6)]
    assert len(Outbox(storage).list()) == 6


def test_rows_put_together_are_all_there_over_a_line_that_loses_answers(
    broken: Storage, storage: Storage
) -> None:
    rows = [Row(partition_key="p", row_key=f"{n:04}", fields={"n": n}) for n in range(400)]

    for together in batched(rows, 10, strict=True):
        assert persistently(partial(broken.table("Many").put_together, together))

    found = storage.table("Many").between("p", "", "~")
    assert [row.integer("n") for row in found] == list(range(400))
