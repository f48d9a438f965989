from typing import Any

import azure.functions as func
import pytest

from shared import access, identity
from shared.errors import IdentityRequiredError, RoleRequiredError
from shared.operators import acting_operator
from shared.settings import Settings

STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}


def a_request(**headers: str) -> func.HttpRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return func.HttpRequest(method="POST", url="http://localhost/api/x", headers=named, body=b"")


@pytest.fixture
def believes(monkeypatch: pytest.MonkeyPatch) -> Any:
    def believe(source: str) -> None:
        settings = Settings.from_environment({**STORAGE, "APP_IDENTITY": source})
        for module in (identity, access):
            monkeypatch.setattr(module, "current_settings", lambda: settings)

    return believe


def test_without_a_source_of_identity_the_key_is_all_there_is(believes: Any) -> None:
    believes("none")

    assert acting_operator(a_request(X_Dev_Principal="eve@example.com")) == "function_key"


def test_an_operator_is_recorded_by_name(believes: Any) -> None:
    believes("development")

    actor = acting_operator(
        a_request(X_Dev_Principal="op@example.com", X_Dev_Roles="workflow.operator")
    )

    assert actor == "op@example.com"


def test_somebody_without_the_role_and_nobody_are_refused(believes: Any) -> None:
    believes("development")

    with pytest.raises(RoleRequiredError):
        acting_operator(a_request(X_Dev_Principal="eve@example.com"))
    with pytest.raises(IdentityRequiredError):
        acting_operator(a_request())
