"""The plot of an order: forward, or back newest first, and how it ends.

Every effect is an activity called by name; every decision comes from transitions. The steps
themselves are in steps, what is remembered between them in story.
"""

import logging

import azure.durable_functions as df

from shared.durable import Orchestration, StoryLogger
from shared.errors import code_of
from shared.models import JsonObject
from shared.saga import LET_BE
from workflows.order_processing import names
from workflows.order_processing.models import (
    Amounts,
    CompensationEntry,
    Delivery,
    Order,
    OrderResult,
    TrackDelivery,
)
from workflows.order_processing.outcomes import OUTCOMES
from workflows.order_processing.questions import Message
from workflows.order_processing.steps import FORWARD
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import (
    OrderStatus,
    Stop,
    cancelled,
    fulfilment,
)
from workflows.order_processing.undoing import refund, undo_everything

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@blueprint.function_name(names.ORCHESTRATOR)
@blueprint.orchestration_trigger(context_name="context")
def process_order(context: df.DurableOrchestrationContext) -> Orchestration[JsonObject]:
    """Take an order to the customer's door, or leave no trace of it but an explanation."""
    order = Order.from_json(context.get_input())
    story = Story(context=context, order=order, log=StoryLogger(_logger, context))
    story.show()
    for step in FORWARD:
        stop = cancelled((yield from step(story)), is_wished=story.is_cancelled)
        if stop is not None:
            return (yield from _end_early(story, stop))
    story.enter(OrderStatus.SHIPPED)
    yield from story.tell(Message.CONFIRMED if story.captured_minor else Message.ON_ITS_WAY)
    reason = yield from _finish(story, (yield from _delivery(story)))
    return (yield from _conclude(story, reason))


def _delivery(story: Story) -> Orchestration[Delivery]:
    """Let delivery tracking report; without a report nobody can tell how it went."""
    if story.shipment is None:
        raise ValueError("nothing was shipped that could be followed")
    order_id = story.order.order_id
    question = TrackDelivery(
        order_id=order_id,
        shipment_id=story.shipment.shipment_id,
        tracking_number=story.shipment.tracking_number,
        limit_s=story.order.policy.delivery_limit_s,
        requests_table=names.REQUESTS_TABLE,
        expected_at=story.shipment.expected_at,
        silence_s=story.order.policy.delivery_silence_s,
    )
    try:
        raw = yield story.context.call_sub_orchestrator(
            names.TRACK_DELIVERY, question.to_json(), f"tracking-{order_id}"
        )
        return Delivery.from_json(raw)
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        story.log.warning("delivery tracking failed: %s", code_of(failure))
        return Delivery(status="", reason=f"track_delivery: {code_of(failure)}")


def _finish(story: Story, delivery: Delivery) -> Orchestration[str | None]:
    """End as the delivery did; who got nothing pays nothing."""
    end = fulfilment(delivery.status)
    if end is OrderStatus.SHIPPED:
        return delivery.reason or f"tracking_{delivery.status}"
    outcome = OUTCOMES[end]
    if outcome.undoes:
        if not (yield from refund(story, outcome.undoes)):
            story.enter(OrderStatus.SETTLED_BY_OPERATOR)
            return f"tracking_{delivery.status}"
        if outcome.message is not None:
            # An operator may have let the capture be: then nothing was taken that could come back.
            paid = story.captured_minor > 0
            yield from story.tell(outcome.message if paid else Message.CANCELLED)
    story.enter(end)
    return None


def _end_early(story: Story, stop: Stop) -> Orchestration[JsonObject]:
    """Undo what may be undone, tell the customer, and say how it ended."""
    story.log.info("the order stops at %s: %s", story.status, stop.reason)
    story.cancel = None  # it is on its way back already
    status = stop.status
    if status not in {OrderStatus.REJECTED, OrderStatus.SETTLED_BY_OPERATOR}:
        yield from undo_everything(story)
        if story.ledger.with_status(*LET_BE):
            status = OrderStatus.SETTLED_BY_OPERATOR
    if (message := OUTCOMES[status].message) is not None:
        yield from story.tell(message)
    story.enter(status)
    return (yield from _conclude(story, stop.reason, stop))


def _conclude(
    story: Story, reason: str | None, stop: Stop | None = None
) -> Orchestration[JsonObject]:
    """Say how it ended, and enter it into the order book."""
    result = _result(story, reason, stop)
    yield from story.record(result)
    return result.to_json()


def _result(story: Story, reason: str | None, stop: Stop | None = None) -> OrderResult:
    return OrderResult(
        order_id=story.order.order_id,
        status=story.status,
        reason=reason,
        problems=stop.problems if stop else (),
        amounts=Amounts(
            total_minor=story.order.total_minor,
            tax_minor=story.tax_minor,
            captured_minor=story.captured_minor,
            refunded_minor=story.refunded_minor,
            currency=story.order.currency,
        ),
        payment_id=story.payment_id,
        shipment_id=story.shipment.shipment_id if story.shipment else None,
        tracking_number=story.shipment.tracking_number if story.shipment else None,
        sale=story.sale if OUTCOMES[story.status].may_return else None,
        compensations=tuple(
            CompensationEntry.of(begun.entry)
            for begun in reversed(story.ledger.begun)
            if begun.undoing is not None
        ),
        settled=tuple(begun.entry for begun in story.ledger.with_status(*LET_BE)) or None,
        amended_items=story.order.items if story.is_amended else None,
        customer_told=story.customer_told,
        completed_at=story.context.current_utc_datetime,
    )
