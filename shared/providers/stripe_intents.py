"""Which PaymentIntent was made for which key: the book that lets a lost answer be asked for.

Stripe finds an intent by its id alone at once (its search lags behind), so the id is written down
before the intent is confirmed: what is not in this book was never confirmed and holds no money.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from shared.storage import Row, key_text

TABLE: Final = "stripeintents"
_ROW_KEY: Final = "intent"


class Rows(Protocol):
    """The part of a table that is needed here."""

    def read(self, partition_key: str, row_key: str) -> Row | None:
        """Return the row as it is now."""
        ...

    def write(self, *rows: Row) -> bool:
        """Insert or replace; False when a race was lost."""
        ...


@dataclass(frozen=True, slots=True)
class CalledOff:
    """The payment was called off before it was made: nothing may be made under its key."""


class IntentBook:
    """A row by key; the first that is written stands."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def find(self, key: str) -> str | CalledOff | None:
        """Return the id of the intent of a key."""
        row = self._rows.read(key_text(key), _ROW_KEY)
        if row is None:
            return None
        return row.text("intent") or CalledOff()

    def note(self, key: str, intent: str) -> str | CalledOff:
        """Note an intent; returns what stands, which may be an earlier one."""
        return self._first(key, intent)

    def call_off(self, key: str) -> str | CalledOff:
        """Note that no intent may be made; returns what stands, which may be an intent."""
        return self._first(key, "")

    def _first(self, key: str, intent: str) -> str | CalledOff:
        row = Row(partition_key=key_text(key), row_key=_ROW_KEY, fields={"intent": intent})
        if not self._rows.write(row):
            known = self.find(key)
            if known is None:
                raise LookupError(f"the intent of {key} was noted and is gone")
            return known
        return intent or CalledOff()
