"""A process that is killed between any two writes leaves books that its successor completes."""

import os
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest

from shared.sandbox.carrier import CarrierLedger
from shared.sandbox.payments import EffectKind, PaymentLedger
from shared.sandbox.stock import StockLedger, StockLevel
from shared.storage import Storage
from tests.integration.sandbox.rivals import Rivals
from tests.integration.sandbox.seller import ORDERS

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def a_seller(azurite: str, prefix: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.sandbox.seller"],
        env={**os.environ, "AzureWebJobsStorage": azurite, "APP_DATA_PREFIX": prefix},
        stdout=subprocess.PIPE,
    )


def wait_for_effects(ledger: PaymentLedger, wanted: int) -> None:
    deadline = time.monotonic() + 30
    while len(ledger.effects()) < wanted:
        assert time.monotonic() < deadline, "the seller does not get on"
        time.sleep(0.01)


def test_killed_sellers_and_their_successor_sell_every_order_once(
    rivals: Rivals, storage: Storage, azurite: str
) -> None:
    stock, payments = StockLedger(storage), PaymentLedger(storage)
    stock.seed({"cup": 100})

    for effects_before_death in (2, 9):
        with a_seller(azurite, rivals.prefix) as seller:
            wait_for_effects(payments, effects_before_death)
            seller.kill()
    with a_seller(azurite, rivals.prefix) as successor:
        output, _ = successor.communicate(timeout=60)

    assert output == b"sold\n"
    assert stock.levels() == {"cup": StockLevel(sku="cup", on_hand=100 - 2 * ORDERS, reserved=0)}
    assert Counter(effect.kind for effect in payments.effects()) == {
        EffectKind.AUTHORIZE: ORDERS,
        EffectKind.CAPTURE: ORDERS,
    }
    assert payments.balance("EUR").net_minor == 100 * ORDERS
    assert len(CarrierLedger(storage, transit=timedelta(seconds=10)).shipments()) == ORDERS
