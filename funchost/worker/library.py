"""Microsoft's worker library, held in one hand: the only module that imports it.

Indexing, binding conversion and invocation are the library's; here are its start, its calls and
its thread pool. The library keeps the app in module globals: one app per process, once.
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, override

from funchost.worker import protos
from funchost.worker.answers import Failure
from funchost.worker.errors import AppLoadError
from funchost.worker.functions import FoundFunction, RetryOptions
from funchost.worker.logs import LIBRARY_LOGGER, Invocation, running
from funchost.worker.occasions import PLAIN, Circumstances, Retry
from funchost.worker.protos import ParameterBinding, TypedData
from funchost.worker.sdk_memory import remember

SCRIPT_SETTING = "PYTHON_SCRIPT_FILE_NAME"
DEFAULT_SCRIPT = "function_app.py"

_NO_TRACE = SimpleNamespace(trace_parent="", trace_state="", attributes={})  # none is passed on
_NO_OUTPUTS: Mapping[str, TypedData] = MappingProxyType({})

_SDK = "azure.durable_functions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One invocation to make: which function, under which id, with which inputs by name."""

    function_id: str
    invocation: Invocation
    inputs: Sequence[tuple[str, TypedData]]
    circumstances: Circumstances = PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """A function returned, None is no value; ``outputs`` by binding name are what else it gave."""

    value: TypedData | None
    outputs: Mapping[str, TypedData] = _NO_OUTPUTS


class Library:
    """The library of this process."""

    def __init__(self) -> None:
        self._runtime: Any = import_module("azure_functions_runtime")
        logger = logging.getLogger(LIBRARY_LOGGER)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)  # it reports every invocation at INFO
        self._runtime.start_threadpool_executor()  # heeds PYTHON_THREADPOOL_THREAD_COUNT
        pool = self._runtime.get_threadpool_executor()
        self.thread_count: int = pool._max_workers  # noqa: SLF001 - nothing else tells it

    async def load(self, app_dir: Path) -> list[FoundFunction]:
        """Import the app and return its functions.

        The app's folder becomes the working directory and the first place to import from.

        Raises:
            AppLoadError: it cannot be imported or indexed, or has no functions.
        """
        script = os.environ.get(SCRIPT_SETTING, DEFAULT_SCRIPT)
        if not (app_dir / script).is_file():
            raise AppLoadError(f"No job functions found: there is no {script} in {app_dir}.")
        if not _is_plain_json(app_dir / "host.json"):
            _import_sdk_elsewhere()
        _enter(app_dir, Path(script).stem)
        await self._index(app_dir)
        remember()
        answer = await self._runtime.functions_metadata_request(None)
        found: list[Any] = answer.function_metadata_results or []
        if not found:
            raise AppLoadError(f"No job functions found: {script} in {app_dir} registers none.")
        return [self._found(metadata) for metadata in found]

    async def call(self, call: Call) -> Success | Failure:
        """Run an ``async`` function on the current loop; a raising function is an answer."""
        token = self._runtime.invocation_id_cv.set(call.invocation.invocation_id)
        try:
            with running(call.invocation):
                return _answer(await self._runtime.invocation_request(_request(call)))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return _failure(error)
        except BaseException as error:  # noqa: BLE001 - sys.exit() in a function ends only that
            return _failure(error)
        finally:
            self._runtime.invocation_id_cv.reset(token)

    def call_here(self, call: Call) -> Success | Failure:
        """Run a function that is not ``async`` on this thread, in the library's own words.

        The library would send the function to its pool from the loop and its result back; on a
        thread of our own both trips can be spared. Its coroutine then runs in one go. The
        thread must not have a running loop.
        """
        coroutine = self._runtime.invocation_request(_request(call))
        with running(call.invocation):
            asyncio.set_event_loop(_HERE)
            try:
                coroutine.send(None)
            except StopIteration as done:
                return _answer(done.value)
            except BaseException as error:  # noqa: BLE001 - sys.exit() in a function ends only that
                return _failure(error)
            finally:
                asyncio.set_event_loop(None)
        coroutine.close()
        raise RuntimeError(f"function {call.invocation.function_name} is asynchronous")

    async def close_client_session(self) -> None:
        """Close the connections of the SDK's client; on the loop that used them."""
        module: Any = sys.modules.get(f"{_SDK}.models.utils.http_utils")
        if module is not None:
            await module._close_session()  # noqa: SLF001 - the SDK offers no public way

    async def _index(self, app_dir: Path) -> None:
        request = SimpleNamespace(
            worker_init_request=SimpleNamespace(
                capabilities={}, function_app_directory=str(app_dir)
            )
        )
        properties = {"host": "127.0.0.1", "protos": protos}
        logger = logging.getLogger(LIBRARY_LOGGER)
        level = logger.level
        logger.setLevel(logging.CRITICAL)  # a failure is in the answer: no need to log it too
        try:
            answer = await self._runtime.worker_init_request(
                SimpleNamespace(request=request, properties=properties)
            )
        except BaseException as error:
            failure = _failure(error)
            raise AppLoadError(failure.message, failure.stack) from error
        finally:
            logger.setLevel(level)
        if answer.result.status != protos.StatusResult.Success:
            exception = answer.result.exception
            raise AppLoadError(exception.message, exception.stack_trace)
        if "HttpUri" in answer.capabilities:
            raise AppLoadError(
                "The app streams HTTP (azurefunctions-extensions-http-fastapi), which this host "
                "does not serve; use azure.functions.HttpRequest and HttpResponse."
            )

    def _found(self, metadata: Any) -> FoundFunction:
        handle_event: Any = import_module("azure_functions_runtime.handle_event")
        registry = handle_event._functions  # noqa: SLF001 - the metadata does not say is_async
        return FoundFunction(
            name=metadata.name,
            function_id=metadata.function_id,
            is_async=bool(registry.get_function(metadata.function_id).is_async),
            raw_bindings=metadata.raw_bindings,
            retry=_retry(metadata.retry_options),
        )


