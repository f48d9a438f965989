"""host.json: defaults, keys, overrides, and complaints that say where."""

import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from funchost.settings.errors import SettingsError
from funchost.settings.host import HostSettings, OverridableStates


def load(
    tmp_path: Path, content: dict[str, Any] | str | None = None, **environ: str
) -> HostSettings:
    if content is not None:
        text = content if isinstance(content, str) else json.dumps({"version": "2.0"} | content)
        (tmp_path / "host.json").write_text(text)
    return HostSettings.load(tmp_path, environ)


def durable(**members: Any) -> dict[str, Any]:
    return {"extensions": {"durableTask": members}}


def test_a_missing_file_means_the_platforms_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path)

    assert settings.route_prefix == "api"
    assert settings.function_timeout == timedelta(minutes=30)
    assert settings.durable.hub_name == "TestHubName"
    assert settings.durable.max_concurrent_activities % 10 == 0
    assert settings.durable.max_concurrent_activities > 0
    assert settings.durable.max_orchestration_actions == 100_000
    assert settings.durable.overridable_states is OverridableStates.NON_RUNNING
    assert settings.warnings == ()


def test_the_keys_that_matter_are_read(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        {
            "functionTimeout": "00:05:00",
            "logging": {"logLevel": {"default": "Error", "Function.hello": "debug"}},
            "extensions": {
                "http": {"routePrefix": "/v1/"},
                "durableTask": {
                    "hubName": "Orders",
                    "storageProvider": {"type": "mssql"},
                    "maxConcurrentActivityFunctions": 3,
                    "maxConcurrentOrchestratorFunctions": 4,
                    "maxConcurrentEntityFunctions": 5,
                    "maxOrchestrationActions": 7,
                    "overridableExistingInstanceStates": "anystate",
                    "defaultVersion": "1.1",
                    "somethingNew": {"a": [1]},
                },
            },
            "watchDirectories": ["x"],
        },
    )

    assert settings.route_prefix == "v1"
    assert settings.function_timeout == timedelta(minutes=5)
    assert settings.log_levels.level("Function.hello") == logging.DEBUG
    assert settings.log_levels.level("Host.General") == logging.ERROR
    assert settings.durable.hub_name == "Orders"
    assert settings.durable.max_concurrent_activities == 3
    assert settings.durable.max_concurrent_orchestrators == 4
    assert settings.durable.max_concurrent_entities == 5
    assert settings.durable.max_orchestration_actions == 7
    assert settings.durable.overridable_states is OverridableStates.ANY
    assert settings.durable.versioning.default == "1.1"


def test_an_empty_route_prefix_is_no_prefix(tmp_path: Path) -> None:
    assert load(tmp_path, {"extensions": {"http": {"routePrefix": ""}}}).route_prefix == ""


@pytest.mark.parametrize(
    ("text", "timeout"),
    [
        ("-1", None),
        ("-1.00:00:00", None),
        ("1.02:03:04", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("00:10", timedelta(minutes=10)),
    ],
)
def test_a_function_timeout_is_a_time_span_or_unlimited(
    tmp_path: Path, text: str, timeout: timedelta | None
) -> None:
    assert load(tmp_path, {"functionTimeout": text}).function_timeout == timeout


def test_extended_sessions_are_turned_off_with_a_warning(tmp_path: Path) -> None:
    settings = load(tmp_path, durable(extendedSessionsEnabled=True))

    assert len(settings.warnings) == 1
    assert "extendedSessionsEnabled" in settings.warnings[0]


def test_a_hub_name_may_come_from_an_app_setting(tmp_path: Path) -> None:
    content = durable(hubName="%HubName%")

    assert load(tmp_path, content, HubName="Orders").durable.hub_name == "Orders"


def test_a_site_name_stands_in_for_a_hub_name_as_far_as_it_can(tmp_path: Path) -> None:
    assert load(tmp_path, {}, WEBSITE_SITE_NAME="my-site").durable.hub_name == "mysite"
    assert load(tmp_path, {}, WEBSITE_SITE_NAME="1-a").durable.hub_name == "TestHubName"


def test_the_environment_overrides_any_key_without_regard_to_case(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        durable(maxConcurrentActivityFunctions=3),
        AzureFunctionsJobHost__extensions__durableTask__maxConcurrentActivityFunctions="8",
        AZUREFUNCTIONSJOBHOST__extensions__http__ROUTEPREFIX="v2",
        AzureFunctionsJobHost__logging__logLevel__default="Warning",
    )

    assert settings.durable.max_concurrent_activities == 8
    assert settings.route_prefix == "v2"
    assert settings.log_levels.default == logging.WARNING


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{\n "version": "1.0"\n}', ':2:13: version: must be "2.0"'),
        ("{}", ':1:1: version: must be "2.0"'),
        ("[]", ":1:1: must hold an object"),
        (
            '{"version": "2.0",\n "extensions": {"durableTask": {"hubName": "9x"}}}',
            (
                ":2:44: extensions.durableTask.hubName: "
                "must be a letter and then 2 to 44 letters or digits, not '9x'"
            ),
        ),
        (
            '{"version": "2.0",\n "extensions": {"durableTask": {"hubName": "%Gone%"}}}',
            ":2:44: extensions.durableTask.hubName: the app setting 'Gone' is not there",
        ),
        (
            '{"version": "2.0",\n "extensions": []}',
            ":2:16: extensions: must be an object",
        ),
        (
            '{"version": "2.0",\n "extensions": {"http": {"RoutePrefix": 1}}}',
            ":2:41: extensions.http.routePrefix: must be a string, not 1",
        ),
        (
            '{"version": "2.0", "extensions":\n{"durableTask": {"maxOrchestrationActions": 0}}}',
            (
                ":2:45: extensions.durableTask.maxOrchestrationActions: "
                "must be a whole number of at least 1, not 0"
            ),
        ),
        (
            '{"version": "2.0", "functionTimeout": "soon"}',
            ":1:39: functionTimeout: must be a time span (hh:mm:ss) or \"-1\", not 'soon'",
        ),
        ('{"version": "2.0"}\n2', ":2:1: there is more after the end of the document"),
        ('{"version": "2.0"}\n{]', ":2:2: a key in double quotes was expected"),
    ],
    ids=[
        "old version",
        "no version",
        "no object",
        "hub name",
        "absent setting",
        "section of another type",
        "key in another case",
        "too small",
        "timeout",
        "something after the document",
        "broken second document",
    ],
)
def test_a_complaint_names_file_line_column_and_key(
    tmp_path: Path, content: str, complaint: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, content)

    assert str(caught.value) == f"{tmp_path / 'host.json'}{complaint}"


def test_of_two_documents_the_first_counts_and_the_place_of_the_second_is_told(
    tmp_path: Path,
) -> None:
    content = '{"version": "2.0", "extensions": {"http": {"routePrefix": "x"}}}{"version": "1.0"}'

    settings = load(tmp_path, content)

    assert settings.route_prefix == "x"
    assert settings.warnings == (
        (
            f"{tmp_path / 'host.json'}:1:65: a second document begins here; the first counts. "
            "Remove one: func start may refuse the file."
        ),
    )


def test_a_complaint_about_an_override_names_the_variable(tmp_path: Path) -> None:
    name = "AzureFunctionsJobHost__extensions__durableTask__maxOrchestrationActions"

    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **{name: "many"})

    assert str(caught.value) == (
        f"environment variable {name}: extensions.durableTask.maxOrchestrationActions: "
        "must be a whole number, not 'many'"
    )
