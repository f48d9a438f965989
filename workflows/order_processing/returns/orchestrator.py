"""The plot of a return: a label, the way back, and then the sale is undone.

A workflow of its own, long after its order perhaps. It undoes the sale under the keys of the order,
so that whatever else gives the same money or goods back does it once all the same.
"""

import logging
from typing import Final

import azure.durable_functions as df

from shared.durable import Orchestration, StoryLogger
from shared.errors import code_of
from shared.models import JsonObject, WireModel
from shared.saga import Begun, StepStatus, Undo
from workflows.order_processing import names
from workflows.order_processing.models import Delivery, TrackDelivery
from workflows.order_processing.questions import (
    Booking,
    BookShipment,
    Direction,
    Message,
    PaymentKey,
    ReservationKey,
)
from workflows.order_processing.returns.models import Return
from workflows.order_processing.returns.story import ReturnStory
from workflows.order_processing.returns.transitions import (
    BOOK_LABEL,
    RETURN_OUTCOMES,
    ReturnStatus,
    arrival,
)
from workflows.order_processing.transitions import UNDOING, Step
from workflows.order_processing.undoing import undo

_FOLLOW: Final = "follow_parcel"

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@blueprint.function_name(names.RETURN_ORCHESTRATOR)
@blueprint.orchestration_trigger(context_name="context")
def return_order(context: df.DurableOrchestrationContext) -> Orchestration[JsonObject]:
    """Give the money back for what has come back, or for what got lost on its way."""
    wish = Return.from_json(context.get_input())
    story = ReturnStory(context=context, wish=wish, log=StoryLogger(_logger, context))
    story.show()
    end = yield from _label(story)
    if end is None:
        yield from story.tell(Message.RETURN_LABEL)
        end = yield from _way_back(story)
    reason = yield from _finish(story, end)
    return story.result(reason).to_json()


def _label(story: ReturnStory) -> Orchestration[ReturnStatus | None]:
    """Have the carrier take the parcel on; how it ends when it does not."""
    question = BookShipment(
        order_id=story.wish.order_id,
        key=story.key("label"),
        service=story.wish.service,
        parcels=story.wish.sale.parcels,
        direction=Direction.RETURN,
        reference=_child(story, 1),
        at=story.context.current_utc_datetime,
    )
    begun = story.ledger.begin(
        BOOK_LABEL,
        question.to_json(),
        key=question.key,
        undo=Undo(activity=names.CANCEL_SHIPMENT),
    )

    def attempt(begun: Begun) -> Orchestration[None]:
        story.enter(ReturnStatus.BOOKING_LABEL)
        yield from story.perform(begun, names.BOOK_SHIPMENT, Booking)

    yield from attempt(begun)
    yield from story.see_through(begun, attempt)
    if begun.status is not StepStatus.COMPLETED:
        return ReturnStatus.SETTLED_BY_OPERATOR
    story.label = Booking.from_json(begun.result).shipment
    return ReturnStatus.RETURN_REFUSED if story.label is None else None


def _way_back(story: ReturnStory) -> Orchestration[ReturnStatus]:
    """Follow the parcel home. An operator who skips that has seen it; one who accepts ends it."""
    found: list[ReturnStatus] = []

    def attempt(begun: Begun) -> Orchestration[None]:
        story.enter(ReturnStatus.AWAITING_PARCEL)
        found[:] = yield from _followed(story, begun)

    begun = story.ledger.begin(_FOLLOW, None, key=story.key("follow"))
    yield from attempt(begun)
    yield from story.see_through(begun, attempt)
    match begun.status:
        case StepStatus.SKIPPED:
            return ReturnStatus.RECEIVED
        case StepStatus.ACCEPTED:
            return ReturnStatus.SETTLED_BY_OPERATOR
        case _:
            return found[0]


def _followed(story: ReturnStory, begun: Begun) -> Orchestration[list[ReturnStatus]]:
    """Let delivery tracking report; without a word that says something the step has failed."""
    if story.label is None:
        raise ValueError("there is no label whose parcel could be followed")
    question = TrackDelivery(
        order_id=story.wish.order_id,
        shipment_id=story.label.shipment_id,
        tracking_number=story.label.tracking_number,
        limit_s=story.wish.limit_s,
        requests_table=names.REQUESTS_TABLE,
        quiet=True,
    )
    try:
        raw = yield story.context.call_sub_orchestrator(
            names.TRACK_DELIVERY, question.to_json(), _child(story, begun.attempts + 1)
        )
        delivery = Delivery.from_json(raw).status
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        story.log.warning("the parcel could not be followed: %s", code_of(failure))
        begun.fail(code_of(failure), attempts=1)
        return []
    end = arrival(delivery)
    if end is None:
        begun.fail("not_understood", attempts=1)
        return []
    begun.complete(delivery, attempts=1)
    return [end]


def _child(story: ReturnStory, attempt: int) -> str:
    """Return the id of the instance that follows the parcel; one that failed is left alone.

    No order's own delivery can have it: an order's id holds no colon.
    """
    first = f"tracking-return:{story.wish.order_id}"
    return first if attempt == 1 else f"{first}:{attempt}"


def _finish(story: ReturnStory, end: ReturnStatus) -> Orchestration[str | None]:
    """Undo what the end says, and tell the customer."""
    reason = None
    if not (yield from _undone(story, RETURN_OUTCOMES[end].undoes)):
        reason, end = str(end), ReturnStatus.SETTLED_BY_OPERATOR
    if message := RETURN_OUTCOMES[end].message:
        yield from story.tell(message)
    story.enter(end)
    return reason


def _undone(story: ReturnStory, steps: frozenset[str]) -> Orchestration[bool]:
    """Undo the label, or the sale under the order's own keys; False when an operator let one be."""
    if not steps:
        return True
    sale = story.wish.sale
    if Step.RESERVE_STOCK in steps:
        goods = ReservationKey(reservation_id=sale.reservation_id)
        _begin(story, Step.RESERVE_STOCK, goods, key=sale.reservation_id)
    if is_refund := Step.AUTHORIZE_PAYMENT in steps:
        paid = PaymentKey(key=sale.payment_key)
        _begin(story, Step.AUTHORIZE_PAYMENT, paid, key=sale.payment_key)
    meanwhile = ReturnStatus.REFUNDING if is_refund else ReturnStatus.AWAITING_PARCEL
    all_done = yield from undo(
        story.context,
        story.ledger,
        story.desk,
        steps,
        begin=lambda: story.enter(meanwhile),
        delayed=lambda: story.tell(Message.DELAYED),
    )
    undone = story.ledger.with_status(StepStatus.COMPENSATED)
    if sale.captured_minor and any(begun.step == Step.AUTHORIZE_PAYMENT for begun in undone):
        story.refunded_minor = sale.captured_minor
        yield from story.record_refund()
    return all_done


def _begin(story: ReturnStory, step: Step, question: WireModel, *, key: str) -> None:
    """Note a step of the order's, so that it can be undone here."""
    story.ledger.begin(step, question.to_json(), key=key, undo=UNDOING[step])
