"""host.json and local.settings.json say what the platform's guidance asks for."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shared.http import API_PREFIX

ROOT = Path(__file__).parents[2]


@pytest.fixture
def host() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / "host.json").read_text("utf-8"))
    return document


@pytest.fixture
def values() -> dict[str, str]:
    document: dict[str, dict[str, str]] = json.loads(
        (ROOT / "local.settings.json").read_text("utf-8")
    )
    return document["Values"]


def test_links_are_under_the_route_prefix(host: dict[str, Any]) -> None:
    assert f"/{host['extensions']['http']['routePrefix']}" == API_PREFIX


def test_the_host_takes_on_no_more_than_the_worker_has_threads(
    host: dict[str, Any], values: dict[str, str]
) -> None:
    threads = int(values["FUNCTIONS_WORKER_PROCESS_COUNT"]) * int(
        values["PYTHON_THREADPOOL_THREAD_COUNT"]
    )

    durable = host["extensions"]["durableTask"]
    assert durable["maxConcurrentActivityFunctions"] == threads
    assert durable["maxConcurrentOrchestratorFunctions"] == threads


def test_the_task_hub_is_a_setting_with_a_legal_value(
    host: dict[str, Any], values: dict[str, str]
) -> None:
    assert host["extensions"]["durableTask"]["hubName"] == "%TaskHubName%"
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,44}", values["TaskHubName"])


def test_traces_never_hold_inputs_and_outputs(host: dict[str, Any]) -> None:
    assert host["extensions"]["durableTask"]["tracing"] == {
        "distributedTracingEnabled": True,
        "version": "V2",
        "traceInputsAndOutputs": False,
    }


def test_the_durable_extension_is_bundled_and_no_session_is_extended(host: dict[str, Any]) -> None:
    assert host["extensionBundle"] == {
        "id": "Microsoft.Azure.Functions.ExtensionBundle",
        "version": "[4.*, 5.0.0)",
    }
    assert "extendedSessionsEnabled" not in host["extensions"]["durableTask"]


def test_local_settings_hold_no_secret(values: dict[str, str]) -> None:
    assert values["AzureWebJobsStorage"] == "UseDevelopmentStorage=true"
    assert not [
        name for name in values if re.search("key|secret|password|token", name, re.IGNORECASE)
    ]


def test_payloads_are_decoded_without_looking_for_classes(values: dict[str, str]) -> None:
    assert values["AZURE_FUNCTIONS_DURABLE_STRICT_TYPING"] == "1"
