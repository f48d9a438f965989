"""An entity's turn: one batch of operations, from its inbox to its commit.

An entity is an instance without a history: its state is in the record's input, spelled as Azure's
scheduler state, so that whoever reads the instance sees the same. Calls are answered with an event
whose name is the request's id; state and answers are committed together.
"""

import asyncio
import json
from dataclasses import replace

from funchost.dispatch.lanes import Lane
from funchost.dispatch.parts import Parts
from funchost.engine.calls import (
    EntityAnswer,
    EntityBatch,
    Operation,
    OperationResult,
)
from funchost.engine.entities import EntityState, entity_state, stored_state
from funchost.engine.events import EventRaised, OperationRequested
from funchost.engine.ids import entity_name
from funchost.engine.ports import CommitEpisode, InstanceRecord, Outgoing


class Batches:
    """Takes the turns of entities."""

    def __init__(self, parts: Parts, *, concurrency: int, batch_size: int) -> None:
        """Run at most ``concurrency`` entities at a time, ``batch_size`` operations each."""
        self._parts = parts
        self._slots = asyncio.Semaphore(concurrency)
        self._batch_size = batch_size

    async def take(self, lane: Lane, record: InstanceRecord) -> bool:
        """Run one batch; see ``Turns``."""
        messages = lane.inbox[: self._batch_size]
        if not messages:
            return False
        requests = [m.event for m in messages if isinstance(m.event, OperationRequested)]
        answer = await self._ask(record, requests)
        consumed = tuple(message.sequence for message in messages)
        commit = CommitEpisode(
            record=self._after(record, answer),
            execution_id=record.execution_id,
            appended=(),
            consumed=consumed,
            outgoing=self._answers(requests, answer),
        )
        outcome = await self._parts.journal.commit(commit)
        lane.record = commit.record
        lane.consume(consumed)
        self._parts.effects.apply(commit, outcome)
        return True

    async def _ask(
        self, record: InstanceRecord, requests: list[OperationRequested]
    ) -> EntityAnswer:
        name, key = entity_name(record.instance_id)
        before = entity_state(record)
        batch = EntityBatch(
            name=name,
            key=key,
            exists=before.exists,
            state=before.state,
            operations=tuple(
                Operation(name=r.operation, input=r.input, is_signal=r.caller is None)
                for r in requests
            ),
        )
        async with self._slots:
            answer = await self._parts.worker.run_entity(batch)
        if len(answer.results) == len(requests):
            return answer
        # A function that does not answer every operation has failed as a whole.
        text = json.dumps(
            f"The entity function '{name}' answered {len(answer.results)} operations "
            f"of {len(requests)}."
        )
        failed = tuple(OperationResult(result=text, is_error=True) for _ in requests)
        return EntityAnswer(results=failed, exists=before.exists, state=before.state)

    def _after(self, record: InstanceRecord, answer: EntityAnswer) -> InstanceRecord:
        state = EntityState(exists=answer.exists, state=answer.state if answer.exists else None)
        return replace(
            record,
            updated_at=self._parts.clock.now(),
            episode=record.episode + 1,
            **stored_state(state),
        )

    def _answers(
        self, requests: list[OperationRequested], answer: EntityAnswer
    ) -> tuple[Outgoing, ...]:
        at = self._parts.clock.now()
        return tuple(
            self._parts.sources.message(
                request.caller,
                EventRaised(at=at, name=request.request_id, input=_response(result)),
                request.caller_execution_id,
            )
            for request, result in zip(requests, answer.results, strict=True)
            if request.caller is not None
        )


def _response(result: OperationResult) -> str:
    """Word the answer; the SDK takes any ``exceptionType`` for a failure."""
    error = {"exceptionType": "Error"} if result.is_error else {}
    return json.dumps({"result": result.result, **error})
