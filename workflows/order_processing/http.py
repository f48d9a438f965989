"""The way in for customers' systems: take an order, show it, cancel it.

What happens to an order is the orchestrator's business, what is shown of it is decided in views.
"""

import asyncio
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.cancellations import cancel
from shared.clock import system_clock
from shared.durable import InstanceId, InstanceView, find_instance
from shared.endpoints import endpoint
from shared.errors import InstanceUnknownError, PastCancellingError
from shared.http import API_PREFIX, answer, read_model, while_running, workflow_path
from shared.settings import Settings, current_settings
from shared.submission import Submission, submit
from workflows.order_processing import api, names
from workflows.order_processing.gateways import kept_requests, open_cancellations
from workflows.order_processing.models import CancelOrder, Order, OrderPolicy, OrderRequest
from workflows.order_processing.views import order_view

blueprint = df.Blueprint()

ID_PREFIX = "order-"
_CUSTOMER = "customer"  # on whose behalf the caller acts; who it is stays in the kept request


@blueprint.function_name(names.SUBMIT_ORDER)
@blueprint.route(route="orders", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.START_WORKFLOW, api.SUBMIT_ORDER)
async def submit_order(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Take an order: 202 while it runs, 200 once it ended, 409 for an id used differently."""
    request = read_model(req, OrderRequest)
    submission = Submission(
        business_id=request.order_id,
        instance_id=InstanceId.parse(f"{ID_PREFIX}{request.order_id}"),
        orchestrator=names.ORCHESTRATOR,
        client_input=Order.of(request, order_policy(current_settings())).to_json(),
        body=request.to_json(),
        contact=request.customer.email,
    )
    requests = await asyncio.to_thread(kept_requests)
    found = await submit(submission, client=client, requests=requests, clock=system_clock())
    return _accepted(request.order_id, submission.instance_id, found)


@blueprint.function_name(names.GET_ORDER)
@blueprint.route(route="orders/{orderId}", methods=["GET"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.READ_WORKFLOW, api.GET_ORDER)
async def get_order(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show an order as its customer may see it."""
    order_id, instance_id = _asked_for(req)
    order, delivery = await asyncio.gather(
        find_instance(client, instance_id),
        find_instance(client, InstanceId.parse(f"tracking-{order_id}")),
    )
    if order is None:
        raise InstanceUnknownError("no order has this id")
    view = order_view(order_id, order, delivery, links=_links(order_id, instance_id))
    location = view.links["self"]
    headers = None if order.is_terminal else while_running(location)
    return answer(view.to_json(), headers=headers)


@blueprint.function_name(names.CANCEL_ORDER)
@blueprint.route(route="orders/{orderId}/cancel", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.START_WORKFLOW, api.CANCEL_ORDER)
async def cancel_order(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Cancel for the customer: 202 means that it will be undone, 409 that it is too late."""
    order_id, instance_id = _asked_for(req)
    request = read_model(req, CancelOrder)
    order = await find_instance(client, instance_id)
    if order is None:
        raise InstanceUnknownError("no order has this id")
    if order.is_terminal:
        raise PastCancellingError("the order has ended")
    cancellations = await asyncio.to_thread(open_cancellations)
    if not await cancel(client, cancellations, instance_id, actor=_CUSTOMER, reason=request.reason):
        raise PastCancellingError("the money is taken: send the goods back instead")
    links = _links(order_id, instance_id)
    return answer(
        {"orderId": order_id, "links": links},
        status=HTTPStatus.ACCEPTED,
        headers=while_running(links["self"]),
    )


def _asked_for(req: func.HttpRequest) -> tuple[str, InstanceId]:
    order_id = req.route_params.get("orderId", "")
    return order_id, InstanceId.parse(f"{ID_PREFIX}{order_id}")


def _links(order_id: str, instance_id: InstanceId) -> dict[str, str]:
    location = f"{API_PREFIX}/orders/{order_id}"
    return {
        "self": location,
        "cancel": f"{location}/cancel",
        "workflow": workflow_path(instance_id),
        "delivery": workflow_path(f"tracking-{order_id}"),
    }


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
