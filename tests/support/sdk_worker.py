"""A worker for engine tests: the real SDK and the real codec, without the worker library.

Orchestrators are plain generator functions, activities plain functions; both are given by name.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from azure.durable_functions.entity import Entity
from azure.durable_functions.orchestrator import Orchestrator

from funchost.engine.actions import Turn
from funchost.engine.calls import (
    ActivityAnswer,
    EntityAnswer,
    EntityBatch,
    Failed,
    OrchestrationHead,
    Succeeded,
)
from funchost.engine.events import Event
from funchost.worker.answers import (
    Failure,
    activity_failure,
    turn_of_failure,
    turn_of_return,
)
from funchost.worker.entities import batch_answer, batch_text
from funchost.worker.history import document, encode
from funchost.worker.payloads import recompact

type Code = Callable[[Any], Any]


class SdkWorker:
    """Implements ``dispatch.ports.Worker`` and records which activities ran, with their input."""

    def __init__(
        self,
        *functions: Code,
        activities: Mapping[str, Code] | None = None,
        entities: Mapping[str, Code] | None = None,
    ) -> None:
        self._code = {function.__name__: function for function in functions}
        self._activities = dict(activities or {})
        self._entities = {name.casefold(): code for name, code in (entities or {}).items()}
        self.ran: list[tuple[str, Any]] = []

    @property
    def orchestrators(self) -> Mapping[str, str]:
        return {name.casefold(): name for name in self._code}

    @property
    def activities(self) -> Mapping[str, str]:
        return {name.casefold(): name for name in self._activities}

    @property
    def entities(self) -> Mapping[str, str]:
        return {name.casefold(): name for name in self._entities}

    def encode(self, event: Event) -> str:
        return encode(event)

    async def orchestrate(self, head: OrchestrationHead, history: Sequence[str]) -> Turn:
        await asyncio.sleep(0)
        return self.replay(head, history)

    def replay(self, head: OrchestrationHead, history: Sequence[str]) -> Turn:
        """Run the orchestrator over a history, at once."""
        run = Orchestrator.create(self._code[head.name])
        try:
            return turn_of_return(run(document(head, history)))
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            return turn_of_failure(Failure(message=message, stack=""))

    async def run_activity(
        self, *, name: str, payload: str, instance_id: str, task_id: int
    ) -> ActivityAnswer:
        del instance_id, task_id
        await asyncio.sleep(0)
        value = json.loads(payload)
        self.ran.append((name, value))
        try:
            result = self._activities[name](value)
            if asyncio.iscoroutine(result):
                result = await result
        except Exception as error:
            return self._failure(name, error)
        return Succeeded(result=recompact(json.dumps(result)))

    async def run_entity(self, batch: EntityBatch) -> EntityAnswer:
        await asyncio.sleep(0)
        return batch_answer(Entity.create(self._entities[batch.name])(batch_text(batch)))

    def _failure(self, name: str, error: Exception) -> Failed:
        return activity_failure(name, Failure(message=f"{type(error).__name__}: {error}", stack=""))
