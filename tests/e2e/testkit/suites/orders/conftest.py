"""One set of books for all scenes of a process: the application keeps its settings for its life."""

import os
from collections.abc import Generator, Mapping
from datetime import timedelta
from typing import Final

import pytest

from funchost.testing import BlockingHost
from scripts.layout import ROOT
from shared.settings.storage import STORAGE_SETTING
from tests.support.books import Books

TRANSIT: Final = timedelta(days=3)
LIMIT: Final = timedelta(days=14)
STOCK: Final[Mapping[str, int]] = {"notebook": 1000}


@pytest.fixture(scope="session")
def books() -> Books:
    return Books(os.environ[STORAGE_SETTING], stock=STOCK)


@pytest.fixture
def host(books: Books) -> Generator[BlockingHost]:
    settings = {
        "APP_DATA_PREFIX": books.prefix,
        "SANDBOX_TRANSIT_S": str(TRANSIT.total_seconds()),
        "DELIVERY_LIMIT_S": str(LIMIT.total_seconds()),
        "ORDER_RETURN_WINDOW_DAYS": "5",
    }
    with BlockingHost.open(ROOT, settings=settings) as host:
        yield host
