"""``BlockingHost``: the same host for tests that are not ``async``.

The host's event loop runs in a thread; every call is made there and waited for here.
"""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Generator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, Unpack

from funchost.testing.calls import ActivityCall
from funchost.testing.faults import Faults
from funchost.testing.host import AppHost, Options
from funchost.testing.recordings import Recording
from funchost.testing.requests import Body, HttpResult
from funchost.testing.status import AzureWarning, InstanceStatus


class BlockingHost:
    """A host for one test: ``with BlockingHost.open(app_dir) as host:``.

    Every method is that of ``AppHost``, without ``await``.
    """

    def __init__(self, host: AppHost, loop: asyncio.AbstractEventLoop) -> None:
        self._host = host
        self._loop = loop

    @classmethod
    @contextlib.contextmanager
    def open(cls, app_dir: str | Path, **options: Unpack[Options]) -> Generator[Self]:
        """Run a host for one test; ``options`` are those of ``AppHost.open``."""
        with _running_loop() as loop:
            opening = AppHost.open(app_dir, **options)
            host = _wait(opening.__aenter__(), loop)
            try:
                yield cls(host, loop)
            except BaseException as error:
                if not _wait(opening.__aexit__(type(error), error, error.__traceback__), loop):
                    raise
            else:
                _wait(opening.__aexit__(None, None, None), loop)

    def call_http(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        body: Body = b"",
        headers: Mapping[str, str] | None = None,
    ) -> HttpResult:
        """Send a request to the app, or to the management API, without a socket."""
        return self._do(self._host.call_http(method, url, json=json, body=body, headers=headers))

    def start(
        self,
        orchestrator: str,
        value: Any = None,
        *,
        instance_id: str | None = None,
        version: str | None = None,
    ) -> str:
        """Start an orchestration and return its instance id."""
        return self._do(
            self._host.start(orchestrator, value, instance_id=instance_id, version=version)
        )

    def raise_event(self, instance_id: str, name: str, payload: Any = None) -> None:
        """Raise an external event."""
        self._do(self._host.raise_event(instance_id, name, payload))

    def signal_entity(self, entity: str, key: str, operation: str, value: Any = None) -> None:
        """Ask an entity for an operation, expecting no answer."""
        self._do(self._host.signal_entity(entity, key, operation, value))

    @property
    def now(self) -> datetime:
        """Return the host's instant."""
        return self._host.now

    def advance(self, duration: timedelta) -> None:
        """Let so much time pass, with everything that is due in it."""
        self._do(self._host.advance(duration))

    def at_rest(self) -> None:
        """Wait until nothing runs; no time passes."""
        self._do(self._host.at_rest())

    def until_done(self, instance_id: str) -> InstanceStatus:
        """Let time pass until an instance has ended, and all is at rest; return its status."""
        return self._do(self._host.until_done(instance_id))

    def freeze(self) -> None:
        """Let virtual time pass by ``advance`` alone."""
        self._host.freeze()

    def flow(self) -> None:
        """Let time pass while the test waits, as at first."""
        self._host.flow()

    def status(self, instance_id: str) -> InstanceStatus:
        """Return how an instance stands."""
        return self._do(self._host.status(instance_id))

    def record(self, instance_id: str) -> Recording:
        """Return an instance's running or last generation, for ``replay`` by later versions."""
        return self._do(self._host.record(instance_id))

    def replay(self, recording: Recording) -> None:
        """Run the app's code over a recording: it must ask for the same and end the same."""
        self._do(self._host.replay(recording))

    def entity_state(self, entity: str, key: str) -> Any:
        """Return an entity's state; None if it does not exist."""
        return self._do(self._host.entity_state(entity, key))

    def activity_calls(self, activity: str) -> list[ActivityCall]:
        """Return the calls of an activity, in the order in which they began."""
        return self._host.activity_calls(activity)

    @property
    def warnings(self) -> Sequence[AzureWarning]:
        """Return what would go differently in Azure, as far as it has been seen."""
        return self._host.warnings

    @property
    def base_url(self) -> str:
        """Return the address at which the host listens, too."""
        return self._host.base_url

    @property
    def faults(self) -> Faults:
        """Return the rules by which the next activity calls go wrong."""
        return self._host.faults

    def crash_and_restart(self) -> None:
        """End the host as ``kill -9`` does, and start it on the same store and port."""
        self._do(self._host.crash_and_restart())

    def _do[T](self, work: Coroutine[Any, Any, T]) -> T:
        return _wait(work, self._loop)


@contextlib.contextmanager
def _running_loop() -> Generator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="test host", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _wait[T](work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    return asyncio.run_coroutine_threadsafe(work, loop).result()
