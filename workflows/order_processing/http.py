"""The way in: ``POST /api/orders``. Parse, submit once, answer where to look.

Status is workflows.management's business; what happens to an order is the orchestrator's.
"""

import asyncio
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.durable import InstanceId, InstanceView
from shared.endpoints import endpoint
from shared.http import answer, read_model, while_running, workflow_path
from shared.settings import Settings, current_settings
from shared.submission import Submission, submit
from workflows.order_processing import names
from workflows.order_processing.gateways import kept_requests
from workflows.order_processing.models import Order, OrderPolicy, OrderRequest

blueprint = df.Blueprint()


@blueprint.function_name(names.SUBMIT_ORDER)
@blueprint.route(route="orders", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.START_WORKFLOW)
async def submit_order(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Take an order: 202 while it runs, 200 once it ended, 409 for an id used differently."""
    request = read_model(req, OrderRequest)
    submission = Submission(
        business_id=request.order_id,
        instance_id=InstanceId.parse(f"order-{request.order_id}"),
        orchestrator=names.ORCHESTRATOR,
        client_input=Order.of(request, order_policy(current_settings())).to_json(),
        body=request.to_json(),
        contact=request.customer.email,
    )
    requests = await asyncio.to_thread(kept_requests)
    found = await submit(submission, client=client, requests=requests, clock=system_clock())
    return _accepted(request.order_id, submission.instance_id, found)


def order_policy(settings: Settings) -> OrderPolicy:
    """Fix the settings that an order will run under."""
    return OrderPolicy(
        payment_patience_s=settings.payment_deadline.total_seconds(),
        payment_check_s=settings.payment_check_interval.total_seconds(),
        reservation_ttl_s=settings.reservation_ttl.total_seconds(),
        delivery_limit_s=settings.delivery_limit.total_seconds(),
    )


def _accepted(
    order_id: str, instance_id: InstanceId, found: InstanceView | None
) -> func.HttpResponse:
    location = workflow_path(instance_id)
    ended = found is not None and found.is_terminal
    return answer(
        {
            "orderId": order_id,
            "instanceId": instance_id,
            "links": {
                "self": location,
                "history": f"{location}?include=history",
                "delivery": workflow_path(f"tracking-{order_id}"),
            },
        },
        status=HTTPStatus.OK if ended else HTTPStatus.ACCEPTED,
        headers={"Location": location} if ended else while_running(location),
    )
