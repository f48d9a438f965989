"""Which browser is taken, and what is tried where there is none."""

import os
import sys
from pathlib import Path

import pytest

from scripts import browser
from scripts.console import DevError


def _program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="ascii")
    path.chmod(0o755)
    return path


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a browser, whose installations end in a log."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name, folder in (("KEPT", ""), ("LOGS", "logs"), ("BROWSER", "browser")):
        monkeypatch.setattr(browser, name, tmp_path / folder)
    monkeypatch.setattr(browser, "_APPLICATIONS", ())
    return tmp_path


def test_the_first_that_runs_is_taken(kept: Path) -> None:
    _program(kept / "bin" / "chromium", "echo install me from the store; exit 1")
    good = _program(kept / "bin" / "google-chrome", "echo Google Chrome 140.0.1")

    assert browser.find_browser() == good
    assert browser.ensure_browser() == good


def test_one_that_playwright_has_fetched_is_found(kept: Path) -> None:
    shell = kept / "browser" / "chromium_headless_shell-1" / "linux" / "headless_shell"
    _program(shell, "echo Chromium 140.0.1")

    assert browser.find_browser() == shell


def test_playwright_is_asked_before_the_system(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = kept / "said"
    python = _program(kept / "python", f'echo "playwright $*" >>{said}')
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    chromium = kept / "bin" / "chromium"
    _program(
        kept / "bin" / "apt-get",
        f'echo "apt-get $*" >>{said}\n'
        f'[ "$1" = update ] || {{ echo "#!/bin/sh\necho Chromium 1" >{chromium};'
        f" /bin/chmod +x {chromium}; }}",
    )

    assert browser.ensure_browser() == chromium
    assert said.read_text("utf-8").splitlines() == [
        "playwright -m playwright install --only-shell chromium",
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends chromium",
    ]


def test_whoever_is_not_root_changes_nothing_in_the_system(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = kept / "said"
    monkeypatch.setattr(sys, "executable", str(_program(kept / "python", "exit 1")))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    _program(kept / "bin" / "apt-get", f"echo asked >>{said}")

    with pytest.raises(DevError, match="No Chromium for the browser tests was found"):
        browser.ensure_browser()

    assert not said.exists()
