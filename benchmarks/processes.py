"""Hosts as processes: started, asked until they answer, killed or stopped."""

import contextlib
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from scripts.layout import ROOT
from scripts.ports import LOOPBACK, free_port

PATIENCE_S = 60.0
_ASK_EVERY_S = 0.005


class Process:
    """A command that serves HTTP on a port.

    Args:
        command: what to run; ``{port}`` in it becomes the port.
        log: where its output goes.
        settings: environment variables on top of this process's own.
    """

    def __init__(
        self, command: Sequence[str], *, log: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        self.port = free_port()
        self._command = [word.format(port=self.port) for word in command]
        self._log = log
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.end(signal.SIGINT)

    def start(self, path: str) -> float:
        """Start it; return the seconds until a request for the path was served."""
        begun = time.perf_counter()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env={**os.environ, **self._settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while not self._serves(path):
            if self._process.poll() is not None or time.perf_counter() - begun > PATIENCE_S:
                raise RuntimeError(f"{self._command} does not serve; see {self._log}")
            time.sleep(_ASK_EVERY_S)
        return time.perf_counter() - begun

    @property
    def resident_mb(self) -> float:
        """The memory that the process holds now; Linux only."""
        return self._kept("VmRSS:") / 1024

    @property
    def peak_mb(self) -> float:
        """The most memory that the process has held; Linux only."""
        return self._kept("VmHWM:") / 1024

    @property
    def processor_s(self) -> float:
        """The processor time that the process has had, in all its threads; Linux only."""
        # Behind the name of the command, which may hold anything.
        numbers = self._read("stat").rpartition(")")[2].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")

    def end(self, how: signal.Signals) -> None:
        """Send a signal and wait for the end."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE_S)
            self._process = None

    def _kept(self, label: str) -> int:
        [line] = [line for line in self._read("status").splitlines() if line.startswith(label)]
        return int(line.split()[1])

    def _read(self, file: str) -> str:
        if self._process is None:
            raise RuntimeError("It does not run.")
        return Path(f"/proc/{self._process.pid}/{file}").read_text(encoding="ascii")

    def _serves(self, path: str) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=PATIENCE_S)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path)
                return connection.getresponse().status < 500  # noqa: PLR2004 - the host's own answer
            except OSError:
                return False
