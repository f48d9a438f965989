"""The way in for customers who send an order back: what may come back, once per order.

The wish is kept first; the first one of an order stands. What happens then is told in orchestrator.
"""

import asyncio
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.durable import InstanceId, InstanceView, find_instance
from shared.endpoints import endpoint
from shared.errors import (
    ConflictingRequestError,
    InstanceUnknownError,
    RequestMissingError,
)
from shared.http import API_PREFIX, answer, read_model, while_running, workflow_path
from shared.settings import current_settings
from shared.stored_requests import StoredRequests
from shared.submission import Submission, submit
from workflows.order_processing import names
from workflows.order_processing.gateways import kept_requests
from workflows.order_processing.models import OrderRequest
from workflows.order_processing.placing import ID_PREFIX
from workflows.order_processing.returns import api
from workflows.order_processing.returns.models import KeptReturn, Return, ReturnOrder
from workflows.order_processing.returns.rules import (
    RETURN_PREFIX,
    refuse_what_may_not_return,
)
from workflows.order_processing.views import sale_of

blueprint = df.Blueprint()


@blueprint.function_name(names.RETURN_ORDER)
@blueprint.route(route="orders/{orderId}/return", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.START_WORKFLOW, api.RETURN_ORDER)
async def return_order(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Send an order back: 202 while it is on its way, 200 once that ended, 409 where it may not."""
    order_id = req.route_params.get("orderId", "")
    instance_id = InstanceId.parse(f"{RETURN_PREFIX}{order_id}")
    request = read_model(req, ReturnOrder)
    kept = await asyncio.to_thread(_kept, order_id)
    if kept is None:
        kept = await _wished(order_id, request, client)
    found = await _begun(order_id, instance_id, kept, client)
    location = f"{API_PREFIX}/orders/{order_id}"
    has_ended = found is not None and found.is_terminal
    return answer(
        {
            "orderId": order_id,
            "instanceId": instance_id,
            "links": {"self": location, "workflow": workflow_path(instance_id)},
        },
        status=HTTPStatus.OK if has_ended else HTTPStatus.ACCEPTED,
        headers={"Location": location} if has_ended else while_running(location),
    )


async def _begun(
    order_id: str, instance_id: InstanceId, kept: KeptReturn, client: df.DurableOrchestrationClient
) -> InstanceView | None:
    """Start the return, or find it; of two that come at once the one that was kept counts."""
    requests = await asyncio.to_thread(_returns)
    while True:
        submission = Submission(
            business_id=order_id,
            instance_id=instance_id,
            orchestrator=names.RETURN_ORCHESTRATOR,
            client_input=kept.input.to_json(),
            body=kept.to_json(),
            contact="",
        )
        try:
            return await submit(submission, client=client, requests=requests, clock=system_clock())
        except ConflictingRequestError:
            kept = KeptReturn.from_json((await asyncio.to_thread(requests.load, order_id)).body)


async def _wished(
    order_id: str, request: ReturnOrder, client: df.DurableOrchestrationClient
) -> KeptReturn:
    """Make of a wish what is kept of it.

    Raises:
        InstanceUnknownError: There is no such order.
        RefusedError: It may not come back, not yet or not any more.
    """
    settings = current_settings()
    order = await find_instance(client, InstanceId.parse(f"{ID_PREFIX}{order_id}"))
    if order is None:
        raise InstanceUnknownError("no order has this id")
    refuse_what_may_not_return(order, now=system_clock().now(), window=settings.return_window)
    stored = (await asyncio.to_thread(kept_requests)).load
    sent = OrderRequest.from_json((await asyncio.to_thread(stored, order_id)).body)
    patience = settings.return_window + settings.delivery_limit
    return KeptReturn(
        reason=request.reason,
        input=Return(
            order_id=order_id,
            sale=sale_of(order),
            currency=sent.currency,
            service=sent.shipping.service,
            limit_s=patience.total_seconds(),
        ),
    )


def _returns() -> StoredRequests:
    return kept_requests(names.RETURNS_TABLE)


def _kept(order_id: str) -> KeptReturn | None:
    try:
        return KeptReturn.from_json(_returns().load(order_id).body)
    except RequestMissingError:
        return None
