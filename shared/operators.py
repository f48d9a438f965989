"""Whom to record as having acted: somebody with the role, or whoever holds the function key.

Who may act is in shared.access. Where the settings believe no source of identity, the key is all
that callers can show, and the record says so.
"""

import azure.functions as func

from shared.access import Permission, require
from shared.principal import Proof


def acting_operator(
    req: func.HttpRequest, permission: Permission = Permission.CHANGE_WORKFLOW
) -> str:
    """Return whom to record: an address (personal data), or ``function_key``.

    Raises:
        IdentityRequiredError: The settings ask for identity, and nobody could be recognised.
        RoleRequiredError: Somebody without the role that the permission asks for.
    """
    principal = require(req, permission)
    return principal.id if principal else Proof.FUNCTION_KEY
