"""Which key opens which door, when keys are asked for: the platform's levels, header and query.

As the platform's local host, funchost asks for no key unless it is told to. Making and keeping
keys is in ``keys``; the SDK's private door has a secret of its own.
"""

import secrets
from collections.abc import Iterable, Mapping
from typing import Final

from funchost.http.calls import Query
from funchost.http.keys import DURABLE_EXTENSION, Keys

HEADER: Final = "x-functions-key"
PARAMETER: Final = "code"

ANONYMOUS: Final = "anonymous"
FUNCTION: Final = "function"


class Guard:
    """Tells whether a request brings a key that opens what it asks for."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys

    def opens_function(self, name: str, level: str, brought: str | None) -> bool:
        """Tell whether a key opens an HTTP function.

        Args:
            name: The function.
            level: What it asks for, in lower case; any other than anonymous and function is the
                master's alone.
            brought: The key of the request.
        """
        if level == ANONYMOUS:
            return True
        if level != FUNCTION:
            return self.opens_admin(brought)
        own = self.keys.functions.get(name, {})
        return _is_one_of(brought, (self.keys.master, *self.keys.host.values(), *own.values()))

    def opens_admin(self, brought: str | None) -> bool:
        """Tell whether a key opens the admin endpoints."""
        return _is_one_of(brought, (self.keys.master,))

    def opens_management(self, brought: str | None) -> bool:
        """Tell whether a key opens the durable management API."""
        return _is_one_of(brought, (self.keys.master, self.keys.system[DURABLE_EXTENSION]))


def key_of(headers: Mapping[str, str], query_string: str) -> str | None:
    """Return the key that a request brings: the header counts before the query."""
    return headers.get(HEADER) or Query.parse(query_string).first(PARAMETER)


def _is_one_of(brought: str | None, keys: Iterable[str]) -> bool:
    """Compare with every key, so that the time taken tells nothing."""
    if brought is None:
        return False
    given = brought.encode(errors="surrogateescape")
    fits = [secrets.compare_digest(given, key.encode()) for key in keys]
    return any(fits)
