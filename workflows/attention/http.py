"""The way in for operators: ``POST /api/workflows/{instanceId}/attention``, ``GET /api/attention``.

A decision is kept first and then announced to the instance; what it does there is the business of
the domain that asked.
"""

import asyncio
from http import HTTPStatus
from typing import Never

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.attention import decision_event
from shared.clock import system_clock
from shared.durable import InstanceId, find_instance
from shared.endpoints import endpoint
from shared.errors import (
    AttentionDecidedError,
    AttentionNotOpenError,
    FieldProblem,
    InstanceUnknownError,
    InvalidRequestError,
    ProviderUnavailableError,
)
from shared.http import answer, read_model, while_running, workflow_path
from shared.operators import acting_operator
from workflows.attention import names
from workflows.attention.gateways import Outside, outside
from workflows.attention.models import AskedRound, DecisionRequest, OpenRound
from workflows.attention.transitions import Refusal

blueprint = df.Blueprint()


@blueprint.function_name(names.DECIDE)
@blueprint.route(route="workflows/{instanceId}/attention", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.DECIDE_ATTENTION)
async def decide(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Take an operator's decision: 202, also for the same one again; 409 for any other."""
    instance_id = InstanceId.parse(req.route_params.get("instanceId", ""))
    actor = acting_operator(req, Permission.DECIDE_ATTENTION)
    request = read_model(req, DecisionRequest)
    view = await find_instance(client, instance_id)
    if view is None:
        raise InstanceUnknownError("no instance has this id")
    board = (await asyncio.to_thread(outside)).board
    if view.is_terminal:
        await asyncio.to_thread(board.close, instance_id)
    taken = await asyncio.to_thread(
        board.decide, instance_id, request, actor=actor, at=system_clock().now()
    )
    if isinstance(taken, Refusal):
        _refuse(taken)
    if not view.is_terminal:
        await _announce(client, instance_id, taken)
    return _accepted(instance_id, taken)


@blueprint.function_name(names.LIST_OPEN)
@blueprint.route(route="attention", methods=["GET"])
@endpoint(Permission.READ_OPERATIONS)
async def list_open(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the binding
    """Show every round that waits for a decision, the oldest first."""
    found: Outside = await asyncio.to_thread(outside)
    rounds = await asyncio.to_thread(found.board.open_rounds)
    return answer({"items": [_shown(asked).to_json() for asked in rounds]})


async def _announce(
    client: df.DurableOrchestrationClient, instance_id: InstanceId, taken: AskedRound
) -> None:
    """Tell the instance; it looks for the decision itself, so the event carries nothing."""
    try:
        await client.raise_event(
            instance_id.quoted, decision_event(taken.round), {"round": taken.round}
        )
    except Exception as failure:  # the SDK raises bare Exception
        view = await find_instance(client, instance_id)
        if view is None or not view.is_terminal:
            raise ProviderUnavailableError("the decision is kept and not announced") from failure


def _refuse(refused: Refusal) -> Never:
    if refused.code == "decided":
        raise AttentionDecidedError(refused.detail)
    if refused.code == "not_open":
        problem = FieldProblem(pointer="/step", code="not-open", detail=refused.detail)
        raise InvalidRequestError("one field is wrong", [problem])
    raise AttentionNotOpenError(refused.detail)


def _accepted(instance_id: InstanceId, taken: AskedRound) -> func.HttpResponse:
    location = workflow_path(instance_id)
    decision = taken.decision.to_json() if taken.decision else {}
    return answer(
        {
            "instanceId": instance_id,
            "round": taken.round,
            "decision": decision,
            "links": {"self": location},
        },
        status=HTTPStatus.ACCEPTED,
        headers=while_running(location),
    )


def _shown(asked: AskedRound) -> OpenRound:
    location = workflow_path(asked.instance_id)
    return OpenRound(
        instance_id=asked.instance_id,
        workflow=asked.workflow,
        round=asked.round,
        trouble=asked.trouble,
        open=asked.open,
        undone=asked.undone,
        opened_at=asked.opened_at,
        reminders=asked.reminders,
        links={"self": location, "decide": f"{location}/attention"},
    )
