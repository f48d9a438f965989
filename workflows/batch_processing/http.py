"""The way in: submit a job, look at it, pause, resume, cancel and redrive it.

Sources and what a job leaves behind are served by http_files; what happens to a job is the
orchestrators' business.
"""

import asyncio
from datetime import timedelta
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.durable import InstanceId, InstanceView
from shared.endpoints import endpoint
from shared.errors import FieldProblem, InvalidRequestError, WorkflowError
from shared.http import answer, read_model, while_running
from shared.operators import acting_operator
from shared.submission import Submission, submit
from workflows.batch_processing import api, names
from workflows.batch_processing.control import Control
from workflows.batch_processing.gateways import batches
from workflows.batch_processing.jobs import PREFIX, job_id_of, known_job, progress_of, tell
from workflows.batch_processing.links import job_links, job_path
from workflows.batch_processing.models import (
    DeadLetterSource,
    FileSource,
    Job,
    Source,
    WindowSource,
)
from workflows.batch_processing.pipelines import PIPELINES
from workflows.batch_processing.pipelines.base import Pipeline
from workflows.batch_processing.progress import progress
from workflows.batch_processing.requests import BatchRequest, JobOptions, RedriveRequest
from workflows.batch_processing.transitions import JobNotEndedError

blueprint = df.Blueprint()


@blueprint.function_name(names.SUBMIT_JOB)
@blueprint.route(route="batches", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.START_WORKFLOW, api.SUBMIT_JOB)
async def submit_job(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Take a job: 202 while it runs, 200 once it ended, 409 for an id used differently."""
    request = read_model(req, BatchRequest)
    pipeline = _pipeline(request.pipeline)
    source = _source(request, pipeline)
    return await _submitted(client, request.job_id, pipeline, source, request)


@blueprint.function_name(names.REDRIVE_JOB)
@blueprint.route(route="batches/{jobId}/redrive", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.START_WORKFLOW, api.REDRIVE_JOB)
async def redrive_job(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Start a new job on what an ended one has given up."""
    before = await _known(req, client)
    request = read_model(req, RedriveRequest)
    if not before.is_terminal:
        raise JobNotEndedError("its dead letters are not complete yet")
    job_id = job_id_of(before.instance_id)
    if request.job_id == job_id:
        raise _refused("/jobId", "unchanged", "a redrive is a job of its own: give it a new id")
    shown = progress(before, Control(), now=system_clock().now())
    pipeline = _pipeline(str(shown["pipeline"]))
    source = DeadLetterSource(job_id=job_id)
    return await _submitted(client, request.job_id, pipeline, source, request)


@blueprint.function_name(names.SHOW_JOB)
@blueprint.route(route="batches/{jobId}", methods=["GET"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.READ_WORKFLOW, api.SHOW_JOB)
async def show_job(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show where a job stands, and how fast it goes."""
    view = await _known(req, client)
    job_id = job_id_of(view.instance_id)
    document = await progress_of(client, view)
    headers = None if view.is_terminal else while_running(job_path(job_id))
    return answer(document | {"links": job_links(job_id)}, headers=headers)


@blueprint.function_name(names.PAUSE_JOB)
@blueprint.route(route="batches/{jobId}/pause", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api.STEER_JOB)
async def pause_job(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Let what is in flight end, and nothing new begin."""
    return await _told(req, client, names.PAUSE_OPERATION)


@blueprint.function_name(names.RESUME_JOB)
@blueprint.route(route="batches/{jobId}/resume", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api.STEER_JOB)
async def resume_job(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Let a paused job go on, within half a minute."""
    return await _told(req, client, names.RESUME_OPERATION)


@blueprint.function_name(names.CANCEL_JOB)
@blueprint.route(route="batches/{jobId}/cancel", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api.STEER_JOB)
async def cancel_job(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """End a job early: what is done stays, and the manifest lists it."""
    return await _told(req, client, names.CANCEL_OPERATION)


async def _told(
    req: func.HttpRequest, client: df.DurableOrchestrationClient, operation: str
) -> func.HttpResponse:
    view = await _known(req, client)
    await tell(client, view, operation, actor=acting_operator(req))
    job_id = job_id_of(view.instance_id)
    location = job_path(job_id)
    return answer(
        {"jobId": job_id, "links": job_links(job_id)},
        status=HTTPStatus.ACCEPTED,
        headers=while_running(location),
    )


async def _known(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> InstanceView:
    return await known_job(client, req.route_params.get("jobId", ""))


def _pipeline(name: str) -> Pipeline:
    if name not in PIPELINES:
        raise _refused("/pipeline", "enum", f"may be: {', '.join(sorted(PIPELINES))}")
    return PIPELINES[name]


def _source(request: BatchRequest, pipeline: Pipeline) -> Source:
    """Find out where the rows come from; pipeline and request have to agree on it."""
    if request.window is not None:
        if pipeline.open_store is None:
            raise _refused("/window", "forbidden", "this pipeline reads files: give dataSource")
        if request.window.end > system_clock().now() - pipeline.readable_after:
            raise _refused("/window/to", "future", _not_over(pipeline))
        return WindowSource(begin=request.window.begin, end=request.window.end)
    if pipeline.open_store is not None or request.data_source is None:
        raise _refused("/dataSource", "forbidden", "this pipeline reads by itself: give window")
    container, _, blob = request.data_source.partition("/")
    if not batches().is_registered(container):
        raise _refused("/dataSource", "container", "the container is not registered for sources")
    return FileSource(container=container, blob=blob)


def _not_over(pipeline: Pipeline) -> str:
    minutes = pipeline.readable_after // timedelta(minutes=1)
    return f"the window may be read {minutes} minutes after its end"


def _refused(pointer: str, code: str, detail: str) -> WorkflowError:
    problem = FieldProblem(pointer=pointer, code=code, detail=detail)
    return InvalidRequestError("one field is wrong", [problem])


async def _submitted(
    client: df.DurableOrchestrationClient,
    job_id: str,
    pipeline: Pipeline,
    source: Source,
    options: JobOptions,
) -> func.HttpResponse:
    job = Job(
        job_id=job_id,
        pipeline=pipeline.name,
        source=source,
        batch_size=options.batch_size,
        max_parallelism=options.max_parallelism,
        budget=options.failure_budget,
        dry_run=options.dry_run,
        rows_per_s=pipeline.rows_per_s,
    )
    submission = Submission(
        business_id=job_id,
        instance_id=InstanceId.parse(PREFIX + job_id),
        orchestrator=names.ORCHESTRATOR,
        client_input=job.to_json(),
        body=job.to_json(),
        contact="",
    )
    requests = await asyncio.to_thread(batches().requests)
    found = await submit(submission, client=client, requests=requests, clock=system_clock())
    return _accepted(job_id, submission.instance_id, found)


def _accepted(
    job_id: str, instance_id: InstanceId, found: InstanceView | None
) -> func.HttpResponse:
    location = job_path(job_id)
    ended = found is not None and found.is_terminal
    return answer(
        {"jobId": job_id, "instanceId": instance_id, "links": job_links(job_id)},
        status=HTTPStatus.OK if ended else HTTPStatus.ACCEPTED,
        headers={"Location": location} if ended else while_running(location),
    )
