"""Who acts as an operator: somebody with the role, or whoever holds the function key.

Where the settings believe no source of identity, the key is all that callers can show, and the
record says so. Deciding what operators may do with which workflow is the domains' business.
"""

import azure.functions as func

from shared.errors import IdentityRequiredError, RoleRequiredError
from shared.identity import principal_of
from shared.principal import Proof, Role
from shared.settings import IdentitySource, current_settings


def acting_operator(req: func.HttpRequest) -> str:
    """Return whom to record: an address (personal data), or ``function_key``.

    Raises:
        IdentityRequiredError: The settings ask for identity, and nobody could be recognised.
        RoleRequiredError: Somebody without the role ``workflow.operator``.
    """
    if current_settings().identity is IdentitySource.NONE:
        return Proof.FUNCTION_KEY
    principal = principal_of(req)
    if principal is None:
        raise IdentityRequiredError("operators sign in before they decide")
    if not principal.has(Role.WORKFLOW_OPERATOR):
        raise RoleRequiredError(f"this needs the role {Role.WORKFLOW_OPERATOR}")
    return principal.id
