"""``/api/console/batches``: the newest jobs, and one job with its progress and its controls.

Looking changes nothing. Numbers are those of ``GET /api/batches/{jobId}``; words are in job_views.
"""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.errors import InvalidRequestError
from shared.operations.filters import Filter
from shared.operations.listing import list_instances
from shared.operations.management_api import of as management_of
from shared.operations.types import TYPES
from shared.pages import (
    CONSOLE_PATH,
    FORM,
    Area,
    Pages,
    Visitor,
    page,
    read_form,
    see_other,
    visitor_at,
)
from workflows.batch_processing import names
from workflows.batch_processing.job_views import JobView, job_view
from workflows.batch_processing.jobs import job_id_of, known_job, progress_of, tell
from workflows.batch_processing.transitions import JobEndedError

JOBS_PATH: Final = f"{CONSOLE_PATH}/batches"

_TYPE: Final = "batch"
_MOST_JOBS: Final = 15
_OPERATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pause": names.PAUSE_OPERATION,
        "resume": names.RESUME_OPERATION,
        "cancel": names.CANCEL_OPERATION,
    }
)
_DONE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pause": "The job pauses: what is in flight ends, and nothing new begins.",
        "resume": "The job goes on, within half a minute.",
        "cancel": "The job ends early. What is done stays.",
    }
)

blueprint = df.Blueprint()

_pages = Pages(Path(__file__).with_name("templates"), scripts=True)


@blueprint.function_name(names.LIST_JOBS_PAGE)
@blueprint.route(route="console/batches", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.durable_client_input(client_name="client")
@page(Permission.READ_CONSOLE)
async def list_jobs(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show the newest jobs and how far each is."""
    visitor = visitor_at(req)
    listed = await list_instances(
        management_of(client),
        Filter(types=frozenset({_TYPE})),
        types=TYPES,
        now=system_clock().now(),
        limit=_MOST_JOBS,
    )
    jobs = [job_view(await progress_of(client, view), view) for view in listed.items]
    return _pages.render(
        "jobs.html",
        visitor=visitor,
        area=Area.BATCHES,
        jobs=jobs,
        is_live=any(not job.is_over for job in jobs),
        has_more=listed.position is not None and len(jobs) == _MOST_JOBS,
        path=JOBS_PATH,
        all_path=f"{CONSOLE_PATH}/workflows?type={_TYPE}",
        now=system_clock().now(),
    )


@blueprint.function_name(names.SHOW_JOB_PAGE)
@blueprint.route(
    route="console/batches/{jobId}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS
)
@blueprint.durable_client_input(client_name="client")
@page(Permission.READ_CONSOLE)
async def show_job_page(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show one job."""
    visitor = visitor_at(req)
    view = await known_job(client, req.route_params.get("jobId", ""))
    job = job_view(await progress_of(client, view), view)
    return _job_page(visitor, job, done=_DONE.get(str(req.params.get("done", "")), ""))


@blueprint.function_name(names.CONTROL_JOB_PAGE)
@blueprint.route(
    route="console/batches/{jobId}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS
)
@blueprint.durable_client_input(client_name="client")
@page(Permission.USE_CONSOLE, FORM)
async def control_job_page(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Pause, resume or cancel a job, as a form of its page says."""
    visitor = visitor_at(req, Permission.USE_CONSOLE)
    view = await known_job(client, req.route_params.get("jobId", ""))
    form = read_form(req, fields=frozenset({"operation"}), has_proof=False)
    operation = form.get("operation", "")
    if operation not in _OPERATIONS:
        raise InvalidRequestError("the form holds what the page does not send")
    try:
        await tell(client, view, _OPERATIONS[operation], actor=visitor.actor)
    except JobEndedError:
        job = job_view(await progress_of(client, view), view)
        wrong = "Nothing was changed: the job has ended."
        return _job_page(visitor, job, wrong=wrong, status=HTTPStatus.CONFLICT)
    path = f"{JOBS_PATH}/{job_id_of(view.instance_id)}"
    return see_other(path, query={"done": operation})


def _job_page(
    visitor: Visitor,
    job: JobView,
    *,
    done: str = "",
    wrong: str = "",
    status: int = HTTPStatus.OK,
) -> func.HttpResponse:
    return _pages.render(
        "job.html",
        status=status,
        visitor=visitor,
        area=Area.BATCHES,
        job=job,
        done=done,
        wrong=wrong,
        path=JOBS_PATH,
        list_path=f"{CONSOLE_PATH}/workflows",
        now=system_clock().now(),
    )
