"""The command line as a whole: help, completion, documents, and what `./dev wf` hands over."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator

import pytest
import requests
from typer.core import TyperGroup
from typer.main import get_command

from scripts.__main__ import main as dev
from scripts.layout import ROOT
from tests.support.wfctl import FakeApp, Reply, Terminal
from wfctl.app import build
from wfctl.exits import ExitCode
from workflows.order_processing.models import OrderRequest

GUIDE = (ROOT / "docs" / "command-line.md").read_text("utf-8")


def _commands() -> dict[str, set[str]]:
    """Every command with its options."""
    group = get_command(build())
    assert isinstance(group, TyperGroup)
    return {
        name: {option for parameter in command.params for option in parameter.opts}
        for name, command in group.commands.items()
    }


def _examples() -> Iterator[list[str]]:
    for line in re.findall(r"^\$ (.*)$", GUIDE, re.MULTILINE):
        for part in re.split(r"[|;<]", line):
            words = shlex.split(part)
            words = words[1:] if words[:1] == ["until"] else words
            if words[:1] == ["wfctl"]:
                yield words[1:]
            if words[:2] == ["./dev", "wf"]:
                yield words[2:]


def test_every_command_is_in_the_guide() -> None:
    assert [name for name in _commands() if f"`{name}" not in GUIDE] == []


def test_every_exit_code_is_in_the_guide() -> None:
    assert [code for code in ExitCode if f"| {code.value} |" not in GUIDE] == []


@pytest.mark.parametrize("words", list(_examples()), ids=" ".join)
def test_the_examples_of_the_guide_are_commands_with_options_that_exist(words: list[str]) -> None:
    commands = _commands() | {"--install-completion": {"--install-completion"}}

    assert words[0] in commands
    assert {word for word in words if word.startswith("--")} <= commands[words[0]]


def test_the_order_in_the_guide_is_one_that_the_app_takes() -> None:
    (example,) = re.findall(r"^```json\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)

    assert OrderRequest.from_json({"orderId": "1", **json.loads(example)}).currency == "EUR"


def test_every_command_explains_itself_and_each_option(terminal: Terminal) -> None:
    group = get_command(build())
    assert isinstance(group, TyperGroup)

    for command in group.commands.values():
        assert command.help
        assert not [one.name for one in command.params if not getattr(one, "help", None)]
    assert terminal.run("--help").code == 0


def test_without_a_word_the_help_is_shown(terminal: Terminal) -> None:
    ran = terminal.run()

    assert ran.code == 2
    assert "watch" in ran.out + ran.err


def test_what_is_no_command_is_a_usage_error(app: FakeApp, terminal: Terminal) -> None:
    ran = terminal.run("lst")

    assert ran.code == 2
    assert "list" in ran.err
    assert not app.asked


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_options(terminal: Terminal, shell: str) -> None:
    line = {"COMP_WORDS": "wfctl te", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "wfctl te"}
    terminal.process = line | {
        "_WFCTL_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": "te",
    }

    assert "terminate" in terminal.run().out


def _completions(terminal: Terminal, line: str) -> list[str]:
    terminal.process = {
        "COMP_WORDS": line,
        "COMP_CWORD": str(line.count(" ")),
        "_WFCTL_COMPLETE": "complete_bash",
    }
    return terminal.run().out.split()


def test_shells_complete_ids_that_the_app_knows(app: FakeApp, terminal: Terminal) -> None:
    row = {"instanceId": "order-17", "type": "order", "runtimeStatus": "Running"}
    bad = {**row, "instanceId": "order-1;reboot"}
    app.on("GET", "workflows", {"items": [row, bad], "nextCursor": None})

    assert _completions(terminal, "wfctl show order-1") == ["order-17"]
    assert app.last.query == {"idPrefix": "order-1", "limit": "20"}
    assert _completions(terminal, "wfctl list --status Susp") == ["Suspended"]
    assert _completions(terminal, "wfctl list --type ord") == ["order"]


def test_shells_complete_nothing_when_no_app_answers(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "workflows", Reply(failure=requests.ConnectionError()))

    assert _completions(terminal, "wfctl show order-1") == []
    assert not terminal.naps


def test_dev_hands_every_word_over(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        handed.append(command)
        return subprocess.CompletedProcess(command, 4)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr("scripts.environment.ensure", lambda: None)

    code = dev(["wf", "show", "--help", "--", "-x", "--json", "-"])

    assert code == 4
    assert handed[0][2:] == ["wfctl", "show", "--help", "--", "-x", "--json", "-"]


def test_the_launcher_works_through_a_link_from_anywhere(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("anywhere")
    (folder / "wfctl").symlink_to(ROOT / "scripts" / "wfctl")

    ended = subprocess.run(
        [folder / "wfctl", "show", "order-1", "--url", "nonsense"],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr.startswith("wfctl: the URL must be like")
