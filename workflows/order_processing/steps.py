"""The forward steps of an order: each asks, decides, and says why to stop, if it must.

A step that can be undone is noted as begun before it is called, since a call whose answer is lost
may have taken effect. What follows a stop is the orchestrator's business.
"""

from datetime import timedelta

from shared import retry
from shared.attempts import GaveUp
from shared.durable import Orchestration
from shared.quote import Quote
from shared.retry import BackoffRetryOptions
from shared.saga import Begun, StepStatus
from workflows.order_processing import names
from workflows.order_processing.models import (
    AuthorizePayment,
    Booking,
    BookShipment,
    Payment,
    PaymentKey,
    PaymentStatus,
    Reservation,
    ReservationKey,
    ReserveStock,
)
from workflows.order_processing.notices import Notices
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import OrderStatus, Step, Stop, payment_check_pause


def validate(story: Story) -> Orchestration[Stop | None]:
    """Refuse what cannot be sold as ordered; nothing has happened yet that could be undone."""
    found = yield from story.ask(names.VALIDATE_ORDER, story.order, Quote, retry.TRANSIENT)
    if isinstance(found, GaveUp):
        return _failed("validate_order", found.error)
    story.tax_minor = found.tax_minor
    if found.problems:
        return Stop(status=OrderStatus.REJECTED, reason="not_valid", problems=found.problems)
    return None


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
        return _failed(begun.step, begun.error)
    if answer.reserved:
        return None
    return Stop(status=OrderStatus.OUT_OF_STOCK, reason="missing: " + ", ".join(answer.missing))


def authorize(story: Story) -> Orchestration[Stop | None]:
    """Hold the money; wait while the provider cannot say, but not for ever."""
    story.enter(OrderStatus.AUTHORIZING_PAYMENT)
    question = AuthorizePayment(
        order_id=story.order.order_id,
        key=story.key("authorize"),
        amount_minor=story.order.total_minor,
        currency=story.order.currency,
    )
    begun = story.begin(Step.AUTHORIZE_PAYMENT, question, key=question.key)
    payment = yield from _authorization(story, begun)
    if payment is not None and payment.status is PaymentStatus.PENDING:
        payment = yield from _settlement(story, payment)
    if payment is None:
        return _failed(begun.step, begun.error)
    begun.complete(payment.to_json(), attempts=0)
    story.payment_id = payment.payment_id
    match payment.status:
        case PaymentStatus.AUTHORIZED | PaymentStatus.CAPTURED:
            return None
        case PaymentStatus.DECLINED:
            return Stop(status=OrderStatus.PAYMENT_DECLINED, reason="declined_by_provider")
        case PaymentStatus.PENDING:
            return Stop(status=OrderStatus.PAYMENT_EXPIRED, reason="pending_too_long")
        case PaymentStatus.ABSENT | PaymentStatus.VOIDED | PaymentStatus.REFUNDED:
            return Stop(status=OrderStatus.COMPENSATED, reason=f"payment_{payment.status}")


def _authorization(story: Story, begun: Begun) -> Orchestration[Payment | None]:
    """Authorize; when no answer comes, ask what became of it before deciding anything."""
    payment = yield from story.perform(begun, names.AUTHORIZE_PAYMENT, Payment, retry.TRANSIENT)
    if payment is not None:
        return payment
    story.log.warning("no answer to the authorization (%s), asking for it", begun.error)
    found = yield from _payment(story, retry.COMPENSATION)
    if isinstance(found, GaveUp) or found.status is PaymentStatus.ABSENT:
        return None  # it never took effect, as far as anybody can tell
    return found


