"""What is sold, at which price, and how much of it there is at first: price_list.json, beside this.

Comparing an order with it is the domains' business.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).with_name("price_list.json")


class PriceList:
    """A price list.

    Args:
        path: A JSON object, ``sku -> {"prices": {currency: minor units}, "stock": pieces}``.
    """

    def __init__(self, path: Path = _FILE) -> None:
        self._entries = json.loads(path.read_text("utf-8"))

    def prices(self, currency: str) -> Mapping[str, int]:
        """Return unit prices in minor units by SKU, for what is sold in the currency."""
        return {
            sku: entry["prices"][currency]
            for sku, entry in self._entries.items()
            if currency in entry["prices"]
        }

    def stock(self) -> Mapping[str, int]:
        """Return the first stock of every SKU."""
        return {sku: entry["stock"] for sku, entry in self._entries.items()}
