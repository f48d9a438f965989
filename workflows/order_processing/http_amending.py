"""The way in for customers who are asked to take less: what they say is kept, then announced.

Whether it is less than was ordered is decided here; what it changes is the orchestrator's business.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.durable import InstanceId, InstanceView, find_instance
from shared.endpoints import endpoint
from shared.errors import (
    AmendmentNotAskedError,
    ConflictingRequestError,
    FieldProblem,
    InstanceUnknownError,
    InvalidRequestError,
    ProviderUnavailableError,
)
from shared.http import API_PREFIX, answer, read_model, while_running
from workflows.order_processing import api, names
from workflows.order_processing.amendments import Amendments, Word
from workflows.order_processing.gateways import kept_requests, open_amendments
from workflows.order_processing.models import AmendedItem, AmendOrder, OrderRequest
from workflows.order_processing.placing import ID_PREFIX
from workflows.order_processing.views import asking_of

blueprint = df.Blueprint()


@blueprint.function_name(names.AMEND_ORDER)
@blueprint.route(route="orders/{orderId}/amend", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.START_WORKFLOW, api.AMEND_ORDER)
async def amend_order(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Take less than was ordered: 202 for the first word and its repeats, 409 for another one."""
    order_id = req.route_params.get("orderId", "")
    instance_id = InstanceId.parse(f"{ID_PREFIX}{order_id}")
    request = read_model(req, AmendOrder)
    order = await find_instance(client, instance_id)
    if order is None:
        raise InstanceUnknownError("no order has this id")
    event = await asyncio.to_thread(_keep, order_id, order, request)
    if event is not None:
        await _announce(client, instance_id, event)
    location = f"{API_PREFIX}/orders/{order_id}"
    return answer(
        {"orderId": order_id, "links": {"self": location, "cancel": f"{location}/cancel"}},
        status=HTTPStatus.ACCEPTED,
        headers=while_running(location),
    )


def _keep(order_id: str, order: InstanceView, request: AmendOrder) -> str | None:
    """Keep what is said; return the event that tells the order, or None when it has heard it."""
    amendments = open_amendments()
    word = {item.sku: item.quantity for item in request.items}
    asking = asking_of(order)
    said = amendments.latest(order.instance_id)
    if asking is None:
        if said == word:
            return None
        raise AmendmentNotAskedError("the order does not ask for less, or not any more")
    wanted = _wanted(amendments, order_id, order, asking.round)
    if asking.round > 1 and word == wanted:
        return None  # the last round's word once more
    _check(request.items, wanted)
    stands = amendments.say(order.instance_id, asking.round, word, at=system_clock().now())
    if stands is None:
        raise AmendmentNotAskedError("the time for it is over")
    if stands != word:
        raise ConflictingRequestError("something else was said before")
    return asking.event


def _wanted(amendments: Amendments, order_id: str, order: InstanceView, round_: int) -> Word:
    """Return what the order is for in a round: what was said in the last one, or what was sent."""
    said = amendments.find(order.instance_id, round_ - 1)
    if said is not None:
        return said
    request = OrderRequest.from_json(kept_requests().load(order_id).body)
    return {item.sku: item.quantity for item in request.items}


def _check(items: tuple[AmendedItem, ...], wanted: Mapping[str, int]) -> None:
    """Let nobody take what they did not order.

    Raises:
        InvalidRequestError: Names every line that is more than was ordered.
    """
    problems = [
        problem
        for number, item in enumerate(items)
        if (problem := _problem(number, item, wanted.get(item.sku))) is not None
    ]
    if not problems and {item.sku: item.quantity for item in items} == wanted:
        detail = "take fewer pieces, or leave out a line"
        problems.append(FieldProblem(pointer="/items", code="not_less", detail=detail))
    if problems:
        raise InvalidRequestError("an amendment can only take away", problems)


def _problem(number: int, item: AmendedItem, wanted: int | None) -> FieldProblem | None:
    if wanted is None:
        return FieldProblem(
            pointer=f"/items/{number}/sku", code="not_ordered", detail="is not in the order"
        )
    if item.quantity > wanted:
        return FieldProblem(
            pointer=f"/items/{number}/quantity",
            code="more_than_ordered",
            detail=f"at most {wanted} were ordered",
        )
    return None


async def _announce(
    client: df.DurableOrchestrationClient, instance_id: InstanceId, event: str
) -> None:
    """Tell the order, so that it need not look by itself to find out."""
    try:
        await client.raise_event(instance_id.quoted, event, {})
    except Exception as failure:  # the SDK raises bare Exception
        view = await find_instance(client, instance_id)
        if view is not None and asking_of(view) is not None:
            raise ProviderUnavailableError("the word is kept and not announced") from failure
