"""Activities: run when due, as many at a time as host.json allows, answered once.

At least once: a crash between the run and the commit of the answer runs the activity again. An
answer goes with the commit of the episode that takes it, if that comes within some milliseconds.
"""

import asyncio
import logging
from collections.abc import Callable

from funchost.dispatch.journal import JournalClosedError
from funchost.dispatch.parts import Parts
from funchost.engine.calls import ActivityAnswer, Succeeded, WorkerUnavailableError
from funchost.engine.events import TaskCompleted, TaskFailed
from funchost.engine.ports import ActivityItem, CompleteActivity, Outgoing

logger = logging.getLogger(__name__)
RETRY_DELAY_S = 1.0  # after the worker itself failed, not the activity


class Activities:
    """Runs activities and delivers their answers."""

    def __init__(
        self, parts: Parts, *, deliver: Callable[[Outgoing], None], concurrency: int
    ) -> None:
        """Run at most ``concurrency`` activities at a time; ``deliver`` takes the answers."""
        self._parts = parts
        self._worker = parts.worker
        self._deliver = deliver
        self._concurrency = concurrency
        self._slots = asyncio.Semaphore(concurrency)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def start(self, item: ActivityItem) -> None:
        """Run an activity as soon as there is a slot."""
        if self._stopping:
            return
        task = asyncio.get_running_loop().create_task(self._run(item))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def at_work(self) -> int:
        """Return how many activities run; what waits for a slot does not."""
        return min(len(self._tasks), self._concurrency)

    async def drain(self) -> None:
        """Start nothing more; return when what runs has been answered."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks)

    def cancel(self) -> None:
        """Give up waiting for what still runs; it runs again after the next start."""
        for task in self._tasks:
            task.cancel()

    async def _run(self, item: ActivityItem) -> None:
        async with self._slots:
            answer = None if self._stopping else await self._answer(item)
        if answer is None:
            return
        at = self._parts.clock.now()
        event = (
            TaskCompleted(at=at, task_id=item.task_id, result=answer.result)
            if isinstance(answer, Succeeded)
            else TaskFailed(
                at=at, task_id=item.task_id, reason=answer.reason, details=answer.details
            )
        )
        answered = self._parts.sources.message(item.instance_id, event, item.execution_id)
        try:
            # Not awaited: the journal keeps order, so the episode that takes the answer is
            # committed with it or after it. A refusal means that the instance no longer wants it.
            write = CompleteActivity(item=item, message=answered.message)
            self._parts.journal.post(write, can_wait=True)
        except JournalClosedError:
            return
        self._deliver(answered)

    async def _answer(self, item: ActivityItem) -> ActivityAnswer | None:
        """Run the function until it answers; None when the host stops meanwhile."""
        while not self._stopping:
            try:
                return await self._worker.run_activity(
                    name=item.name,
                    payload=item.input,
                    instance_id=item.instance_id,
                    task_id=item.task_id,
                )
            except WorkerUnavailableError as failure:
                if not self._stopping:
                    logger.warning("Activity %s could not run: %s", item.name, failure)
            except Exception:
                logger.exception("Activity %s failed in the host itself", item.name)
            if not self._stopping:
                await asyncio.sleep(RETRY_DELAY_S)
        return None
