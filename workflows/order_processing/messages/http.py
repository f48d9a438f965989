"""What operators do with messages that were refused: see why, and have one placed again."""

import asyncio
import re
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.endpoints import endpoint
from shared.errors import FieldProblem, InvalidRequestError, RefusedError, WorkflowError
from shared.http import answer, parse_model, problem_document, read_model
from shared.operations.acting import operator_of
from shared.operations.audit import Act, audit
from shared.operations.rules import Operator, Result
from shared.operators import acting_operator
from workflows.order_processing import names
from workflows.order_processing.answers import accepted
from workflows.order_processing.messages import api
from workflows.order_processing.messages.refused import (
    RefusedMessage,
    RefusedMessages,
    refused_messages,
)
from workflows.order_processing.messages.views import refused_page, refused_path
from workflows.order_processing.models import OrderRequest, RetryMessage
from workflows.order_processing.placing import ID_PREFIX, Placed, place

_MOST: Final = 100
_UNKNOWN: Final = "no refused message has this id"
_MESSAGE_ID: Final = re.compile(api.MESSAGE_ID_PATTERN)

blueprint = df.Blueprint()


@blueprint.function_name(names.LIST_REFUSED_MESSAGES)
@blueprint.route(route="orders/messages/refused", methods=["GET"])
@endpoint(Permission.READ_OPERATIONS, api.LIST_REFUSED)
async def list_refused_messages(req: func.HttpRequest) -> func.HttpResponse:
    """Show the refused messages with their reasons, the oldest first; nobody sees what they say."""
    after = req.params.get("after", "")  # hosts do not tell an empty one from none
    if after and not _MESSAGE_ID.fullmatch(after):
        wrong = FieldProblem(pointer="?after", code="malformed", detail="expected a message's id")
        raise InvalidRequestError("one parameter is wrong", [wrong])
    kept = await asyncio.to_thread(refused_messages)
    found = await asyncio.to_thread(kept.oldest, _MOST + 1, after=after)
    return answer(refused_page(found, most=_MOST).to_json())


@blueprint.function_name(names.RETRY_REFUSED_MESSAGE)
@blueprint.route(route="orders/messages/refused/{messageId}/retry", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.CHANGE_WORKFLOW, api.RETRY_REFUSED)
async def retry_refused_message(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Place the order of a refused message, which is forgotten then, or say what is wrong now.

    Who asked for it and why is written down before, with what was ever done to the order.
    """
    message_id = _message_id(req)
    reason = read_model(req, RetryMessage).reason
    operator = operator_of(acting_operator(req))
    kept = await asyncio.to_thread(refused_messages)
    message = await asyncio.to_thread(_whole, kept, message_id)
    try:
        request = parse_model(message.arrival.text.encode(), OrderRequest)
        placed = await _placed(message, request, client, operator=operator, reason=reason)
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


def _message_id(req: func.HttpRequest) -> str:
    message_id: str = req.route_params.get("messageId", "")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise RefusedError("message_unknown", _UNKNOWN)
    return message_id


def _whole(kept: RefusedMessages, message_id: str) -> RefusedMessage:
    message = kept.find(message_id)
    if message is None:
        raise RefusedError("message_unknown", _UNKNOWN)
    if not message.is_whole:
        raise RefusedError("message_incomplete", "a card number was in it and is not kept")
    return message


async def _placed(
    message: RefusedMessage,
    request: OrderRequest,
    client: df.DurableOrchestrationClient,
    *,
    operator: Operator,
    reason: str,
) -> Placed:
    """Place an order for an operator; where no answer is written down, there was none."""
    act = Act(
        instance_id=f"{ID_PREFIX}{request.order_id}",
        action="retry_message",
        actor=operator.actor,
        proof=operator.proof,
        reason=reason,
        detail={"message": message.arrival.id},
    )
    book, clock = await asyncio.to_thread(audit), system_clock()
    sequence = await asyncio.to_thread(book.begin, act, at=clock.now())
    placed: Placed | WorkflowError
    try:
        placed = await place(request, client)
    except WorkflowError as refusal:
        placed = refusal
    result = placed.code if isinstance(placed, WorkflowError) else Result.DONE.value
    await asyncio.to_thread(book.end, act.instance_id, sequence, result, at=clock.now())
    if isinstance(placed, WorkflowError):
        raise placed
    return placed
