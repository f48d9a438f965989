"""The forward steps of an order: each asks, decides, and says why to stop, if it must.

A step that can be undone is noted as begun before it is called, since a call whose answer is lost
may have taken effect. What follows a stop is the orchestrator's business.
"""

from shared import retry
from shared.attempts import GaveUp
from shared.durable import Orchestration
from shared.quote import Quote
from workflows.order_processing import names
from workflows.order_processing.paying import authorize, capture
from workflows.order_processing.questions import Booking, BookShipment
from workflows.order_processing.stocking import commit, reserve
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import OrderStatus, Step, Stop, gave_up


def validate(story: Story) -> Orchestration[Stop | None]:
    """Refuse what cannot be sold as ordered; nothing has happened yet that could be undone."""
    found = yield from story.ask(names.VALIDATE_ORDER, story.order, Quote, retry.TRANSIENT)
    if isinstance(found, GaveUp):
        return gave_up("validate_order", found.error)
    story.tax_minor = found.tax_minor
    if found.problems:
        return Stop(status=OrderStatus.REJECTED, reason="not_valid", problems=found.problems)
    return None


def book(story: Story) -> Orchestration[Stop | None]:
    """Hand the parcels to the carrier, one from each warehouse."""
    story.enter(OrderStatus.BOOKING_SHIPMENT)
    question = BookShipment(
        order_id=story.order.order_id,
        key=story.key("book"),
        service=story.order.service,
        parcels=max(1, len(story.warehouses)),
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


FORWARD = (validate, reserve, authorize, commit, book, capture)
