"""Places an order, however it came: one path for requests and messages, the same order once.

How a refusal is told is the business of whoever took the order in.
"""

import asyncio
from dataclasses import dataclass

import azure.durable_functions as df

from shared.clock import system_clock
from shared.durable import InstanceId
from shared.settings import Settings, current_settings
from shared.submission import Submission, submit
from workflows.order_processing import names
from workflows.order_processing.gateways import kept_requests
from workflows.order_processing.models import Order, OrderPolicy, OrderRequest

ID_PREFIX = "order-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An order that is taken; ``has_ended`` when it was taken before, and is over."""

    order_id: str
    instance_id: InstanceId
    has_ended: bool


async def place(request: OrderRequest, client: df.DurableOrchestrationClient) -> Placed:
    """Start an order, or find the one that the same request has started.

    Raises:
        ConflictingRequestError: The id belongs to an order with another content.
        InstancePurgedError: The order was served before and has been purged.
        StorageUnavailableError: Try again; nothing is lost.
    """
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
    return Placed(
        order_id=request.order_id,
        instance_id=submission.instance_id,
        has_ended=found is not None and found.is_terminal,
    )


def order_policy(settings: Settings) -> OrderPolicy:
    """Fix the settings that an order will run under."""
    return OrderPolicy(
        payment_patience_s=settings.payment_deadline.total_seconds(),
        payment_check_s=settings.payment_check_interval.total_seconds(),
        reservation_ttl_s=settings.reservation_ttl.total_seconds(),
        delivery_limit_s=settings.delivery_limit.total_seconds(),
        amend_patience_s=settings.amend_deadline.total_seconds(),
        delivery_silence_s=settings.delivery_silence.total_seconds(),
    )
