"""Keys under the local host: asked for with ``--auth enforce``, and not otherwise."""

import json
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.host.app_host import AppHost, an_app, served

pytestmark = pytest.mark.e2e

CODE = """
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

@app.route(route="anybody", auth_level=func.AuthLevel.ANONYMOUS)
def anybody(req: func.HttpRequest) -> str:
    return "anybody"

@app.route(route="own")
def own(req: func.HttpRequest) -> str:
    return "own"

@app.route(route="other")
def other(req: func.HttpRequest) -> str:
    return "other"

@app.route(route="master", auth_level=func.AuthLevel.ADMIN)
def master(req: func.HttpRequest) -> str:
    return "master"

@app.route(route="start")
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    return client.create_check_status_response(req, await client.start_new("short"))

@app.orchestration_trigger(context_name="context")
def short(context: df.DurableOrchestrationContext):
    return "done"
    yield
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A host that asks for keys, and its keys."""

    host: AppHost
    keys: Any

    def status(self, path: str, key: str | None = None, *, method: str = "GET") -> int:
        headers = {"X-Functions-Key": key} if key else {}
        return self.host.request(method, path, headers=headers).status


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Generator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    app = an_app(folder / "app", CODE)
    with served(app, folder, "--auth", "enforce") as host:
        yield Guarded(host=host, keys=json.loads((folder / "keys.json").read_text()))


def test_an_anonymous_function_needs_no_key(guarded: Guarded) -> None:
    assert guarded.status("/api/anybody") == 200


def test_a_function_wants_its_own_key_or_one_of_the_host(guarded: Guarded) -> None:
    functions = guarded.keys["functions"]
    keys = {
        "its own": functions["own"]["default"],
        "the host's": guarded.keys["functionKeys"]["default"],
        "the master's": guarded.keys["masterKey"],
        "another's": functions["other"]["default"],
        "the extension's": guarded.keys["systemKeys"]["durabletask_extension"],
    }

    assert {name: guarded.status("/api/own", key) for name, key in keys.items()} == {
        "its own": 200,
        "the host's": 200,
        "the master's": 200,
        "another's": 401,
        "the extension's": 401,
    }


def test_a_key_may_come_in_the_query(guarded: Guarded) -> None:
    key = guarded.keys["functions"]["own"]["default"]

    assert guarded.status(f"/api/own?code={key}") == 200
    assert guarded.status(f"/api/own?code={key}x") == 401
    assert guarded.status(f"/api/own?code={key}", "wrong") == 401


def test_without_a_key_the_answer_is_401_without_a_body(guarded: Guarded) -> None:
    answer = guarded.host.request("POST", "/api/own", body=b"x" * 100_000)

    assert (answer.status, answer.body) == (401, b"")
    assert guarded.status("/api/absent") == 404


def test_an_admin_function_and_the_admin_endpoints_want_the_master(guarded: Guarded) -> None:
    master = guarded.keys["masterKey"]
    host = guarded.keys["functionKeys"]["default"]

    for path in ("/api/master", "/admin/functions", "/ADMIN/host/status", "/admin/host/keys"):
        found = [guarded.status(path, key) for key in (None, host, master)]
        assert found == [401, 401, 200], path
    assert guarded.status("/admin/functions/own", method="POST") == 401
    assert guarded.status("/admin/host/ping") == 200


def test_the_master_is_told_every_key(guarded: Guarded) -> None:
    headers = {"x-functions-key": guarded.keys["masterKey"]}

    def listed(path: str) -> Any:
        [key] = guarded.host.request("GET", path, headers=headers).json["keys"]
        return key["value"]

    assert listed("/admin/functions/own/keys") == guarded.keys["functions"]["own"]["default"]
    assert listed("/admin/host/keys") == guarded.keys["functionKeys"]["default"]
    assert listed("/admin/host/systemkeys") == guarded.keys["systemKeys"]["durabletask_extension"]


def test_the_management_api_wants_the_key_that_its_links_carry(guarded: Guarded) -> None:
    key = guarded.keys["functions"]["start"]["default"]
    started = guarded.host.request("POST", f"/api/start?code={key}").json
    path = started["statusQueryGetUri"].partition(f":{guarded.host.port}")[2]

    assert guarded.status(path) in {200, 202}
    assert guarded.status(path.partition("?")[0]) == 401
    assert guarded.status("/runtime/webhooks/durabletask/instances") == 401
    assert guarded.status(path.partition("?")[0], guarded.keys["masterKey"]) in {200, 202}


def test_the_log_says_where_the_keys_are_and_never_which(guarded: Guarded) -> None:
    log = guarded.host.log.read_text()

    assert f"Keys are asked for; they are in {guarded.host.folder / 'keys.json'}" in log
    assert guarded.keys["masterKey"] not in log


def test_unless_told_to_the_host_asks_for_no_key_and_keeps_none(tmp_path: Path) -> None:
    app = an_app(tmp_path / "app", CODE)
    with served(app, tmp_path) as host:
        found = [host.request("GET", path).status for path in ("/api/master", "/admin/host/keys")]

        assert found == [200, 200]
        assert not (tmp_path / "keys.json").exists()
