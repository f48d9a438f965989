"""One request to the management API as a value: its query, its body, and where links point.

Reading it off the socket is ``server``, answering it ``management``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl


class BadQueryError(ValueError):
    """A query value cannot be read; the text says which."""


class Query:
    """The decoded query of a request; names are compared without regard to case."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = [(name.casefold(), value) for name, value in pairs]

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Read a query string, without its question mark."""
        return cls(parse_qsl(text, keep_blank_values=True))

    def all(self, name: str) -> list[str]:
        """Return every value of a name, in order."""
        return [value for key, value in self._pairs if key == name.casefold()]

    def first(self, name: str) -> str | None:
        """Return the first value of a name, None when absent or empty."""
        return next(iter(self.all(name)), None) or None

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean; what is neither true nor false counts as absent."""
        match (self.first(name) or "").strip().casefold():
            case "true":
                return True
            case "false":
                return False
            case _:
                return default

    def instant(self, name: str) -> datetime | None:
        """Return an instant in UTC, None when absent.

        Raises:
            BadQueryError: not ISO 8601.
        """
        text = self.first(name)
        if text is None:
            return None
        try:
            # A plus sign that was not escaped arrives as a space.
            found = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise BadQueryError(
                f"The value of '{name}' is not an ISO 8601 date and time."
            ) from error

    def seconds(self, name: str) -> float | None:
        """Return a positive number of seconds, None when absent.

        Raises:
            BadQueryError: not a number above 0, or above a day.
        """
        text = self.first(name)
        if text is None:
            return None
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 < number <= DAY_S:
            raise BadQueryError(f"The value of '{name}' is not a number of seconds up to a day.")
        return number

    def count(self, name: str, *, default: int, most: int) -> int:
        """Return a positive integer, at most ``most``; anything else counts as absent."""
        text = (self.first(name) or "").strip()
        digits = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
        return min(int(text), most) if digits and int(text) > 0 else default


DAY_S = 86_400.0
MAX_DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request below the mount point of the API, read whole.

    Attributes:
        method: The verb, upper case.
        path: The decoded segments below the mount point.
        query: The query.
        query_string: The query as sent.
        content_type: The media type in lower case, without parameters; "" when absent.
        continuation: The token of the page wanted.
        body: The whole body.
        base_url: Where the API is for the outside; links start with it. No trailing slash.
    """

    method: str
    path: tuple[str, ...]
    query: Query
    base_url: str
    query_string: str = ""
    content_type: str = ""
    continuation: str = ""
    body: bytes = b""
