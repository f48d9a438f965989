"""``POST /api/workflows/actions``: the same to many workflows, chosen by a filter; at first dry.

Choosing and doing are in shared.operations.batches.
"""

import asyncio
from collections.abc import Sequence

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.endpoints import endpoint
from shared.errors import FieldProblem, InvalidRequestError
from shared.http import answer, read_model
from shared.operations import management_api
from shared.operations.acting import operations_of
from shared.operations.batches import Chosen, Outcome, carried_out, choose, rehearsed
from shared.operations.cursor import cursor_key, opened, sealed
from shared.operations.filters import Filter, filter_of
from shared.operations.rules import Action, Order
from shared.operations.types import TYPES
from shared.operators import acting_operator
from workflows.management import api_actions, names
from workflows.management.bodies import BatchBody
from workflows.management.once import key_of, once

blueprint = df.Blueprint()


@blueprint.function_name(names.CHANGE_WORKFLOWS)
@blueprint.route(route="workflows/actions", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api_actions.CHANGE_MANY)
async def change_workflows(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Do the same to all workflows that a filter finds, or say which they would be."""
    actor = acting_operator(req)
    body = read_model(req, BatchBody)
    wanted = _wanted(body)
    order = Order(action=Action(body.action.value), reason=body.reason)
    key_of(req)  # also of a rehearsal: what it is sent with has to be right
    if body.dry_run:
        chosen = await _chosen(client, body, wanted)
        return await _answered(body, wanted, chosen, rehearsed(chosen, order, TYPES))

    async def carry_out() -> func.HttpResponse:
        chosen = await _chosen(client, body, wanted)
        operations = await operations_of(client, actor)
        return await _answered(body, wanted, chosen, await carried_out(operations, chosen, order))

    return await once(req, actor, carry_out)


def _wanted(body: BatchBody) -> Filter:
    """Read the filter; an empty one would mean everything, which nobody means."""
    query = body.filter.as_query()
    if not query.keys() - {"children"}:
        problem = FieldProblem(pointer="/filter", code="empty", detail="would select everything")
        raise InvalidRequestError("one field is wrong", [problem])
    return filter_of(query, TYPES, where="/filter/")


async def _chosen(client: df.DurableOrchestrationClient, body: BatchBody, wanted: Filter) -> Chosen:
    now = system_clock().now()
    position = None
    if body.cursor is not None:
        key = await asyncio.to_thread(cursor_key)
        position = opened(
            body.cursor, digest=_digest(body, wanted), key=key, now=now, pointer="/cursor"
        )
    return await choose(
        management_api.of(client),
        wanted,
        types=TYPES,
        now=now,
        limit=body.limit,
        position=position,
    )


async def _answered(
    body: BatchBody, wanted: Filter, chosen: Chosen, outcomes: Sequence[Outcome]
) -> func.HttpResponse:
    position = chosen.position
    key = await asyncio.to_thread(cursor_key)
    now = system_clock().now()
    return answer(
        {
            "dryRun": body.dry_run,
            "matched": len(outcomes),
            "items": [
                {"instanceId": outcome.instance_id, "result": outcome.result}
                for outcome in outcomes
            ],
            "nextCursor": sealed(position, digest=_digest(body, wanted), key=key, now=now)
            if position
            else None,
        }
    )


def _digest(body: BatchBody, wanted: Filter) -> str:
    return f"{body.action}:{wanted.digest()}"
