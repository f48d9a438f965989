"""Undoing an order's steps: all of them before the pivot, those that its end says after it.

What was begun and how it is undone is kept by shared.saga; what resists is an operator's business.
"""

from collections.abc import Collection

from shared.attention import Trouble, settle
from shared.durable import Orchestration
from shared.saga import LET_BE, Begun, StepStatus, compensate
from workflows.order_processing.questions import Message
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import OrderStatus, Step


def undo_everything(story: Story) -> Orchestration[None]:
    """Undo every step begun, newest first."""
    yield from _undo(story, OrderStatus.COMPENSATING, tuple(Step))


def refund(story: Story, steps: Collection[Step]) -> Orchestration[bool]:
    """Undo these steps of an order that did not arrive; False when an operator lets one be."""
    yield from _undo(story, OrderStatus.REFUNDING, steps)
    if story.ledger.of(Step.AUTHORIZE_PAYMENT).status is StepStatus.COMPENSATED:
        story.refunded_minor = story.captured_minor
    return not any(begun.step in steps for begun in story.ledger.with_status(*LET_BE))


def _undo(story: Story, status: OrderStatus, steps: Collection[Step]) -> Orchestration[None]:
    story.enter(status)
    yield from compensate(story.context, story.ledger, only=steps)
    if not story.ledger.with_status(StepStatus.COMPENSATION_FAILED):
        return
    # What could not be undone must not be promised: they hear that we look into it.
    yield from story.tell(Message.DELAYED)

    def again(begun: Begun) -> Orchestration[None]:
        if story.status is not status:
            story.enter(status)
        yield from compensate(story.context, story.ledger, only={begun.step})

    yield from settle(
        story.desk,
        Trouble.COMPENSATION,
        stuck=lambda: story.ledger.with_status(StepStatus.COMPENSATION_FAILED),
        undone=lambda: story.ledger.with_status(StepStatus.COMPENSATED),
        again=again,
    )
