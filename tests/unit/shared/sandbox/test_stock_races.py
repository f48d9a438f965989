"""Who comes between reading and writing the warehouse's book: told step by step, in memory."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.sandbox.stock import OutOfStock, Reserved, StockLedger, StockLine
from tests.support.memory_account import Entity, MemoryStorage, MemoryTableClient

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CUP = [StockLine(sku="cup", quantity=1)]


class Clock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def account() -> MemoryStorage:
    account = MemoryStorage()
    StockLedger(account, clock=Clock()).seed({"cup": 1})
    return account


def once_expired_holds_are_read(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    real, left = MemoryTableClient.query_entities, [do]

    def query(client: MemoryTableClient, query_filter: str, **named: Any) -> Iterable[Entity]:
        found = real(client, query_filter, **named)
        if "expires_at" in query_filter and left:
            left.pop()()
        return found

    monkeypatch.setattr(MemoryTableClient, "query_entities", query)


def test_a_hold_that_is_extended_while_somebody_reclaims_it_stays(
    account: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = StockLedger(account, clock=Clock())
    rival = StockLedger(MemoryStorage(beside=account), clock=Clock())
    until = NOW + timedelta(hours=1)
    ledger.reserve("first", CUP, expires_at=NOW)
    once_expired_holds_are_read(monkeypatch, lambda: rival.extend("first", until=until))

    second = ledger.reserve("second", CUP, expires_at=until)

    assert isinstance(second, OutOfStock)
    assert isinstance(ledger.extend("first", until=until), Reserved)
    assert ledger.levels()["cup"].reserved == 1
