"""What the host says when it cannot start, and which words and settings it obeys when it can."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.layout import ROOT
from scripts.ports import LOOPBACK
from tests.e2e.host.app_host import APPS, a_copy, an_app, refused, served

pytestmark = pytest.mark.e2e

CODE = """
import azure.functions as func
app = func.FunctionApp()

@app.route(route="setting/{name}")
def setting(req: func.HttpRequest) -> str:
    import os
    return os.environ.get(req.route_params["name"], "absent")
"""


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("host_json", '{\n  "version": "2.0",\n}}', "host.json:3:2: there is more after the end"),
        ("host_json", '{\n  "version" "2.0"\n}', "host.json:2:13: ':' was expected"),
        ("host_json", '{\n  "version": "1.0"\n}', 'host.json:2:14: version: must be "2.0"'),
        (
            "host_json",
            '{"version": "2.0",\n "extensions": {"durableTask": {"hubName": 7}}}',
            "host.json:2:44: extensions.durableTask.hubName: must be a string, not 7",
        ),
        (
            "host_json",
            '{"version": "2.0",\n "functionTimeout": "a while"}',
            "host.json:2:21: functionTimeout: must be a time span",
        ),
        (
            "local_settings_json",
            '{\n  "Values": {\n    "A": {}\n  }\n}',
            "local.settings.json:3:10: Values.A: must be",
        ),
        (
            "local_settings_json",
            '{\n  "IsEncrypted": true\n}',
            "local.settings.json:2:18: IsEncrypted: encrypted settings",
        ),
    ],
)
def test_a_broken_settings_file_is_refused_by_file_line_and_key(
    tmp_path: Path, file: str, content: str, complaint: str
) -> None:
    app = an_app(tmp_path, CODE, **{file: content})

    said = refused(app)

    assert said.startswith(f"{tmp_path}/{complaint}")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        (None, "there is no function_app.py in"),
        ("import a_module_that_nobody_wrote", "No module named 'a_module_that_nobody_wrote'"),
        ("app = ", "SyntaxError"),
        ("raise RuntimeError('not today')", "RuntimeError: not today"),
        ("answer = 42", "Could not find top level function app instances in function_app.py"),
        (
            "import azure.functions as func\napp = func.FunctionApp()",
            "function_app.py in {app} registers none",
        ),
        (CODE.replace("setting/{name}", "a/{b:nonsense}"), "nonsense"),
        (
            CODE.replace('@app.route(route="setting/{name}")', "@app.foo"),
            "AttributeError: 'FunctionApp' object has no attribute 'foo'",
        ),
    ],
    ids=[
        "no file",
        "absent module",
        "syntax",
        "raises",
        "no app",
        "no functions",
        "constraint",
        "decorator",
    ],
)
def test_an_app_that_cannot_be_loaded_is_refused_in_one_sentence(
    tmp_path: Path, code: str | None, complaint: str
) -> None:
    app = an_app(tmp_path, code)

    said = refused(app)

    assert complaint.format(app=app) in said
    assert "\n" not in said


def test_a_stack_trace_of_an_app_that_cannot_be_loaded_is_there_for_the_asking(
    tmp_path: Path,
) -> None:
    app = an_app(tmp_path, "def inner():\n    raise RuntimeError('x')\ninner()")
    command = [sys.executable, "-m", "funchost", "start", "--app", str(app), "--verbose"]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)

    assert done.returncode == 1
    assert "in inner" in done.stdout


def test_a_taken_port_is_named_with_what_to_do(tmp_path: Path) -> None:
    app = an_app(tmp_path, CODE)
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]

        said = refused(app, "--port", str(port))

    assert str(port) in said
    assert "in use" in said
    assert "--port" in said


def test_a_second_host_on_one_state_file_is_told_who_holds_it(tmp_path: Path) -> None:
    with served(APPS / "chaining", tmp_path) as host:
        assert host._process is not None
        pid = host._process.pid

        said = refused(APPS / "chaining", "--state", str(host.state))

        assert f"process {pid}, serving port {host.port}" in said
        assert str(host.state) in said
        assert host.output("greet_cities")[0] == "Good morning, Lisbon!"


def test_the_state_of_a_host_that_was_killed_is_free_at_once(tmp_path: Path) -> None:
    with served(APPS / "chaining", tmp_path) as host:
        host.kill()
        host.restart()

        assert host.output("greet_cities")[0] == "Good morning, Lisbon!"


def test_state_is_kept_in_the_app_unless_told_otherwise(tmp_path: Path) -> None:
    app = a_copy("chaining", tmp_path / "app")
    command = [sys.executable, "-m", "funchost", "start", "--app", str(app), "--port", "0"]
    host = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    said = next(line for line in host.stdout if "http_start" in line)
    host.terminate()
    host.communicate(timeout=10)

    assert re.search(r"http://localhost:[1-9]\d*/api/orchestrators", said)
    assert (app / ".funchost" / "state.db").is_file()


def test_settings_reach_the_app_unless_the_environment_has_them(tmp_path: Path) -> None:
    app = an_app(
        tmp_path / "app",
        CODE,
        local_settings_json='{"Values": {"FROM_FILE": "file", "FROM_BOTH": "file"}}',
    )

    with served(app, tmp_path, settings={"FROM_BOTH": "environment"}) as host:
        found = [
            host.request("GET", f"/api/setting/{name}").body
            for name in ("FROM_FILE", "FROM_BOTH", "NEITHER")
        ]
        log = host.log_tail()

    assert found == [b"file", b"environment", b"absent"]
    assert "Skipping 'FROM_BOTH' of local.settings.json" in log
    assert log.count("Skipping") == 1


def test_the_route_prefix_may_be_empty(tmp_path: Path) -> None:
    settings = '{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}'
    app = an_app(tmp_path / "app", CODE, host_json=settings)

    with served(app, tmp_path, settings={"A": "1"}) as host:
        assert host.request("GET", "/setting/A").body == b"1"
        assert host.request("GET", "/api/setting/A").status == 404


def test_only_the_functions_that_are_named_are_served(tmp_path: Path) -> None:
    with served(APPS / "web", tmp_path, "--functions", "named", "greet") as host:
        statuses = [
            host.request("GET", path).status
            for path in ("/api/items/lamp", "/api/greet", "/api/items/1", "/api/things")
        ]

    assert statuses == [200, 200, 404, 404]


def test_an_orchestrator_that_is_not_named_does_not_exist(tmp_path: Path) -> None:
    with served(APPS / "durable", tmp_path, "--functions", "fan_out", "square") as host:
        answer = host.call("POST", "/runtime/webhooks/durabletask/orchestrators/child", '"3"')

        assert host.output("fan_out", 3) == 5
    assert answer.status == 400


def test_a_name_that_no_function_has_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    said = refused(APPS / "chaining", "--state", str(tmp_path / "s"), "--functions", "grete")

    assert "There is no function 'grete'; there are: 'http_start', 'greet_cities', 'greet'." in said


def test_verbose_tells_every_episode(tmp_path: Path) -> None:
    with served(APPS / "chaining", tmp_path, "--verbose") as host:
        host.output("greet_cities")
        log = host.log_tail()

    assert log.count("Executed 'Functions.greet_cities' (Succeeded") == 4


def test_without_verbose_an_activity_leaves_one_line_and_an_episode_none(tmp_path: Path) -> None:
    with served(APPS / "chaining", tmp_path) as host:
        host.output("greet_cities")
        log = host.log_tail()

    assert log.count("Executed 'Functions.greet' (Succeeded") == 3
    assert "Functions.greet_cities'" not in log
    assert log.count("orchestration greet_cities completed") == 1


LOGGING = """
import logging
import azure.durable_functions as df
import azure.functions as func
app = df.DFApp()

