"""A checkout of its own for `./dev`, with a stand-in for the local host and for the app."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts import node
from scripts.layout import AZURITE, ROOT, VENV
from scripts.ports import free_port

_STAND_IN = """
import http.server, os, pathlib, signal, sys
arguments = dict(zip(sys.argv[2::2], sys.argv[3::2]))
pathlib.Path("host.pid").write_text(str(os.getpid()))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["AzureWebJobsStorage"].encode())
    def log_message(self, *_):
        pass
pathlib.Path(arguments["--state"]).touch()
http.server.HTTPServer((arguments["--host"], int(arguments["--port"])), Handler).serve_forever()
"""


def until[T](question: Callable[[], T], deadline_s: float = 30.0) -> T:
    """Ask until the answer is true; fail when it never is."""
    give_up_at = time.monotonic() + deadline_s
    while time.monotonic() < give_up_at:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {deadline_s} s: {question}")


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@dataclass(kw_only=True)
class Checkout:
    """A copy of what `./dev` consists of, in a folder of its own."""

    root: Path
    port: int = field(default_factory=free_port)
    running: list[subprocess.Popen[str]] = field(default_factory=list[subprocess.Popen[str]])

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.root / "dev"), *words],
            cwd="/",
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(self.root / "dev"), *words],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.running.append(process)
        return process

    def start_app(self, *options: str) -> subprocess.Popen[str]:
        process = self.start("start", "--port", str(self.port), *options)
        assert process.stdout is not None
        said = next((line for line in process.stdout if "Azurite answers" in line), None)
        assert said is not None, "ended before its storage answered"
        until(self.answer)
        return process

    def storage_ports(self) -> dict[str, int]:
        ports: dict[str, int] = json.loads((self.root / ".dev" / "azurite.json").read_bytes())
        return ports

    def answer(self) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as response:
                return str(response.read().decode())
        except OSError:
            return ""

    def host_pid(self) -> int:
        return int((self.root / "host.pid").read_text(encoding="ascii"))

    def azurite_pids(self) -> list[int]:
        found: list[int] = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if "azurite.js" in command and str(self.root) in command:
                found.append(int(process.name))
        return found


@pytest.fixture
def checkout(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Checkout]:
    """A checkout, alone on this machine's default storage ports among the tests."""
    node.ensure_azurite()
    for name in ("dev", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(
        ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__")
    )
    (tmp_path / ".venv").symlink_to(VENV)
    (tmp_path / ".dev").mkdir()
    (tmp_path / ".dev" / "azurite").symlink_to(AZURITE)
    (tmp_path / "funchost").mkdir()
    (tmp_path / "funchost" / "__main__.py").write_text(_STAND_IN, encoding="utf-8")
    with (tmp_path_factory.getbasetemp().parent / "checkout.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = Checkout(root=tmp_path)
        yield made
        for process in made.running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=15)
