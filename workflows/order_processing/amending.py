"""Holding the stock, or asking the customer to take less when only some of it is there.

Nothing is held while they are asked. What they say is kept in storage first (amendments), and the
event that tells of it is only a reason to look; one that is lost costs time. A refusal of the stock
stands, so that each round reserves under a key of its own.
"""

from datetime import datetime, timedelta
from typing import Final

from shared import retry
from shared.attempts import GaveUp
from shared.cancellation import CANCELLED
from shared.durable import Orchestration
from shared.saga import StepStatus
from workflows.order_processing import names
from workflows.order_processing.models import Order
from workflows.order_processing.questions import Amendment, AmendmentKey, Asking, Message
from workflows.order_processing.stocking import reserve
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import OrderStatus, Step, Stop, is_partly_there
from workflows.order_processing.validating import validate

_LOOK_AGAIN: Final = timedelta(hours=1)
_MOST_SHOWN: Final = 50  # a custom status holds eight thousand characters; the letter has all


def secure(story: Story) -> Orchestration[Stop | None]:
    """Hold all of the order, or all of what the customer takes instead by one deadline."""
    amend_by: datetime | None = None
    number = 0
    while True:
        number += 1
        stop = yield from reserve(story, number)
        if stop is None or not is_partly_there(story.order, stop.shortages):
            return stop
        now = story.context.current_utc_datetime
        amend_by = amend_by or now + timedelta(seconds=story.order.policy.amend_patience_s)
        if now >= amend_by:
            return stop
        asking = Asking(round=number, shortages=stop.shortages, asked_at=now, amend_by=amend_by)
        amended = yield from _amended(story, asking)
        if story.is_cancelled:
            return Stop(status=OrderStatus.CANCELLED, reason=CANCELLED)
        if amended is None:
            return stop
        # The stock has refused, and whatever comes late is refused as well.
        story.ledger.of(Step.RESERVE_STOCK).status = StepStatus.NOT_NEEDED
        story.amend(amended)
        story.enter(OrderStatus.VALIDATING)
        stop = yield from validate(story)
        if stop is not None:
            return stop


def _amended(story: Story, asking: Asking) -> Orchestration[Order | None]:
    """Ask, and return what is left of the order; None when they cancel, or say nothing in time."""
    story.enter(OrderStatus.AWAITING_CUSTOMER)
    shown = asking.model_copy(update={"shortages": asking.shortages[:_MOST_SHOWN]})
    story.show(**shown.to_json())
    poke = story.context.wait_for_external_event(asking.event)
    yield from story.tell(Message.PARTLY_OUT_OF_STOCK, asking=asking)
    while not story.is_cancelled:
        left = asking.amend_by - story.context.current_utc_datetime
        yield from story.pause(min(left, _LOOK_AGAIN), wake=None if poke.is_completed else poke)
        closes = story.context.current_utc_datetime >= asking.amend_by
        found = yield from _said(story, asking.round, closes=closes)
        if found.items:
            return story.order.amended({line.sku: line.quantity for line in found.items})
        if closes:
            return None
    return None


def _said(story: Story, number: int, *, closes: bool) -> Orchestration[Amendment]:
    question = AmendmentKey(instance_id=story.context.instance_id, round=number, closes=closes)
    patience = retry.PERSISTENT if closes else retry.TRANSIENT
    found = yield from story.ask(names.FIND_AMENDMENT, question, Amendment, patience)
    if isinstance(found, GaveUp):
        story.log.warning("what the customer said could not be read: %s", found.error)
        return Amendment()
    return found
