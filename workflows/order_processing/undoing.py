"""Undoing an order's steps: all of them before the pivot, those that its end says after it.

What was begun and how it is undone is kept by shared.saga; what resists is an operator's business.
"""

from collections.abc import Callable, Collection

import azure.durable_functions as df

from shared.attention import Desk, Trouble, settle
from shared.durable import Orchestration
from shared.saga import LET_BE, Begun, Ledger, StepStatus, compensate
from workflows.order_processing.questions import Message
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import OrderStatus, Step


def undo_everything(story: Story) -> Orchestration[None]:
    """Undo every step begun, newest first."""
    yield from _undo(story, OrderStatus.COMPENSATING, frozenset(Step))


def refund(story: Story, steps: Collection[Step]) -> Orchestration[bool]:
    """Undo these steps of an order that did not arrive; False when an operator lets one be."""
    all_done = yield from _undo(story, OrderStatus.REFUNDING, steps)
    if story.ledger.of(Step.AUTHORIZE_PAYMENT).status is StepStatus.COMPENSATED:
        story.refunded_minor = story.captured_minor
        yield from story.record_refund()
    return all_done


def _undo(story: Story, status: OrderStatus, steps: Collection[Step]) -> Orchestration[bool]:
    def begin() -> None:
        if story.status is not status:
            story.enter(status)

    return (
        yield from undo(
            story.context,
            story.ledger,
            story.desk,
            steps,
            begin=begin,
            # What could not be undone must not be promised: they hear that we look into it.
            delayed=lambda: story.tell(Message.DELAYED),
        )
    )


def undo(
    context: df.DurableOrchestrationContext,
    ledger: Ledger,
    desk: Desk,
    steps: Collection[str],
    *,
    begin: Callable[[], None],
    delayed: Callable[[], Orchestration[None]],
) -> Orchestration[bool]:
    """Undo these steps, newest first, and ask operators about those that resist.

    Args:
        context: The orchestration's context.
        ledger: What was begun.
        desk: Where operators are asked.
        steps: What of it is to be undone.
        begin: Called whenever undoing begins, at first and again.
        delayed: Tells the customer that it takes longer.

    Returns:
        Whether all of it is undone; False when an operator let one be.
    """
    begin()
    yield from compensate(context, ledger, only=steps)
    if not ledger.with_status(StepStatus.COMPENSATION_FAILED):
        return True
    yield from delayed()

    def again(begun: Begun) -> Orchestration[None]:
        begin()
        yield from compensate(context, ledger, only={begun.step})

    yield from settle(
        desk,
        Trouble.COMPENSATION,
        stuck=lambda: ledger.with_status(StepStatus.COMPENSATION_FAILED),
        undone=lambda: ledger.with_status(StepStatus.COMPENSATED),
        again=again,
    )
    return not any(begun.step in steps for begun in ledger.with_status(*LET_BE))
