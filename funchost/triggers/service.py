"""All triggers of an app that are neither HTTP nor durable: built, run, stopped.

Built before the host serves, so that what cannot work is said at once; started after it serves,
because their functions may use durable clients.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from funchost.dispatch.ports import Clock
from funchost.engine.calls import WorkerUnavailableError
from funchost.triggers.accounts import Account, Accounts, OpenAccount, open_azure_account
from funchost.triggers.errors import TriggerError
from funchost.triggers.listeners import (
    StorageSettings,
    blob_listener,
    queue_listener,
    watch_of,
)
from funchost.triggers.ports import RunFunction
from funchost.triggers.schedule_file import ScheduleStore
from funchost.triggers.storage_bindings import StorageBindings
from funchost.triggers.timers import Timer, TimerRunner
from funchost.worker.answers import Failure
from funchost.worker.functions import Binding, Function, TriggerKind
from funchost.worker.library import Success
from funchost.worker.occasions import Occasion, QueueMessage, activity_occasion, queue_occasion

if TYPE_CHECKING:
    from funchost.triggers.blobs import BlobWatcher
    from funchost.triggers.queues import QueueListener

_LOG = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=7)  # how long a queue keeps a message that nobody says more about


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What triggers work with."""

    run: RunFunction
    clock: Clock
    schedules: ScheduleStore
    storage: StorageSettings
    new_id: Callable[[], str]
    open_account: OpenAccount = open_azure_account


class TriggerService:
    """The triggers of one app."""

    def __init__(self, functions: Sequence[Function], surroundings: Surroundings) -> None:
        """Read every trigger and binding.

        Raises:
            TriggerError: some cannot be served; the text has a line for each.
        """
        self._surroundings = surroundings
        settings = surroundings.storage.app
        self._accounts = Accounts(settings, surroundings.open_account)
        self.bindings = StorageBindings(
            accounts=self._accounts,
            settings=settings,
            encoding=surroundings.storage.encoding,
            clock=surroundings.clock,
            new_id=surroundings.new_id,
        )
        self._timers: dict[str, TimerRunner] = {}
        self._listeners: list[QueueListener] = []
        self._watchers: list[BlobWatcher] = []
        self._watcher_of: dict[str, BlobWatcher] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = 0
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()
        self._is_stopping = False
        self._read(functions)

    @property
    def is_idle(self) -> bool:
        """Tell whether no triggered function runs at this moment: virtual time may move."""
        return self._is_quiet.is_set()

    def start(self) -> None:
        """Begin to serve; on the running event loop."""
        for timer in self._timers.values():
            self._begin(timer.serve())
        for listener in self._listeners:
            self._begin(listener.serve())
        for watcher in self._watchers:
            self._begin(watcher.serve())

    async def stop(self, grace: timedelta) -> None:
        """Begin nothing more, let what runs end within ``grace``, give up on the rest."""
        self._is_stopping = True
        for listener in self._listeners:
            listener.end()
        try:
            async with asyncio.timeout(grace.total_seconds()):
                await self._is_quiet.wait()
                for listener in self._listeners:
                    await listener.drain()
        except TimeoutError:
            _LOG.info("Some triggered functions did not end in time")
        for listener in self._listeners:
            listener.abandon()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._accounts.close()

    def run_by_hand(self, function: Function, text: str | None) -> None:
        """Begin to run a function with what somebody typed.

        Args:
            function: A timer, queue, blob or activity function.
            text: A message, a blob's path, or an activity's input; a timer has no use for it.

        Raises:
            TriggerError: functions of this kind cannot be run this way.
        """
        self._begin(self._work(function, text))

    def _work(self, function: Function, text: str | None) -> Coroutine[Any, Any, None]:
        match function.kind:
            case TriggerKind.TIMER:
                return self._timers[function.name].run_by_hand()
            case TriggerKind.BLOB:
                return self._watcher_of[function.name].run_by_hand(function.name, text or "")
            case TriggerKind.QUEUE:
                return self._run_and_forget(function, queue_occasion(self._message(text)))
            case TriggerKind.ACTIVITY:
                instance = f"by-hand-{self._surroundings.new_id()}"
                occasion = activity_occasion(function, json.dumps(text), instance)
                return self._run_and_forget(function, occasion)
            case TriggerKind.HTTP | TriggerKind.ORCHESTRATION | TriggerKind.ENTITY:
                raise TriggerError(f"a function with {function.kind} cannot be run by hand")

    def _read(self, functions: Sequence[Function]) -> None:
        complaints: list[str] = []
        for function in functions:
            try:
                self._add(function)
            except TriggerError as error:
                complaints.append(_complaint(function, function.trigger, error))
            for binding in (*function.inputs, *function.outputs):
                try:
                    self.bindings.check(binding)
                except TriggerError as error:
                    complaints.append(_complaint(function, binding, error))
        if complaints:
            raise TriggerError("\n".join(complaints))
        self._add_watchers([each for each in functions if each.kind is TriggerKind.BLOB])

    def _add(self, function: Function) -> None:
        around = self._surroundings
        match function.kind:
            case TriggerKind.TIMER:
                self._timers[function.name] = TimerRunner(
                    Timer.of(function, around.storage.app),
                    clock=around.clock,
                    run=self._run,
                    store=around.schedules,
                )
            case TriggerKind.QUEUE:
                listener = queue_listener(function, self._accounts, around.storage, self._run)
                self._listeners.append(listener)
            case TriggerKind.BLOB:
                self._accounts.of(function.trigger)
                watch_of(function, around.storage.app)
            case _:
                pass  # HTTP, and the task hub's

    def _add_watchers(self, functions: Sequence[Function]) -> None:
        """Add one watcher for each account: its queue is the account's."""
        by_account: dict[Account, list[Function]] = {}
        for function in functions:
            by_account.setdefault(self._accounts.of(function.trigger), []).append(function)
        for account, watched in by_account.items():
            watcher, listener = blob_listener(
                watched, account, self._surroundings.storage, self._run
            )
            self._watchers.append(watcher)
            self._listeners.append(listener)
            self._watcher_of |= {function.name: watcher for function in watched}

    async def _run(self, function: Function, occasion: Occasion) -> Success | Failure:
        """Run a function, unless the host is stopping; keep count of those that run."""
        if self._is_stopping:
            raise WorkerUnavailableError("the host is stopping")
        self._running += 1
        self._is_quiet.clear()
        try:
            return await self._surroundings.run(function, occasion)
        finally:
            self._running -= 1
            if not self._running:
                self._is_quiet.set()

    async def _run_and_forget(self, function: Function, occasion: Occasion) -> None:
        await self._run(function, occasion)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, WorkerUnavailableError):
            _LOG.error("A trigger has ended", exc_info=error)

    def _message(self, text: str | None) -> QueueMessage:
        now = self._surroundings.clock.now()
        return QueueMessage(
            id=self._surroundings.new_id(),
            body=(text or "").encode(),
            pop_receipt="",
            dequeue_count=1,
            inserted=now,
            expires=now + KEPT_FOR,
            next_visible=now,
        )


def _complaint(function: Function, binding: Binding, error: TriggerError) -> str:
    return (
        f"Function '{function.name}', binding '{binding.name}' of type {binding.type}, cannot be "
        f"served: {error}."
    )
