"""What infra/ says, held against itself and against the app.

No compiler is needed: the files are read as trees. What the trees cannot tell, the security scan of
`./dev check` and the compiler of the pipeline do.
"""

import json
import re
from typing import Any, Final

import pytest

import function_app
from shared.access import RULES, Permission
from shared.http import API_PREFIX
from shared.principal import Role
from shared.registered import _functions, http_functions
from tests.support.bicep import INFRA, ROOT, BicepFile, bicep_files

FILES: Final = bicep_files()
MAIN: Final = BicepFile(INFRA / "main.bicep")
APP: Final = BicepFile(INFRA / "modules" / "function-app.bicep")
SETTING_GROUPS: Final = ("commonSettings", "storageSettings", "schedulerSettings", "signInSettings")
ROLE: Final = re.compile(r"'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'")

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.path.name)


def module(name: str) -> BicepFile:
    return BicepFile(INFRA / "modules" / f"{name}.bicep")


def params_file(stage: str) -> str:
    return (INFRA / f"main.{stage}.bicepparam").read_text("utf-8")


@every_file
def test_a_file_can_be_read_and_says_what_it_is_for(file: BicepFile) -> None:
    assert not file.has_errors
    assert file.description is not None


@every_file
def test_every_parameter_and_output_is_described(file: BicepFile) -> None:
    for parameter in file.parameters:
        word = "Optional. " if parameter.is_optional else "Required. "
        assert (parameter.description or "").startswith(word), parameter.name
    assert [output.name for output in file.outputs if not output.description] == []


def test_every_module_gets_what_it_requires_and_nothing_else() -> None:
    used = set[str]()
    for file in FILES:
        for given in file.modules:
            declared = {each.name: each for each in BicepFile(given.path).parameters}
            required = {name for name, each in declared.items() if not each.is_optional}
            assert required <= given.given <= declared.keys(), (file.path.name, given.name)
            used.add(given.path.name)
    assert used == {path.name for path in INFRA.glob("modules/*.bicep")}


@every_file
def test_every_parameter_is_used(file: BicepFile) -> None:
    for parameter in file.parameters:
        own = rf"^(param {parameter.name}\b|\s+{parameter.name}:)"
        elsewhere = re.sub(own, "", file.text, flags=re.MULTILINE)
        uses = re.findall(rf"\b{parameter.name}\b", elsewhere)
        assert uses, parameter.name


@every_file
def test_interfaces_are_released_ones(file: BicepFile) -> None:
    previews = {each.type for each in file.resources if each.type.endswith("-preview")}

    # Of diagnostic settings there has never been a release that takes groups of categories.
    assert previews <= {"Microsoft.Insights/diagnosticSettings@2021-05-01-preview"}


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_an_environment_sets_parameters_that_exist_and_all_that_are_required(stage: str) -> None:
    text = params_file(stage)
    given = set(re.findall(r"^param (\w+) =", text, re.MULTILINE))
    declared = {each.name: each for each in MAIN.parameters}

    assert text.startswith("using './main.bicep'\n")
    assert {name for name, each in declared.items() if not each.is_optional} <= given
    assert given <= declared.keys()


def test_production_is_private_redundant_and_locked_and_fails_without_its_variables() -> None:
    text = params_file("prod")

    for line in (
        "param privateNetworking = true",
        "param zoneRedundant = true",
        "param deleteLocks = true",
        "param storageSku = 'Standard_GZRS'",
    ):
        assert line in text
    assert re.search(r"readEnvironmentVariable\('\w+', ", text) is None  # no default anywhere
    assert int(re.findall(r"alwaysReadyDurable = (\d+)", text)[0]) >= 2  # one for each zone


def test_no_storage_is_opened_by_a_key_or_by_anybody() -> None:
    text = module("storage").text

    for line in (
        "allowSharedKeyAccess: false",
        "allowBlobPublicAccess: false",
        "defaultToOAuthAuthentication: true",
        "minimumTlsVersion: 'TLS1_2'",
        "supportsHttpsTrafficOnly: true",
        "publicAccess: 'None'",
    ):
        assert line in text


