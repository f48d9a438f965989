"""The way in: start a saga that is defined, or cancel one before its pivot.

Status is workflows.management's business; what a saga does is said in definitions.
"""

import asyncio
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func
from pydantic import TypeAdapter, ValidationError

from shared.access import Permission
from shared.cancellations import cancel
from shared.clock import system_clock
from shared.durable import InstanceId, InstanceView, find_instance
from shared.endpoints import endpoint
from shared.errors import (
    FieldProblem,
    InstanceUnknownError,
    InvalidRequestError,
    PastCancellingError,
)
from shared.http import (
    API_PREFIX,
    answer,
    read_model,
    while_running,
    workflow_path,
)
from shared.operators import acting_operator
from shared.ordering import Identifier
from shared.submission import Submission, submit
from workflows.saga import api, names
from workflows.saga.definitions import ORDER, REGISTRY
from workflows.saga.gateways import kept_requests, outside
from workflows.saga.models import CancelRequest, SagaInput, SagaStart, request_model
from workflows.saga.orders import OrderSagaBody
from workflows.saga.plan import Definition

blueprint = df.Blueprint()
_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)


@blueprint.function_name(names.START)
@blueprint.route(route="sagas/{name}", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.START_WORKFLOW, api.START)
async def start_saga(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Start a saga by its name: 202 while it runs, 200 once it ended, 409 for an id used before."""
    definition = REGISTRY.newest(req.route_params.get("name", ""))
    request = read_model(req, request_model(definition.input_model))
    return await _started(client, definition, request.saga_id, request.input)


@blueprint.function_name(names.START_ORDER)
@blueprint.route(route="saga/order/{orderId}", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.START_WORKFLOW, api.START_ORDER)
async def start_order_saga(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Start the saga ``order`` under the order's id; an id in the body has to be the same."""
    order_id = _order_id(req.route_params.get("orderId", ""))
    body = read_model(req, OrderSagaBody)
    if body.order_id not in {None, order_id}:
        raise _wrong("/orderId", "differs", "is not the id in the path")
    order = ORDER.input_model.from_json(body.model_copy(update={"order_id": None}).to_json())
    return await _started(client, REGISTRY.newest(ORDER.name), order_id, order)


@blueprint.function_name(names.CANCEL)
@blueprint.route(route="sagas/{instanceId}/cancel", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api.CANCEL)
async def cancel_saga(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Cancel a saga: 202 means that it will be undone; 409 that it is past its pivot or over."""
    instance_id = InstanceId.parse(req.route_params.get("instanceId", ""))
    actor = acting_operator(req)
    request = read_model(req, CancelRequest)
    view = await find_instance(client, instance_id)
    if view is None or view.orchestrator != names.ORCHESTRATOR:
        raise InstanceUnknownError("no saga has this id")
    if view.is_terminal:
        raise PastCancellingError("the saga has ended")
    cancellations = (await asyncio.to_thread(outside)).cancellations
    if not await cancel(client, cancellations, instance_id, actor=actor, reason=request.reason):
        raise PastCancellingError("the saga is past its pivot: it only goes forward")
    location = workflow_path(instance_id)
    return answer(
        {"instanceId": instance_id, "links": {"self": location}},
        status=HTTPStatus.ACCEPTED,
        headers=while_running(location),
    )


async def _started(
    client: df.DurableOrchestrationClient,
    definition: Definition,
    saga_id: str,
    given: SagaInput,
) -> func.HttpResponse:
    request_id = f"{definition.name}:{saga_id}"
    start = SagaStart(
        saga=definition.name,
        version=definition.version,
        saga_id=saga_id,
        request_id=request_id,
        input=given.known(),
    )
    submission = Submission(
        business_id=request_id,
        instance_id=InstanceId.parse(f"saga-{definition.name}-{saga_id}"),
        orchestrator=names.ORCHESTRATOR,
        client_input=start.to_json(),
        body=given.to_json(),
        contact=given.contact,
    )
    requests = await asyncio.to_thread(kept_requests)
    found = await submit(submission, client=client, requests=requests, clock=system_clock())
    return _accepted(start, submission.instance_id, found)


def _order_id(text: str) -> str:
    try:
        return _IDENTIFIER.validate_python(text)
    except ValidationError:
        raise _wrong("/orderId", "malformed", "the path holds no order id") from None


def _wrong(pointer: str, code: str, detail: str) -> InvalidRequestError:
    problem = FieldProblem(pointer=pointer, code=code, detail=detail)
    return InvalidRequestError("one field is wrong", [problem])


def _accepted(
    start: SagaStart, instance_id: InstanceId, found: InstanceView | None
) -> func.HttpResponse:
    location = workflow_path(instance_id)
    ended = found is not None and found.is_terminal
    return answer(
        {
            "saga": start.saga,
            "sagaId": start.saga_id,
            "instanceId": instance_id,
            "links": {
                "self": location,
                "history": f"{location}?include=history",
                "cancel": f"{API_PREFIX}/sagas/{instance_id}/cancel",
            },
        },
        status=HTTPStatus.OK if ended else HTTPStatus.ACCEPTED,
        headers={"Location": location} if ended else while_running(location),
    )