def _settlement(story: Story, payment: Payment) -> Orchestration[Payment]:
    """Ask until the payment settles or the deadline has passed: with growing pauses, or when told.

    What the provider tells is only that something has changed; what it is, is asked for.
    """
    story.enter(OrderStatus.AWAITING_PAYMENT)
    policy = story.order.policy
    began = story.context.current_utc_datetime
    deadline = began + timedelta(seconds=policy.payment_patience_s)
    checks, notices = 0, Notices(story)
    while payment.status is PaymentStatus.PENDING:
        left = deadline - story.context.current_utc_datetime
        if left <= timedelta():
            break
        story.show(
            pendingSince=began.isoformat(),
            deadlineAt=deadline.isoformat(),
            listensFor=notices.event,
        )
        pause = min(payment_check_pause(policy, checks), left)
        yield from story.pause(pause, wake=notices.awaited)
        if story.is_cancelled:
            break
        if not notices.heard():
            checks += 1
        found = yield from _payment(story, retry.TRANSIENT)
        if isinstance(found, GaveUp):
            story.log.warning("the provider did not say (%s), still pending", found.error)
        else:
            payment = found
    return payment


def _payment(story: Story, policy: BackoffRetryOptions) -> Orchestration[Payment | GaveUp]:
    """Ask the provider what it knows of this order's payment."""
    question = PaymentKey(key=story.key("authorize"))
    return (yield from story.ask(names.FIND_PAYMENT, question, Payment, policy))


def book(story: Story) -> Orchestration[Stop | None]:
    """Hand the parcel to the carrier."""
    story.enter(OrderStatus.BOOKING_SHIPMENT)
    question = BookShipment(
        order_id=story.order.order_id,
        key=story.key("book"),
        service=story.order.service,
        at=story.context.current_utc_datetime,
    )
    begun = story.begin(Step.BOOK_SHIPMENT, question, key=question.key)
    booking = yield from story.perform(begun, names.BOOK_SHIPMENT, Booking, retry.TRANSIENT)
    if booking is None:
        return _failed(begun.step, begun.error)
    if booking.shipment is None:
        return Stop(status=OrderStatus.COMPENSATED, reason="refused_by_carrier")
    story.shipment = booking.shipment
    return None


def capture(story: Story) -> Orchestration[Stop | None]:
    """Take the money: the pivot. A clear no can still be undone, silence is for operators."""
    reason = yield from story.close_way_back()
    if reason is not None:
        return Stop(status=OrderStatus.COMPENSATED, reason=reason)
    question = PaymentKey(key=story.key("authorize"))
    begun = story.begin(Step.CAPTURE_PAYMENT, question, key=question.key)

    def attempt(begun: Begun) -> Orchestration[None]:
        story.enter(OrderStatus.CAPTURING_PAYMENT)
        yield from story.perform(begun, names.CAPTURE_PAYMENT, Payment, retry.PERSISTENT)

    yield from attempt(begun)
    yield from story.see_through(begun, attempt)
    if begun.status is not StepStatus.COMPLETED:
        return _let_be(begun)
    payment = Payment.from_json(begun.result)
    if payment.status is not PaymentStatus.CAPTURED:
        return Stop(status=OrderStatus.COMPENSATED, reason=f"payment_{payment.status}")
    story.captured_minor = story.order.total_minor
    return None


def commit(story: Story) -> Orchestration[Stop | None]:
    """Turn the reservation into sold stock; there is no way back from here."""
    question = ReservationKey(reservation_id=story.key("reserve"))
    begun = story.begin(Step.COMMIT_STOCK, question, key=question.reservation_id)

    def attempt(begun: Begun) -> Orchestration[None]:
        story.enter(OrderStatus.COMMITTING_STOCK)
        answer = yield from story.perform(begun, names.COMMIT_STOCK, Reservation, retry.PERSISTENT)
        if answer is not None and not answer.reserved:
            begun.refuse("reservation_lost", begun.result, attempts=0)

    yield from attempt(begun)
    yield from story.see_through(begun, attempt)
    return None if begun.status is StepStatus.COMPLETED else _let_be(begun)


def _let_be(begun: Begun) -> Stop | None:
    """An operator lets a step be: the order goes on without it, or it ends here."""
    if begun.status is StepStatus.SKIPPED:
        return None
    return Stop(status=OrderStatus.SETTLED_BY_OPERATOR, reason=f"{begun.step}: {begun.error}")


def _failed(step: str, error: str | None) -> Stop:
    """A step gave up: its effect is unknown, so the order is undone."""
    return Stop(status=OrderStatus.COMPENSATED, reason=f"{step}: {error}")


FORWARD = (validate, reserve, authorize, book, capture, commit)
