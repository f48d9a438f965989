"""The forward steps of an order: each asks, decides, and says why to stop, if it must.

A step that can be undone is noted as begun before it is called, since a call whose answer is lost
may have taken effect. What follows a stop is the orchestrator's business.
"""

from shared import retry
from shared.durable import Orchestration
from workflows.order_processing import names
from workflows.order_processing.amending import secure
from workflows.order_processing.paying import authorize, capture
from workflows.order_processing.questions import Booking, BookShipment
from workflows.order_processing.stocking import commit
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import OrderStatus, Step, Stop, gave_up
from workflows.order_processing.validating import validate


def book(story: Story) -> Orchestration[Stop | None]:
    """Hand the parcels to the carrier, one from each warehouse."""
    story.enter(OrderStatus.BOOKING_SHIPMENT)
    question = BookShipment(
        order_id=story.order.order_id,
        key=story.key("book"),
        service=story.order.service,
        parcels=max(1, len(story.warehouses)),
        reference=f"tracking-{story.order.order_id}",
        at=story.context.current_utc_datetime,
    )
    begun = story.begin(Step.BOOK_SHIPMENT, question, key=question.key)
    booking = yield from story.perform(begun, names.BOOK_SHIPMENT, Booking, retry.TRANSIENT)
    if booking is None:
        return gave_up(begun.step, begun.error)
    if booking.shipment is None:
        return Stop(status=OrderStatus.COMPENSATED, reason="refused_by_carrier")
    story.shipment = booking.shipment
    return None


FORWARD = (validate, secure, authorize, commit, book, capture)
