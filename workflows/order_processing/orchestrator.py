"""The plot of an order: forward, or back newest first, and how it ends.

Every effect is an activity called by name; every decision comes from transitions. The steps
themselves are in steps, what is remembered between them in story.
"""

import logging

import azure.durable_functions as df

from shared import retry
from shared.durable import Orchestration, StoryLogger
from shared.errors import NeedsAttentionError, code_of
from shared.models import JsonObject, WireModel
from workflows.order_processing import names
from workflows.order_processing.models import (
    Amounts,
    CancelShipment,
    CompensationEntry,
    CompensationOutcome,
    Delivery,
    Message,
    NotifyCustomer,
    Order,
    OrderResult,
    PaymentKey,
    ReservationKey,
    TrackDelivery,
    Undone,
)
from workflows.order_processing.steps import FORWARD
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import (
    COMPENSATIONS,
    MESSAGES,
    OrderStatus,
    Step,
    Stop,
    fulfilment,
    undo_plan,
)

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
        stop = yield from step(story)
        if stop is not None:
            return (yield from _end_early(story, stop))
    story.enter(OrderStatus.SHIPPED)
    yield from _tell(story, Message.CONFIRMED)
    reason = yield from _follow_delivery(story)
    return _result(story, reason).to_json()


def _follow_delivery(story: Story) -> Orchestration[str | None]:
    """Let delivery tracking report; the order is fulfilled whatever it says."""
    if story.shipment is None:
        raise ValueError("nothing was shipped that could be followed")
    order_id = story.order.order_id
    question = TrackDelivery(
        order_id=order_id,
        shipment_id=story.shipment.shipment_id,
        tracking_number=story.shipment.tracking_number,
        limit_s=story.order.policy.delivery_limit_s,
        requests_table=names.REQUESTS_TABLE,
    )
    try:
        raw = yield story.context.call_sub_orchestrator(
            names.TRACK_DELIVERY, question.to_json(), f"tracking-{order_id}"
        )
        delivery = Delivery.from_json(raw).status
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        story.log.warning("delivery tracking failed: %s", code_of(failure))
        return f"track_delivery: {code_of(failure)}"
    if (outcome := fulfilment(delivery)) is not OrderStatus.SHIPPED:
        story.enter(outcome)
        return None
    return f"tracking_{delivery}"


def _end_early(story: Story, stop: Stop) -> Orchestration[JsonObject]:
    """Undo what may be undone, tell the customer, and say how it ended."""
    story.log.info("the order stops at %s: %s", story.status, stop.reason)
    status = stop.status
    if status not in {OrderStatus.REJECTED, OrderStatus.NEEDS_ATTENTION}:
        yield from _compensate(story)
        if any(entry.status is CompensationOutcome.FAILED for entry in story.ledger):
            status = OrderStatus.NEEDS_ATTENTION
    # What could not be undone must not be promised: then they hear that we look into it.
    yield from _tell(story, MESSAGES[status])
    story.enter(status)
    result = _result(story, stop.reason, stop).to_json()
    if status is OrderStatus.NEEDS_ATTENTION:
        # A failed instance is what alerts look for; what is left to do stays readable.
        story.context.set_custom_status(
            {"orderId": story.order.order_id, "status": status, "result": result}
        )
        raise NeedsAttentionError(f"order {story.order.order_id} stopped at {stop.reason}")
    return result


def _compensate(story: Story) -> Orchestration[None]:
    """Undo every step begun, newest first; one that cannot be undone does not stop the others."""
    story.enter(OrderStatus.COMPENSATING)
    for step in undo_plan(story.begun):
        question = _compensation_input(story, step)
        try:
            answer = yield from story.ask(COMPENSATIONS[step], question, Undone, retry.COMPENSATION)
            error = None if answer.undone else answer.reason
        except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
            error = code_of(failure)
        story.ledger.append(
            CompensationEntry(
                step=step,
                status=CompensationOutcome.FAILED if error else CompensationOutcome.DONE,
                error=error,
            )
        )


def _compensation_input(story: Story, step: Step) -> WireModel:
    match step:
        case Step.RESERVE_STOCK:
            return ReservationKey(reservation_id=story.key("reserve"))
        case Step.AUTHORIZE_PAYMENT:
            return PaymentKey(key=story.key("authorize"))
        case Step.BOOK_SHIPMENT:
            return CancelShipment(key=story.key("book"), at=story.context.current_utc_datetime)


def _tell(story: Story, message: Message) -> Orchestration[None]:
    """Write to the customer; a mail that cannot be sent changes nothing else."""
    question = NotifyCustomer(
        order_id=story.order.order_id,
        key=story.key(f"notify:{message}"),
        message=message,
        total_minor=story.order.total_minor,
        currency=story.order.currency,
        tracking_number=story.shipment.tracking_number if story.shipment else None,
        at=story.context.current_utc_datetime,
    )
    try:
        yield story.context.call_activity_with_retry(
            names.NOTIFY_CUSTOMER, retry.BEST_EFFORT, question.to_json()
        )
        story.customer_told = True
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        story.log.warning("the customer was not told %s: %s", message, code_of(failure))


def _result(story: Story, reason: str | None, stop: Stop | None = None) -> OrderResult:
    return OrderResult(
        order_id=story.order.order_id,
        status=story.status,
        reason=reason,
        problems=stop.problems if stop else (),
        amounts=Amounts(
            total_minor=story.order.total_minor,
            captured_minor=story.captured_minor,
            currency=story.order.currency,
        ),
        payment_id=story.payment_id,
        shipment_id=story.shipment.shipment_id if story.shipment else None,
        tracking_number=story.shipment.tracking_number if story.shipment else None,
        compensations=tuple(story.ledger),
        customer_told=story.customer_told,
        completed_at=story.context.current_utc_datetime,
    )
