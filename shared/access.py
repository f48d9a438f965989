"""Who may do what over HTTP: one table, and the one place that asks it.

The platform checks function keys, before the application is called; a route's level is held to this
table by a test. Identity and roles are checked here, before a handler runs. What follows from the
business (who is asked at which level, who takes part in a request) is decided in the domains.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import azure.functions as func

from shared.errors import IdentityRequiredError, RoleRequiredError
from shared.identity import principal_of
from shared.principal import Principal, Role
from shared.settings import IdentitySource, current_settings


class Permission(StrEnum):
    """What somebody may be allowed to do; every HTTP function declares one."""

    PUBLIC = "public"
    FOLLOW_LINK = "follow_link"
    SEND_NOTICE = "send_notice"
    START_WORKFLOW = "start_workflow"
    READ_WORKFLOW = "read_workflow"
    LIST_WORKFLOWS = "list_workflows"
    READ_HISTORY = "read_history"
    READ_OPERATIONS = "read_operations"
    CHANGE_WORKFLOW = "change_workflow"
    DECIDE_ATTENTION = "decide_attention"
    READ_APPROVAL = "read_approval"
    DECIDE_APPROVAL = "decide_approval"
    AUDIT_APPROVAL = "audit_approval"
    READ_CONSOLE = "read_console"
    USE_CONSOLE = "use_console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """To whom a permission is given.

    Attributes:
        needs_key: the platform asks for a function key. Where the settings name no source of
            identity, the key is all that callers can show, and it is enough.
        needs_identity: somebody has to be recognised.
        roles: any one of them, for whoever is recognised; none is needed when it is empty.
        is_open_locally: needs nobody where there is no source of identity and all that can be
            seen or changed is in an emulator on this machine.
        who: the same in words.
    """

    needs_key: bool = False
    needs_identity: bool = False
    roles: frozenset[Role] = frozenset()
    is_open_locally: bool = False
    who: str


_READERS: Final = frozenset({Role.WORKFLOW_READER, Role.WORKFLOW_OPERATOR})
_OPERATORS: Final = frozenset({Role.WORKFLOW_OPERATOR})

_ANYBODY: Final = Rule(who="anybody")
_LINK_HOLDER: Final = Rule(who="whoever holds a signed link, which the page itself checks")
_PROVIDER: Final = Rule(who="providers that sign what they send, which the handler checks")
_CALLER: Final = Rule(needs_key=True, who="programs that hold the function key")
_READER: Final = Rule(
    needs_key=True, needs_identity=True, roles=_READERS, who="operators, and readers of operations"
)
_OPERATOR: Final = Rule(needs_key=True, needs_identity=True, roles=_OPERATORS, who="operators")
_PERSON: Final = Rule(
    needs_identity=True, who="people who signed in; the request says who of them takes part"
)
_AUDITOR: Final = Rule(
    needs_identity=True, roles=frozenset({Role.OPERATOR}), who="operators of approvals"
)
_VISITOR: Final = Rule(
    needs_identity=True,
    roles=_READERS,
    is_open_locally=True,
    who="operators and readers who signed in; on a developer's machine, whoever is there",
)
_CONSOLE_OPERATOR: Final = Rule(
    needs_identity=True,
    roles=_OPERATORS,
    is_open_locally=True,
    who="operators who signed in; on a developer's machine, whoever is there",
)

RULES: Final[Mapping[Permission, Rule]] = MappingProxyType(
    {
        Permission.PUBLIC: _ANYBODY,
        Permission.FOLLOW_LINK: _LINK_HOLDER,
        Permission.SEND_NOTICE: _PROVIDER,
        Permission.START_WORKFLOW: _CALLER,
        Permission.READ_WORKFLOW: _CALLER,
        Permission.LIST_WORKFLOWS: _READER,
        Permission.READ_HISTORY: _READER,
        Permission.READ_OPERATIONS: _READER,
        Permission.CHANGE_WORKFLOW: _OPERATOR,
        Permission.DECIDE_ATTENTION: _OPERATOR,
        Permission.READ_APPROVAL: _PERSON,
        Permission.DECIDE_APPROVAL: _PERSON,
        Permission.AUDIT_APPROVAL: _AUDITOR,
        Permission.READ_CONSOLE: _VISITOR,
        Permission.USE_CONSOLE: _CONSOLE_OPERATOR,
    }
)


def require(req: func.HttpRequest, permission: Permission) -> Principal | None:
    """Let a request pass, and return who it is where that is asked; None for whoever holds a key.

    Raises:
        IdentityRequiredError: Nobody could be recognised, and somebody has to be.
        RoleRequiredError: Somebody without any of the roles.
    """
    rule = RULES[permission]
    if not rule.needs_identity:
        return None
    settings = current_settings()
    if settings.identity is IdentitySource.NONE:
        if rule.needs_key or (rule.is_open_locally and settings.storage_is_local):
            return None
        raise IdentityRequiredError("sign in first")
    principal = principal_of(req)
    if principal is None:
        raise IdentityRequiredError("sign in first")
    if rule.roles and rule.roles.isdisjoint(principal.roles):
        raise RoleRequiredError(f"this needs the role {' or '.join(sorted(rule.roles))}")
    return principal
