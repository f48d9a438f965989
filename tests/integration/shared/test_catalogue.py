"""The catalogue: seeded once, priced by currency, and what was imported stays."""

import uuid
from collections.abc import Iterator

import pytest

from shared.catalogue import Catalogue
from shared.price_list import seeded_catalogue
from shared.settings.storage import ConnectionString
from shared.storage import Storage

pytestmark = pytest.mark.integration

IMPORTED = {
    "sku": "desk-lamp",
    "priceMinor": 1,
    "currency": "EUR",
    "taxClass": "reduced",
    "stock": 5,
}


@pytest.fixture
def storage(azurite: str) -> Iterator[Storage]:
    with Storage(ConnectionString(value=azurite), prefix=f"t{uuid.uuid4().hex[:12]}") as storage:
        yield storage


def test_an_empty_catalogue_begins_with_the_price_list(storage: Storage) -> None:
    catalogue = seeded_catalogue(storage)

    lamp, dollars = catalogue.find("desk-lamp", "EUR"), catalogue.find("desk-lamp", "USD")
    assert lamp is not None
    assert dollars is not None
    assert (lamp.price_minor, dollars.price_minor) == (4990, 5490)
    assert catalogue.find("desk-lamp", "JPY") is None
    assert catalogue.is_sold("desk-lamp")
    assert not catalogue.is_sold("desk")


def test_what_was_imported_counts_whoever_comes_first(storage: Storage) -> None:
    assert Catalogue.open(storage).write([IMPORTED], job_id="j1")

    seeded_catalogue(storage)
    assert seeded_catalogue(storage).find("desk-lamp", "EUR") == Catalogue.open(storage).find(
        "desk-lamp", "EUR"
    )
    found = Catalogue.open(storage).find("desk-lamp", "EUR")
    assert found is not None
    assert (found.price_minor, found.job_id) == (1, "j1")
    # What the list sells besides is there, too.
    assert Catalogue.open(storage).find("notebook", "JPY") is not None
