"""Cookies that functions set, as header values."""

from datetime import UTC, datetime
from email.utils import format_datetime

from funchost.worker.http import Cookie


def set_cookie(cookie: Cookie) -> str:
    """Return the value of a ``Set-Cookie`` header; what the function did not say is left out."""
    parts = [f"{cookie.name}={cookie.value}"]
    if cookie.domain:
        parts.append(f"Domain={cookie.domain}")
    if cookie.path:
        parts.append(f"Path={cookie.path}")
    if cookie.expires is not None:
        expires = datetime.fromtimestamp(cookie.expires, UTC)
        parts.append(f"Expires={format_datetime(expires, usegmt=True)}")
    if cookie.max_age is not None:
        parts.append(f"Max-Age={cookie.max_age:.0f}")
    if cookie.secure:
        parts.append("Secure")
    if cookie.http_only:
        parts.append("HttpOnly")
    if cookie.same_site is not None:
        parts.append(f"SameSite={cookie.same_site}")
    return "; ".join(parts)
