"""``GET /api/workflows/{instanceId}``: where an instance stands.

What is shown is decided in models; starting instances is each domain's business.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission, require
from shared.durable import InstanceId, find_instance
from shared.endpoints import endpoint
from shared.errors import FieldProblem, InstanceUnknownError, InvalidRequestError
from shared.http import answer, header, while_running, workflow_path
from shared.operations.types import TYPES
from workflows.management import api, names
from workflows.management.models import projection
from workflows.management.queries import number_in, query_of
from workflows.management.watching import LONGEST_WAIT_S, Seen, is_known, watched

_EVENTS: Final = 200
_MOST_EVENTS: Final = 1000

blueprint = df.Blueprint()


@blueprint.function_name(names.GET_WORKFLOW)
@blueprint.route(route="workflows/{instanceId}", methods=["GET"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.READ_WORKFLOW, api.GET_WORKFLOW)
async def get_workflow(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show the status; with ``include=history`` also what has happened, for operators.

    With ``wait`` the answer comes when there is something new for the client, or when the time is
    over; with ``If-None-Match`` it is 304 when there is nothing.
    """
    instance_id = InstanceId.parse(req.route_params.get("instanceId", ""))
    query = query_of(req, "include", "limit", "wait")
    history = _wants_history(req, query)
    most = number_in(query, "limit", least=1, most=_MOST_EVENTS, default=_EVENTS)
    wait_s = number_in(query, "wait", least=0, most=LONGEST_WAIT_S, default=0)
    location = workflow_path(instance_id)

    async def look() -> Seen:
        view = await find_instance(client, instance_id, history=history)
        if view is None:
            raise InstanceUnknownError("no instance has this id")
        shown = projection(view, location=location, types=TYPES, most_events=most)
        return Seen(document=shown, has_ended=view.is_terminal)

    known = header(req, "If-None-Match")
    seen = await watched(look, known=known, wait_s=wait_s)
    headers = {"ETag": seen.etag, **({} if seen.has_ended else while_running(location))}
    if known and is_known(seen.etag, known):
        return func.HttpResponse(
            status_code=HTTPStatus.NOT_MODIFIED, headers={**headers, "Cache-Control": "no-store"}
        )
    return answer(seen.document, headers=headers)


def _wants_history(req: func.HttpRequest, query: Mapping[str, str]) -> bool:
    match query.get("include"):
        case None:
            return False
        case "history":
            require(req, Permission.READ_HISTORY)
            return True
        case _:
            raise InvalidRequestError(
                "the query is wrong",
                [FieldProblem(pointer="?include", code="enum", detail="may only be: history")],
            )
