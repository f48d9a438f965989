"""host.json and local.settings.json say what the platform's guidance asks for."""

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest

from shared.http import API_PREFIX
from tests.support.bicep import INFRA, BicepFile

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
    assert durable["maxConcurrentEntityFunctions"] == threads


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


def test_the_task_hub_has_a_connection_of_its_own(
    host: dict[str, Any], values: dict[str, str]
) -> None:
    provider = host["extensions"]["durableTask"]["storageProvider"]

    assert provider["connectionName"] == "DurableStorage"
    assert "connectionStringName" not in provider  # its name before the extension's third version
    assert values["DurableStorage"] == values["AzureWebJobsStorage"]


def test_queues_are_asked_often_enough_for_flex_consumption(host: dict[str, Any]) -> None:
    provider = host["extensions"]["durableTask"]["storageProvider"]

    assert provider["maxQueuePollingInterval"] <= "00:00:10"
    assert provider["controlQueueBufferThreshold"] == 2 * provider["controlQueueBatchSize"]
    assert 1 <= provider["partitionCount"] <= 16


def test_a_version_goes_out_with_its_code_and_takes_on_what_is_older(host: dict[str, Any]) -> None:
    durable = host["extensions"]["durableTask"]

    assert re.fullmatch(r"\d+\.\d+\.\d+", durable["defaultVersion"])  # %NAME% is not resolved here
    assert durable["versionMatchStrategy"] == "CurrentOrOlder"
    assert durable["versionFailureStrategy"] == "Reject"


def test_lifecycles_and_failures_are_never_sampled_away(host: dict[str, Any]) -> None:
    logging = host["logging"]
    sampling = logging["applicationInsights"]["samplingSettings"]

    assert set(sampling["excludedTypes"].split(";")) >= {"Request", "Exception", "Trace"}
    assert logging["logLevel"]["Host.Triggers.DurableTask"] == "Information"
    assert "DurableTask" not in logging["logLevel"]  # it would hide what storage warns of


def test_requests_are_bounded_and_a_timeout_is_chosen(
    host: dict[str, Any], values: dict[str, str]
) -> None:
    http = host["extensions"]["http"]

    assert http["maxConcurrentRequests"] == 4 * int(values["PYTHON_THREADPOOL_THREAD_COUNT"])
    assert http["maxOutstandingRequests"] > http["maxConcurrentRequests"]
    assert host["functionTimeout"] == "00:30:00"


def test_nothing_of_a_preview_is_relied_on(host: dict[str, Any]) -> None:
    assert "useGracefulShutdown" not in host["extensions"]["durableTask"]


GUIDE = (ROOT / "docs" / "configuration.md").read_text("utf-8")
NAME = re.compile(r'"([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)"')
READERS = ROOT / "shared" / "settings"


def read_by_the_app() -> set[str]:
    """Every setting that a module of settings names."""
    texts = [path.read_text("utf-8") for path in READERS.glob("[!_]*.py")]
    return {name for text in texts for name in NAME.findall(text)} | {"AzureWebJobsStorage"}


def set_in_azure() -> set[str]:
    app = BicepFile(INFRA / "modules" / "function-app.bicep")
    groups = ("commonSettings", "storageSettings", "schedulerSettings", "signInSettings")
    return {name for group in groups for name in app.keys_of(group)}


def documented() -> set[str]:
    rows = re.findall(
        r"^\| ([^|]+) \|", GUIDE.partition("## App settings of the app")[2], re.MULTILINE
    )
    return {name for row in rows for name in re.findall(r"`([A-Za-z_]{5,})`", row)}


def leaves(document: Any, path: str = "") -> set[str]:
    match document:
        case dict():
            members = cast("dict[str, Any]", document)
            return {
                leaf for name, value in members.items() for leaf in leaves(value, f"{path}.{name}")
            }
        case _:
            return {path.removeprefix(".").removeprefix("extensions.durableTask.")}


def test_every_setting_is_explained(values: dict[str, str]) -> None:
    known = read_by_the_app() | set_in_azure() | values.keys()

    assert known - documented() == set()


def test_every_setting_that_is_explained_exists(values: dict[str, str]) -> None:
    parameters = {each.name for each in BicepFile(INFRA / "main.bicep").parameters}

    assert documented() - read_by_the_app() - set_in_azure() - values.keys() - parameters == set()


def test_every_key_of_host_json_is_explained(host: dict[str, Any]) -> None:
    explained = set(re.findall(r"^\| `([\w.]+)` \|", GUIDE, re.MULTILINE))
    explained = {name.removeprefix("durableTask.") for name in explained}

    unexplained = {
        leaf for leaf in leaves(host) if not any(leaf.startswith(name) for name in explained)
    }
    assert unexplained == set()
