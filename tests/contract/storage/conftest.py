"""The stores that the contract holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from funchost.engine.ports import Store
from funchost.storage.memory import MemoryStore
from funchost.storage.sqlite import SqliteStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = (
        MemoryStore()
        if request.param == "memory"
        else SqliteStore.open(tmp_path / "state.db", owner="the contract")
    )
    yield made
    made.close()
