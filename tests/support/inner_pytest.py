"""A pytest inside a test: for tests that need a process of their own."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.layout import ROOT
from tests.support import warm_start

PATIENCE_S = 110


def run_in_memory(*paths: Path, patience_s: float = PATIENCE_S, **environment: str) -> None:
    """Run tests of the app as ``run_pytest`` does, over a storage account in their memory."""
    run_pytest(
        *paths,
        cwd=ROOT,
        plugins=("tests.support.in_memory",),
        patience_s=patience_s,
        AzureWebJobsStorage="UseDevelopmentStorage=true",
        **environment,
    )


def run_pytest(
    *paths: Path,
    cwd: Path = ROOT,
    plugins: Sequence[str] = (),
    patience_s: float = PATIENCE_S,
    **environment: str,
) -> None:
    """Run tests in a process of their own; fail with all that it said if one of them fails."""
    chosen = [word for plugin in plugins for word in ("-p", plugin)]
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        process = warm_start.start(
            ["pytest", "-q", "-p", "no:cacheprovider", *chosen, *map(str, paths)],
            folder=cwd,
            environment={
                **inherited,
                "PYTHONPATH": str(ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
            },
            output=output,
        )
        try:
            code = process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            raise
        finally:
            assert process.stdin is not None
            process.stdin.close()
        assert code == 0, output.read_text("utf-8", "replace")
