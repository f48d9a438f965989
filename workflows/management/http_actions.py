"""What operators do to one workflow: cancel, terminate, suspend, resume, rewind, restart, purge.

Each says why, is written down before it is done, and can be repeated. What happens is decided in
shared.operations; what was done is told by ``GET /api/workflows/{instanceId}/audit``.
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func
from pydantic import create_model

from shared.access import Permission
from shared.durable import InstanceId, find_instance
from shared.endpoints import endpoint
from shared.errors import InstanceUnknownError, RefusedError
from shared.http import answer, read_model, workflow_path
from shared.models import JsonObject
from shared.operations.acting import operations_of
from shared.operations.audit import Recorded, audit
from shared.operations.rules import CASCADES, Action, Affected, Order, Result
from shared.operations.types import TYPES
from shared.operators import acting_operator
from workflows.management import api_actions, names
from workflows.management.bodies import Cascading, EventBody, Reasoned
from workflows.management.once import once

blueprint = df.Blueprint()


@blueprint.function_name(names.CANCEL_WORKFLOW)
@blueprint.route(route="workflows/{instanceId}/cancel", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api_actions.CANCEL)
async def cancel_workflow(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Let a workflow stop in its own way and undo what it has begun."""
    return await _acted(req, client, Action.CANCEL)


@blueprint.function_name(names.TERMINATE_WORKFLOW)
@blueprint.route(route="workflows/{instanceId}/terminate", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api_actions.TERMINATE)
async def terminate_workflow(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Stop a workflow where it is; nothing is undone."""
    return await _acted(req, client, Action.TERMINATE)


@blueprint.function_name(names.SUSPEND_WORKFLOW)
@blueprint.route(route="workflows/{instanceId}/suspend", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api_actions.SUSPEND)
async def suspend_workflow(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Let a workflow rest; what arrives meanwhile is kept."""
    return await _acted(req, client, Action.SUSPEND)


@blueprint.function_name(names.RESUME_WORKFLOW)
@blueprint.route(route="workflows/{instanceId}/resume", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api_actions.RESUME)
async def resume_workflow(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Let a suspended workflow go on."""
    return await _acted(req, client, Action.RESUME)


@blueprint.function_name(names.REWIND_WORKFLOW)
@blueprint.route(route="workflows/{instanceId}/rewind", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api_actions.REWIND)
async def rewind_workflow(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Take a failed workflow back to before its failure, and let it try again."""
    return await _acted(req, client, Action.REWIND)


@blueprint.function_name(names.RESTART_WORKFLOW)
@blueprint.route(route="workflows/{instanceId}/restart", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api_actions.RESTART)
async def restart_workflow(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Start an ended workflow again with its old input, under a new id, if its type allows it."""
    return await _acted(req, client, Action.RESTART)


@blueprint.function_name(names.PURGE_WORKFLOW)
@blueprint.route(route="workflows/{instanceId}", methods=["DELETE"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api_actions.PURGE)
async def purge_workflow(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Forget an ended workflow and its ended children; their audit stays."""
    instance_id = _instance_id(req)
    actor = acting_operator(req)
    body = read_model(req, Cascading)

    async def purge() -> func.HttpResponse:
        operations = await operations_of(client, actor)
        order = Order(action=Action.PURGE, reason=body.reason, cascade=body.cascade)
        affected = await operations.act(instance_id, order)
        purged = sum(each.result is Result.DONE for each in affected)
        return answer({"purged": purged, "links": {"audit": f"{workflow_path(instance_id)}/audit"}})

    return await once(req, actor, purge)


@blueprint.function_name(names.RAISE_EVENT)
@blueprint.route(route="workflows/{instanceId}/events/{name}", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api_actions.RAISE_EVENT)
async def raise_event(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Raise one of the events that the workflow's type knows."""
    instance_id = _instance_id(req)
    actor = acting_operator(req)
    name = req.route_params.get("name", "")
    view = await find_instance(client, instance_id)
    if view is None:
        raise InstanceUnknownError("no instance has this id")
    model = TYPES.of(view.orchestrator).events.get(name)
    if model is None:
        raise RefusedError("event_unknown", "workflows of this type know no such event")
    body = read_model(req, create_model("Event", __base__=EventBody, data=(model, model())))
    data = model.from_json(body.to_json()["data"]).to_json()
    order = Order(action=Action.RAISE_EVENT, reason=body.reason, event=name, data=data)
    return await once(req, actor, lambda: _carried_out(client, actor, instance_id, order))


@blueprint.function_name(names.SHOW_AUDIT)
@blueprint.route(route="workflows/{instanceId}/audit", methods=["GET"])
@endpoint(Permission.READ_OPERATIONS, api_actions.AUDIT)
async def show_audit(req: func.HttpRequest) -> func.HttpResponse:
    """Show who did what to a workflow and why, the newest first; it survives the workflow."""
    instance_id = _instance_id(req)
    book = await asyncio.to_thread(audit)
    acts, is_whole = await asyncio.to_thread(book.of, instance_id)
    return answer({"items": _shown(acts), "verified": is_whole})


async def _acted(
    req: func.HttpRequest, client: df.DurableOrchestrationClient, action: Action
) -> func.HttpResponse:
    instance_id = _instance_id(req)
    actor = acting_operator(req)
    body = read_model(req, Cascading if action in CASCADES else Reasoned)
    cascade = isinstance(body, Cascading) and body.cascade
    order = Order(action=action, reason=body.reason, cascade=cascade)
    return await once(req, actor, lambda: _carried_out(client, actor, instance_id, order))


async def _carried_out(
    client: df.DurableOrchestrationClient, actor: str, instance_id: InstanceId, order: Order
) -> func.HttpResponse:
    operations = await operations_of(client, actor)
    affected = await operations.act(instance_id, order)
    location = workflow_path(instance_id)
    restarted = next((each.new_instance_id for each in affected if each.new_instance_id), None)
    links = {"self": location, "audit": f"{location}/audit"}
    if restarted is not None:
        links["restarted"] = workflow_path(restarted)
    was_done = any(each.result is Result.DONE for each in affected)
    return answer(
        {
            "instanceId": instance_id,
            "action": order.action.value,
            "affected": [_told(each) for each in affected],
            "links": links,
        },
        status=HTTPStatus.ACCEPTED if was_done else HTTPStatus.OK,
        headers={"Location": links.get("restarted", location)},
    )


def _instance_id(req: func.HttpRequest) -> InstanceId:
    return InstanceId.parse(req.route_params.get("instanceId", ""))


def _told(affected: Affected) -> JsonObject:
    told = {"instanceId": affected.instance_id, "result": affected.result.value}
    if affected.new_instance_id is not None:
        told["newInstanceId"] = affected.new_instance_id
    return told


def _shown(acts: Sequence[Recorded]) -> list[JsonObject]:
    return [
        {
            "at": f"{act.at:%Y-%m-%dT%H:%M:%SZ}",
            "action": act.action,
            "actor": act.actor,
            "proof": act.proof,
            "reason": act.reason,
            "result": act.result,
        }
        for act in acts
    ]
