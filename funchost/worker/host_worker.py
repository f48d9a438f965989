"""``AppWorker``: runs the app's functions for the rest of the host.

It stands behind dispatch's ``Worker`` port and takes HTTP calls. When, how often and how many at
a time is decided by the callers; threads, loops and time limits are in ``invocations``.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

from funchost.engine.actions import Crashed, Turn
from funchost.engine.calls import (
    HTTP_ACTIVITY,
    ActivityAnswer,
    EntityAnswer,
    EntityBatch,
    OrchestrationHead,
    Succeeded,
    WorkerUnavailableError,
)
from funchost.engine.events import Event
from funchost.engine.ids import entity_id
from funchost.worker import history as wire
from funchost.worker.answers import (
    Failure,
    activity_failure,
    activity_refusal,
    turn_of_failure,
    turn_of_return,
)
from funchost.worker.bindings import Bindings, NoBindings, read_inputs, write_outputs
from funchost.worker.client_binding import ClientEndpoint, client_text
from funchost.worker.entities import batch_answer, batch_failure, batch_text
from funchost.worker.errors import (
    BindingFailedError,
    FunctionFailedError,
    FunctionTimeoutError,
    WorkerError,
)
from funchost.worker.functions import Function, FunctionTable, chosen, read_functions
from funchost.worker.http import HttpAnswer, HttpRequest, answer_of
from funchost.worker.http_activity import HttpActivity
from funchost.worker.invocations import Invocations
from funchost.worker.library import Library, Success
from funchost.worker.occasions import Occasion, activity_occasion, http_occasion
from funchost.worker.payloads import recompact
from funchost.worker.protos import TypedData

_LOG = logging.getLogger("funchost.worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """How functions run.

    Attributes:
        app_dir: the folder of the app's script.
        new_id: makes invocation ids.
        function_timeout: how long one invocation may take; None is without limit.
        http_poll_interval: when ``call_http`` asks again after a 202 that does not say.
        functions: the functions to serve; () is all of them.
    """

    app_dir: Path
    new_id: Callable[[], str]
    function_timeout: timedelta | None = None
    http_poll_interval: timedelta = timedelta(seconds=30)
    functions: tuple[str, ...] = ()


class AppWorker:
    """The app, loaded. Made by ``start``, ended by ``stop``; one for the life of a process."""

    def __init__(
        self, functions: FunctionTable, invocations: Invocations, http_poll_interval: timedelta
    ) -> None:
        self.functions = functions
        self._invocations = invocations
        self._client_inputs: dict[str, list[tuple[str, TypedData]]] = {}
        self._orchestrators = _names(functions.orchestrators)
        self._activities = _names(functions.activities)
        self._entities = _names(functions.entities)
        self._http = HttpActivity(http_poll_interval)
        self._bindings: Bindings = NoBindings()

    @classmethod
    async def start(cls, settings: WorkerSettings) -> Self:
        """Load the app; its folder becomes the working directory.

        Raises:
            AppLoadError: the app cannot be imported, or needs what this host does not have.
        """
        library = Library()
        invocations = Invocations(
            library, timeout=settings.function_timeout, new_id=settings.new_id
        )
        try:
            found = await invocations.on_loop(library.load(settings.app_dir.resolve()))
            wanted = chosen(found, settings.functions)
            return cls(read_functions(wanted, os.environ), invocations, settings.http_poll_interval)
        except BaseException:
            await invocations.stop(timedelta(0))
            raise

    async def stop(self, patience: timedelta) -> bool:
        """End, giving running functions so much time.

        Returns:
            Whether all have ended; if not, only ``os._exit`` ends the process without waiting.
        """
        await self._http.close()
        return await self._invocations.stop(patience)

    async def close_connections(self) -> None:
        """Close what the SDK's client and ``call_http`` keep open; the next use opens it anew.

        For a host that goes while the app stays; on the event loop that the host lived on.
        """
        await self._http.close()
        await self._invocations.close_connections()

    def serve_clients(self, endpoint: ClientEndpoint) -> None:
        """Say where durable clients find the task hub; before the first function that has one."""
        self._client_inputs = {
            function.function_id: [
                (client.name, TypedData(string=client_text(endpoint, client)))
                for client in function.clients
            ]
            for function in self.functions.functions
        }

    def serve_bindings(self, bindings: Bindings) -> None:
        """Say who reads inputs and writes outputs; before the first function that has any."""
        self._bindings = bindings

    @property
    def orchestrators(self) -> Mapping[str, str]:
        """Return the registered orchestrators: name in casefold to name as registered."""
        return self._orchestrators

    @property
    def activities(self) -> Mapping[str, str]:
        """Return the registered activities: name in casefold to name as registered."""
        return self._activities

    @property
    def entities(self) -> Mapping[str, str]:
        """Return the registered entities: name in casefold to name as registered."""
        return self._entities

    def encode(self, event: Event) -> str:
        """Return the event as the SDK reads it, as JSON text; "" for one that it does not see."""
        return wire.encode(event)

    async def orchestrate(self, head: OrchestrationHead, history: Sequence[str]) -> Turn:
        """Replay the orchestrator over the encoded history; one that raises is an answer.

        Raises:
            WorkerUnavailableError: it took too long, or the host is stopping.
        """
        function = self.functions.orchestrators.get(head.name.casefold())
        if function is None:
            return _crash(_unknown(head.name, "an orchestrator", self._orchestrators))
        text = wire.document(head, history)
        try:
            result = await self._invoke(
                function, Occasion(value=TypedData(string=text)), instance_id=head.instance_id
            )
        except FunctionTimeoutError as error:
            raise WorkerUnavailableError(str(error)) from error
        match result:
            case Success(value=TypedData(value=str(answer))):
                return turn_of_return(answer)
            case Success():
                return _crash("The orchestrator has no answer.")
            case Failure():
                return turn_of_failure(result)

    async def run_activity(
        self, *, name: str, payload: str, instance_id: str, task_id: int
    ) -> ActivityAnswer:
        """Run an activity once; ``payload`` is JSON text. One that raises is an answer.

        Raises:
            WorkerUnavailableError: the host is stopping.
        """
        if name == HTTP_ACTIVITY:
            return await self._http.run(payload)
        function = self.functions.activities.get(name.casefold())
        if function is None:
            return activity_refusal(name, _unknown(name, "an activity", self._activities))
        try:
            result = await self._invoke(
                function,
                activity_occasion(function, payload, instance_id),
                instance_id=instance_id,
                task_id=task_id,
            )
        except FunctionTimeoutError as error:
            return activity_refusal(name, str(error))
        match result:
            case Success(value=TypedData(value=str(answer))):
                return Succeeded(result=recompact(answer))
            case Success():
                return Succeeded(result=None)
            case Failure():
                return activity_failure(name, result)

    async def run_entity(self, batch: EntityBatch) -> EntityAnswer:
        """Run a batch of operations; a function that raises as a whole fails every operation.

        Raises:
            WorkerUnavailableError: the host is stopping.
        """
        function = self.functions.entities.get(batch.name.casefold())
        if function is None:
            return batch_failure(batch, _unknown(batch.name, "an entity", self._entities))
        occasion = Occasion(value=TypedData(string=batch_text(batch)))
        try:
            result = await self._invoke(
                function, occasion, instance_id=entity_id(batch.name, batch.key)
            )
        except FunctionTimeoutError as error:
            return batch_failure(batch, str(error))
        match result:
            case Success(value=TypedData(value=str(answer))):
                try:
                    return batch_answer(answer)
                except ValueError as error:
                    return batch_failure(batch, str(error))
            case Success():
                return batch_failure(batch, "The entity has no answer.")
            case Failure(message=message):
                return batch_failure(batch, message)

    async def invoke_http(self, function: Function, request: HttpRequest) -> HttpAnswer:
        """Run an HTTP function.

        Raises:
            FunctionFailedError: it raised, or its answer cannot be sent.

            FunctionTimeoutError: it took too long.

            WorkerUnavailableError: the host is stopping.
        """
        match await self._invoke(function, http_occasion(function, request)):
            case Success(value=value):
                return answer_of(value)
            case Failure(message=message):
                raise FunctionFailedError(message)

    async def invoke_once(self, function: Function, occasion: Occasion) -> Success | Failure:
        """Run a function once; one that raises or takes too long is an answer.

        Raises:
            WorkerUnavailableError: the host is stopping.
        """
        try:
            return await self._invoke(function, occasion)
        except FunctionTimeoutError as error:
            return Failure(message=str(error), stack="")

    async def _invoke(
        self,
        function: Function,
        occasion: Occasion,
        *,
        instance_id: str | None = None,
        task_id: int | None = None,
    ) -> Success | Failure:
        inputs = [(function.trigger.name, occasion.value)]
        if function.clients:
            try:
                inputs += self._client_inputs[function.function_id]
            except KeyError:
                raise WorkerError("a durable client was asked for before there is one") from None
        try:
            inputs += await read_inputs(self._bindings, function, occasion.data)
            result = await self._invocations.invoke(
                function,
                inputs,
                circumstances=occasion.circumstances,
                instance_id=instance_id,
                task_id=task_id,
            )
            if isinstance(result, Success):
                await write_outputs(self._bindings, function, result, occasion.data)
        except BindingFailedError as error:
            _LOG.error("Function %s failed: %s", function.name, error)
            return Failure(message=str(error), stack="")
        return result


def _crash(text: str) -> Turn:
    return Turn(actions=(), outcome=Crashed(error=text))


def _names(functions: Mapping[str, Function]) -> Mapping[str, str]:
    return {key: function.registered_name for key, function in functions.items()}


def _unknown(name: str, kind: str, known: Mapping[str, str]) -> str:
    names = ", ".join(f"'{each}'" for each in known.values())
    return (
        f"The function '{name}' doesn't exist, is disabled, or is not {kind} function. "
        f"Additional info: The following are the known functions of that kind: {names}."
    )
