"""Stands before the app: writes down activity calls, and lets go wrong what the test asks for."""

import asyncio
import inspect
import json
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from funchost.dispatch.ports import Clock, Worker
from funchost.engine.actions import Turn
from funchost.engine.calls import (
    ActivityAnswer,
    EntityAnswer,
    EntityBatch,
    OrchestrationHead,
    Succeeded,
)
from funchost.engine.events import Event
from funchost.http import contract
from funchost.testing.calls import CallBook
from funchost.testing.faults import Faults, Stub
from funchost.worker.answers import Failure, activity_failure
from funchost.worker.http import HttpAnswer, HttpRequest
from funchost.worker.payloads import recompact


@dataclass(slots=True, kw_only=True)
class ObservedWorker:
    """Implements ``dispatch.ports.Worker`` for one life of a host, from start to crash.

    A crash does not stop what user code is at: a thread cannot be ended. It runs on to its end, and
    nobody hears its answer; ``quiet`` waits for that.
    """

    app: Worker
    clock: Clock
    book: CallBook
    faults: Faults
    asleep: int = 0  # activities that wait for the clock
    _running: set[asyncio.Task[Any]] = field(default_factory=set[asyncio.Task[Any]])

    @property
    def orchestrators(self) -> Mapping[str, str]:
        """Return the registered orchestrators."""
        return self.app.orchestrators

    @property
    def activities(self) -> Mapping[str, str]:
        """Return the registered activities."""
        return self.app.activities

    @property
    def entities(self) -> Mapping[str, str]:
        """Return the registered entities."""
        return self.app.entities

    def encode(self, event: Event) -> str:
        """Return the event as the SDK reads it."""
        return self.app.encode(event)

    async def orchestrate(self, head: OrchestrationHead, history: Sequence[str]) -> Turn:
        """Replay the orchestrator."""
        return await self.app.orchestrate(head, history)

    async def run_entity(self, batch: EntityBatch) -> EntityAnswer:
        """Run a batch of operations."""
        return await self._unbroken(self.app.run_entity(batch))

    async def run_activity(
        self, *, name: str, payload: str, instance_id: str, task_id: int
    ) -> ActivityAnswer:
        """Run an activity as the rules of ``faults`` say."""
        plan = self.faults.plan(name)

        async def deliver() -> ActivityAnswer:
            call = self.book.begin(
                name=name,
                payload=payload,
                instance_id=instance_id,
                task_id=task_id,
                at=self.clock.now(),
            )
            await self._sleep(plan.pause)
            if plan.error is not None:
                answer: ActivityAnswer = _failure(name, plan.error)
            elif plan.stub is not None:
                answer = await _stubbed(name, plan.stub, payload)
            else:
                answer = await self._unbroken(
                    self.app.run_activity(
                        name=name, payload=payload, instance_id=instance_id, task_id=task_id
                    )
                )
            call.end(answer, self.clock.now())
            return answer

        answer = await deliver()
        if plan.twice:
            await deliver()
        return await deliver() if plan.lost else answer

    async def quiet(self) -> None:
        """Wait until no code of the app runs."""
        while self._running:
            await asyncio.wait(self._running)

    async def _sleep(self, duration: timedelta) -> None:
        if duration:
            self.asleep += 1
            try:
                await self.clock.sleep_until(self.clock.now() + duration)
            finally:
                self.asleep -= 1

    async def _unbroken[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for user code, which goes on when nobody waits for it any more."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # of a call that nobody waits for any more


@dataclass(slots=True)
class CountedInvoke:
    """Counts the HTTP functions that run."""

    invoke: contract.Invoke
    running: int = 0

    async def __call__(self, name: str, request: HttpRequest) -> HttpAnswer:
        """Run an HTTP function once."""
        self.running += 1
        try:
            return await self.invoke(name, request)
        finally:
            self.running -= 1


async def _stubbed(name: str, stub: Stub, payload: str) -> ActivityAnswer:
    try:
        result = stub(json.loads(payload))
        if inspect.isawaitable(result):
            result = await result
        return Succeeded(result=recompact(json.dumps(result)))
    except Exception as error:  # noqa: BLE001 - whatever a function raises is its answer
        return _failure(name, f"{type(error).__name__}: {error}")


def _failure(name: str, message: str) -> ActivityAnswer:
    return activity_failure(name, Failure(message=message, stack=""))
