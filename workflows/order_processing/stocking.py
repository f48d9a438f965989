"""The steps that hold goods and sell them."""

from datetime import datetime, timedelta
from typing import Final

from shared import retry
from shared.attempts import GaveUp
from shared.durable import Orchestration
from workflows.order_processing import names
from workflows.order_processing.questions import (
    ExtendReservation,
    Reservation,
    ReservationKey,
    ReserveStock,
)
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import (
    OrderStatus,
    Step,
    Stop,
    gave_up,
    out_of_stock,
)

_LOST: Final = "reservation_lost"
# From the moment that a payment is settled: to find that out, and to commit, retries included.
_COMMITTING_TAKES: Final = timedelta(minutes=10)


def reserve(story: Story, number: int = 1) -> Orchestration[Stop | None]:
    """Hold the stock, all of it or nothing, while authorizing a payment usually takes.

    A refusal stands, so that each further ``number`` asks under a key of its own.
    """
    story.enter(OrderStatus.RESERVING_STOCK)
    key = story.key("reserve" if number == 1 else f"reserve:{number}")
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
        story.warehouses = answer.warehouses
        return None
    return out_of_stock(answer.shortages)


def hold_on(story: Story, *, until: datetime) -> Orchestration[Stop | None]:
    """Hold the stock until an instant and while committing it may take; stop when it is lost.

    Without an answer nothing is lost yet: committing tells whether the pieces are still there.
    """
    question = ExtendReservation(
        reservation_id=_reservation_id(story), until=until + _COMMITTING_TAKES
    )
    answer = yield from story.ask(names.EXTEND_RESERVATION, question, Reservation, retry.TRANSIENT)
    if isinstance(answer, GaveUp):
        story.log.warning("the stock may not be held long enough: %s", answer.error)
        return None
    if not answer.reserved:
        return _lost()
    story.warehouses = answer.warehouses  # what is held anew may come from elsewhere
    return None


def commit(story: Story) -> Orchestration[Stop | None]:
    """Turn the hold into a sale, before the money is taken: then nothing can be missing any more.

    It can still be undone, since a release puts committed pieces back.
    """
    story.enter(OrderStatus.COMMITTING_STOCK)
    question = ReservationKey(reservation_id=_reservation_id(story))
    begun = story.begin(Step.COMMIT_STOCK, question, key=question.reservation_id)
    answer = yield from story.perform(begun, names.COMMIT_STOCK, Reservation, retry.TRANSIENT)
    if answer is None:
        return gave_up(begun.step, begun.error)
    if answer.reserved:
        return None
    begun.refuse(_LOST, begun.result, attempts=0)
    return _lost()


def _reservation_id(story: Story) -> str:
    return story.ledger.of(Step.RESERVE_STOCK).key


def _lost() -> Stop:
    return Stop(status=OrderStatus.OUT_OF_STOCK, reason=_LOST)
