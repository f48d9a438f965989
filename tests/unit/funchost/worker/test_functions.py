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
            found("tick", binding("eventGridTrigger", "event")),
            found(
                "copy",
                binding("httpTrigger", "req"),
                HTTP_OUT,
                {"direction": "OUT", "type": "serviceBus", "name": "out"},
            ),
        )

    assert str(caught.value).splitlines() == [
        (
            "Function 'tick' has the binding 'event' of type eventGridTrigger (in), "
            "which this host does not serve."
        ),
        (
            "Function 'copy' has the binding 'out' of type serviceBus (out), "
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


def test_inputs_and_outputs_are_told_from_the_trigger_and_from_http() -> None:
    function = read(
        found(
            "copy",
            binding("httpTrigger", "req"),
            HTTP_OUT,
            binding("blob", "source", path="in/{name}"),
            {"direction": "OUT", "type": "queue", "name": "sent", "queueName": "q"},
            {"direction": "OUT", "type": "blob", "name": "$return", "path": "out/x"},
        )
    ).functions[0]

    assert [each.name for each in function.inputs] == ["source"]
    assert [each.name for each in function.outputs] == ["sent", "$return"]


def test_what_an_activity_returns_belongs_to_its_orchestration() -> None:
    with pytest.raises(AppLoadError, match="'say' cannot send what it returns elsewhere"):
        read(
            found(
                "say",
                binding("activityTrigger", "city"),
                {"direction": "OUT", "type": "queue", "name": "$return", "queueName": "q"},
            )
        )


def test_a_client_of_the_storage_sdk_is_no_type_that_is_served() -> None:
    properties = {"SupportsDeferredBinding": "True"}

    with pytest.raises(AppLoadError, match="'read' takes the binding 'blob' as a client"):
        read(found("read", binding("blobTrigger", "blob", path="c/{n}", properties=properties)))


@pytest.mark.parametrize(
    ("said", "level"), [("ANONYMOUS", "anonymous"), ("ADMIN", "admin"), (None, "function")]
)
def test_an_http_function_asks_for_a_function_key_unless_it_says_otherwise(
    said: str | None, level: str
) -> None:
    members = {} if said is None else {"authLevel": said}

    function = read(found("hello", binding("httpTrigger", "req", **members), HTTP_OUT)).http

    assert function["hello"].auth_level == level
