"""Web pages of other origins: which may read answers, and which are kept from the host's own API.

As with ``func start`` there are no rules unless the settings name origins. One rule is always
there: a page of a foreign origin cannot use the management and admin endpoints, because a browser
would send it there without asking, and no key is checked locally.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ANY = "*"
PREFLIGHT_METHOD = "Access-Control-Request-Method"
PREFLIGHT_HEADERS = "Access-Control-Request-Headers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """The origins that may read answers; ``*`` is any. Credentials only when said so."""

    origins: tuple[str, ...] = ()
    allows_credentials: bool = False

    def allows(self, origin: str) -> bool:
        """Tell whether pages of an origin may read answers."""
        known = {one.rstrip("/").casefold() for one in self.origins}
        return ANY in known or origin.casefold() in known

    def is_preflight(self, method: str, headers: Mapping[str, str]) -> bool:
        """Tell whether a request only asks what it may do; never when there are no rules."""
        return bool(
            self.origins
            and method == "OPTIONS"
            and "Origin" in headers
            and PREFLIGHT_METHOD in headers
        )

    def answer_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return what to add to the answer of a request with these headers."""
        origin = headers.get("Origin")
        if origin is None or not self.allows(origin):
            return {}
        if ANY in self.origins and not self.allows_credentials:
            return {"Access-Control-Allow-Origin": ANY}
        allowed = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        if self.allows_credentials:
            allowed["Access-Control-Allow-Credentials"] = "true"
        return allowed

    def preflight_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return what a preflight is told: any method and header, for origins that are allowed."""
        allowed = self.answer_headers(headers)
        if not allowed:
            return {}
        asked = headers.get(PREFLIGHT_HEADERS)
        return (
            allowed
            | {"Access-Control-Allow-Methods": headers[PREFLIGHT_METHOD]}
            | ({"Access-Control-Allow-Headers": asked} if asked else {})
        )

    def keeps_out(self, headers: Mapping[str, str], *, own_origin: str) -> bool:
        """Tell whether a request comes from a page that has no business with the host's API."""
        origin = headers.get("Origin")
        if origin is None or origin.casefold() == own_origin.casefold():
            return False
        return not self.allows(origin)
