"""Runs Azurite, the storage emulator: starts it, waits until it answers, never leaves it behind.

Its standard input is its lifeline: when nobody holds the other end any more, it closes itself, so
it goes even when its owner is killed without a chance to clean up. Installing it is in
scripts.node; sharing one instance between the commands of a checkout is in scripts.storage.
"""

import http.client
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from scripts import node
from scripts.console import DevError
from scripts.layout import AZURITE_LOCK_FILES
from scripts.ports import LOOPBACK

ACCOUNT: Final = "devstoreaccount1"
# Not a secret: the one account of every emulator has this published key.
ACCOUNT_KEY: Final = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

START_DEADLINE_S: Final = 60.0
STOP_DEADLINE_S: Final = 3.0

_LISTENING: Final = re.compile(
    r"^Azurite (Blob|Queue|Table) service is successfully listening at http://[^:]+:(\d+)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The three loopback ports of one Azurite; 0 lets the system choose."""

    blob: int = 0
    queue: int = 0
    table: int = 0

    @property
    def connection_string(self) -> str:
        """What Azure's storage clients connect with."""
        address = f"http://{LOOPBACK}"
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
            f"BlobEndpoint={address}:{self.blob}/{ACCOUNT};"
            f"QueueEndpoint={address}:{self.queue}/{ACCOUNT};"
            f"TableEndpoint={address}:{self.table}/{ACCOUNT};"
        )


DEFAULT_PORTS: Final = Ports(blob=10000, queue=10001, table=10002)


class Azurite:
    """One Azurite process, as a context manager or through start, wait_until_ready and stop."""

    def __init__(
        self,
        *,
        log: Path,
        data: Path | None = None,
        ports: Ports | None = None,
        lifeline: int | None = None,
        inherited: tuple[int, ...] = (),
    ) -> None:
        """Describe the process; nothing starts yet.

        Args:
            log: Where its output goes; replaced at the start.
            data: The folder it keeps everything in; without one it keeps it in memory.
            ports: Where it listens; by default the system chooses.
            lifeline: The read end of a pipe that somebody else holds open for as long as Azurite
                is to live; by default this object holds one.
            inherited: File descriptors that stay open for as long as Azurite lives.
        """
        self._log = log
        self._data = data
        self._wanted = ports or Ports()
        self._lifeline = subprocess.PIPE if lifeline is None else lifeline
        self._inherited = inherited
        self._process: subprocess.Popen[bytes] | None = None
        self._ports: Ports | None = None

    def __enter__(self) -> Self:
        """Start it and wait until it answers."""
        self.start()
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    @property
    def ports(self) -> Ports:
        """Where it listens; known once it is ready."""
        if self._ports is None:
            raise DevError("Azurite is not ready yet, so its ports are not known.")
        return self._ports

    @property
    def connection_string(self) -> str:
        """What Azure's storage clients connect with; known once it is ready."""
        return self.ports.connection_string

    @property
    def pid(self) -> int:
        """The process id."""
        return self._running().pid

    def start(self) -> None:
        """Start the process without waiting for it.

        Raises:
            DevError: there is no Node.js that can run it.
        """
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdin=self._lifeline,
                stdout=log,
                stderr=log,
                pass_fds=self._inherited,
                start_new_session=True,  # Ctrl-C is for its owner, who stops it last
            )

    def wait_until_ready(self, deadline_s: float = START_DEADLINE_S) -> None:
        """Return once all three services answer.

        Raises:
            DevError: it ended, or did not answer in time.
        """
        give_up_at = time.monotonic() + deadline_s
        while time.monotonic() < give_up_at:
            ended = self._running().poll()
            if ended is not None:
                raise DevError(
                    f"Azurite ended with exit code {ended} at its start: {self._last_words()}"
                )
            if self._has_answered():
                return
            time.sleep(0.02)
        raise DevError(
            f"Azurite did not answer within {deadline_s:.0f} s: {self._log} may say why."
        )

    def wait(self) -> int:
        """Return its exit code once it has ended."""
        return self._running().wait()

    def stop(self) -> None:
        """Let it flush its data and end; kill it if it does not. Harmless when it has ended."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        else:
            self._process.terminate()
        try:
            self._process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def detach(self) -> None:
        """Leave it to its lifeline: this process neither stops it nor waits for it any more."""
        self._running().returncode = 0
        self._process = None

    def hand_over(self) -> None:
        """Let the program that is about to replace this process hold the lifeline."""
        held = self._running().stdin
        if held is not None:
            os.set_inheritable(held.fileno(), True)  # noqa: FBT003 - its only form

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise DevError("Azurite was not started.")
        return self._process

    def _command(self) -> list[str]:
        kept = ["--inMemoryPersistence"] if self._data is None else ["--location", str(self._data)]
        listening = [
            argument
            for service in ("blob", "queue", "table")
            for argument in (
                f"--{service}Host",
                LOOPBACK,
                f"--{service}Port",
                str(getattr(self._wanted, service)),
            )
        ]
        return [
            node.find_node(),
            "--require",
            str(AZURITE_LOCK_FILES / "tether.cjs"),
            str(node.AZURITE_MAIN),
            "--silent",
            "--disableTelemetry",
            "--skipApiVersionCheck",  # the SDK's protocol is newer than Azurite's list
            *kept,
            *listening,
        ]

    def _has_answered(self) -> bool:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        found = {service.lower(): int(port) for service, port in _LISTENING.findall(text)}
        if len(found) < len(("blob", "queue", "table")):
            return False
        if not all(_answers(port) for port in found.values()):
            return False
        self._ports = Ports(**found)
        return True

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing."


def _answers(port: int) -> bool:
    """Tell whether HTTP is spoken there; any status will do, since no request here is signed."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", f"/{ACCOUNT}")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
