"""Results of other threads, brought to the caller's loop with few wake-ups.

Waking a loop from a thread is a system call, and a fight for the interpreter on top; when many
functions end at about the same time, one wake-up can bring all their results.
"""

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from functools import partial
from typing import Any

type _Return = tuple[asyncio.Future[Any], Future[Any]]


class Returns:
    """Brings results to one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._lock = threading.Lock()
        self._arrived: list[_Return] = []

    def wrap[T](self, source: Future[T]) -> asyncio.Future[T]:
        """Return a future of the loop for that of a thread; canceling it cancels the other."""
        waiting: asyncio.Future[T] = self.loop.create_future()
        waiting.add_done_callback(partial(_give_up, source))
        source.add_done_callback(partial(self._arrive, waiting))
        return waiting

    def _arrive(self, waiting: asyncio.Future[Any], source: Future[Any]) -> None:
        """Note a result, on whatever thread, and wake the loop unless that is under way."""
        with self._lock:
            self._arrived.append((waiting, source))
            is_first = len(self._arrived) == 1
        if is_first:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self.loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        with self._lock:
            arrived, self._arrived = self._arrived, []
        for waiting, source in arrived:
            if waiting.done():
                continue
            if source.cancelled():
                waiting.cancel()
            elif (error := source.exception()) is not None:
                waiting.set_exception(error)
            else:
                waiting.set_result(source.result())


def _give_up(source: Future[Any], waiting: asyncio.Future[Any]) -> None:
    if waiting.cancelled():
        source.cancel()
