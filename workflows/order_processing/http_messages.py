"""What operators do with messages that were refused: see why, and have one placed again."""

import asyncio
import re
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.endpoints import endpoint
from shared.errors import RefusedError, WorkflowError
from shared.http import answer, parse_model, problem_document
from workflows.order_processing import api_messages, names
from workflows.order_processing.answers import accepted
from workflows.order_processing.gateways import refused_messages
from workflows.order_processing.models import OrderRequest
from workflows.order_processing.placing import place
from workflows.order_processing.refused_views import RefusedPage, refused_path, refused_view

_MOST: Final = 100
_UNKNOWN: Final = "no refused message has this id"
_MESSAGE_ID: Final = re.compile(api_messages.MESSAGE_ID_PATTERN)

blueprint = df.Blueprint()


@blueprint.function_name(names.LIST_REFUSED_MESSAGES)
@blueprint.route(route="orders/messages/refused", methods=["GET"])
@endpoint(Permission.READ_OPERATIONS, api_messages.LIST_REFUSED)
async def list_refused_messages(req: func.HttpRequest) -> func.HttpResponse:
    """Show the refused messages with their reasons, the oldest first; nobody sees what they say."""
    del req
    kept = await asyncio.to_thread(refused_messages)
    found = await asyncio.to_thread(kept.oldest, _MOST + 1)
    page = RefusedPage(items=tuple(map(refused_view, found[:_MOST])), has_more=len(found) > _MOST)
    return answer(page.to_json())


@blueprint.function_name(names.RETRY_REFUSED_MESSAGE)
@blueprint.route(route="orders/messages/refused/{messageId}/retry", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api_messages.RETRY_REFUSED)
async def retry_refused_message(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Place the order of a refused message, which is forgotten then, or say what is wrong now."""
    message_id = req.route_params.get("messageId", "")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise RefusedError("message_unknown", _UNKNOWN)
    kept = await asyncio.to_thread(refused_messages)
    message = await asyncio.to_thread(kept.find, message_id)
    if message is None:
        raise RefusedError("message_unknown", _UNKNOWN)
    if not message.is_whole:
        raise RefusedError("message_incomplete", "a card number was in it and is not kept")
    try:
        request = parse_model(message.arrival.text.encode(), OrderRequest)
        placed = await place(request, client)
    except WorkflowError as refusal:
        if not refusal.retriable:
            await asyncio.to_thread(
                kept.keep,
                message.arrival,
                problem=problem_document(refusal, instance=refused_path(message.arrival.id)),
                is_order=True,  # what is whole has been looked at before
                at=system_clock().now(),
            )
        raise
    await asyncio.to_thread(kept.remove, message)
    return accepted(placed)
