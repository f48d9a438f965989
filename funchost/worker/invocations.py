"""Single invocations: on which thread or loop, for how long, and what the log says of them.

What goes in and what an answer means is ``host_worker``'s business.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import Never

from funchost.categories import function_logger
from funchost.engine.calls import WorkerUnavailableError
from funchost.worker.answers import Failure, shown
from funchost.worker.errors import FunctionTimeoutError
from funchost.worker.functions import Function, TriggerKind
from funchost.worker.library import Call, Library, Success
from funchost.worker.logs import Invocation, correlate_records
from funchost.worker.loop import InvocationLoop
from funchost.worker.occasions import PLAIN, Circumstances
from funchost.worker.protos import TypedData
from funchost.worker.returns import Returns
from funchost.worker.threads import Threads

type Result = Success | Failure

_LOG = logging.getLogger("funchost.worker")

# Replaying is computing: more threads than this only contend for the interpreter.
_ORCHESTRATOR_THREADS = min(4, os.cpu_count() or 1)

_CLOSE_S = 1.0  # what stopping may take beyond the patience for running functions


class TimedOut(Failure):
    """The host gave up on a function."""


class Invocations:
    """Makes invocations from the caller's loop, until it is stopped."""

    def __init__(
        self, library: Library, *, timeout: timedelta | None, new_id: Callable[[], str]
    ) -> None:
        self._library = library
        self._timeout_s = None if timeout is None else timeout.total_seconds()
        self._timeout_text = str(timeout)
        self._new_id = new_id
        self._loop = InvocationLoop()
        self._orchestrators = Threads(_ORCHESTRATOR_THREADS, "orchestrator")
        self._functions = Threads(library.thread_count, "function")
        self._waiting: set[asyncio.Future[Result]] = set()  # what callers wait for
        self._returns: Returns | None = None  # to the loop of the callers, which may change
        self._stopping = False
        self._end_correlation = correlate_records()
        self._loop.start()

    async def on_loop[T](self, work: Coroutine[None, None, T]) -> T:
        """Run something beside a function on the loop that functions use."""
        return await asyncio.wrap_future(self._loop.submit(work))

    async def close_connections(self) -> None:
        """Close the connections of the SDK's client."""
        await self.on_loop(self._library.close_client_session())

    async def invoke(
        self,
        function: Function,
        inputs: Sequence[tuple[str, TypedData]],
        *,
        circumstances: Circumstances = PLAIN,
        instance_id: str | None = None,
        task_id: int | None = None,
    ) -> Result:
        """Run a function once and log what became of it.

        Raises:
            FunctionTimeoutError: it took longer than allowed. Only ``async`` functions end then.

            WorkerUnavailableError: the host is stopping.
        """
        if self._stopping:
            raise WorkerUnavailableError("the host is stopping")
        invocation = Invocation(
            function_name=function.name,
            invocation_id=self._new_id(),
            instance_id=instance_id,
            task_id=task_id,
        )
        call = Call(
            function_id=function.function_id,
            invocation=invocation,
            inputs=inputs,
            circumstances=circumstances,
        )
        begun = perf_counter()
        result = await self._run(function, call)
        _report(function, invocation, begun, result)
        if isinstance(result, TimedOut):
            raise FunctionTimeoutError(result.message)
        return result

    async def _run(self, function: Function, call: Call) -> Result:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._tracked(self._submit(function, call))
        except TimeoutError:
            text = (
                f"Timeout value of {self._timeout_text} was exceeded by function: "
                f"Functions.{function.name}"
            )
            return TimedOut(message=text, stack="")

    async def stop(self, patience: timedelta) -> bool:
        """Let running functions end, then give up on them; close the SDK's connections.

        Returns:
            Whether all have ended. If not, a thread is still in user code, and the interpreter
            would wait for it: the process has to leave by ``os._exit``.
        """
        self._stopping = True
        if self._waiting:
            await asyncio.wait(self._waiting, timeout=patience.total_seconds())
        for future in self._waiting:
            future.cancel()
        pools = self._orchestrators, self._functions
        for pool in pools:
            pool.stop()
        loop_ended = await self._close_loop()
        self._end_correlation()
        return loop_ended and not any(pool.is_busy for pool in pools)

    def _submit(self, function: Function, call: Call) -> asyncio.Future[Result]:
        """Send a call on its way; the future is the caller's loop's."""
        loop = asyncio.get_running_loop()
        if self._returns is None or self._returns.loop is not loop:
            self._returns = Returns(loop)
        if function.is_async:
            return self._returns.wrap(self._loop.submit(self._library.call(call)))
        is_orchestrator = function.kind is TriggerKind.ORCHESTRATION
        threads = self._orchestrators if is_orchestrator else self._functions
        waiting: asyncio.Future[Result] = loop.create_future()
        threads.submit(partial(self._call_here, call, waiting, self._returns))
        return waiting

    def _call_here(self, call: Call, waiting: asyncio.Future[Result], returns: Returns) -> None:
        """Run a function on this thread, unless nobody waits for it any more."""
        if waiting.cancelled():
            return
        try:
            result = self._library.call_here(call)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
            returns.bring(waiting, partial(_raise, error))
        else:
            returns.bring(waiting, lambda: result)

    async def _tracked(self, waiting: asyncio.Future[Result]) -> Result:
        self._waiting.add(waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._stopping and task is not None and not task.cancelling():
                raise WorkerUnavailableError("the host is stopping") from None
            raise
        finally:
            self._waiting.discard(waiting)

    async def _close_loop(self) -> bool:
        closing = self._loop.submit(self._library.close_client_session())
        try:
            await asyncio.wait_for(asyncio.wrap_future(closing), _CLOSE_S)
        except TimeoutError:
            return False  # user code blocks the loop
        except Exception:  # noqa: BLE001 - stopping goes on whatever the SDK's client says
            _LOG.exception("The connections of the durable client could not be closed.")
        return await asyncio.to_thread(self._loop.stop, timedelta(seconds=_CLOSE_S))


def _raise(error: Exception) -> Never:
    raise error


def _report(function: Function, invocation: Invocation, begun: float, result: Result) -> None:
    """Write one line for an invocation; a failure brings its traceback."""
    # An orchestrator runs once an episode: its successes would drown everything else. What an
    # HTTP function answered is told where the request came in.
    is_quiet = function.kind in {TriggerKind.ORCHESTRATION, TriggerKind.HTTP}
    level = logging.DEBUG if is_quiet else logging.INFO
    level = logging.ERROR if isinstance(result, Failure) else level
    log = logging.getLogger(function_logger(function.name))
    if not log.isEnabledFor(level):
        return
    verdict = "Failed" if isinstance(result, Failure) else "Succeeded"
    where = "" if invocation.instance_id is None else f"Instance={invocation.instance_id}, "
    where += "" if invocation.task_id is None else f"Task={invocation.task_id}, "
    line = (
        f"Executed 'Functions.{function.name}' ({verdict}, {where}"
        f"Id={invocation.invocation_id}, Duration={(perf_counter() - begun) * 1000:.0f}ms)"
    )
    log.log(level, "%s%s", line, _told(result))


def _told(result: Result) -> str:
    if isinstance(result, Success):
        return ""
    return f"\n{shown(result.message)}\n{shown(result.stack)}".rstrip()
