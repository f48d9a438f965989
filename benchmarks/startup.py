"""Time to the first served request, everything being set up already."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import Process
from benchmarks.reporting import report
from scripts.layout import ROOT

APP = Path(__file__).parent / "app"


def measure(repeat: int, _scale: float) -> list[Figure]:
    """Start the whole product, and a small app alone, again and again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        funchost = [sys.executable, "-m", "funchost", "start", "--app", str(APP)]
        funchost += ["--port", "{port}", "--state", str(folder / "alone.db")]
        product = [str(ROOT / "dev"), "start", "--port", "{port}"]
        product += ["--state", str(folder / "product.db")]
        return [
            Figure(
                name="./dev start, the second time: first request served",
                unit="s",
                values=_times(product, "/api/workflows/none", folder, repeat),
                reference="goal: under 5 s",
            ),
            Figure(
                name="funchost alone, a small app: first request served",
                unit="s",
                values=_times(funchost, "/api/ping", folder, repeat),
            ),
        ]


def _times(command: Sequence[str], path: str, folder: Path, repeat: int) -> tuple[float, ...]:
    _time(command, path, folder)  # the first time, which is not measured
    return tuple(_time(command, path, folder) for _ in range(repeat))


def _time(command: Sequence[str], path: str, folder: Path) -> float:
    with Process(command, log=folder / "log") as host:
        return host.start(path)


if __name__ == "__main__":
    report(measure)
