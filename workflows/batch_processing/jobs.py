"""One job for programs and people alike: finding it, how far it is, telling it something.

What a job then does is the business of its control and its orchestrators.
"""

import asyncio

import azure.durable_functions as df

from shared.clock import system_clock
from shared.durable import InstanceId, InstanceView, find_instance
from shared.errors import InstanceUnknownError
from shared.models import JsonObject
from shared.operations.acting import operator_of
from shared.operations.audit import Act, audit
from shared.operations.rules import Result
from shared.telemetry.invocations import concerns
from workflows.batch_processing import names
from workflows.batch_processing.control import Control
from workflows.batch_processing.progress import progress
from workflows.batch_processing.transitions import JobEndedError

PREFIX = "batch-"
_NO_REASON = ""  # steering a job asks for none


def job_id_of(instance_id: str) -> str:
    """Return the job that an instance works on."""
    return instance_id.removeprefix(PREFIX)


async def known_job(client: df.DurableOrchestrationClient, job_id: str) -> InstanceView:
    """Look a job's instance up.

    Raises:
        InstanceUnknownError: There is none.
    """
    view = await find_instance(client, InstanceId.parse(PREFIX + job_id))
    if view is None or view.orchestrator != names.ORCHESTRATOR:
        raise InstanceUnknownError("no job has this id")
    return view


async def progress_of(client: df.DurableOrchestrationClient, view: InstanceView) -> JsonObject:
    """Return how far a job is, with what its shards have reported by now."""
    entity = df.EntityId(names.CONTROL, job_id_of(view.instance_id))
    found = await client.read_entity_state(entity)
    control = Control.from_json(found.entity_state) if found.entity_exists else Control()
    return progress(view, control, now=system_clock().now())


async def tell(
    client: df.DurableOrchestrationClient, view: InstanceView, operation: str, *, actor: str
) -> None:
    """Tell a job's control to pause, resume or cancel; who did is written down before.

    Raises:
        JobEndedError: There is nothing left to do.
        StorageUnavailableError: It cannot be written down, so it is not done.
    """
    concerns(view.instance_id)
    if view.is_terminal:
        raise JobEndedError("there is nothing left to do")
    operator, book = operator_of(actor), await asyncio.to_thread(audit)
    act = Act(
        instance_id=view.instance_id,
        action=operation,
        actor=operator.actor,
        proof=operator.proof,
        reason=_NO_REASON,
        detail={},
    )
    sequence = await asyncio.to_thread(book.begin, act, at=system_clock().now())
    # With a payload, because the SDK cannot read an operation that has none.
    entity = df.EntityId(names.CONTROL, job_id_of(view.instance_id))
    await client.signal_entity(entity, operation, {"by": "http"})
    done_at = system_clock().now()
    await asyncio.to_thread(book.end, view.instance_id, sequence, Result.DONE.value, at=done_at)
