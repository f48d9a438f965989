"""Node.js and what npm installs from lock files: Azurite, the rules of axe, a parser of KQL.

Running Azurite is in scripts.azurite, finding a browser in scripts.browser.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.console import DevError, step
from scripts.layout import (
    AXE,
    AXE_LOCK_FILES,
    AZURITE,
    AZURITE_LOCK_FILES,
    KEPT,
    KQL,
    KQL_LOCK_FILES,
    LOGS,
    ROOT,
)

OLDEST_MAJOR: Final = 20
"""What the locked packages under Azurite ask for."""

AZURITE_MAIN: Final = AZURITE / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"

AXE_SCRIPT: Final = AXE / "node_modules" / "axe-core" / "axe.min.js"
"""What a browser test puts into a page."""

KQL_MODULES: Final = KQL / "node_modules"
"""Where the script beside the lock file finds Microsoft's language service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """Something that npm installs from a lock file of its own.

    Args:
        name: What people call it.
        size: About how much it is, in words.
        lock_files: The folder with package.json and package-lock.json.
        folder: Where it is put.
        main: The file in there without which it is not installed.
    """

    name: str
    size: str
    lock_files: Path
    folder: Path
    main: Path


_AZURITE: Final = Locked(
    name="Azurite",
    size="190 MB",
    lock_files=AZURITE_LOCK_FILES,
    folder=AZURITE,
    main=AZURITE_MAIN,
)
_AXE: Final = Locked(
    name="axe", size="3 MB", lock_files=AXE_LOCK_FILES, folder=AXE, main=AXE_SCRIPT
)
_KQL: Final = Locked(
    name="KQL's parser",
    size="31 MB",
    lock_files=KQL_LOCK_FILES,
    folder=KQL,
    main=KQL_MODULES / "@kusto" / "language-service-next" / "Kusto.Language.Bridge.min.js",
)

_HOW_TO_GET_IT: Final = (
    "install it from nodejs.org or with 'brew install node', 'nvm install --lts'"
    " or your system's packages"
)

_UNREACHABLE: Final = ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN", "ECONNRESET")


def find_node() -> str:
    """Return the first Node.js on PATH that runs and is new enough.

    Raises:
        DevError: there is none; the sentence says how to get it.
    """
    seen = [(path, node_version(path)) for path in _all_on_path("node")]
    for path, version in seen:
        if version is not None and version[0] >= OLDEST_MAJOR:
            return path
    found = ", ".join(f"{path} {'.'.join(map(str, version))}" for path, version in seen if version)
    complaint = f"is too old here ({found})" if found else "was not found"
    raise DevError(
        f"Node.js {OLDEST_MAJOR} or newer {complaint}: {_HOW_TO_GET_IT}, then run ./dev again."
    )


def node_version(path: str) -> tuple[int, ...] | None:
    """Ask a Node.js for its version; None where it does not run."""
    try:
        asked = subprocess.run(
            [path, "--version"], capture_output=True, text=True, check=False, timeout=30
        )
        return tuple(int(part) for part in asked.stdout.strip().removeprefix("v").split("."))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def ensure_azurite() -> None:
    """Install Azurite unless it was installed from this very lock file.

    Raises:
        DevError: there is no Node.js or npm, or the npm registry did not answer.
    """
    _ensure(_AZURITE)


def ensure_axe() -> None:
    """Install axe's rules unless they were installed from this very lock file.

    Raises:
        DevError: as in ``ensure_azurite``.
    """
    _ensure(_AXE)


def ensure_kql() -> None:
    """Install KQL's parser unless it was installed from this very lock file.

    Raises:
        DevError: as in ``ensure_azurite``.
    """
    _ensure(_KQL)


def azurite_is_current() -> bool:
    """Tell whether Azurite is installed from the committed lock file."""
    return _is_current(_AZURITE)


def _ensure(locked: Locked) -> None:
    if _is_current(locked):
        return
    KEPT.mkdir(exist_ok=True)
    with (KEPT / f"{locked.folder.name}-install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_current(locked):
            return
        find_node()
        with step(f"Installing {locked.name} with npm, some {locked.size} into .dev"):
            _npm_ci(locked)
        _stamp(locked).write_text(_fingerprint(locked), encoding="ascii")


def _is_current(locked: Locked) -> bool:
    try:
        installed = _stamp(locked).read_text(encoding="ascii")
    except OSError:
        return False
    return installed == _fingerprint(locked) and locked.main.exists()


def _npm_ci(locked: Locked) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise DevError(f"npm was not found beside Node.js: {_HOW_TO_GET_IT}, then run ./dev again.")
    locked.folder.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(locked.lock_files / name, locked.folder / name)
    # No package here needs its install script, so none gets to run.
    command = [npm, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"]
    command.append("--fetch-retry-maxtimeout=10000")  # ms: being offline is told soon
    log_path = LOGS / "npm.log"
    with log_path.open("w") as log:
        ended = subprocess.run(command, cwd=locked.folder, stdout=log, stderr=log, check=False)
    if ended.returncode != 0:
        raise DevError(_reason(locked, log_path))


def _reason(locked: Locked, log: Path) -> str:
    told, name = log.read_text(encoding="utf-8", errors="replace"), log.relative_to(ROOT)
    if any(code in told for code in _UNREACHABLE):
        return f"The npm registry is not reachable: check the network or npm's settings ({name})."
    return f"npm could not install {locked.name}: {name} says why."


def _fingerprint(locked: Locked) -> str:
    return hashlib.sha256((locked.lock_files / "package-lock.json").read_bytes()).hexdigest()


def _stamp(locked: Locked) -> Path:
    return locked.folder / ".pins"


def _all_on_path(name: str) -> list[str]:
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    found = (shutil.which(name, path=folder) for folder in folders if folder)
    return [path for path in found if path is not None]
