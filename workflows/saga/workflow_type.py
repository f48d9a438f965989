"""What operators may do with sagas and their steps."""

import asyncio
from datetime import timedelta
from typing import Final

import azure.durable_functions as df

from shared.cancellations import cancel
from shared.durable import InstanceId
from shared.operations.types import CancelOutcome, WorkflowType
from shared.operations.wakes import DECISION_WAKES
from workflows.saga import names, vocabulary
from workflows.saga.gateways import outside


async def _cancel(
    client: df.DurableOrchestrationClient, instance_id: InstanceId, actor: str, reason: str
) -> CancelOutcome:
    cancellations = (await asyncio.to_thread(outside)).cancellations
    done = await cancel(client, cancellations, instance_id, actor=actor, reason=reason)
    return CancelOutcome.REQUESTED if done else CancelOutcome.TOO_LATE


TYPES: Final = (
    WorkflowType(
        name="saga",
        title="Saga",
        orchestrators=frozenset({names.ORCHESTRATOR}),
        id_prefix="saga-",
        service_level=timedelta(hours=2),
        keep_for=timedelta(days=90),
        events=DECISION_WAKES,
        cancel=_cancel,
        words=vocabulary.SAGA,
    ),
    WorkflowType(
        name="saga-step",
        title="Step of a saga",
        orchestrators=frozenset({names.STEP_ORCHESTRATOR}),
        is_child=True,
        words=vocabulary.STEP,
        keep_for=timedelta(days=90),
    ),
)
