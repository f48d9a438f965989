"""The steps that hold goods and sell them."""

from datetime import timedelta

from shared import retry
from shared.durable import Orchestration
from workflows.order_processing import names
from workflows.order_processing.questions import Reservation, ReservationKey, ReserveStock
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import OrderStatus, Step, Stop, gave_up


def reserve(story: Story) -> Orchestration[Stop | None]:
    """Hold the stock, all of it or nothing, longer than a payment may take."""
    story.enter(OrderStatus.RESERVING_STOCK)
    key = story.key("reserve")
    question = ReserveStock(
        reservation_id=key,
        items=story.order.items,
        expires_at=story.context.current_utc_datetime
        + timedelta(seconds=story.order.policy.reservation_ttl_s),
    )
    begun = story.begin(Step.RESERVE_STOCK, question, key=key)
    answer = yield from story.perform(begun, names.RESERVE_STOCK, Reservation, retry.TRANSIENT)
    if answer is None:
        return gave_up(begun.step, begun.error)
    if answer.reserved:
        return None
    return Stop(status=OrderStatus.OUT_OF_STOCK, reason="missing: " + ", ".join(answer.missing))


def commit(story: Story) -> Orchestration[Stop | None]:
    """Turn the hold into a sale, before the money is taken: then nothing can be missing any more.

    It can still be undone, since a release puts committed pieces back.
    """
    story.enter(OrderStatus.COMMITTING_STOCK)
    question = ReservationKey(reservation_id=story.key("reserve"))
    begun = story.begin(Step.COMMIT_STOCK, question, key=question.reservation_id)
    answer = yield from story.perform(begun, names.COMMIT_STOCK, Reservation, retry.TRANSIENT)
    if answer is None:
        return gave_up(begun.step, begun.error)
    if answer.reserved:
        return None
    begun.refuse("reservation_lost", begun.result, attempts=0)
    return Stop(status=OrderStatus.OUT_OF_STOCK, reason="reservation_lost")
