"""Where people sign in, and out: ours for developers, the platform's for everybody else."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.http import API_PREFIX
from shared.pages.rendering import local_path
from shared.settings import IdentitySource

_SIGN_IN: Final = f"{API_PREFIX}/sign-in"
_DOORS: Final[Mapping[IdentitySource, tuple[str, str]]] = MappingProxyType(
    {
        IdentitySource.DEVELOPMENT: (f"{_SIGN_IN}?next=", f"{_SIGN_IN}?next="),
        IdentitySource.EASY_AUTH: (
            "/.auth/login/aad?post_login_redirect_uri=",
            "/.auth/logout?post_logout_redirect_uri=",
        ),
    }
)


def way_in(source: IdentitySource, path: str) -> str | None:
    """Return where somebody signs in who wants to see a page of ours; None where nobody can."""
    found = _DOORS.get(source)
    return f"{found[0]}{local_path(path) or ''}" if found else None


def way_out(source: IdentitySource, path: str) -> str | None:
    """Return where somebody signs out who then sees a page of ours; None where nobody can."""
    found = _DOORS.get(source)
    return f"{found[1]}{local_path(path) or ''}" if found else None
