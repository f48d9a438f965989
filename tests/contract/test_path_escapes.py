"""Ids that would bend the runtime's address: refused at every route, before anybody is asked.

Every HTTP function with an id in its route is covered by being registered. What stands for the
runtime counts what reaches it: the durable client, and the gateway to the management API.
"""

import asyncio
import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

import azure.functions as func
import pytest

import function_app
from shared.operations import management_api
from shared.registered import HttpFunction, http_functions
from shared.settings import current_settings
from tests.support.functions import always

IN_BRACES = re.compile(r"\{\*?(\w+)[^}]*\}")
# These name no instance: they are looked up among what the app knows, or in its own storage.
NOT_IDS = {"name", "level", "sha256", "token", "container", "blob", "pipeline", "type", "file"}
# An id of the business is put behind its domain's prefix, where these bend nothing.
HARMLESS_BEHIND_A_PREFIX = {"", "-a"}
INSTANCE = "instanceId"
# They say which part of the path is wrong.
NAMED = {
    "saga_start_order",
    "batch_processing_get_manifest",
    "batch_processing_get_dead_letters",
}
# Bodies that are read before the id is looked at; elsewhere a reason is enough.
BODIES: dict[str, object] = {
    "approval_decide": {"decision": "approve"},
    "approval_delegate": {"to": "jane@example.com"},
    "approval_reassign": {"from": "jane@example.com", "to": "john@example.com"},
    "approval_withdraw": {},
    "approval_resubmit": {"comment": "again"},
}
ESCAPES = [
    "",
    ".",
    "..",
    "../../../../admin/host/keys",
    "..%2f..%2fadmin",
    "x?taskHub=other&showHistory=true&y=",
    "V/raiseEvent/approval_level_1?a=",
    "e/../../id2/terminate?reason=pwn&z=",
    "a/b",
    "a\\b",
    "a#b",
    "a%2fb",
    "a b",
    "a\x00",
    "a\r\nb",
    "a\n",
    "@counter@key",
    "ä",
    "-a",
    "x" * 300,
]


def ids_in(function: HttpFunction) -> list[str]:
    return [name for name in IN_BRACES.findall(function.route) if name not in NOT_IDS]


ROUTES = [function for function in http_functions(function_app.app) if ids_in(function)]


class Untouchable:
    """Stands for the runtime; whoever only looks at it is noted."""

    def __init__(self) -> None:
        self.touched: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.touched.append(name)
        raise AssertionError(f"{name} was reached")


@pytest.fixture(autouse=True)
def fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    monkeypatch.setenv("APP_IDENTITY", "development")
    current_settings.cache_clear()
    yield
    current_settings.cache_clear()


def request_with(function: HttpFunction, name: str, value: str) -> func.HttpRequest:
    others = dict.fromkeys(IN_BRACES.findall(function.route), "1")
    return func.HttpRequest(
        method=function.methods[0],
        url=f"http://localhost/api/{function.route}",
        headers={
            "Content-Type": "application/json",
            "X-Dev-Principal": "operator@example.com",
            "X-Dev-Roles": "workflow.operator,approval.operator",
        },
        route_params={**others, name: value},
        body=json.dumps(BODIES.get(function.name, {"reason": "because"})).encode(),
    )


def test_there_are_routes_to_try() -> None:
    assert len(ROUTES) > 20


@pytest.mark.parametrize("function", ROUTES, ids=lambda function: function.name)
def test_no_id_that_bends_an_address_reaches_the_runtime(
    function: HttpFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Untouchable()
    monkeypatch.setattr(management_api, "of", always(runtime))
    takes_client = "client" in inspect.signature(function.call).parameters
    bindings = {"client": runtime} if takes_client else {}

    for name in ids_in(function):
        escapes = set(ESCAPES) if name == INSTANCE else set(ESCAPES) - HARMLESS_BEHIND_A_PREFIX
        for escape in sorted(escapes):
            request = request_with(function, name, escape)
            response = asyncio.run(function.call(request, **bindings))
            # Were it refused for anything else, the id would not have been looked at.
            assert response.status_code == (400 if function.name in NAMED else 404), escape
            assert runtime.touched == [], escape
