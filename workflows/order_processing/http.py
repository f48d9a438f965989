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
from shared.durable import InstanceId, find_instance
from shared.endpoints import endpoint
from shared.errors import InstanceUnknownError, PastCancellingError
from shared.http import API_PREFIX, answer, read_model, while_running, workflow_path
from shared.settings import current_settings
from workflows.order_processing import api, names
from workflows.order_processing.answers import accepted
from workflows.order_processing.gateways import open_cancellations
from workflows.order_processing.models import CancelOrder, OrderRequest
from workflows.order_processing.placing import ID_PREFIX, place
from workflows.order_processing.returns.rules import RETURN_PREFIX, may_return
from workflows.order_processing.views import order_view

blueprint = df.Blueprint()

_CUSTOMER = "customer"  # on whose behalf the caller acts; who it is stays in the kept request


@blueprint.function_name(names.SUBMIT_ORDER)
@blueprint.route(route="orders", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.START_WORKFLOW, api.SUBMIT_ORDER)
async def submit_order(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Take an order: 202 while it runs, 200 once it ended, 409 for an id used differently."""
    return accepted(await place(read_model(req, OrderRequest), client))


@blueprint.function_name(names.GET_ORDER)
@blueprint.route(route="orders/{orderId}", methods=["GET"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.READ_WORKFLOW, api.GET_ORDER)
async def get_order(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show an order as its customer may see it."""
    order_id, instance_id = _asked_for(req)
    order, delivery, returned = await asyncio.gather(
        find_instance(client, instance_id),
        find_instance(client, InstanceId.parse(f"tracking-{order_id}")),
        find_instance(client, InstanceId.parse(f"{RETURN_PREFIX}{order_id}")),
    )
    if order is None:
        raise InstanceUnknownError("no order has this id")
    is_returnable = returned is None and may_return(
        order, now=system_clock().now(), window=current_settings().return_window
    )
    links = _links(order_id, instance_id)
    if is_returnable:
        links["return"] = f"{links['self']}/return"
    view = order_view(
        order_id, order, delivery, returned=returned, may_return=is_returnable, links=links
    )
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
