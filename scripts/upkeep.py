"""`./dev lock`, `./dev clean`, `./dev doctor` and `./dev audit`: the checkout and its data."""

import os
import platform
import shutil
import subprocess
import sys
from typing import Final

from scripts import browser, environment, host, node, ports, storage
from scripts.azurite import DEFAULT_PORTS
from scripts.console import DevError, say, step
from scripts.layout import AZURITE, HOST_STATE, KEPT, LOGS, ROOT, VENV

HOST_PORT: Final = 7071

_CACHES: Final = (
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".import_linter_cache",
)
_LOCKED: Final = (
    ("requirements.in", "requirements.txt"),
    ("requirements-dev.in", "requirements-dev.txt"),
    ("requirements-infra.in", "requirements-infra.txt"),
)


def lock(*, upgrade: bool) -> int:
    """Pin what requirements*.in ask for, with hashes, and say nothing of where it was looked up.

    Args:
        upgrade: Take the newest versions that the .in files allow; else keep the pinned ones.
    """
    uv = environment.uv()
    if uv is None:
        raise DevError("uv is not installed here: run ./dev doctor once, then ./dev lock again.")
    # Order matters: the development pins are constrained by the deployed ones.
    for source, target in _LOCKED:
        command = [uv, "pip", "compile", "--quiet", source, "--output-file", target]
        command += ["--universal", "--python-version", "3.13", "--generate-hashes"]
        command += ["--no-emit-index-url", "--no-emit-find-links"]
        command += ["--custom-compile-command", "./dev lock", *(["--upgrade"] if upgrade else [])]
        with step(f"Pinning {source} into {target}"):
            ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if ended.returncode:
            say(ended.stderr.strip())
            raise DevError(f"{source} could not be pinned; uv said why above.")
    environment.ensure()
    return 0


def clean(*, everything: bool) -> int:
    """Delete caches, logs, stored data and the host's state.

    Args:
        everything: Delete the virtual environment and every installed tool, too.
    """
    if storage.in_use():
        raise DevError("Storage is in use by another ./dev of this checkout: stop that one first.")
    with step("Deleting caches, logs and local data"):
        storage.forget()
        host.forget_state(HOST_STATE)
        for path in (*(ROOT / name for name in _CACHES), LOGS, KEPT / "coverage"):
            shutil.rmtree(path, ignore_errors=True)
        for cache in ROOT.rglob("__pycache__"):
            if VENV not in cache.parents and KEPT not in cache.parents:
                shutil.rmtree(cache, ignore_errors=True)
    if everything:
        with step(f"Deleting {VENV.name} and {KEPT.name}"):
            shutil.rmtree(KEPT, ignore_errors=True)
            shutil.rmtree(VENV, ignore_errors=True)
    return 0


def audit() -> int:
    """Check the logs of approvals in the checkout's storage.

    Returns:
        0 when all are as written, 1 when something was changed, 2 when it could not be looked at.
    """
    with storage.opened() as opened:
        opened.wait_until_ready()
        return subprocess.run(
            [sys.executable, "-m", "workflows.approval.audit"],
            cwd=ROOT,
            env={**os.environ, host.CONNECTION_SETTING: opened.ports.connection_string},
            check=False,
        ).returncode


def doctor() -> int:
    """Say what was found of all that the words need.

    Returns:
        0 when ./dev start would work, else 1.
    """
    node_found = _node()
    rows = [
        ("Python", f"{platform.python_version()} in {VENV}"),
        ("packages", "as pinned" if environment.is_current() else "not as pinned"),
        ("uv", environment.uv() or "not found; pip is used"),
        ("Node.js", node_found or f"no version {node.OLDEST_MAJOR} or newer found"),
        ("npm", shutil.which("npm") or "not found"),
        (
            "Azurite",
            f"installed in {AZURITE}" if node.azurite_is_current() else "not installed yet",
        ),
        ("browser", str(browser.find_browser() or "not found; ./dev test looks for one")),
        ("Core Tools", shutil.which("func") or "not found; only ./dev func needs them"),
    ]
    named = {"the app": HOST_PORT, "blobs": DEFAULT_PORTS.blob}
    named |= {"queues": DEFAULT_PORTS.queue, "tables": DEFAULT_PORTS.table}
    for name, port in named.items():
        state = "free" if ports.is_free(port) else f"in use by {ports.owner(port)}"
        rows.append((f"port {port}", f"{state} ({name})"))
    for name, found in rows:
        say(f"{name:<12}{found}")
    return 0 if node_found else 1


def _node() -> str | None:
    try:
        path = node.find_node()
    except DevError:
        return None
    version = node.node_version(path) or ()
    return f"{'.'.join(map(str, version))} at {path}"
