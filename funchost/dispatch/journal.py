"""Grouped commits: one thread owns the store; writes that come while it works go together.

Jobs are carried out in the order in which they were posted, so a read sees every write before it.
A store that fails (disk full, file taken over) is fatal: the journal says so once, and the host
stops, because going on without a history would be lying.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from funchost.engine.errors import EngineError
from funchost.engine.ports import Outcome, Store, Write

logger = logging.getLogger(__name__)


class JournalClosedError(EngineError):
    """The host is stopping, or its store has failed; nothing more is written."""


@dataclass(slots=True, kw_only=True)
class _Job[T]:
    """A write, or a read, and the future that waits for it."""

    done: asyncio.Future[T]
    write: Write | None = None
    read: Callable[[Store], T] | None = None


class Journal:
    """The only way to the store while the host runs. Used from one event loop."""

    def __init__(self, store: Store, *, on_failure: Callable[[BaseException], None]) -> None:
        """Take over the store; ``on_failure`` is called once when it breaks."""
        self._store = store
        self._on_failure = on_failure
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._jobs: list[_Job[Any]] = []
        self._runner: asyncio.Task[None] | None = None
        self._closed = False

    def post(self, write: Write) -> asyncio.Future[Outcome]:
        """Queue a write; the future answers once it is durable (or was refused)."""
        return self._queue(_Job(done=self._future(), write=write))

    async def commit(self, write: Write) -> Outcome:
        """Write and wait until it is durable; raise what the store refused it with."""
        outcome = await self.post(write)
        if outcome.error is not None:
            raise outcome.error
        return outcome

    async def commit_together(self, writes: Sequence[Write]) -> None:
        """Write several as one: a crash leaves all of them or none.

        Posted without a pause they are neighbours, and neighbours share a transaction.
        """
        for outcome in await asyncio.gather(*[self.post(write) for write in writes]):
            if outcome.error is not None:
                raise outcome.error

    async def read[T](self, function: Callable[[Store], T]) -> T:
        """Run a reading function on the store's thread, after all writes posted before."""
        return await self._queue(_Job(done=self._future(), read=function))

    async def close(self) -> None:
        """Carry out what is queued, then give the store back."""
        self._closed = True
        while self._runner is not None:
            await asyncio.wait([self._runner])
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store.close)
        self._thread.shutdown(wait=False)

    def _future(self) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()

    def _queue[T](self, job: _Job[T]) -> asyncio.Future[T]:
        if self._closed:
            raise JournalClosedError("the task hub is closed")
        self._jobs.append(job)
        if self._runner is None:
            self._runner = asyncio.get_running_loop().create_task(self._run())
        return job.done

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._jobs:
            jobs, self._jobs = self._jobs, []
            try:
                answers = await loop.run_in_executor(self._thread, _carry_out, self._store, jobs)
            except Exception as failure:  # noqa: BLE001 - whatever broke the store, the host ends
                self._break(failure, jobs)
                break
            for job, answer in zip(jobs, answers, strict=True):
                if not job.done.done():
                    job.done.set_result(answer)
        self._runner = None

    def _break(self, failure: Exception, jobs: Sequence[_Job[Any]]) -> None:
        """Nothing can be trusted to be durable any more: refuse all, and tell the host."""
        self._closed = True
        logger.error("The state could not be written: %s", failure)
        for job in (*jobs, *self._jobs):
            if not job.done.done():
                job.done.set_exception(JournalClosedError(str(failure)))
                job.done.exception()  # a post that nobody awaits must not warn when collected
        self._jobs = []
        self._on_failure(failure)


def _carry_out(store: Store, jobs: Sequence[_Job[Any]]) -> list[Any]:
    """Run jobs in order on the store's thread, neighbouring writes in one transaction."""
    answers: list[Any] = []
    writes: list[Write] = []
    for job in jobs:
        if job.write is not None:
            writes.append(job.write)
        elif job.read is not None:
            answers += _flush(store, writes)
            answers.append(job.read(store))
    answers += _flush(store, writes)
    return answers


def _flush(store: Store, writes: list[Write]) -> Sequence[Outcome]:
    outcomes = store.commit(tuple(writes)) if writes else ()
    writes.clear()
    return outcomes
