"""The package, as it is deployed: alone, on what requirements.txt pins, with production's settings.

The storage is Azurite, for there is no identity here; everything else is what Azure would set.
"""

import os
import subprocess
import zipfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import azure.storage.queue
import pytest

import function_app
from scripts import environment, package
from scripts.layout import ROOT
from shared.registered import _functions
from tests.support.bicep import INFRA, BicepFile
from tests.support.books import Books
from tests.support.funchost import FuncHost, serving
from tests.support.orders import accepted, ended, order

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

APP: Final = BicepFile(INFRA / "modules" / "function-app.bicep")
DURABLE: Final = "AzureFunctionsJobHost__extensions__durableTask__"
IDENTITY: Final = "00000000-0000-0000-0000-000000000000"

# By the names that the template sets. What an identity opens in Azure, Azurite's key opens here.
PRODUCTION: Final = {
    "AZURE_CLIENT_ID": IDENTITY,
    "APPLICATIONINSIGHTS_CONNECTION_STRING": (
        f"InstrumentationKey={IDENTITY};IngestionEndpoint=http://127.0.0.1:9"
    ),
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "",
    "TaskHubName": "workflows",
    "FUNCTIONS_WORKER_PROCESS_COUNT": "1",
    "PYTHON_THREADPOOL_THREAD_COUNT": "16",
    f"{DURABLE}maxConcurrentActivityFunctions": "16",
    f"{DURABLE}maxConcurrentOrchestratorFunctions": "16",
    f"{DURABLE}maxConcurrentEntityFunctions": "16",
    f"{DURABLE}storageProvider__partitionCount": "16",
    "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
    "APP_IDENTITY": "none",
    "APP_TELEMETRY": "azure_monitor",  # whose address above nobody answers at
    "OPERATORS_MAIL": "operators@example.com",
}
CONNECTIONS: Final = ("AzureWebJobsStorage", "DurableStorage")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what is deployed, and nothing else."""
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(package.build(folder / "package.zip")) as archive:
        archive.extractall(folder / "app")
    return folder / "app"


@dataclass(slots=True, kw_only=True, eq=False)
class PackagedHost(FuncHost):
    """The package, run by a Python that has what requirements.txt pins and nothing else.

    Args:
        app: the package, unpacked.
        python: the interpreter.
        modules: the folder that the host itself is imported from.
    """

    app: Path
    python: Path
    modules: Path

    def launch(self) -> None:
        command = [str(self.python), "-m", "scripts.tether", "funchost", "start"]
        command += ["--app", str(self.app), "--port", str(self.port), "--state", str(self.state)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.modules,
                env={**os.environ, **self.settings},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


@pytest.fixture(scope="module")
def host(
    azurite: str, unpacked: Path, tmp_path_factory: pytest.TempPathFactory
) -> Generator[FuncHost]:
    """The package under the local host, on an environment made from requirements.txt alone."""
    modules = tmp_path_factory.mktemp("host")
    for name in ("funchost", "scripts"):  # and neither the app nor the tests of this checkout
        (modules / name).symlink_to(ROOT / name)
    # The host's own, for queues: in Azure the platform reads them, so it is not in the package.
    queues = modules / "azure" / "storage"
    queues.mkdir(parents=True)
    (queues / "queue").symlink_to(Path(azure.storage.queue.__file__).parent)
    with Books(azurite, stock={"notebook": 100}) as books:
        packaged = PackagedHost(
            folder=tmp_path_factory.mktemp("state"),
            settings={
                **PRODUCTION,
                **dict.fromkeys(CONNECTIONS, azurite),
                "APP_DATA_PREFIX": books.prefix,
                "SANDBOX_TRANSIT_S": "0.5",
            },
            app=unpacked,
            python=environment.beside("app", ROOT / "requirements.txt") / "bin" / "python",
            modules=modules,
        )
        with serving(packaged) as host:
            yield host


def test_production_sets_what_is_set_here() -> None:
    names = APP.keys_of("commonSettings") | APP.keys_of("storageSettings")

    assert names - PRODUCTION.keys() == {
        f"{connection}__{part}"
        for connection in CONNECTIONS
        for part in ("accountName", "credential", "clientId")
    }
    assert PRODUCTION.keys() - names == set()


def test_the_workers_library_finds_every_function_in_the_package(host: FuncHost) -> None:
    found = {function["name"] for function in host.request("GET", "/admin/functions").json}

    registered = {builder.get_function_name() for builder in _functions(function_app.app)}

    assert found == registered


def test_the_package_serves_an_order(host: FuncHost) -> None:
    accepted(host, order("packaged"))

    projection = ended(host, ["packaged"])["packaged"]

    assert projection["runtimeStatus"] == "Completed"
    assert projection["businessStatus"] == "delivered"
