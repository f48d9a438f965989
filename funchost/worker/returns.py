"""Results of other threads, brought to the caller's loop with few wake-ups.

Waking a loop from a thread is a system call, and a fight for the interpreter on top; when many
functions end at about the same time, one wake-up can bring all their results.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Any

type _Return = tuple[asyncio.Future[Any], Callable[[], Any]]


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
        source.add_done_callback(lambda done: self.bring(waiting, done.result))
        return waiting

    def bring[T](self, waiting: asyncio.Future[T], result: Callable[[], T]) -> None:
        """Let a future of the loop have what ``result`` returns or raises; from any thread."""
        with self._lock:
            self._arrived.append((waiting, result))
            is_first = len(self._arrived) == 1
        if is_first:  # else the loop has been woken, and has not come yet
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self.loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        with self._lock:
            arrived, self._arrived = self._arrived, []
        for waiting, result in arrived:
            if waiting.done():
                continue
            try:
                waiting.set_result(result())
            except CancelledError:
                waiting.cancel()
            except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
                waiting.set_exception(error)


def _give_up(source: Future[Any], waiting: asyncio.Future[Any]) -> None:
    if waiting.cancelled():
        source.cancel()
