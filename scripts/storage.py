"""The one Azurite of this checkout: shared when a command already runs it, started when none does.

A lock on a file says which: Azurite inherits it, so it is held exactly as long as Azurite lives.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Final

from scripts import node, ports
from scripts.azurite import DEFAULT_PORTS, Azurite, Ports
from scripts.console import DevError, say
from scripts.layout import AZURITE_DATA, KEPT, LOGS

_LOCK: Final = KEPT / "azurite.lock"
_PORTS: Final = KEPT / "azurite.json"
_PATIENCE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where the checkout's storage listens, and the process if this command is its owner."""

    ports: Ports
    azurite: Azurite | None

    def wait_until_ready(self) -> None:
        """Return once storage answers, and say so."""
        if self.azurite is not None:
            self.azurite.wait_until_ready()
        say(
            f"Azurite answers on ports {self.ports.blob} (blobs), {self.ports.queue} (queues)"
            f" and {self.ports.table} (tables)."
        )


@contextmanager
def opened(*, fresh: bool = False) -> Generator[Storage]:
    """Start the checkout's Azurite without waiting for it, or join the one that runs.

    Args:
        fresh: Begin with no data; refused while another command uses it.

    Raises:
        DevError: Azurite cannot be installed or started, or fresh was refused.
    """
    node.ensure_azurite()
    KEPT.mkdir(exist_ok=True)
    lock = os.open(_LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    owned: Azurite | None = None
    try:
        if not _try(lock):
            if fresh:
                raise DevError(
                    "Storage is in use by another ./dev of this checkout: stop that one first."
                )
            yield Storage(ports=_ports_of_the_other(), azurite=None)
            return
        _PORTS.unlink(missing_ok=True)  # left by an owner that was killed
        if fresh:
            forget()
        chosen = _choose_ports()
        owned = Azurite(
            log=LOGS / "azurite.log", data=AZURITE_DATA, ports=chosen, inherited=(lock,)
        )
        owned.start()
        _PORTS.write_text(json.dumps(asdict(chosen)), encoding="ascii")
        yield Storage(ports=chosen, azurite=owned)
    finally:
        if owned is not None:
            _PORTS.unlink(missing_ok=True)
            owned.stop()
        os.close(lock)


def in_use() -> bool:
    """Tell whether a command of this checkout runs Azurite now."""
    if not _LOCK.exists():
        return False
    lock = os.open(_LOCK, os.O_RDWR)
    try:
        return not _try(lock)
    finally:
        os.close(lock)


def forget() -> None:
    """Delete what storage has kept."""
    shutil.rmtree(AZURITE_DATA, ignore_errors=True)


def _try(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _choose_ports() -> Ports:
    """Take the ports that every tool expects, or free ones where something else sits on them."""
    return Ports(
        **{
            service: port if ports.is_free(port) else ports.free_port()
            for service, port in asdict(DEFAULT_PORTS).items()
        }
    )


def _ports_of_the_other() -> Ports:
    """Read where the running Azurite listens; its owner writes that right after starting it."""
    give_up_at = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up_at:
        try:
            return Ports(**json.loads(_PORTS.read_text(encoding="ascii")))
        except (OSError, ValueError):
            time.sleep(0.05)
    raise DevError(
        "Another ./dev holds this checkout's storage without saying where it listens:"
        " stop that one."
    )
