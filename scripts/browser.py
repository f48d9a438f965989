"""A Chromium for the browser tests: one that is there, else one that can be had.

Nothing here drives it: that is tests.support.browser. It is never a reason to skip a test: without
a browser `./dev test` fails and says what to do.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from scripts.console import DevError, step
from scripts.layout import BROWSER, KEPT, LOGS

_COMMANDS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_APPLICATIONS: Final = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
_DOWNLOADED: Final = ("chrome-headless-shell", "headless_shell", "chrome", "Chromium")
_QUICK_S: Final = 30
_LONG_S: Final = 600


def find_browser() -> Path | None:
    """Return the first Chromium on this machine that runs, or None."""
    return next((path for path in _candidates() if _runs(path)), None)


def ensure_browser() -> Path:
    """Return a Chromium that runs; where there is none, let Playwright or Debian's apt bring one.

    Raises:
        DevError: there is none and none could be had; the sentence says what to do.
    """
    found = find_browser()
    if found is not None:
        return found
    KEPT.mkdir(exist_ok=True)
    with (KEPT / "browser-install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for install in (_from_playwright, _from_debian):
            found = find_browser()
            if found is not None:
                return found
            install()
        found = find_browser()
    if found is None:
        raise DevError(
            "No Chromium for the browser tests was found or could be installed: install Chromium or"
            " Google Chrome with your system's packages, then run ./dev again."
        )
    return found


def _candidates() -> Iterator[Path]:
    for command in _COMMANDS:
        if path := shutil.which(command):
            yield Path(path)
    yield from (path for path in _APPLICATIONS if path.exists())
    for name in _DOWNLOADED:
        yield from sorted(path for path in BROWSER.rglob(name) if path.is_file())


def _runs(path: Path) -> bool:
    """Some systems put a script there that only says how to get a browser."""
    try:
        asked = subprocess.run(
            [str(path), "--version", "--no-sandbox"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_QUICK_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0 and "Chrom" in asked.stdout


def _from_playwright() -> None:
    command = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    with step("Looking for the browser that Playwright offers, some 120 MB into .dev"):
        _run(command, PLAYWRIGHT_BROWSERS_PATH=str(BROWSER))


def _from_debian() -> None:
    """Install the system's package; only root may, and only in a system that has apt."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    with step("Installing Debian's Chromium with apt-get"):
        _run(["apt-get", "update", "-qq"])
        _run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
            DEBIAN_FRONTEND="noninteractive",
        )


def _run(command: Sequence[str], **environment: str) -> None:
    """Whether it worked is seen by what is there afterwards; what it says goes to a log."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / "browser.log").open("a") as log:
        log.write(f"\n> {' '.join(command)}\n")
        log.flush()
        try:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment},
                check=False,
                timeout=_LONG_S,
            )
        except subprocess.TimeoutExpired:
            log.write(f"gave up after {_LONG_S} s\n")