@pytest.mark.parametrize("name", ["storage", "key-vault"])
def test_with_private_networking_nothing_else_gets_in(name: str) -> None:
    text = module(name).text

    assert "var publicAccess = isPrivate ? 'Disabled' : 'Enabled'" in text
    assert "var elsewhere = isPrivate ? 'Deny' : 'Allow'" in text
    assert "publicNetworkAccess: publicAccess" in text
    assert "defaultAction: elsewhere" in text
    assert "bypass: 'None'" in text


def test_the_scheduler_is_never_opened_to_every_address() -> None:
    assert "ipAllowlist: isPrivate ? [] : allowedAddresses" in module("durable-task-scheduler").text
    assert not [path for path in INFRA.rglob("*.bicep*") if "0.0.0.0/0" in path.read_text("utf-8")]


def test_host_and_task_hub_have_accounts_of_their_own_with_different_roles() -> None:
    accounts = [each for each in MAIN.modules if each.path.name == "storage.bicep"]
    roles = re.findall(r"^    roles: \[(.*)\]$", MAIN.text, re.MULTILINE)

    assert {each.name for each in accounts} == {"hostStorage", "taskHubStorage"}
    assert roles == [
        "'blobOwner', 'queueContributor', 'tableContributor'",
        "'blobContributor', 'queueContributor', 'tableContributor'",
    ]


def test_the_queues_that_the_app_reads_are_made_in_the_hosts_account() -> None:
    triggers = [function.get_trigger() for function in _functions(function_app.app)]
    read = {each.queue_name for each in triggers if each.type == "queueTrigger"}
    [made] = re.findall(r"^    queues: \[(.*)\]$", MAIN.text, re.MULTILINE)

    assert {each.connection for each in triggers if each.type == "queueTrigger"} == {
        "AzureWebJobsStorage"
    }
    assert set(re.findall(r"'([\w-]+)'", made)) == read


def test_the_pipeline_can_give_the_roles_of_the_app_and_no_others() -> None:
    deployer = (INFRA / "deployer.bicep").read_text("utf-8")
    listed = set(ROLE.findall(deployer.partition("var assignableRoles")[2].partition("]")[0]))
    assigned = set[str]()
    for file in FILES:
        if file.path.parent.name == "modules":
            assigned |= set(ROLE.findall(file.text))

    assert listed == assigned


def test_what_holds_state_can_be_locked() -> None:
    locked = {file.path.stem for file in FILES if "'Microsoft.Authorization/locks" in file.text}

    assert locked == {
        "durable-task-scheduler",
        "function-app",
        "key-vault",
        "monitoring",
        "storage",
    }


def test_the_host_takes_on_what_the_worker_has_threads_for_by_construction() -> None:
    assert "var concurrency = string(workerProcesses * workerThreads)" in APP.text
    for kind in ("Activity", "Orchestrator", "Entity"):
        assert f"__maxConcurrent{kind}Functions: concurrency" in APP.text
    assert "perInstanceConcurrency: workerProcesses * workerThreads" in APP.text


def has(document: Any, override: str) -> bool:
    """Tell whether host.json has the key that an app setting stands for."""
    try:
        for part in override.split("__")[1:]:
            document = document[part]
    except (KeyError, TypeError):
        return False
    return True


def test_overrides_name_what_host_json_has_or_the_other_backend_needs() -> None:
    document: Any = json.loads((ROOT / "host.json").read_text("utf-8"))
    names = {name for group in SETTING_GROUPS for name in APP.keys_of(group)}
    overrides = {name for name in names if name.startswith("AzureFunctionsJobHost__")}
    unknown = {name.rpartition("__")[2] for name in overrides if not has(document, name)}

    assert len(overrides) >= 6
    assert unknown == {"type", "connectionStringName"}  # of the scheduler


