"""The event loop that user code runs on, in a thread of its own.

``async`` functions may block their loop, and the SDK's client waits there for answers from this
very host: neither may stop the loop that serves HTTP and the engine. The SDK's connections belong
to the first loop that used them, so there is one such loop for the life of the process.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from datetime import timedelta
from typing import Any


class InvocationLoop:
    """An event loop running in a daemon thread, from ``start`` to ``stop``."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="invocations", daemon=True)

    def start(self) -> None:
        """Let the loop run."""
        self._thread.start()

    def submit[T](self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine there; the future belongs to whoever asks."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def stop(self, patience: timedelta) -> bool:
        """Cancel what runs, and end the thread; blocks up to ``patience``.

        Returns:
            Whether the thread has ended. It has not when user code blocks the loop.
        """
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(patience.total_seconds())
        return not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            self._cancel_all()
        finally:
            self._loop.close()

    def _cancel_all(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
