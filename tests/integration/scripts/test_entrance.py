"""`./dev` itself: the Python it takes, the sentence it fails with, the words that share storage."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from scripts import node
from scripts.layout import VENV
from tests.integration.scripts.conftest import Checkout, until

pytestmark = pytest.mark.integration

_SYSTEM_TOOLS = ("bash", "dirname", "env", "mkdir", "rm", "sed", "sort")


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A folder for PATH with a shell's tools and neither Python nor Node."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in _SYSTEM_TOOLS:
        found = shutil.which(name)
        assert found is not None, name
        (folder / name).symlink_to(found)
    return folder


def _script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
    path.chmod(0o755)


def test_without_python_one_sentence_says_how_to_get_it(
    checkout: Checkout, bare_path: Path, tmp_path: Path
) -> None:
    (checkout.root / ".venv").unlink()

    ended = checkout.run(
        "help", PATH=str(bare_path), HOME=str(tmp_path), PYENV_ROOT=str(tmp_path / "none")
    )

    assert ended.returncode == 1
    sentence = ended.stderr.splitlines()[-1]
    assert sentence.startswith("dev: Python 3.13 was not found and could not be fetched: install")
    assert not (checkout.root / ".venv").exists()


def test_a_shim_that_does_not_run_is_passed_over_for_one_that_does(
    checkout: Checkout, bare_path: Path, tmp_path: Path
) -> None:
    (checkout.root / ".venv").unlink()
    _script(bare_path / "python3.13", "exit 127")
    pyenv = tmp_path / "pyenv"
    _script(pyenv / "versions" / "3.13.2" / "bin" / "python3.13", f'exec {VENV}/bin/python "$@"')
    _script(pyenv / "versions" / "3.12.9" / "bin" / "python3.12", "exit 1")

    ended = checkout.run("help", PATH=str(bare_path), HOME=str(tmp_path), PYENV_ROOT=str(pyenv))

    assert ended.returncode == 0, ended.stderr
    assert "versions/3.13.2" in ended.stderr
    assert (checkout.root / ".venv" / "bin" / "python").exists()


def test_a_missing_python_is_fetched_by_uv_into_the_checkout(
    checkout: Checkout, bare_path: Path, tmp_path: Path
) -> None:
    (checkout.root / ".venv").unlink()
    _script(tmp_path / "python3.13", f'exec {VENV}/bin/python "$@"')
    _script(
        bare_path / "uv",
        'test "$1 $2" = "python install" || exit 1\n'
        'mkdir -p "$UV_PYTHON_INSTALL_DIR/cpython/bin"\n'
        f'cp {tmp_path}/python3.13 "$UV_PYTHON_INSTALL_DIR/cpython/bin/"',
    )
    (bare_path / "cp").symlink_to(shutil.which("cp") or "")

    ended = checkout.run(
        "help", PATH=str(bare_path), HOME=str(tmp_path), PYENV_ROOT=str(tmp_path / "none")
    )

    assert ended.returncode == 0, ended.stderr
    assert f"{checkout.root}/.dev/python/cpython/bin/python3.13" in ended.stderr


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Checkout) -> None:
    (checkout.root / ".venv").unlink()
    (checkout.root / ".venv" / "bin").mkdir(parents=True)
    (checkout.root / ".venv" / "bin" / "python").symlink_to("/gone")

    ended = checkout.run("help", PATH=os.pathsep.join((f"{VENV}/bin", os.environ["PATH"])))

    assert ended.returncode == 0
    assert "Making .venv with" in ended.stderr


def test_without_node_one_sentence_says_how_to_get_it(checkout: Checkout, bare_path: Path) -> None:
    ended = checkout.run("start", "--port", str(checkout.port), PATH=str(bare_path))

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith("dev: Node.js 20 or newer was not found: install it")
    assert ended.stderr.count("\n") == 1


def test_an_old_node_is_named_with_its_version(checkout: Checkout, bare_path: Path) -> None:
    _script(bare_path / "node", "echo v16.20.2")

    ended = checkout.run("azurite", PATH=str(bare_path))

    assert f"is too old here ({bare_path}/node 16.20.2)" in ended.stderr


def test_without_core_tools_func_says_how_to_get_them(checkout: Checkout, bare_path: Path) -> None:
    ended = checkout.run("func", PATH=str(bare_path))

    assert ended.returncode == 1
    assert "npm install --global azure-functions-core-tools@4" in ended.stderr


def test_func_gets_the_storage_and_takes_it_along_when_it_ends(
    checkout: Checkout, tmp_path: Path
) -> None:
    tools = tmp_path / "core-tools"
    _script(tools / "func", 'echo "func $* $AzureWebJobsStorage"; command -v python; exit 5')

    ended = checkout.run(
        "func", "--port", "7072", PATH=os.pathsep.join((str(tools), os.environ["PATH"]))
    )

    assert ended.returncode == 5
    assert "func start --port 7072 DefaultEndpointsProtocol=http;" in ended.stdout
    assert f"{checkout.root}/.venv/bin/python" in ended.stdout
    until(lambda: not checkout.azurite_pids(), deadline_s=30)


def test_a_second_command_joins_the_storage_of_the_first(checkout: Checkout) -> None:
    process = checkout.start_app()

    second = checkout.run("azurite")
    cleaning = checkout.run("clean")

    assert "already runs Azurite" in second.stderr
    assert "Storage is in use by another ./dev" in cleaning.stderr
    assert len(checkout.azurite_pids()) == 1
    assert process.poll() is None


def test_storage_ports_that_a_stranger_holds_are_avoided(
    checkout: Checkout, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Checkout(root=_twin(checkout, tmp_path_factory.mktemp("twin")))
    checkout.start_app()

    process = other.start_app()

    assert set(checkout.storage_ports().values()).isdisjoint(other.storage_ports().values())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)


def _twin(checkout: Checkout, folder: Path) -> Path:
    shutil.copytree(checkout.root, folder, symlinks=True, dirs_exist_ok=True)
    return folder


def test_doctor_says_what_was_found(checkout: Checkout) -> None:
    ended = checkout.run("doctor")

    assert ended.returncode == 0
    assert f"at {node.find_node()}" in ended.stdout
    assert "Python      3.13." in ended.stdout
    assert "(the app)" in ended.stdout


def test_an_unknown_word_is_refused_with_those_that_exist(checkout: Checkout) -> None:
    ended = checkout.run("lunch")

    assert ended.returncode == 2
    assert "invalid choice: 'lunch'" in ended.stderr
    assert "doctor" in ended.stderr
