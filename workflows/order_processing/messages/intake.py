"""Orders that arrive as messages of a queue: placed as requests are, or kept with what is wrong.

A message is done once its order is placed, or once it is kept as refused. What may heal is raised:
the host brings the message again, and after the last attempt (``maxDequeueCount`` in host.json) it
puts it with the poison, from where it is kept as well. Nothing is lost, nothing comes for ever.
What operators do with refused messages is in http.
"""

import asyncio
import base64
import binascii
import logging
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from shared.clock import system_clock
from shared.errors import (
    BodyTooLargeError,
    InvalidRequestError,
    MalformedJsonError,
    RefusedError,
    WorkflowError,
)
from shared.http import parse_model, problem_document
from shared.settings import queue
from shared.settings.storage import STORAGE_SETTING
from workflows.order_processing import names
from workflows.order_processing.messages.refused import KEPT_FOR, Arrival, refused_messages
from workflows.order_processing.messages.views import refused_path
from workflows.order_processing.models import OrderRequest
from workflows.order_processing.placing import place

_QUEUE: Final = "orders"
_POISON: Final = f"{_QUEUE}-poison"

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@blueprint.function_name(names.TAKE_MESSAGE)
@blueprint.queue_trigger(arg_name="message", queue_name=queue(_QUEUE), connection=STORAGE_SETTING)
@blueprint.durable_client_input(client_name="client")
async def take_message(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """Place the order that a message says; keep the message if it will never be one."""
    try:
        await place(parse_model(order_text(message.get_body()), OrderRequest), client)
    except WorkflowError as refusal:
        if refusal.retriable:
            raise
        await _keep(message, refusal)


@blueprint.function_name(names.KEEP_POISON)
@blueprint.queue_trigger(arg_name="message", queue_name=queue(_POISON), connection=STORAGE_SETTING)
async def keep_poison(message: func.QueueMessage) -> None:
    """Keep a message on which every attempt has failed."""
    await _keep(
        message, RefusedError("could_not_be_processed", "every attempt failed; retry it later")
    )


@blueprint.function_name(names.FORGET_MESSAGES)
@blueprint.timer_trigger(arg_name="timer", schedule="0 41 3 * * *")
async def forget_messages(timer: func.TimerRequest) -> None:
    """Forget each night what was refused long ago."""
    del timer  # a late run does the same
    kept = await asyncio.to_thread(refused_messages)
    forgotten = await asyncio.to_thread(kept.forget, before=system_clock().now() - KEPT_FOR)
    if forgotten:
        _logger.info("%d refused messages are forgotten", forgotten)


def order_text(body: bytes) -> bytes:
    """Return the JSON of a message, which may have come in Base64, as some senders write it.

    No text is both: an object begins with a brace, which Base64 does not have.
    """
    if b"{" in body:
        return body
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return body


async def _keep(message: func.QueueMessage, refusal: WorkflowError) -> None:
    now = system_clock().now()
    text = order_text(message.get_body())
    arrival = Arrival(
        message_id=message.id or "",
        inserted_at=_inserted_at(message) or now,
        text=text.decode("utf-8", "replace"),
    )
    document = problem_document(refusal, instance=refused_path(arrival.id))
    kept = await asyncio.to_thread(refused_messages)
    await asyncio.to_thread(kept.keep, arrival, problem=document, is_order=_is_order(text), at=now)
    _logger.warning(
        "message %s is refused: %s",
        message.id,
        document["type"],
        extra={"messageId": message.id, "problem": document["type"]},
    )


def _inserted_at(message: func.QueueMessage) -> datetime | None:
    """Return when the queue took it; the worker drops the zone of instants that are not in UTC."""
    at: datetime | None = message.insertion_time
    return at.replace(tzinfo=at.tzinfo or UTC) if at else None


def _is_order(text: bytes) -> bool:
    try:
        parse_model(text, OrderRequest)
    except (BodyTooLargeError, InvalidRequestError, MalformedJsonError):
        return False
    return True
