"""Node.js and what npm installs: Azurite, from the committed lock file.

Running Azurite is in scripts.azurite.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from scripts.console import DevError, step
from scripts.layout import AZURITE, AZURITE_LOCK_FILES, KEPT, LOGS, ROOT

OLDEST_MAJOR: Final = 20
"""What the locked packages under Azurite ask for."""

AZURITE_MAIN: Final = AZURITE / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"

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
    if azurite_is_current():
        return
    KEPT.mkdir(exist_ok=True)
    with (KEPT / "azurite-install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if azurite_is_current():
            return
        find_node()
        with step("Installing Azurite with npm, some 190 MB into .dev"):
            _npm_ci()
        _stamp().write_text(_fingerprint(), encoding="ascii")


def azurite_is_current() -> bool:
    """Tell whether Azurite is installed from the committed lock file."""
    try:
        return _stamp().read_text(encoding="ascii") == _fingerprint() and AZURITE_MAIN.exists()
    except OSError:
        return False


def _npm_ci() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise DevError(f"npm was not found beside Node.js: {_HOW_TO_GET_IT}, then run ./dev again.")
    AZURITE.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(AZURITE_LOCK_FILES / name, AZURITE / name)
    # No package here needs its install script, so none gets to run.
    command = [npm, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"]
    command.append("--fetch-retry-maxtimeout=10000")  # ms: being offline is told soon
    log_path = LOGS / "npm.log"
    with log_path.open("w") as log:
        ended = subprocess.run(command, cwd=AZURITE, stdout=log, stderr=log, check=False)
    if ended.returncode != 0:
        raise DevError(_reason(log_path))


def _reason(log: Path) -> str:
    told, name = log.read_text(encoding="utf-8", errors="replace"), log.relative_to(ROOT)
    if any(code in told for code in _UNREACHABLE):
        return f"The npm registry is not reachable: check the network or npm's settings ({name})."
    return f"npm could not install Azurite: {name} says why."


def _fingerprint() -> str:
    return hashlib.sha256((AZURITE_LOCK_FILES / "package-lock.json").read_bytes()).hexdigest()


def _stamp() -> Path:
    return AZURITE / ".pins"


def _all_on_path(name: str) -> list[str]:
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    found = (shutil.which(name, path=folder) for folder in folders if folder)
    return [path for path in found if path is not None]
