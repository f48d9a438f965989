"""A pytest inside a test: for tests that need a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

from scripts.layout import ROOT

PATIENCE_S = 110


def run_pytest(*paths: Path, cwd: Path = ROOT, **environment: str) -> None:
    """Run tests in a process of their own; fail with all that it said if one of them fails."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, paths)],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
