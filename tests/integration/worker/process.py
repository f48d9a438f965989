"""An ``AppWorker`` in a process of its own, driven from a test.

The worker library keeps an app in module globals, so each app needs a process; values cross by
pickle. ``WorkerProcess`` is the test's side, ``_serve`` the child's.
"""

import asyncio
import logging
import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from funchost.engine.actions import Turn
from funchost.engine.calls import ActivityAnswer, OrchestrationHead
from funchost.worker.client_binding import ClientEndpoint
from funchost.worker.functions import FunctionTable
from funchost.worker.host_worker import AppWorker, WorkerSettings
from funchost.worker.http import HttpAnswer, HttpRequest

PATIENCE_S = 30.0

# Imported once; none of them keeps anything of an app before it loads one.
_PRELOADED = ("azure.durable_functions", "azure_functions_runtime")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One log record of the child."""

    name: str
    level: str
    text: str
    invocation_id: str | None


class WorkerProcess:
    """The test's side: each call is sent to the child, and its answer or error comes back."""

    def __init__(self, app_dir: Path, *, timeout: timedelta | None = None, **env: str) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, *_PRELOADED])
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_child, args=(theirs, app_dir, timeout, env), daemon=True
        )
        self._process.start()
        theirs.close()
        self._functions = self._receive()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child, whatever it does."""
        self._connection.close()
        self._process.join(1)
        self._process.kill()
        self._process.join(PATIENCE_S)

    @property
    def functions(self) -> FunctionTable:
        """Return what the app offers."""
        table: FunctionTable = self._functions
        return table

    def http(self, name: str, **members: Any) -> HttpAnswer:
        """Call an HTTP function."""
        answer: HttpAnswer = self._ask("http", name, members)
        return answer

    def activity(self, name: str, payload: str) -> ActivityAnswer:
        """Run an activity."""
        answer: ActivityAnswer = self._ask("activity", name, payload)
        return answer

    def orchestrate(self, head: OrchestrationHead, history: Sequence[str]) -> Turn:
        """Replay an orchestrator."""
        turn: Turn = self._ask("orchestrate", head, history)
        return turn

    def in_order_of_completion(self, *calls: tuple[Any, ...]) -> list[str]:
        """Make several calls at the same time; return their labels as they end."""
        labels: list[str] = self._ask("together", calls)
        return labels

    def stop(self, patience: timedelta, *pending: tuple[Any, ...]) -> tuple[bool, list[str]]:
        """Stop the worker while calls are made; return whether all ended, and the calls' ends."""
        ended: tuple[bool, list[str]] = self._ask("stop", patience, pending)
        return ended

    def logs(self) -> list[LogLine]:
        """Return the log so far."""
        lines: list[LogLine] = self._ask("logs")
        return lines

    def evaluate(self, expression: str) -> Any:
        """Evaluate an expression in the child, beside its app."""
        return self._ask("evaluate", expression)

    def _ask(self, name: str, *args: Any) -> Any:
        self._connection.send((name, args))
        return self._receive()

    def _receive(self) -> Any:
        if not self._connection.poll(PATIENCE_S):
            raise TimeoutError("the worker's process does not answer")
        succeeded, value = self._connection.recv()
        if succeeded:
            return value
        raise value


class _Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[LogLine] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = LogLine(
            name=record.name,
            level=record.levelname,
            text=record.getMessage(),
            invocation_id=record.__dict__.get("invocation_id"),
        )
        self.lines.append(line)


def _child(
    connection: Connection, app_dir: Path, timeout: timedelta | None, env: Mapping[str, str]
) -> None:
    os.environ.update(env)
    records = _Records()
    logging.basicConfig(level=logging.INFO, handlers=[records])
    asyncio.run(_serve(connection, _settings(app_dir, timeout), records))
    os._exit(0)  # a test may have left a thread in user code


def _settings(app_dir: Path, timeout: timedelta | None) -> WorkerSettings:
    ids = count(1)
    return WorkerSettings(
        app_dir=app_dir, new_id=lambda: f"invocation-{next(ids)}", function_timeout=timeout
    )


async def _serve(connection: Connection, settings: WorkerSettings, records: _Records) -> None:
    try:
        worker = await AppWorker.start(settings)
    except Exception as error:
        connection.send((False, error))
        return
    async with _Hub() as hub:
        worker.serve_clients(hub.endpoint())
        connection.send((True, worker.functions))
        child = _Child(worker, records)
        while (request := await asyncio.to_thread(_next, connection)) is not None:
            name, args = request
            try:
                answer = (True, await getattr(child, name)(*args))
            except Exception as error:
                answer = (False, error)
            connection.send(answer)


def _next(connection: Connection) -> Any:
    try:
        return connection.recv()
    except EOFError:
        return None


class _Child:
    def __init__(self, worker: AppWorker, records: _Records) -> None:
        self._worker = worker
        self._records = records

    async def http(self, name: str, members: dict[str, Any]) -> HttpAnswer:
        request: dict[str, Any] = {
            "method": "GET",
            "url": "http://localhost:7071/api/x",
            "headers": {},
            "query": {},
            "params": {},
        }
        function = self._worker.functions.http[name]
        return await self._worker.invoke_http(function, HttpRequest(**(request | members)))

    async def activity(self, name: str, payload: str) -> ActivityAnswer:
        return await self._worker.run_activity(
            name=name, payload=payload, instance_id="instance", task_id=0
        )

    async def orchestrate(self, head: OrchestrationHead, history: Sequence[str]) -> Turn:
        return await self._worker.orchestrate(head, history)

    async def together(self, calls: Sequence[tuple[Any, ...]]) -> list[str]:
        ended: list[str] = []
        await asyncio.gather(*(self._labelled(call, ended.append) for call in calls))
        return ended

    async def stop(
        self, patience: timedelta, calls: Sequence[tuple[Any, ...]]
    ) -> tuple[bool, list[str]]:
        ends: list[str] = []
        pending = [asyncio.create_task(self._labelled(call, ends.append)) for call in calls]
        while calls and "begun" not in os.environ:  # an app says so when it is in user code
            await asyncio.sleep(0.01)
        ended = await self._worker.stop(patience)
        await asyncio.gather(*pending)
        return ended, ends

    async def logs(self) -> list[LogLine]:
        return list(self._records.lines)

    async def evaluate(self, expression: str) -> Any:
        return eval(expression, {"__import__": __import__})  # noqa: S307 - the test's own text

    async def _labelled(self, call: tuple[Any, ...], done: Callable[[str], None]) -> None:
        label, name, *args = call
        try:
            await getattr(self, name)(*args)
        except Exception as error:
            label = f"{label}: {type(error).__name__}"
        done(label)


class _Hub:
    """A task hub that starts whatever it is asked to start."""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/durabletask/orchestrators/{name}", self._start)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await self._site.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def endpoint(self) -> ClientEndpoint:
        host, port = self._runner.addresses[0][:2]
        url = f"http://{host}:{port}"
        return ClientEndpoint(public_url=url, rpc_url=url, hub="TestHub", key="key")

    async def _start(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.json_response({"id": f"{name}-1"}, status=202)
