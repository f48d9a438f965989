"""``GET /api/batches/{jobId}/report``: what a job came to so far, as JSON or as a page to keep.

What is in it is report's business, how it looks report_page's.
"""

import asyncio
import json
from typing import Final

import azure.durable_functions as df
import azure.functions as func
from pydantic import TypeAdapter, ValidationError

from shared.access import Permission
from shared.clock import system_clock
from shared.durable import InstanceId, InstanceView, find_instance
from shared.endpoints import endpoint
from shared.errors import FieldProblem, InstanceUnknownError, InvalidRequestError
from shared.http import answer, header
from workflows.batch_processing import api, names
from workflows.batch_processing.gateways import Batches, batches
from workflows.batch_processing.manifest import MANIFEST
from workflows.batch_processing.models import JobId, JobResult
from workflows.batch_processing.progress import object_in
from workflows.batch_processing.report import Facts, Report, report
from workflows.batch_processing.report_page import page

blueprint = df.Blueprint()

_FORMATS: Final = ("json", "html")
_JOB_ID: Final = TypeAdapter[str](JobId)


@blueprint.function_name(names.GET_REPORT)
@blueprint.route(route="batches/{jobId}/report", methods=["GET"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.READ_WORKFLOW, api.GET_REPORT)
async def get_report(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Report on a job, whether it runs or has ended."""
    wanted = _format(req)
    job_id = _job_id(req.route_params.get("jobId", ""))
    view = await find_instance(client, InstanceId.parse(f"batch-{job_id}"))
    if view is not None and view.orchestrator != names.ORCHESTRATOR:
        raise InstanceUnknownError("no job has this id")
    found = await asyncio.to_thread(_report, batches(), job_id, view)
    return page(found) if wanted == "html" else answer(found.to_json())


def _job_id(text: str) -> str:
    """Return a well-formed id; an instance of a job has others, of its parts."""
    try:
        return _JOB_ID.validate_python(text)
    except ValidationError:
        raise InstanceUnknownError("no job has this id") from None


def _format(req: func.HttpRequest) -> str:
    """Return what is asked for: by name, or else as a browser asks, by Accept."""
    named = str(req.params.get("format", ""))
    if not named:
        accepted = header(req, "Accept").lower()
        return "html" if "text/html" in accepted and "json" not in accepted else "json"
    if named not in _FORMATS:
        detail = f"one of {', '.join(_FORMATS)}"
        raise InvalidRequestError(
            "one field is wrong", [FieldProblem(pointer="/format", code="enum", detail=detail)]
        )
    return named


def _report(outside: Batches, job_id: str, view: InstanceView | None) -> Report:
    facts = _facts(view) if view else _kept(outside, job_id)
    return report(facts, outside.ledger(job_id).entries(), made_at=system_clock().now())


def _facts(view: InstanceView) -> Facts:
    """Read an instance: its result once it has one, and what it shows until then."""
    shown = object_in(view.custom_status)
    for document in (object_in(view.output), object_in(shown.get("result"))):
        if document:
            return Facts.of(JobResult.from_json(document))
    ended = view.is_terminal
    return Facts(
        job_id=view.instance_id.removeprefix("batch-"),
        pipeline=str(shown.get("pipeline", "")),
        status=view.runtime_status.value.lower() if ended else str(shown.get("status", "opening")),
        planned_rows=int(shown.get("rows", 0)),
        chunks=int(shown.get("chunks", 0)),
        started_at=view.created_at,
        completed_at=view.last_updated_at if ended else None,
    )


def _kept(outside: Batches, job_id: str) -> Facts:
    """Read the manifest, which outlives the instance.

    Raises:
        InstanceUnknownError: There is neither.
    """
    content = outside.results(job_id).read(MANIFEST)
    try:
        return Facts.of(JobResult.from_json(json.loads(content or b"{}")["result"]))
    except (KeyError, ValidationError):
        raise InstanceUnknownError("no job has this id") from None
