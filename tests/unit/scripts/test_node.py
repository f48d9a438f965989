"""Which Node.js is taken, and what is said when none will do."""

from pathlib import Path

import pytest

from scripts import node
from scripts.console import DevError


def _node(folder: Path, body: str) -> str:
    folder.mkdir()
    path = folder / "node"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="ascii")
    path.chmod(0o755)
    return str(path)


def test_the_first_that_runs_and_is_new_enough_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _node(tmp_path / "a", "exit 127")
    _node(tmp_path / "b", "echo v18.20.8")
    good = _node(tmp_path / "c", "echo v22.1.0")
    monkeypatch.setenv("PATH", f"{tmp_path}/a:{tmp_path}/b:{tmp_path}/c")

    assert node.find_node() == good


def test_an_old_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = _node(tmp_path / "a", "echo v18.20.8")
    monkeypatch.setenv("PATH", f"{tmp_path}/a")

    with pytest.raises(DevError, match=rf"too old here \({old} 18\.20\.8\): install it"):
        node.find_node()


def test_none_is_said_with_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(DevError, match=r"Node\.js 20 or newer was not found: install it from"):
        node.find_node()


def test_what_says_no_version_is_not_node(tmp_path: Path) -> None:
    assert node.node_version(_node(tmp_path / "a", "echo hello")) is None
