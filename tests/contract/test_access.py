"""Who may call which function: for every HTTP function that is registered, whatever it is.

The gate is asked for real; behind it, instead of the handler, every function answers 204.
"""

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Final

import azure.functions as func
import pytest

import function_app
from shared import endpoints
from shared.access import RULES, Permission, require
from shared.endpoints import Endpoint
from shared.errors import InstanceUnknownError
from shared.registered import HttpFunction, http_functions
from shared.settings import current_settings

ROOT = Path(__file__).parents[2]
FUNCTIONS = {function.name: function for function in http_functions(function_app.app)}
LOCAL = "UseDevelopmentStorage=true"
REMOTE = (
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=Zm9v;"
    "TableEndpoint=https://a.table.example.com/;BlobEndpoint=https://a.blob.example.com/"
)

# What callers bring: a function key or none, and the roles they have, or None for no identity.
CALLERS: Final[dict[str, tuple[bool, list[str] | None]]] = {
    "nobody": (False, None),
    "key": (True, None),
    "person": (False, []),
    "person with key": (True, []),
    "reader": (False, ["workflow.reader"]),
    "reader with key": (True, ["workflow.reader"]),
    "operator": (False, ["workflow.operator"]),
    "operator with key": (True, ["workflow.operator"]),
    "auditor": (False, ["approval.operator"]),
}
SOURCES: Final[dict[str, dict[str, str]]] = {
    "none": {"AzureWebJobsStorage": REMOTE},
    "none, locally": {"AzureWebJobsStorage": LOCAL},
    "easy_auth": {"AzureWebJobsStorage": REMOTE, "WEBSITE_AUTH_ENABLED": "True"},
    "easy_auth, off": {"AzureWebJobsStorage": REMOTE},
    "development": {"AzureWebJobsStorage": LOCAL},
}
KEY_HOLDERS: Final = {name for name, (key, _) in CALLERS.items() if key}
PEOPLE: Final = {name for name, (_, roles) in CALLERS.items() if roles is not None}
BELIEVED: Final = {"easy_auth", "development"}
GROUPS: Final[dict[str, set[Permission]]] = {
    "anybody": {Permission.PUBLIC, Permission.FOLLOW_LINK, Permission.SEND_NOTICE},
    "caller": {Permission.START_WORKFLOW, Permission.READ_WORKFLOW},
    "reader": {Permission.LIST_WORKFLOWS, Permission.READ_HISTORY, Permission.READ_OPERATIONS},
    "operator": {Permission.CHANGE_WORKFLOW, Permission.DECIDE_ATTENTION},
    "person": {Permission.READ_APPROVAL, Permission.DECIDE_APPROVAL},
    "auditor": {Permission.AUDIT_APPROVAL},
    "visitor": {Permission.READ_CONSOLE},
    "console operator": {Permission.USE_CONSOLE},
}
# Who passes with an identity that is believed; some need the key as well.
WELCOME: Final[dict[str, set[str]]] = {
    "reader": {"reader with key", "operator with key"},
    "operator": {"operator with key"},
    "person": PEOPLE,
    "auditor": {"auditor"},
    "visitor": {"reader", "reader with key", "operator", "operator with key"},
    "console operator": {"operator", "operator with key"},
}
NEEDS_KEY: Final = {"caller", "reader", "operator"}
CONSOLE: Final = {"visitor", "console operator"}


def expected(group: str, caller: str, source: str) -> int:
    """Say what a caller gets, in the words of the documentation and not of the code."""
    if group == "anybody":
        return 204
    if group in NEEDS_KEY and caller not in KEY_HOLDERS:
        return 401
    if group == "caller":
        return 204
    if source in BELIEVED:
        if caller in WELCOME[group]:
            return 204
        return 403 if caller in PEOPLE else 401
    is_free = source.startswith("none") and group in NEEDS_KEY
    is_at_home = source == "none, locally" and group in CONSOLE
    return 204 if is_free or is_at_home else 401


def a_request(caller: str, source: str, method: str) -> func.HttpRequest:
    _, roles = CALLERS[caller]
    headers: dict[str, str] = {}
    if roles is not None:
        claims = [{"typ": "preferred_username", "val": "somebody@example.com"}]
        claims += [{"typ": "roles", "val": role} for role in roles]
        principal = base64.b64encode(json.dumps({"claims": claims}).encode()).decode()
        headers = {
            "X-MS-CLIENT-PRINCIPAL": principal,
            "X-Dev-Principal": "somebody@example.com",
            "X-Dev-Roles": ",".join(roles),
        }
    del source  # every proof is sent always: only the right one may count
    return func.HttpRequest(
        method=method, url="http://localhost/api/x", headers=headers, params={}, body=b""
    )


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nothing behind the gate run."""

    def passed(req: func.HttpRequest, permission: Permission) -> None:
        require(req, permission)
        raise InstanceUnknownError("passed the gate")

    monkeypatch.setattr(endpoints, "require", passed)
    current_settings.cache_clear()
    yield
    current_settings.cache_clear()


def answer_of(function: HttpFunction, caller: str, request: func.HttpRequest) -> int:
    if function.needs_key and caller not in KEY_HOLDERS:
        return HTTPStatus.UNAUTHORIZED  # the platform's own, before the application is called
    status: int = asyncio.run(function.call(request)).status_code
    return HTTPStatus.NO_CONTENT if status == HTTPStatus.NOT_FOUND else status


def declared(name: str) -> Endpoint:
    found = FUNCTIONS[name].endpoint
    assert found is not None, f"{name}: declare @endpoint(Permission...) or @page(Permission...)"
    return found


@pytest.mark.usefixtures("gate")
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_for_whom_the_table_says_and_for_nobody_else(
    name: str, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting in ("WEBSITE_AUTH_ENABLED", "APPROVAL_ROLES"):
        monkeypatch.delenv(setting, raising=False)
    monkeypatch.setenv("APP_IDENTITY", source.partition(",")[0])
    for setting, value in SOURCES[source].items():
        monkeypatch.setenv(setting, value)
    permission = declared(name).permission
    group = next(group for group, members in GROUPS.items() if permission in members)
    function = FUNCTIONS[name]

    got = {
        (caller, method): answer_of(function, caller, a_request(caller, source, method))
        for caller in CALLERS
        for method in function.methods
    }

    assert got == {
        (caller, method): expected(group, caller, source)
        for caller in CALLERS
        for method in function.methods
    }


def test_every_permission_has_one_rule_and_is_in_the_matrix() -> None:
    assert set(RULES) == set(Permission)
    assert sorted(Permission) == sorted(one for members in GROUPS.values() for one in members)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_platform_asks_for_a_key_exactly_where_the_table_does(name: str) -> None:
    assert FUNCTIONS[name].needs_key == RULES[declared(name).permission].needs_key


def test_the_page_about_access_is_the_table() -> None:
    page = (ROOT / "docs" / "access.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \| (\w+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)

    assert {name: (key, who, roles) for name, key, who, roles in rows} == {
        permission.value: (
            "yes" if rule.needs_key else "no",
            rule.who,
            ", ".join(f"`{role}`" for role in sorted(rule.roles)) or "none",
        )
        for permission, rule in RULES.items()
    }
