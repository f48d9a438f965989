"""One decorator: the gate comes first, and whatever is raised is told as a problem."""

import asyncio
import json
from typing import Any

import azure.functions as func
import pytest

from shared.access import Permission
from shared.endpoints import endpoint, endpoint_of
from shared.errors import InstanceUnknownError, RoleRequiredError
from shared.settings import current_settings


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    monkeypatch.setenv("APP_IDENTITY", "development")
    current_settings.cache_clear()
    yield
    current_settings.cache_clear()


def call(handler: Any, **headers: str) -> func.HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = func.HttpRequest(method="GET", url="http://a.example/api/x", headers=named, body=b"")
    answer: func.HttpResponse = asyncio.run(handler(request))
    return answer


def test_a_handler_does_not_run_for_whoever_may_not() -> None:
    ran: list[str] = []

    @endpoint(Permission.CHANGE_WORKFLOW)
    async def change(_req: func.HttpRequest) -> func.HttpResponse:
        ran.append("changed")
        return func.HttpResponse(status_code=204)

    nobody = call(change)
    somebody = call(change, X_Dev_Principal="a@example.com")
    operator = call(change, X_Dev_Principal="a@example.com", X_Dev_Roles="workflow.operator")

    assert (nobody.status_code, somebody.status_code, operator.status_code) == (401, 403, 204)
    assert nobody.headers["WWW-Authenticate"] == "Bearer"
    assert ran == ["changed"]


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (InstanceUnknownError("no such id"), 404, "instance-unknown"),
        (RoleRequiredError("no"), 403, "role-required"),
        (KeyError("secret"), 500, "internal-error"),
    ],
)
def test_what_a_handler_raises_is_told_as_a_problem(
    error: Exception, status: int, kind: str
) -> None:
    @endpoint(Permission.PUBLIC)
    async def fail(_req: func.HttpRequest) -> func.HttpResponse:
        raise error

    answer = call(fail)

    told = json.loads(answer.get_body())
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert told["type"].endswith(kind)
    assert b"secret" not in answer.get_body()


def test_what_is_declared_can_be_read_and_what_is_not_is_none() -> None:
    @endpoint(Permission.PUBLIC)
    async def told(_req: func.HttpRequest) -> func.HttpResponse:
        """Say something."""
        return func.HttpResponse()

    found = endpoint_of(told)

    assert found is not None
    assert (found.permission, found.about) == (Permission.PUBLIC, "Say something.")
    assert endpoint_of(call) is None
