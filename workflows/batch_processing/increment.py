"""One increment of an export: find the window, let a job work through it, then move the watermark.

The watermark moves after success alone, so an increment that fails is done again with the next one.
When increments begin is said in schedule.
"""

import logging

import azure.durable_functions as df

from shared import retry
from shared.durable import Orchestration, StoryLogger
from shared.errors import code_of
from shared.models import JsonObject
from workflows.batch_processing import names
from workflows.batch_processing.models import (
    FailureBudget,
    Increment,
    IncrementResult,
    Job,
    JobResult,
    Moved,
    MoveWatermark,
    NextWindow,
    WindowSource,
)
from workflows.batch_processing.transitions import EXPORTED, JobStatus

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)

_BATCH_SIZE = 5_000
_PARALLELISM = 4


@blueprint.function_name(names.INCREMENT)
@blueprint.orchestration_trigger(context_name="context")
def export_increment(context: df.DurableOrchestrationContext) -> Orchestration[JsonObject]:
    """Export what has come since the last increment that went well."""
    increment = Increment.from_json(context.get_input())
    raw = yield context.call_activity_with_retry(
        names.NEXT_WINDOW, retry.PERSISTENT, increment.to_json()
    )
    window = NextWindow.from_json(raw).window
    if window is None:
        return IncrementResult(status="nothing_new").to_json()
    log = StoryLogger(_logger, context)
    job_id = job_id_of(increment.pipeline, window)
    try:
        status = yield from _exported(context, increment, window, job_id)
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        log.warning("job %s: %s", job_id, code_of(failure))
        status = JobStatus.FAILED
    if status not in EXPORTED:
        log.error("the watermark stays: job %s ended %s", job_id, status)
        return IncrementResult(status=status, job_id=job_id).to_json()
    step = MoveWatermark(pipeline=increment.pipeline, window=window, job_id=job_id)
    raw = yield context.call_activity_with_retry(
        names.MOVE_WATERMARK, retry.PERSISTENT, step.to_json()
    )
    moved = Moved.from_json(raw).moved
    if not moved:
        log.error("the watermark was moved by somebody else while job %s ran", job_id)
    return IncrementResult(status=status, job_id=job_id, moved=moved).to_json()


def job_id_of(pipeline: str, window: WindowSource) -> str:
    """Name the job of a window: an increment that is done again reaches further, so it differs."""
    return f"{pipeline}-{window.begin:%Y%m%dT%H%M%SZ}-{window.end:%Y%m%dT%H%M%SZ}"


def _exported(
    context: df.DurableOrchestrationContext,
    increment: Increment,
    window: WindowSource,
    job_id: str,
) -> Orchestration[str]:
    """Run the job; say how it ended."""
    job = Job(
        job_id=job_id,
        pipeline=increment.pipeline,
        source=window,
        batch_size=_BATCH_SIZE,
        max_parallelism=_PARALLELISM,
        budget=FailureBudget(percent=increment.may_fail_percent),
        dry_run=False,
    )
    raw = yield context.call_sub_orchestrator(names.ORCHESTRATOR, job.to_json(), f"batch-{job_id}")
    return JobResult.from_json(raw).status