class _Here(asyncio.AbstractEventLoop):
    """The loop that the library sees in ``call_here``: what it sends away runs at once.

    The function itself sees no loop, as on any thread of a pool.
    """

    @override
    def run_in_executor[*Ts, T](
        self, executor: Any, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        asyncio.set_event_loop(None)
        done: asyncio.Future[T] = asyncio.Future(loop=self)
        done.set_result(func(*args))
        return done

    @override
    def get_debug(self) -> bool:
        return False


_HERE = _Here()  # type: ignore[abstract]  # the library asks for no more, and the class is plain


def _is_plain_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return True
    except ValueError:
        return False
    return True


def _import_sdk_elsewhere() -> None:
    """Import the durable SDK out of sight of host.json, whose comments would stop it.

    As it is imported, it parses the working directory's host.json as plain JSON, to warn of
    extension bundles of long ago. Our settings have read the file already, and accepted it.
    """
    with (
        contextlib.suppress(ModuleNotFoundError),  # the app will say whether it needs it
        tempfile.TemporaryDirectory() as nowhere,
        contextlib.chdir(nowhere),
    ):
        import_module(_SDK)


def _enter(app_dir: Path, module: str) -> None:
    if module in sys.modules:
        raise AppLoadError(
            f"A module named '{module}' is loaded already; an app needs a process of its own."
        )
    os.chdir(app_dir)
    sys.path.insert(0, str(app_dir))


def _request(call: Call) -> SimpleNamespace:
    return SimpleNamespace(
        request=SimpleNamespace(
            invocation_request=SimpleNamespace(
                invocation_id=call.invocation.invocation_id,
                function_id=call.function_id,
                input_data=[ParameterBinding(name=name, data=data) for name, data in call.inputs],
                trigger_metadata=call.circumstances.metadata,
                trace_context=_NO_TRACE,
                retry_context=_retry_context(call.circumstances.retry),
            )
        )
    )


def _retry_context(retry: Retry) -> SimpleNamespace:
    exception = None
    if retry.failure is not None:
        exception = SimpleNamespace(
            source="", message=retry.failure.message, stack_trace=retry.failure.stack
        )
    return SimpleNamespace(
        retry_count=retry.count, max_retry_count=retry.limit, exception=exception
    )


def _answer(response: Any) -> Success | Failure:
    if response.result.status == protos.StatusResult.Success:
        outputs = {each.name: each.data for each in response.output_data or () if each.data}
        return Success(value=response.return_value, outputs=outputs or _NO_OUTPUTS)
    exception = response.result.exception
    return Failure(message=exception.message, stack=exception.stack_trace)


def _failure(error: BaseException) -> Failure:
    return Failure(message=f"{type(error).__name__}: {error}", stack="")


def _retry(options: Any) -> RetryOptions | None:
    if options is None:
        return None
    return RetryOptions(
        max_retry_count=options.max_retry_count,
        strategy=str(options.retry_strategy),
        delay=options.delay_interval,
        minimum=options.minimum_interval,
        maximum=options.maximum_interval,
    )
