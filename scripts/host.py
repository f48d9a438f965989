"""`./dev start`, `./dev func` and `./dev azurite`: in the foreground until Ctrl-C."""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from scripts import ports, storage
from scripts.azurite import Azurite
from scripts.console import DevError, complain, say
from scripts.layout import LOGS, ROOT, VENV
from scripts.storage import Storage

CONNECTION_SETTING: Final = "AzureWebJobsStorage"
HUB_CONNECTION_SETTING: Final = "DurableStorage"  # host.json names it; funchost keeps its own state
STOP_DEADLINE_S: Final = 4.5  # of the host; what is left of 5 s is Azurite's


def start(options: argparse.Namespace) -> int:
    """Serve the app with funchost on the checkout's Azurite until Ctrl-C.

    Returns:
        The host's exit code; 1 when storage ended under it.
    """
    _refuse_taken_port(options.host, options.port)
    with _signals_as_interrupts(), storage.opened(fresh=options.fresh) as opened:
        if options.fresh:
            forget_state(Path(options.state))
        # One after the other: who sees the app serve may send it an order at once.
        opened.wait_until_ready()
        if options.port:
            say(f"The console will be at http://localhost:{options.port}/api/console")
        host = _start_funchost(options, opened.ports.connection_string)
        try:
            return _supervise(host, opened)
        finally:
            _stop(host)


def func(arguments: list[str]) -> NoReturn:
    """Serve the app with the real `func start` on the checkout's Azurite until Ctrl-C."""
    command = shutil.which("func")
    if command is None:
        raise DevError(
            "Azure Functions Core Tools are not on PATH: install them with"
            " 'npm install --global azure-functions-core-tools@4' or"
            " 'brew install azure-functions-core-tools@4',"
            " or use ./dev start, which needs none of them."
        )
    with storage.opened() as opened:
        opened.wait_until_ready()
        if opened.azurite is not None:
            opened.azurite.hand_over()
        # func takes this process's place: keys and Ctrl-C are its own, and Azurite ends with it.
        os.chdir(ROOT)
        environment = _environment_of_func(opened)
        os.execve(command, [command, "start", *arguments], environment)  # noqa: S606 - no shell wanted


def azurite() -> int:
    """Run storage alone until Ctrl-C."""
    with _signals_as_interrupts(), storage.opened() as opened:
        opened.wait_until_ready()
        if opened.azurite is None:
            raise DevError(
                "Another ./dev of this checkout already runs Azurite; nothing was started."
            )
        say(f"{CONNECTION_SETTING}={opened.ports.connection_string}")
        try:
            code = opened.azurite.wait()
        except KeyboardInterrupt:
            return 0
    raise DevError(f"Azurite ended with exit code {code}: .dev/logs/azurite.log may say why.")


def forget_state(state: Path) -> None:
    """Delete the local host's state file and what SQLite keeps beside it."""
    for path in state.parent.glob(f"{state.name}*"):
        path.unlink()


def _refuse_taken_port(host: str, port: int) -> None:
    if port and not ports.is_free(port, host):
        raise DevError(
            f"Port {port} is in use by {ports.owner(port)}: stop it, or choose another with --port."
        )


def _start_funchost(options: argparse.Namespace, connection: str) -> subprocess.Popen[bytes]:
    verbose = ["--verbose"] if options.verbose else []
    command = [sys.executable, "-m", "scripts.tether", "funchost", "start", "--app", str(ROOT)]
    command += [
        "--host",
        options.host,
        "--port",
        str(options.port),
        "--state",
        options.state,
        *verbose,
    ]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, CONNECTION_SETTING: connection},
        stdin=subprocess.PIPE,  # the tether
        start_new_session=True,  # Ctrl-C reaches it through _stop, once
    )


def _environment_of_func(opened: Storage) -> dict[str, str]:
    """Core Tools start their worker with the environment's Python: the first on PATH."""
    return {
        **os.environ,
        CONNECTION_SETTING: opened.ports.connection_string,
        HUB_CONNECTION_SETTING: opened.ports.connection_string,
        "VIRTUAL_ENV": str(VENV),
        "PATH": os.pathsep.join((str(VENV / "bin"), os.environ["PATH"])),
    }


def _supervise(host: subprocess.Popen[bytes], opened: Storage) -> int:
    """Wait for the host; end it when its storage ends under it."""
    lost = threading.Event()
    if opened.azurite is not None:
        arguments = (opened.azurite, host, lost)
        threading.Thread(target=_watch, args=arguments, name="watch-azurite", daemon=True).start()
    try:
        code = host.wait()
    except KeyboardInterrupt:
        say("\nStopping ...")
        return 0
    return 1 if lost.is_set() else code


def _watch(azurite: Azurite, host: subprocess.Popen[bytes], lost: threading.Event) -> None:
    code = azurite.wait()
    if host.poll() is None:  # else the host was stopped first, as it should be
        lost.set()
        complain(
            f"Azurite ended with exit code {code} while the app was running, so the app is stopped:"
            f" {(LOGS / 'azurite.log').relative_to(ROOT)} may say why."
        )
        host.send_signal(signal.SIGINT)


def _stop(host: subprocess.Popen[bytes]) -> None:
    """Let the host drain and end; then end whatever it has left behind."""
    if host.poll() is None:
        host.send_signal(signal.SIGINT)
    try:
        host.wait(STOP_DEADLINE_S)
    except subprocess.TimeoutExpired:
        complain(f"The host did not stop within {STOP_DEADLINE_S} s and is killed.")
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(host.pid, signal.SIGKILL)
    host.wait()


@contextlib.contextmanager
def _signals_as_interrupts() -> Generator[None]:
    """Stop in the same orderly way for Ctrl-C, for kill, and for a terminal that is closed."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {name: signal.signal(name, interrupt) for name in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
