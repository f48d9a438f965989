"""What is sold at first, and how much of it there is: price_list.json, beside this.

The catalogue and the warehouse begin with it; from then on they count, and this file does not.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from shared.catalogue import Article, Catalogue
from shared.storage import Storage

_JOB_ID: Final = "price_list"  # no import can have this id: theirs have no underscore
_FILE: Final = Path(__file__).with_name("price_list.json")


class PriceList:
    """A price list.

    Args:
        path: A JSON object, ``sku -> {"prices": {currency: minor units}, "taxClass": "standard",
            "stock": {warehouse: pieces}}``.
    """

    def __init__(self, path: Path = _FILE) -> None:
        self._entries = json.loads(path.read_text("utf-8"))

    def articles(self) -> Sequence[Article]:
        """Return every article in every currency."""
        return [
            Article(
                sku=sku,
                price_minor=price_minor,
                currency=currency,
                tax_class=entry["taxClass"],
                stock=self.stock()[sku],
                job_id=_JOB_ID,
            )
            for sku, entry in self._entries.items()
            for currency, price_minor in entry["prices"].items()
        ]

    def stock(self) -> Mapping[str, int]:
        """Return the first stock of every SKU."""
        return {sku: sum(places.values()) for sku, places in self.places().items()}

    def places(self) -> Mapping[str, Mapping[str, int]]:
        """Return the first stock of every SKU in each warehouse."""
        return {sku: entry["stock"] for sku, entry in self._entries.items()}


def seeded_catalogue(storage: Storage) -> Catalogue:
    """Open the catalogue of an account; the first to do so puts this list into it."""
    catalogue = Catalogue.open(storage)
    catalogue.seed(PriceList().articles())
    return catalogue
