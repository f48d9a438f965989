"""Threads for functions that are not ``async``.

A pool of ``concurrent.futures`` does the same and keeps more books: with its futures, a trip to a
thread and back takes a third longer, and a small function takes little more than that trip. What
becomes of a result is ``returns``'s business.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Threads:
    """Up to so many threads, each started when all others are taken, until they are stopped."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._taken = 0  # how much work runs or waits
        self._running = 0
        self._stopping = False

    @property
    def is_busy(self) -> bool:
        """Tell whether work runs."""
        return self._running > 0

    def submit(self, work: Callable[[], None]) -> None:
        """Carry out work that does not raise, as soon as a thread is free."""
        with self._lock:
            self._taken += 1
            is_short = self._taken > self._threads and self._threads < self._most
            self._threads += is_short
            number = self._threads
        self._work.put(work)
        if is_short:
            # A daemon: a function that does not return is not to keep the process.
            threading.Thread(target=self._run, name=f"{self._name}_{number}", daemon=True).start()

    def stop(self) -> None:
        """Begin nothing more; the threads end as they become free."""
        self._stopping = True
        for _ in range(self._threads):
            self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            with self._lock:
                self._running += 1
            if not self._stopping:
                work()
            with self._lock:
                self._running -= 1
                self._taken -= 1
            del work  # not to be kept until the next comes
