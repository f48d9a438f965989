"""``GET /api/ops/overview``: what went on in the last hours, in numbers.

How it is counted and kept is shared.operations.overview_buckets' business.
"""

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.endpoints import endpoint
from shared.http import answer
from shared.operations import management_api
from shared.operations.overview_buckets import MOST_HOURS, recent_overview
from shared.operations.types import TYPES
from workflows.management import api_health, names
from workflows.management.queries import number_in, query_of

blueprint = df.Blueprint()

_HOURS = 24


@blueprint.function_name(names.GET_OVERVIEW)
@blueprint.route(route="ops/overview", methods=["GET"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.READ_OPERATIONS, api_health.OVERVIEW)
async def get_overview(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Sum up the last hours: throughput, outcomes, how long things took, the backlog."""
    query = query_of(req, "hours")
    hours = number_in(query, "hours", least=1, most=MOST_HOURS, default=_HOURS)
    overview = await recent_overview(
        management_api.of(client), TYPES, hours=hours, now=system_clock().now()
    )
    return answer(overview.to_json())
