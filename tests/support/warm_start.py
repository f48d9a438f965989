"""Hosts that start without a second of imports: a process that has done them forks for each.

`python -m tests.support.warm_start FD` is that process, the nursery; each process of pytest that
starts hosts has one. It imports funchost and what apps are made of, but no app. For every request
it forks what `python -m scripts.tether WORDS` would be: a process of its own, with the folder, the
environment and the standard streams that were asked for, that ends as any program does.

Starts are cold, the ordinary way, where a test asks for it, where coverage has to be in the host
from its first line, and on other systems than Linux.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import platform
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol

from scripts import tether
from scripts.layout import ROOT

PRELOADED: Final = (
    "azure.data.tables",
    "azure.durable_functions",
    "azure.functions",
    "azure.identity",
    "azure.storage.blob.aio",
    "azure.storage.queue.aio",
    "azure_functions_runtime",
    "funchost.bootstrap",
    "funchost.cli",
    "pydantic",
)
_IS_POSSIBLE: Final = platform.system() == "Linux" and "COVERAGE_PROCESS_CONFIG" not in os.environ
_LARGEST_REQUEST: Final = 1 << 18
_PATIENCE_S: Final = 60.0


class HostProcess(Protocol):
    """What tests do with a host's process; `subprocess.Popen` is one."""

    pid: int
    stdin: IO[bytes] | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...


@dataclass(slots=True, kw_only=True, eq=False)
class WarmProcess:
    """A forked host, as `subprocess.Popen` would show it."""

    pid: int
    stdin: IO[bytes] | None
    returncode: int | None = None
    _minder: socket.socket

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not ended within so many seconds.
        """
        if self.returncode is None:
            if not select.select([self._minder], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a warm start", timeout or 0)
            self.returncode = int(self._minder.recv(16))
            self._minder.close()
        return self.returncode

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(self.pid, sig)


def start(
    words: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    output: Path,
    errors: Path | None = None,
    is_cold: bool = False,
) -> HostProcess:
    """Run a module with its arguments, tethered to this process.

    Args:
        words: what follows `python -m`.
        folder: where it runs.
        environment: all of it.
        output: what its standard output is added to.
        errors: the same for what it says on standard error, if that is another file.
        is_cold: start Python and import everything, as in life.
    """
    with output.open("ab") as out, (errors or output).open("ab") as err:
        if is_cold or not _IS_POSSIBLE:
            return subprocess.Popen(
                [sys.executable, "-m", "scripts.tether", *words],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        request = json.dumps([list(words), str(folder), dict(environment)])
        return _forked(request, out.fileno(), err.fileno())


def _forked(request: str, out: int, err: int) -> WarmProcess:
    stdin, writer = os.pipe()
    ours, minders = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with minders:
        socket.send_fds(_nursery(), [request.encode()], [stdin, out, err, minders.fileno()])
    os.close(stdin)
    ours.settimeout(_PATIENCE_S)
    return WarmProcess(pid=int(ours.recv(16)), stdin=os.fdopen(writer, "wb"), _minder=ours)


@functools.cache
def _nursery() -> socket.socket:
    """Return the way to this process's nursery, which ends when it is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.warm_start", str(theirs.fileno())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def main() -> None:
    """Fork for every request; only what is forked comes back from `_next_host`, and runs it."""
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # what is shared stays shared
    assert threading.active_count() == 1, "a fork would lose the other threads"
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        words = _next_host(requests)
    if words:
        sys.argv = ["tether", *words]
        tether.main()


def _next_host(requests: socket.socket) -> list[str]:
    """Return in a fork, what it is to run; in the nursery nothing, at the end."""
    while True:
        request, descriptors, _, _ = socket.recv_fds(requests, _LARGEST_REQUEST, 4)
        if not request:
            return []
        if os.fork() == 0:
            words, folder, environment = json.loads(request)
            _mind(*descriptors)
            _move(folder, environment)
            return list(words)
        for descriptor in descriptors:
            os.close(descriptor)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _mind(stdin: int, out: int, err: int, news: int) -> None:
    """Return in a fork with its streams; tell its id, and when it has ended its exit code."""
    pid = os.fork()
    if pid:
        os.write(news, b"%d" % pid)
        os.close(stdin)  # the tether
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with contextlib.suppress(BrokenPipeError):  # nobody asks any more
            os.write(news, b"%d" % code)
        os._exit(0)
    os.setsid()
    for descriptor, target in ((stdin, 0), (out, 1), (err, 2)):
        os.dup2(descriptor, target)
    for descriptor in (stdin, out, err, news):
        os.close(descriptor)


def _move(folder: str, environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    os.chdir(folder)
    sys.path[0] = folder


if __name__ == "__main__":
    main()
