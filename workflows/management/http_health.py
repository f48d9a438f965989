"""Whether the app lives, whether it is ready, and whether it has anything left to do.

What is checked is in readiness, what is counted in shared.operations.in_flight.
"""

from http import HTTPStatus
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.endpoints import endpoint
from shared.http import answer
from shared.operations import management_api
from shared.operations.in_flight import in_flight
from shared.operations.types import TYPES
from workflows.management import api_health, names
from workflows.management.readiness import Health, Readiness

_RETRY_AFTER: Final = {"Retry-After": "5"}

blueprint = df.Blueprint()


@blueprint.function_name(names.HEALTH_LIVE)
@blueprint.route(route="health/live", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(Permission.PUBLIC, api_health.LIVE)
async def health_live(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the binding
    """Say that the process answers; nothing else is asked."""
    return answer({"live": True})


@blueprint.function_name(names.HEALTH_READY)
@blueprint.route(route="health/ready", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.PUBLIC, api_health.READY)
async def health_ready(
    req: func.HttpRequest,  # noqa: ARG001 - the binding
    client: df.DurableOrchestrationClient,
) -> func.HttpResponse:
    """Say whether the app can do its work, and which check fails if not."""
    readiness = Readiness(management=management_api.of(client), clock=system_clock())
    checks = await readiness.checked()
    is_ready = all(found is Health.OK for found in checks.values())
    return answer(
        {"ready": is_ready, "checks": dict(checks)},
        status=HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE,
        headers=None if is_ready else _RETRY_AFTER,
    )


@blueprint.function_name(names.IN_FLIGHT)
@blueprint.route(route="ops/in-flight", methods=["GET"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.READ_OPERATIONS, api_health.IN_FLIGHT)
async def show_in_flight(
    req: func.HttpRequest,  # noqa: ARG001 - the binding
    client: df.DurableOrchestrationClient,
) -> func.HttpResponse:
    """Count what has not ended: what a deployment waits for."""
    found = await in_flight(management_api.of(client), TYPES)
    since = found.oldest_pending_at
    waited = max((system_clock().now() - since).total_seconds(), 0.0) if since else None
    return answer(
        {
            "running": found.running,
            "pending": found.pending,
            "suspended": found.suspended,
            "oldestPendingSeconds": None if waited is None else round(waited, 1),
            "byType": dict(found.by_type),
            "isDrained": found.is_drained,
        }
    )
