"""Drives a real local host: `python -m funchost start` as a process of its own, and HTTP to it.

Every restart has the same state file and port, so that a crash looks to clients as it does in life.
What the app's answers mean is in tests.support.orders.
"""

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scripts.layout import ROOT
from scripts.ports import LOOPBACK, is_free
from tests.support import warm_start

SERVE_PATIENCE_S: Final = 40.0
STOP_PATIENCE_S: Final = 5.0  # what is promised; held by the tests of stopping, which are few
CALL_PATIENCE_S: Final = 30.0
INSTANCES: Final = "/runtime/webhooks/durabletask/instances"

_END_PATIENCE_S: Final = 30.0
_POLL_S: Final = 0.03
_LOG_TAIL: Final = 20_000
# Below the range that outgoing connections take their ports from: the port of a killed host stays
# free until it starts again.
_PORTS: Final = range(20_000, 32_000)

open_hosts: Final[list["FuncHost"]] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer, read whole; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def until[T](
    question: Callable[[], T], *, patience_s: float, what: str, pause_s: float = _POLL_S
) -> T:
    """Ask until the answer is true, and return it; fail when it never is."""
    give_up_at = time.monotonic() + patience_s
    while not (answer := question()):
        assert time.monotonic() < give_up_at, f"not within {patience_s} s: {what}"
        time.sleep(pause_s)
    return answer


def free_port() -> int:
    """Return a port that stays free while a killed host is away."""
    while not is_free(port := random.SystemRandom().choice(_PORTS)):
        pass
    return port


@dataclass(slots=True, kw_only=True, eq=False)
class FuncHost:
    """The repository's app under the local host.

    Args:
        folder: where the state file and the log are.
        settings: environment variables, on top of this process's own.
        is_cold: start Python for it, rather than fork (tests.support.warm_start).
    """

    folder: Path
    settings: Mapping[str, str]
    port: int = field(default_factory=free_port)
    is_cold: bool = False
    _process: warm_start.HostProcess | None = None

    @property
    def state(self) -> Path:
        return self.folder / "state.db"

    @property
    def log(self) -> Path:
        return self.folder / "host.log"

    def start(self) -> None:
        """Start it and wait until it serves."""
        self.launch()
        until(self._serves, patience_s=SERVE_PATIENCE_S, what="the host serves")

    def launch(self) -> None:
        """Start it without waiting for anything."""
        assert self._process is None, "it runs already"
        self._process = warm_start.start(
            self._words(),
            folder=self._home,
            environment=self._environment(),
            output=self.log,
            is_cold=self.is_cold,
        )

    def kill(self) -> None:
        """Take its power away."""
        self._end(signal.SIGKILL, _END_PATIENCE_S)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code; fail when it does not end."""
        try:
            return self._end(how, _END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {_END_PATIENCE_S} s after {how.name}") from None

    def restart(self) -> None:
        """Start again what has ended, and wait until it serves."""
        self.start()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request on a connection of its own; the path goes out as it is.

        Raises:
            OSError, http.client.HTTPException: the host is down, or went down meanwhile.
        """
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=CALL_PATIENCE_S)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            return Answer(
                status=answer.status,
                headers={name.lower(): value for name, value in answer.getheaders()},
                body=answer.read(),
            )

    def url(self, path: str) -> str:
        """Return the address of a path, for a browser."""
        return f"http://{LOOPBACK}:{self.port}{path}"

    def unfinished(self) -> set[str]:
        """Return the ids of the instances that have not ended."""
        return self.instances("&runtimeStatus=Running,Pending")

    def instances(self, query: str = "") -> set[str]:
        """Return the ids of all instances, a thousand at most."""
        answer = self.request("GET", f"{INSTANCES}?showInput=false&top=1000{query}")
        assert answer.status == 200, answer
        return {instance["instanceId"] for instance in answer.json}

    def log_tail(self) -> str:
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        return text[-_LOG_TAIL:]

    def _end(self, how: signal.Signals, patience_s: float) -> int:
        process = self._process
        assert process is not None, "it does not run"
        process.send_signal(how)
        code = process.wait(patience_s)
        self._forget(process)
        return code

    def _words(self) -> list[str]:
        """Return what follows `python -m`."""
        return ["funchost", "start", "--app", str(ROOT), *self._place]

    @property
    def _place(self) -> list[str]:
        return ["--port", str(self.port), "--state", str(self.state)]

    @property
    def _home(self) -> Path:
        """The folder where it is started."""
        return ROOT

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.settings}

    def _forget(self, process: warm_start.HostProcess) -> None:
        assert process.stdin is not None
        process.stdin.close()
        self._process = None

    def _serves(self) -> bool:
        assert self._process is not None
        code = self._process.poll()
        assert code is None, f"the host ended with exit code {code}"
        try:
            return self.request("GET", "/admin/host/ping").status == 200
        except (OSError, http.client.HTTPException):
            return False

    @property
    def is_running(self) -> bool:
        return self._process is not None


def opened_host(
    folder: Path, settings: Mapping[str, str]
) -> contextlib.AbstractContextManager[FuncHost]:
    """Serve the repository's app while a block runs."""
    return serving(FuncHost(folder=folder, settings=settings))


@contextlib.contextmanager
def serving(host: FuncHost) -> Generator[FuncHost]:
    """Serve while the block runs; a host that has to be cut off at the end is a failure, too."""
    open_hosts.append(host)
    try:
        host.start()
        yield host
        if host.is_running:
            host.stop()
    finally:
        if host.is_running:
            host.kill()
        open_hosts.remove(host)
