"""``GET /api/workflows/{instanceId}``: where an instance stands.

What is shown is decided in models; starting instances is each domain's business.
"""

import azure.durable_functions as df
import azure.functions as func

from shared.durable import InstanceId, find_instance
from shared.errors import FieldProblem, InstanceUnknownError, InvalidRequestError
from shared.http import answer, answers_problems, while_running, workflow_path
from workflows.management import names
from workflows.management.models import projection

blueprint = df.Blueprint()


@blueprint.function_name(names.GET_WORKFLOW)
@blueprint.route(route="workflows/{instanceId}", methods=["GET"])
@blueprint.durable_client_input(client_name="client")
@answers_problems
async def get_workflow(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show the status; with ``include=history`` also what has happened so far."""
    instance_id = InstanceId.parse(req.route_params.get("instanceId", ""))
    view = await find_instance(client, instance_id, history=_wants_history(req))
    if view is None:
        raise InstanceUnknownError("no instance has this id")
    location = workflow_path(instance_id)
    headers = None if view.is_terminal else while_running(location)
    return answer(projection(view, location=location), headers=headers)


def _wants_history(req: func.HttpRequest) -> bool:
    match req.params.get("include"):
        case None:
            return False
        case "history":
            return True
        case _:
            raise InvalidRequestError(
                "the query is wrong",
                [FieldProblem(pointer="?include", code="enum", detail="may only be: history")],
            )
