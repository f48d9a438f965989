"""One Azurite for a whole test run, started by the first test that asks for it.

The process that pytest was started in holds a named pipe open; Azurite reads from it and ends when
it closes, so it lives exactly as long as the run, whichever xdist worker started it and however the
run ends. Tests keep apart by container and table names of their own. Running Azurite itself is in
scripts.azurite.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from scripts import node
from scripts.azurite import Azurite

_FOLDER_VARIABLE: Final = "TEST_AZURITE_FOLDER"


class TestRun:
    """The lifeline that the run holds; made in pytest's first process only."""

    __test__ = False

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="azurite-"))
        os.mkfifo(self._folder / "lifeline")
        # For reading, too: opening only to write would wait for a reader.
        self._lifeline = os.open(self._folder / "lifeline", os.O_RDWR)
        os.environ[_FOLDER_VARIABLE] = str(self._folder)

    def end(self) -> None:
        """Let go: Azurite ends, if it was ever started."""
        os.close(self._lifeline)
        shutil.rmtree(self._folder, ignore_errors=True)


def connection_string() -> str:
    """Return where the run's Azurite listens, starting it first if no test has asked before."""
    folder = Path(os.environ[_FOLDER_VARIABLE])
    answer = folder / "connection-string"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            answer.write_text(_start(folder), encoding="ascii")
    return answer.read_text(encoding="ascii")


def _start(folder: Path) -> str:
    node.ensure_azurite()
    lifeline = os.open(folder / "lifeline", os.O_RDONLY)
    try:
        azurite = Azurite(log=folder / "azurite.log", lifeline=lifeline)
        azurite.start()
    finally:
        os.close(lifeline)
    azurite.wait_until_ready()
    found = azurite.connection_string
    azurite.detach()
    return found
