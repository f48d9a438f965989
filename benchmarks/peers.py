"""Other durable engines for Python, run on the same workflow in an environment of their own.

Its pins, with hashes, are in peers.txt, made of peers.in; the product's environment never has them.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from scripts import environment
from scripts.layout import KEPT
from scripts.ports import free_port

PROGRAMS = {
    "durabletask 1.12, in memory": "in_memory.py",
    "dbos 3.4, SQLite": "dbos_sqlite.py",
}
_HERE = Path(__file__).parent
_PINS = _HERE / "peers.txt"
_ENVIRONMENT = KEPT / "benchmarks" / "peers"
_INSTALLED = _ENVIRONMENT / "peers.txt"
_PYTHON = _ENVIRONMENT / "bin" / "python"
_PATIENCE_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What somebody reached: workflows a second, and milliseconds of each that ran alone.

    ``told`` is ``alone`` again, with a client that is told of the end instead of asking for it; the
    peers' clients always are.
    """

    rate: float
    alone: list[float]
    told: list[float] = field(default_factory=list[float])


def install() -> None:
    """Make the peers' environment, unless it is there with these very pins."""
    if _INSTALLED.exists() and _INSTALLED.read_bytes() == _PINS.read_bytes():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(_ENVIRONMENT)], check=True)
    pins = ["--quiet", "--require-hashes", "-r", str(_PINS)]
    uv = environment.uv()
    command = [str(_PYTHON), "-m", "pip", "install"]
    if uv is not None:
        command = [uv, "pip", "install", "--python", str(_PYTHON)]
    # Standard output is for the figures.
    subprocess.run([*command, *pins], check=True, stdout=sys.stderr)
    _INSTALLED.write_bytes(_PINS.read_bytes())


def score(program: str, *, total: int, in_flight: int, alone: int) -> Score:
    """Run one peer's program in a process of its own; raises when it fails."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = [str(total), str(in_flight), str(alone)]
        done = subprocess.run(
            [_PYTHON, _HERE / "peer_programs" / program, str(free_port()), folder, *numbers],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=_PATIENCE_S,
        )
    return Score(**json.loads(done.stdout))