@app.route(route="loud")
def loud(req: func.HttpRequest) -> str:
    logging.debug("loud details")
    return "said"

@app.route(route="quiet")
def quiet(req: func.HttpRequest) -> str:
    logging.info("quiet news")
    logging.error("quiet trouble")
    return "said"
"""
LOG_LEVELS = """{
  "version": "2.0",
  "logging": {
    "logLevel": {"default": "Error", "Function.loud": "Information", "function.loud.user": "debug"}
  }
}"""


def test_the_log_has_what_host_json_asks_for_by_category(tmp_path: Path) -> None:
    app = an_app(tmp_path / "app", LOGGING, host_json=LOG_LEVELS)

    with served(app, tmp_path) as host:
        answers = [host.request("GET", f"/api/{name}").body for name in ("loud", "quiet")]
        lines = host.lines

    kept = [line.split(maxsplit=2)[2] for line in lines if re.match(r"\d\d:", line)]
    assert answers == [b"said", b"said"]
    assert kept[:2] == ["loud details", kept[1]]
    assert re.fullmatch(r"GET /api/loud → loud 200 in \d+ ms", kept[1])
    assert kept[2:] == ["quiet trouble"]


def test_the_environment_and_verbose_ask_for_more_than_host_json(tmp_path: Path) -> None:
    app = an_app(tmp_path / "app", LOGGING, host_json=LOG_LEVELS)
    variable = {"AzureFunctionsJobHost__logging__logLevel__Function.quiet": "Information"}

    with served(app, tmp_path, "--verbose", settings=variable) as host:
        host.request("GET", "/api/quiet")
        log = host.log_tail()

    assert "Function.quiet.User: quiet news" in log
    assert "Function.quiet: Executed 'Functions.quiet' (Succeeded" in log


def test_a_log_level_that_does_not_exist_is_refused_with_its_place(tmp_path: Path) -> None:
    app = an_app(tmp_path, CODE, host_json=LOG_LEVELS.replace('"Error"', '"Loud"'))

    said = refused(app)

    assert "host.json:4:29: logging.logLevel.default: must be one of Trace, Debug, " in said


def test_the_guide_names_every_option_there_is() -> None:
    command = [sys.executable, "-m", "funchost", "start", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    guide = (ROOT / "docs" / "funchost.md").read_text(encoding="utf-8")

    options = set(re.findall(r"--[a-z-]+", said)) - {"--help", "--address"}

    assert {option for option in options if f"`{option}" not in guide} == set()
