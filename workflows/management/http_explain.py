"""``GET /api/workflows/{instanceId}/explain``: why an instance is where it is, for operators.

A failure's own words are in it, without secrets and personal data; so it is not for every caller.
"""

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.descriptions import Answer, Operation
from shared.durable import InstanceId
from shared.endpoints import endpoint
from shared.errors import InstanceUnknownError
from shared.http import answer
from shared.operations import management_api
from shared.operations.explainer import Explainer
from shared.operations.explanation import Explanation
from shared.operations.types import TYPES
from workflows.management import names
from workflows.management.queries import query_of

blueprint = df.Blueprint()


@blueprint.function_name(names.EXPLAIN_WORKFLOW)
@blueprint.route(route="workflows/{instanceId}/explain", methods=["GET"])
@blueprint.durable_client_input(client_name="client")
@endpoint(
    Permission.READ_HISTORY,
    Operation(
        tag="Operations",
        answers={200: Answer(description="Why it is where it is.", model=Explanation)},
        refuses=("instance_unknown",),
    ),
)
async def explain_workflow(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Explain an instance and, in part, its children."""
    query_of(req)
    instance_id = InstanceId.parse(req.route_params.get("instanceId", ""))
    explainer = Explainer(
        management=management_api.of(client), types=TYPES, now=system_clock().now()
    )
    explanation = await explainer.explained(instance_id)
    if explanation is None:
        raise InstanceUnknownError("no instance has this id")
    return answer(explanation.to_document())
