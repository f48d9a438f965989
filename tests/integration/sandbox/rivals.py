"""Callers that compete: each with a connection of its own, as separate processes have."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from shared.settings.storage import StorageConnection
from shared.storage import Storage


class Rivals:
    """Opens connections to the same books and runs calls at the same moment."""

    def __init__(self, connection: StorageConnection, *, prefix: str) -> None:
        self._connection = connection
        self.prefix = prefix
        self._opened: list[Storage] = []

    def storage(self) -> Storage:
        """Return a new connection."""
        storage = Storage(self._connection, prefix=self.prefix)
        self._opened.append(storage)
        return storage

    def close(self) -> None:
        for storage in self._opened:
            storage.close()


def at_once[T](calls: Sequence[Callable[[], T]]) -> list[T]:
    """Run the calls in threads that start together; return their answers in order."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        gate.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(max_workers=len(calls)) as threads:
        return list(threads.map(run, calls))
