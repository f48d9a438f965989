"""Who looks at the pages for operators, and what the frame tells them.

Who may do what is decided by shared.access, before a page is made; this is about what a page offers
whom. Who may decide on an approval is that domain's business.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import azure.functions as func

from shared.access import RULES, Permission, require
from shared.errors import IdentityRequiredError
from shared.http import header
from shared.pages.doors import way_out
from shared.pages.navigation import CONSOLE_PATH
from shared.principal import Principal, Proof
from shared.settings import IdentitySource, current_settings

_LOOP_BACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody in front of a page.

    Attributes:
        actor: whom to record for what they do; an address is personal data.
        name: what the page calls them; None where nobody signs in.
        may_read: whether they see workflows at all.
        may_act: whether they change any.
        leave_path: where they sign out.
    """

    actor: str
    name: str | None
    may_read: bool
    may_act: bool
    leave_path: str | None


def visitor_at(
    req: func.HttpRequest, permission: Permission = Permission.READ_CONSOLE, *, path: str = ""
) -> Visitor:
    """Return who looks at a page.

    Args:
        req: The request.
        permission: What the page declares.
        path: Where they come back to when they have signed out; the console unless it is given.

    Raises:
        IdentityRequiredError: They have to sign in first, or nobody can here.
        RoleRequiredError: They may not.
    """
    principal = require(req, permission)
    identity = current_settings().identity
    if principal is None:
        if identity is IdentitySource.NONE and not _is_at_home(req):
            raise IdentityRequiredError("a developer's console is for that machine alone")
        return Visitor(
            actor=Proof.DEVELOPMENT, name=None, may_read=True, may_act=True, leave_path=None
        )
    return Visitor(
        actor=principal.id,
        name=principal.id,
        may_read=_may(principal, Permission.READ_CONSOLE),
        may_act=_may(principal, Permission.USE_CONSOLE),
        leave_path=way_out(identity, path or CONSOLE_PATH),
    )


def _may(principal: Principal, permission: Permission) -> bool:
    return not RULES[permission].roles.isdisjoint(principal.roles)


def _is_at_home(req: func.HttpRequest) -> bool:
    """Whether the browser reached this machine by its own name.

    The page of a site whose name was made to lead here is still that site's.
    """
    try:
        name = urlsplit(f"//{header(req, 'Host')}").hostname
    except ValueError:
        return False
    return name in _LOOP_BACK
