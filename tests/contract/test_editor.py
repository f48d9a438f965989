"""What an editor and a container of it are told: one key runs something that exists."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any, Final

from scripts.__main__ import parser
from scripts.host import CONNECTION_SETTING
from tests.support.bicep import ROOT

EDITOR: Final = ROOT / ".vscode"
CONTAINER: Final = ROOT / ".devcontainer" / "devcontainer.json"


def load(path: Path) -> Any:
    """Read JSON with whole lines of comment."""
    lines = path.read_text("utf-8").splitlines()
    return json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))


def test_the_first_thing_to_debug_is_the_app_under_the_local_host() -> None:
    first = load(EDITOR / "launch.json")["configurations"][0]

    assert first["module"] == "funchost"
    assert first["args"] == ["start", "--app", "${workspaceFolder}"]
    assert first["python"] == "${workspaceFolder}/.venv/bin/python"


def test_what_is_debugged_exists_and_waits_for_tasks_that_do() -> None:
    tasks = {task["label"]: task for task in load(EDITOR / "tasks.json")["tasks"]}

    for each in load(EDITOR / "launch.json")["configurations"]:
        assert importlib.util.find_spec(each.get("module", "debugpy"))
        assert each.get("preLaunchTask", "storage") in tasks
    for task in tasks.values():
        word = task["command"].removeprefix("./dev ")
        assert parser().parse_known_args([word])[0].word == word
    ready = tasks["storage"]["problemMatcher"]["background"]["endsPattern"]
    assert re.search(ready, f"{CONNECTION_SETTING}=DefaultEndpointsProtocol=http")


def test_the_worker_of_core_tools_listens_where_the_editor_attaches() -> None:
    func = next(t for t in load(EDITOR / "tasks.json")["tasks"] if t["label"] == "func")
    attach = load(EDITOR / "launch.json")["configurations"][1]

    arguments = func["options"]["env"]["languageWorkers__python__arguments"]
    assert arguments == f"-m debugpy --listen {attach['connect']['host']}:9091"
    assert attach["connect"]["port"] == 9091


def test_the_container_has_the_python_that_is_deployed_and_the_same_extensions() -> None:
    document = load(CONTAINER)

    assert ":1-3.13-" in document["image"]
    assert set(document["customizations"]["vscode"]["extensions"]) == set(
        load(EDITOR / "extensions.json")["recommendations"]
    )