def test_the_storage_backend_is_led_by_the_connection_that_host_json_names() -> None:
    document: Any = json.loads((ROOT / "host.json").read_text("utf-8"))
    connection = document["extensions"]["durableTask"]["storageProvider"]["connectionName"]

    assert {f"{connection}__{part}" for part in ("accountName", "credential", "clientId")} <= (
        APP.keys_of("storageSettings")
    )


def test_the_plan_is_flex_consumption_on_the_python_that_develops_the_app() -> None:
    assert "name: 'FC1'" in APP.text
    assert re.search(r"name: 'python'\n\s+version: '3\.13'", APP.text)
    assert "var durableReady = { name: 'durable', instanceCount: alwaysReadyDurable }" in APP.text
    assert "type: 'UserAssignedIdentity'" in APP.text
    # These belong to older plans, and Flex Consumption refuses or ignores them.
    for name in ("FUNCTIONS_WORKER_RUNTIME", "WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_CONTENTSHARE"):
        assert name not in APP.text


def test_no_secret_stands_in_a_template() -> None:
    for path in INFRA.rglob("*.bicep*"):
        text = path.read_text("utf-8")
        assert not re.search(r"listKeys\(|AccountKey=|SharedAccessSignature|@secure\(\)", text), (
            path
        )
    assert "@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${setting.value})" in APP.text
    assert "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET" not in module("sign-in").text


def test_alerts_and_workbook_ask_the_questions_in_the_files() -> None:
    asked = {
        name: set(re.findall(r"loadTextContent\('\.\./queries/(\w+)\.kql'\)", module(name).text))
        for name in ("alerts", "workbook")
    }
    there = {path.stem for path in INFRA.glob("queries/*.kql")}

    assert asked["alerts"] == {
        "backlog_age",
        "failed_instances",
        "host_restarts",
        "http_5xx",
        "latency",
        "needs_attention",
        "overdue_approvals",
        "refused_messages",
        "silence",
    }
    # One order is asked for by hand, and silence is nothing to look at.
    assert asked["workbook"] == there - {"one_order", "silence"}


def test_the_app_registration_offers_the_roles_that_the_app_knows() -> None:
    offered: Any = json.loads((INFRA / "app-roles.json").read_text("utf-8"))

    assert {role["value"] for role in offered} == set(Role)
    assert all(role["isEnabled"] for role in offered)


def test_what_needs_nobody_in_the_code_passes_by_the_sign_in_and_nothing_else() -> None:
    listed = module("sign-in").text.partition("var publicPaths")[2].partition("]")[0]
    passing = tuple(path.rstrip("*") for path in re.findall(r"'([^']+)'", listed))
    guarded, proving = list[str](), list[str]()
    for function in http_functions(function_app.app):
        assert function.endpoint is not None
        permission = function.endpoint.permission
        rule = RULES[permission]
        route = f"{API_PREFIX}/{function.route}"
        if rule.needs_key or rule.needs_identity:
            guarded.append(route)
        elif permission is not Permission.PUBLIC:  # a link or a signature is the proof
            proving.append(route)

    assert [route for route in guarded if route.startswith(passing)] == []
    assert [route for route in proving if not route.startswith(passing)] == []
    assert proving


def test_every_alert_has_a_section_in_the_runbook() -> None:
    names = set(re.findall(r"^    name: '([\w-]+)'$", module("alerts").text, re.MULTILINE))
    guide = (ROOT / "docs" / "runbook.md").read_text("utf-8")
    sections = guide.partition("\n## Alerts")[2].split("\n### ")[1:]
    told = {section.partition("\n")[0]: section for section in sections}

    assert len(names) == 9
    assert names <= told.keys()
    for section in told.values():
        assert all(word in section for word in ("*Meaning*", "*First look*"))
