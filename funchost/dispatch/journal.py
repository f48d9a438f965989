"""Grouped commits: whatever is posted in one pass of the event loop is written in one transaction.

Jobs are carried out in the order in which they were posted, so a read sees every write before it.
A few small writes are carried out on the loop itself: with SQLite they take less time than the trip
to a thread and back, twice of which an episode would wait for. What can take long has a thread:
reads, large writes, every write of a store that waits for the disk, and its upkeep.

A store that fails (disk full, file taken over) is fatal: the journal says so once, and the host
stops, because going on without a history would be lying.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from funchost.engine.errors import EngineError
from funchost.engine.ports import (
    CommitEpisode,
    Outcome,
    PurgeInstances,
    RewindInstance,
    Store,
    Write,
)

logger = logging.getLogger(__name__)

LINGER_S = 0.005  # how long a write that can wait does so for one that it can go with
FEW = 64  # writes, and rows of one of them, that do not hold up the loop


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
        self._due: asyncio.Handle | None = None  # when they are carried out
        self._away: asyncio.Future[Any] | None = None  # what the thread does
        self._closed = False

    def post(self, write: Write, *, can_wait: bool = False) -> asyncio.Future[Outcome]:
        """Queue a write; the future answers once it is durable (or was refused).

        One that can wait goes with the next that cannot, or alone after some milliseconds.
        """
        return self._queue(_Job(done=self._future(), write=write), can_wait=can_wait)

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

    @property
    def is_idle(self) -> bool:
        """Tell whether everything that was posted has been carried out."""
        return not self._jobs and self._away is None

    async def close(self) -> None:
        """Carry out what is queued, then give the store back."""
        self._closed = True
        self._carry_out_all()
        while self._away is not None:
            await asyncio.wait([self._away])
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store.close)
        self._thread.shutdown(wait=False)

    def _future(self) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()

    def _queue[T](self, job: _Job[T], *, can_wait: bool = False) -> asyncio.Future[T]:
        if self._closed:
            raise JournalClosedError("the task hub is closed")
        self._jobs.append(job)
        self._schedule(can_wait=can_wait)
        return job.done

    def _schedule(self, *, can_wait: bool = False) -> None:
        """See to it that the jobs are carried out, at the end of this pass or a little later."""
        loop = asyncio.get_running_loop()
        if not can_wait and isinstance(self._due, asyncio.TimerHandle):
            self._due.cancel()
            self._due = None
        if self._due is None:
            self._due = (
                loop.call_later(LINGER_S, self._carry_out_all)
                if can_wait
                else loop.call_soon(self._carry_out_all)
            )

    def _carry_out_all(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._away is not None or not self._jobs:
            return  # the thread's return asks again
        jobs, self._jobs = self._jobs, []
        if self._store.waits_for_disk or not _are_quick(jobs):
            self._send_away(partial(_carry_out, self._store, jobs), jobs)
            return
        try:
            self._answer(jobs, _carry_out(self._store, jobs))
        except Exception as failure:  # noqa: BLE001 - whatever broke the store, the host ends
            self._break(failure, jobs)
            return
        if self._store.needs_upkeep:
            self._send_away(partial(_keep_up, self._store), ())

    def _send_away(self, work: Callable[[], Sequence[Any]], jobs: Sequence[_Job[Any]]) -> None:
        """Let the thread work; what is posted meanwhile waits for its return."""
        loop = asyncio.get_running_loop()
        self._away = loop.run_in_executor(self._thread, work)
        self._away.add_done_callback(partial(self._return, jobs))

    def _return(self, jobs: Sequence[_Job[Any]], away: asyncio.Future[Sequence[Any]]) -> None:
        self._away = None
        failure = away.exception()
        if failure is not None:
            self._break(failure, jobs)
            return
        self._answer(jobs, away.result())
        self._carry_out_all()

    def _answer(self, jobs: Sequence[_Job[Any]], answers: Sequence[Any]) -> None:
        for job, answer in zip(jobs, answers, strict=True):
            if not job.done.done():
                job.done.set_result(answer)

    def _break(self, failure: BaseException, jobs: Sequence[_Job[Any]]) -> None:
        """Nothing can be trusted to be durable any more: refuse all, and tell the host."""
        self._closed = True
        logger.error("The state could not be written: %s", failure)
        for job in (*jobs, *self._jobs):
            if not job.done.done():
                job.done.set_exception(JournalClosedError(str(failure)))
                job.done.exception()  # a post that nobody awaits must not warn when collected
        self._jobs = []
        self._on_failure(failure)


def _keep_up(store: Store) -> Sequence[Any]:
    """Keep the store up; there is nobody to answer."""
    store.keep_up()
    return ()


def _are_quick(jobs: Sequence[_Job[Any]]) -> bool:
    return len(jobs) <= FEW and all(_is_quick(job.write) for job in jobs)


def _is_quick(write: Write | None) -> bool:
    match write:
        case CommitEpisode():
            return len(write.appended) + len(write.consumed) + len(write.children) <= FEW
        case None | PurgeInstances() | RewindInstance():
            return False  # None is a read, and may be of anything
        case _:
            return True


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
