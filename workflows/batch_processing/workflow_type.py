"""What operators may do with batch jobs, their shards, and exports that are made by themselves."""

from datetime import timedelta
from typing import Final

import azure.durable_functions as df

from shared.durable import InstanceId
from shared.operations.types import CancelOutcome, WorkflowType
from workflows.batch_processing import names, vocabulary
from workflows.batch_processing.transitions import JobStatus

_JOB: Final = "batch-"


async def _cancel(
    client: df.DurableOrchestrationClient, instance_id: InstanceId, _actor: str, _reason: str
) -> CancelOutcome:
    """Tell the job's control; a job that has ended meanwhile takes no notice."""
    control = df.EntityId(names.CONTROL, instance_id.removeprefix(_JOB))
    # With a payload, because the SDK cannot read an operation that has none.
    await client.signal_entity(control, names.CANCEL_OPERATION, {"by": "operations"})
    return CancelOutcome.REQUESTED


def _shards(instance_id: str) -> tuple[str, ...]:
    return (f"{instance_id}:shard:",)


# A job with errors has kept within what it may lose.
_DONE: Final = frozenset({JobStatus.COMPLETED, JobStatus.COMPLETED_WITH_ERRORS})

TYPES: Final = (
    WorkflowType(
        name="batch",
        title="Batch job",
        orchestrators=frozenset({names.ORCHESTRATOR}),
        id_prefix=_JOB,
        cancel=_cancel,
        child_ids=_shards,
        hoped_for=_DONE,
        words=vocabulary.JOB,
    ),
    WorkflowType(
        name="batch-shard",
        title="Shard of a batch job",
        orchestrators=frozenset({names.SHARD}),
        id_prefix=_JOB,
        is_child=True,
        words=vocabulary.SHARD,
    ),
    WorkflowType(
        name="batch-export",
        title="Export by itself",
        orchestrators=frozenset({names.INCREMENT}),
        service_level=timedelta(days=1),
        # The watermark says what is exported, so another increment exports nothing twice.
        can_restart=True,
        hoped_for=_DONE | {"nothing_new"},
        words=vocabulary.EXPORT,
    ),
)
