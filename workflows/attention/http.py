"""The way in for operators: ``POST /api/workflows/{instanceId}/attention``, ``GET /api/attention``.

What becomes of a decision is the desk's business; the same for people is in pages.
"""

from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.durable import InstanceId
from shared.endpoints import endpoint
from shared.http import answer, read_model, while_running, workflow_path
from shared.operators import acting_operator
from workflows.attention import api, names
from workflows.attention.desk import open_rounds, take
from workflows.attention.models import AskedRound, DecisionRequest, OpenRound

blueprint = df.Blueprint()


@blueprint.function_name(names.DECIDE)
@blueprint.route(route="workflows/{instanceId}/attention", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.DECIDE_ATTENTION, api.DECIDE)
async def decide(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Take an operator's decision: 202, also for the same one again; 409 for any other."""
    instance_id = InstanceId.parse(req.route_params.get("instanceId", ""))
    actor = acting_operator(req, Permission.DECIDE_ATTENTION)
    request = read_model(req, DecisionRequest)
    taken = await take(client, instance_id, request, actor=actor)
    return _accepted(instance_id, taken)


@blueprint.function_name(names.LIST_OPEN)
@blueprint.route(route="attention", methods=["GET"])
@endpoint(Permission.READ_OPERATIONS, api.LIST_OPEN)
async def list_open(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the binding
    """Show every round that waits for a decision, the oldest first."""
    return answer({"items": [_shown(asked).to_json() for asked in await open_rounds()]})


def _accepted(instance_id: InstanceId, taken: AskedRound) -> func.HttpResponse:
    location = workflow_path(instance_id)
    decision = taken.decision.to_json() if taken.decision else {}
    return answer(
        {
            "instanceId": instance_id,
            "round": taken.round,
            "decision": decision,
            "links": {"self": location},
        },
        status=HTTPStatus.ACCEPTED,
        headers=while_running(location),
    )


def _shown(asked: AskedRound) -> OpenRound:
    location = workflow_path(asked.instance_id)
    return OpenRound(
        instance_id=asked.instance_id,
        workflow=asked.workflow,
        round=asked.round,
        trouble=asked.trouble,
        open=asked.open,
        undone=asked.undone,
        opened_at=asked.opened_at,
        reminders=asked.reminders,
        links={"self": location, "decide": f"{location}/attention"},
    )
