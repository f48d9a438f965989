"""One process owns a state file: a lock that the kernel gives back however the process ends.

The lock is on a file of its own, ``<path>.lock``, whose text says who holds it. The file stays:
removing it would let two processes lock two files of one name.
"""

import fcntl
import os
from pathlib import Path

from funchost.engine.errors import StateFileHeldError
from funchost.storage.errors import StateFileError

OWNER_TEXT_LIMIT = 1_000  # bytes shown of what the holder wrote


class StateFileLock:
    """The right to a state file, from construction to ``release``.

    Args:
        path: the state file.
        owner: who asks, in words for people: process id, address, start time.

    Raises:
        StateFileHeldError: another process has it; the message says which.
        StateFileError: the lock file cannot be made.
    """

    def __init__(self, path: Path, owner: str) -> None:
        lock_path = path.with_name(f"{path.name}.lock")
        try:
            self._descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateFileError(f"The state file {path} cannot be used: {error}.") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._sign(owner)
        except BlockingIOError as error:
            holder = os.pread(self._descriptor, OWNER_TEXT_LIMIT, 0).decode("utf-8", "replace")
            self.release()
            raise StateFileHeldError(
                f"The state file {path} is in use by {holder.strip() or 'another process'}."
            ) from error
        except OSError as error:
            self.release()
            raise StateFileError(f"The state file {path} cannot be locked: {error}.") from error

    def release(self) -> None:
        """Give the right back; closing the file is what unlocks it."""
        os.close(self._descriptor)

    def _sign(self, owner: str) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{owner}\n".encode(errors="replace"), 0)
