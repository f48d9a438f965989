"""The plot of a job: open, plan, let shards work, compare, publish, and say how it ended.

Every effect is an activity called by name; every decision comes from transitions. What a shard does
with its chunks is in shard, what lets it pause or stop in control.
"""

import azure.durable_functions as df

from shared.durable import Orchestration
from shared.errors import code_of
from shared.models import JsonObject
from workflows.batch_processing import names
from workflows.batch_processing.models import (
    CheckLoad,
    Directive,
    Job,
    LoadCheck,
    OpenControl,
    Opened,
    Planned,
    PlanSegment,
    Publish,
    Published,
    Reading,
    Reconcile,
    ShardResult,
    ShardWork,
    Tally,
    Task,
    Verdict,
)
from workflows.batch_processing.story import Story
from workflows.batch_processing.transitions import (
    Account,
    JobFailedError,
    JobStatus,
    Stop,
    end_of,
    shares,
)

blueprint = df.Blueprint()


@blueprint.function_name(names.ORCHESTRATOR)
@blueprint.orchestration_trigger(context_name="context")
def run_job(context: df.DurableOrchestrationContext) -> Orchestration[JsonObject]:
    """Take a job to its end; one that fails leaves what it has done, and says so loudly."""
    story = Story.of(context, Job.from_json(context.get_input()))
    story.show()
    try:
        yield from _plot(story)
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        story.fail(code_of(failure))
    yield story.ask_control(names.CLOSE_OPERATION)
    story.log.info("the job ends %s: %s", story.status, story.reason or "all is well")
    result = story.result().to_json()
    if story.status is JobStatus.FAILED:
        # A failed instance is what alerts look for; what it came to stays readable.
        story.show(result=result)
        raise JobFailedError(f"job {story.job.job_id} failed: {story.reason}")
    return result


def _plot(story: Story) -> Orchestration[None]:
    opened = yield from story.ask(names.OPEN_SOURCE, story.job, Opened)
    if opened.reading is None:
        story.findings = opened.details
        story.end(JobStatus.REJECTED, opened.problem)
        return
    story.enter(JobStatus.PLANNING)
    yield from _plan(story, opened.reading)
    if story.is_over:
        return
    story.enter(JobStatus.PROCESSING)
    shards = yield from _work(story, opened.reading)
    story.enter(JobStatus.RECONCILING)
    account = yield from _reconcile(story, shards)
    story.enter(JobStatus.PUBLISHING)
    story.end(*end_of(account))
    question = Publish(job=story.job, reading=opened.reading, result=story.result())
    published = yield from story.ask(names.PUBLISH, question, Published)
    story.manifest = published.manifest


def _plan(story: Story, reading: Reading) -> Orchestration[None]:
    """Cut the source stretch by stretch; the cursor is a value, so no stretch is cut twice."""
    place, after = reading.begin, ""
    while True:
        question = PlanSegment(job=story.job, reading=reading, place=place, after=after)
        planned = yield from story.ask(names.PLAN_SEGMENT, question, Planned)
        if planned.problem is not None:
            story.end(JobStatus.REJECTED, planned.problem)
            return
        place, after = planned.place, planned.after
        story.planned(planned)
        story.show()
        directive = Directive.from_json((yield story.ask_control(names.LOOK_OPERATION)))
        if directive.stop:
            story.end(JobStatus.CANCELLED, directive.reason)
            return
        if planned.ended:
            return


def _work(story: Story, reading: Reading) -> Orchestration[list[ShardResult]]:
    """Let shards work side by side; they return their failures, so none ends the others."""
    job = story.job
    plan = OpenControl(
        rows=story.rows,
        chunks=story.place.chunk,
        budget=job.budget,
        at=story.context.current_utc_datetime,
    )
    yield story.ask_control(names.OPEN_OPERATION, plan)
    works = _works(story, reading)
    if not works:  # a task_all of nothing gives None
        return []
    story.shards = len(works)
    story.show()
    found = yield story.context.task_all(
        [
            story.context.call_sub_orchestrator(
                names.SHARD, work.to_json(), f"{story.context.instance_id}:shard:{work.shard}"
            )
            for work in works
        ]
    )
    return [ShardResult.from_json(raw) for raw in found]


def _works(story: Story, reading: Reading) -> list[ShardWork]:
    """Share the chunks and the parallelism out."""
    job = story.job
    task = Task(
        job_id=job.job_id,
        pipeline=job.pipeline,
        reading=reading,
        batch_size=job.batch_size,
        dry_run=job.dry_run,
    )
    return [
        ShardWork(
            task=task,
            shard=number,
            window=share.window,
            next_chunk=share.first,
            end_chunk=share.end,
            rows_per_s=None if job.dry_run else job.rows_per_s,
        )
        for number, share in enumerate(shares(story.place.chunk, job.max_parallelism))
    ]


def _reconcile(story: Story, shards: list[ShardResult]) -> Orchestration[Account]:
    """Compare what was done with the plan, and with what the target holds."""
    job = story.job
    directive = Directive.from_json((yield story.ask_control(names.LOOK_OPERATION)))
    complete = all(shard.complete for shard in shards)
    question = Reconcile(
        job_id=job.job_id,
        planned_rows=story.rows,
        chunks=story.place.chunk,
        claimed=sum((shard.tally for shard in shards), Tally()),
        complete=complete,
    )
    verdict = yield from story.ask(names.RECONCILE, question, Verdict)
    story.tally, story.findings = verdict.tally, verdict.findings
    story.units = sum(shard.units for shard in shards)
    if complete and not job.dry_run:
        check = CheckLoad(job_id=job.job_id, pipeline=job.pipeline)
        found = (yield from story.ask(names.CHECK_LOAD, check, LoadCheck)).found
        if found is not None:
            story.repeated_keys = max(0, verdict.tally.accepted - found)
    failures = [shard.failure for shard in shards if shard.failure is not None]
    reason = None if complete or not directive.stop or failures else directive.reason
    return Account(
        rejected=verdict.tally.rejected,
        stopped=Stop(reason) if reason else None,
        failure=failures[0] if failures else None,
        findings=verdict.findings,
        repeated_keys=story.repeated_keys,
    )
