"""What is served, what is refused, and under which names functions are found."""

import json
from typing import Any

import pytest

from funchost.worker.errors import AppLoadError
from funchost.worker.functions import FoundFunction, FunctionTable, TriggerKind, read_functions

HTTP_OUT = {"direction": "OUT", "type": "http", "name": "$return"}


def binding(kind: str, name: str = "context", **members: Any) -> dict[str, Any]:
    return {"direction": "IN", "type": kind, "name": name} | members


def found(name: str, *bindings: dict[str, Any]) -> FoundFunction:
    raw = [json.dumps(each) for each in bindings]
    return FoundFunction(name=name, function_id=f"id-{name}", is_async=False, raw_bindings=raw)


def read(*functions: FoundFunction, **environ: str) -> FunctionTable:
    return read_functions(functions, environ)


def test_an_http_function_has_route_and_methods() -> None:
    trigger = binding("httpTrigger", "req", route="hello/{name}", methods=["get", "POST"])

    function = read(found("hello", trigger, HTTP_OUT)).http["hello"]

    assert function.kind is TriggerKind.HTTP
    assert function.route == "hello/{name}"
    assert function.methods == ("GET", "POST")


def test_without_a_route_the_name_is_the_route_and_without_methods_any_will_do() -> None:
    function = read(found("hello", binding("httpTrigger", "req"), HTTP_OUT)).http["hello"]

    assert function.route == "hello"
    assert function.methods == ()


def test_the_trigger_is_found_wherever_it_stands_among_the_bindings() -> None:
    client = binding("durableClient", "client", taskHub="H")

    function = read(found("start", client, binding("HTTPTRIGGER", "req"), HTTP_OUT)).http["start"]

    assert function.trigger.name == "req"
    assert [each.name for each in function.clients] == ["client"]


def test_durable_functions_are_found_by_their_registered_name_in_any_case() -> None:
    table = read(
        found("orch", binding("orchestrationTrigger")),
        found("Say", binding("activityTrigger", "city", activity="Renamed_Say")),
    )

    assert table.orchestrators["orch"].registered_name == "orch"
    assert table.activities["renamed_say"].registered_name == "Renamed_Say"
    assert "say" not in table.activities


def test_two_activities_whose_names_differ_only_in_case_are_refused() -> None:
    with pytest.raises(AppLoadError, match="'say' and 'SAY' are both registered as 'SAY'"):
        read(
            found("say", binding("activityTrigger", "a")),
            found("SAY", binding("activityTrigger", "a")),
        )


def test_an_activity_and_an_orchestrator_may_share_a_registered_name() -> None:
    table = read(
        found("a", binding("activityTrigger", "x", activity="same")),
        found("b", binding("orchestrationTrigger", orchestration="same")),
    )

    assert table.activities["same"].name == "a"
    assert table.orchestrators["same"].name == "b"


def test_every_binding_that_is_not_served_is_named() -> None:
    with pytest.raises(AppLoadError) as caught:
        read(
            found("tick", binding("timerTrigger", "timer")),
            found(
                "copy",
                binding("httpTrigger", "req"),
                HTTP_OUT,
                {"direction": "OUT", "type": "queue", "name": "out"},
            ),
        )

    assert str(caught.value).splitlines() == [
        (
            "Function 'tick' has the binding 'timer' of type timerTrigger (in), "
            "which this host does not serve."
        ),
        (
            "Function 'copy' has the binding 'out' of type queue (out), "
            "which this host does not serve."
        ),
    ]


def test_an_app_of_the_sdks_second_version_is_told_so() -> None:
    with pytest.raises(AppLoadError, match=r"version 2 of azure-functions-durable .*'context'"):
        read(found("orch", binding("orchestrationTrigger", durableRequiresGrpc=True)))


def test_a_function_needs_one_trigger() -> None:
    with pytest.raises(AppLoadError, match="'odd' must have exactly one trigger"):
        read(found("odd", binding("durableClient", "client")))


@pytest.mark.parametrize("key", ["AzureWebJobs.hello.Disabled", "AZUREWEBJOBS_HELLO_DISABLED"])
@pytest.mark.parametrize("value", ["1", "true", "True"])
def test_a_disabled_function_is_known_and_not_served(key: str, value: str) -> None:
    table = read(found("hello", binding("httpTrigger", "req"), HTTP_OUT), **{key: value})

    assert table.functions == ()
    assert [function.name for function in table.disabled] == ["hello"]
    assert table.http == {}
