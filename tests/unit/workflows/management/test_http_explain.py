"""GET /api/workflows/{instanceId}/explain: the answer's form, and who may ask."""

import asyncio
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

from shared.operations import management_api
from shared.settings import current_settings
from tests.support.clients import a_get, document
from tests.support.functions import always, handler_of
from tests.support.management import MemoryManagement
from tests.support.seen_instances import T0, recorded
from workflows.management import http_explain

HANDLER = handler_of(http_explain.explain_workflow)


@pytest.fixture
def management(monkeypatch: pytest.MonkeyPatch) -> MemoryManagement:
    seen = recorded("order-retrying")
    management = MemoryManagement({seen.view.instance_id: seen.view})
    monkeypatch.setattr(management_api, "of", always(management))
    clock = SimpleNamespace(now=lambda: seen.now)
    monkeypatch.setattr(http_explain, "system_clock", lambda: clock)
    identify(monkeypatch, "none")
    return management


def identify(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    monkeypatch.setenv("APP_IDENTITY", source)
    current_settings.cache_clear()


def get(instance_id: str = "order-H2") -> func.HttpResponse:
    request = a_get(
        f"/api/workflows/{instance_id}/explain", route_params={"instanceId": instance_id}
    )
    response: func.HttpResponse = asyncio.run(HANDLER(request, client=object()))
    return response


@pytest.mark.usefixtures("management")
def test_every_member_is_there_with_its_instants_in_utc() -> None:
    shown: Any = document(get())

    assert shown["type"] in {"order", "other"}
    assert shown.pop("sentence").startswith("Retrying: attempt 3 of")
    assert shown["isStuck"] is False
    (waiting,) = shown["waitingFor"]
    assert (waiting["kind"], waiting["attempt"]) == ("retry", 3)
    assert waiting["until"] == shown["next"][0]["at"] == "2030-01-01T12:01:03Z"
    assert shown["lastError"]["code"] == "unexpected_failure"
    assert set(shown) == {
        "instanceId",
        "type",
        "runtimeStatus",
        "since",
        "waitingFor",
        "next",
        "lastError",
        "isStuck",
    }


@pytest.mark.parametrize("instance_id", ["order-unknown", "../admin", "x?y", "@e@k", ""])
def test_what_is_unknown_or_no_id_is_not_found(
    management: MemoryManagement, instance_id: str
) -> None:
    assert get(instance_id).status_code == 404
    assert management.calls <= 1


def test_only_operators_may_ask(
    management: MemoryManagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    identify(monkeypatch, "development")

    assert get().status_code == 401
    assert management.calls == 0


def test_an_end_waits_for_nothing(management: MemoryManagement) -> None:
    view = recorded("order-delivered").view
    management.instances[view.instance_id] = view

    shown: Any = document(get("order-H1"))

    assert (shown["waitingFor"], shown["next"], shown["lastError"]) == ([], [], None)
    assert shown["since"] > T0.isoformat()
