"""Visitors of the operators' pages: who reads, who acts, and a developer's machine."""

from collections.abc import Iterator

import azure.functions as func
import pytest

from shared.access import Permission
from shared.errors import IdentityRequiredError, RoleRequiredError
from shared.pages import visitor_at
from shared.settings import current_settings

ELSEWHERE = (
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5;"
    "BlobEndpoint=https://a.example;TableEndpoint=https://a.example"
)


@pytest.fixture(autouse=True)
def fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    monkeypatch.setenv("APP_IDENTITY", "development")
    current_settings.cache_clear()
    yield
    current_settings.cache_clear()


def request(host: str = "localhost:7071", who: str = "", roles: str = "") -> func.HttpRequest:
    return func.HttpRequest(
        method="GET",
        url="http://localhost/api/console",
        headers={"Host": host, "X-Dev-Principal": who, "X-Dev-Roles": roles},
        body=b"",
    )


@pytest.mark.parametrize(
    ("roles", "may_act"), [("workflow.operator", True), ("workflow.reader", False)]
)
def test_operators_act_and_readers_look(roles: str, *, may_act: bool) -> None:
    visitor = visitor_at(request(who="a@example.com", roles=roles))

    assert (visitor.actor, visitor.may_read, visitor.may_act) == ("a@example.com", True, may_act)
    assert visitor.leave_path == "/api/sign-in?next=/api/console"


def test_a_reader_may_not_come_to_act() -> None:
    with pytest.raises(RoleRequiredError):
        visitor_at(request(who="a@example.com", roles="workflow.reader"), Permission.USE_CONSOLE)


def test_an_approver_is_no_reader_of_workflows() -> None:
    visitor = visitor_at(request(who="a@example.com"), Permission.READ_APPROVAL)

    assert (visitor.may_read, visitor.may_act) == (False, False)


@pytest.mark.parametrize("host", ["localhost:7071", "127.0.0.1:7071", "[::1]:7071"])
def test_a_developers_own_machine_is_open_to_them(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("APP_IDENTITY", "none")

    visitor = visitor_at(request(host))

    assert (visitor.actor, visitor.may_act, visitor.name) == ("development", True, None)


@pytest.mark.parametrize(
    "host", ["rebound.example", "192.0.2.1:7071", "localhost.example", "", "["]
)
def test_a_name_that_was_made_to_lead_there_is_not(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("APP_IDENTITY", "none")

    with pytest.raises(IdentityRequiredError):
        visitor_at(request(host))


def test_where_storage_is_elsewhere_somebody_has_to_sign_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APP_IDENTITY", "none")
    monkeypatch.setenv("AzureWebJobsStorage", ELSEWHERE)

    with pytest.raises(IdentityRequiredError):
        visitor_at(request())
