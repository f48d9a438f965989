"""The Python packages: installs what the requirement files pin, once for each content of them.

Which Python is used is decided by `dev`; Node and Azurite are in scripts.node.
"""

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scripts.console import DevError, step
from scripts.layout import ENVIRONMENTS, KEPT, LOGS, ROOT, VENV

REQUIREMENTS: Final = ("requirements.txt", "requirements-dev.txt")

_UNREACHABLE: Final = re.compile(
    r"failed to fetch|connection (?:broken|refused|reset|error)|name resolution|dns error"
    r"|network is unreachable|timed out|no matching distribution",
    re.IGNORECASE,
)


def ensure() -> None:
    """Install the pinned packages unless the stamp says that it was done for these very pins.

    Raises:
        DevError: the packages could not be had.
    """
    if is_current():
        return
    with _alone():
        if is_current():
            return
        with step(f"Installing {_pinned_count()} pinned Python packages into {VENV.name}"):
            _install()
        _stamp().write_text(fingerprint(), encoding="ascii")


def is_current() -> bool:
    """Tell whether the environment holds what the requirement files pin."""
    try:
        return _stamp().read_text(encoding="ascii") == fingerprint()
    except OSError:
        return False


def fingerprint(root: Path = ROOT) -> str:
    """Digest what the environment is made from: the pins and the interpreter."""
    digest = hashlib.sha256(sys.version.encode())
    for name in REQUIREMENTS:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def beside(name: str, requirements: Path) -> Path:
    """Return an environment with what one file pins and nothing else, made once for each content.

    Only wheels are taken: what has to be built here could not be installed by the platform either.

    Raises:
        DevError: the packages could not be had.
    """
    content = sys.version.encode() + requirements.read_bytes()
    folder = ENVIRONMENTS / f"{name}-{hashlib.sha256(content).hexdigest()[:12]}"
    whole = folder / ".whole"
    if whole.exists():
        return folder
    with _alone():
        if whole.exists():
            return folder
        with step(f"Installing what {requirements.name} pins into {folder.relative_to(ROOT)}"):
            for outdated in ENVIRONMENTS.glob(f"{name}-*"):
                shutil.rmtree(outdated)
            _install_beside(folder, requirements)
        whole.touch()
    return folder


def _install_beside(folder: Path, requirements: Path) -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    _log().unlink(missing_ok=True)
    options = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(requirements)]
    python = str(folder / "bin" / "python")
    made = _run([_python(), "-m", "venv", "--without-pip", str(folder)])
    installed = made and any(
        _run([*installer, *options])
        for installer in (
            [uv() or "uv", "pip", "install", "--python", python],
            [_python(), "-m", "pip", "--python", python, "install"],
        )
    )
    if not installed:
        raise DevError(reason(_log().read_text(encoding="utf-8", errors="replace")))


def uv_requirement(root: Path = ROOT) -> str:
    """Return the lines of requirements-dev.txt that pin uv with its hashes."""
    pins = (root / "requirements-dev.txt").read_text(encoding="utf-8")
    block = re.search(r"^uv==(?:.*\\\n)*.*\n", pins, re.MULTILINE)
    if block is None:
        raise DevError(
            "requirements-dev.txt does not pin uv: restore it, or add uv and run ./dev lock."
        )
    return block.group()


def uv() -> str | None:
    """Return a uv that is there already, the environment's own first."""
    own = [VENV / "bin" / "uv", KEPT / "uv" / "bin" / "uv"]
    return next((str(path) for path in own if path.exists()), None) or shutil.which("uv")


def _stamp() -> Path:
    return VENV / ".pins"


def _pinned_count() -> int:
    pins = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in REQUIREMENTS)
    return len(set(re.findall(r"^([a-z0-9-]+)==", pins, re.MULTILINE)))


@contextmanager
def _alone() -> Generator[None]:
    """Let one `./dev` at a time install."""
    KEPT.mkdir(exist_ok=True)
    with (KEPT / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install() -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    _log().unlink(missing_ok=True)
    files = [argument for name in REQUIREMENTS for argument in ("--requirement", name)]
    command = uv() or _fetched_uv()
    with_uv = [str(command), "pip", "install", "--python", _python(), "--require-hashes", *files]
    if command is not None and _run(with_uv):
        return
    # uv reads no pip.conf, so where a mirror is named only there pip succeeds and uv does not.
    if _has_pip() and _run([*_pip_install(), *files]):
        return
    raise DevError(reason(_log().read_text(encoding="utf-8", errors="replace")))


def _fetched_uv() -> str | None:
    if not _has_pip():
        return None
    pin = KEPT / "uv-requirements.txt"
    pin.write_text(uv_requirement(), encoding="utf-8")
    fetched = _run([*_pip_install(), "--no-deps", "--requirement", str(pin)])
    return str(VENV / "bin" / "uv") if fetched else None


def _pip_install() -> list[str]:
    return [_python(), "-m", "pip", "install", "--require-hashes", "--disable-pip-version-check"]


def _has_pip() -> bool:
    return _run([_python(), "-m", "pip", "--version"]) or _run([_python(), "-m", "ensurepip"])


def _python() -> str:
    return str(VENV / "bin" / "python")


def _run(command: Sequence[str]) -> bool:
    with _log().open("a") as log:
        log.write(f"\n> {' '.join(command)}\n")
        log.flush()
        ended = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False)
    return ended.returncode == 0


def _log() -> Path:
    return LOGS / "install.log"


def reason(text: str) -> str:
    """Say in one sentence why an installation failed whose log is the text."""
    log = _log().relative_to(ROOT)
    if "No module named ensurepip" in text:
        return (
            "This Python has no pip: install uv, or your system's python3.13-venv package,"
            " and run ./dev again."
        )
    if "hash" in text.lower() and "mismatch" in text.lower():
        return f"A package does not have the hash that is pinned for it ({log})."
    if _UNREACHABLE.search(text):
        return (
            "The Python package index is not reachable: check the network, or pip's and uv's"
            f" settings ({log})."
        )
    return f"The Python packages could not be installed: {log} says why."
