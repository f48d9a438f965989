"""The forward steps of an order: each asks, decides, and says why to stop, if it must.

A step that can be undone is noted as begun before it is called, since a call whose answer is lost
may have taken effect. What follows a stop is the orchestrator's business.
"""

from datetime import timedelta

import azure.durable_functions as df

from shared import retry
from shared.durable import Orchestration, sleep
from shared.errors import code_of
from workflows.order_processing import names
from workflows.order_processing.models import (
    AuthorizePayment,
    Booking,
    BookShipment,
    Payment,
    PaymentKey,
    PaymentStatus,
    Problems,
    Reservation,
    ReservationKey,
    ReserveStock,
)
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import OrderStatus, Step, Stop, payment_check_pause


def validate(story: Story) -> Orchestration[Stop | None]:
    """Refuse what cannot be sold as ordered; nothing has happened yet that could be undone."""
    try:
        found = yield from story.ask(names.VALIDATE_ORDER, story.order, Problems, retry.TRANSIENT)
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        return _failed("validate_order", failure)
    if found.problems:
        return Stop(status=OrderStatus.REJECTED, reason="not_valid", problems=found.problems)
    return None


def reserve(story: Story) -> Orchestration[Stop | None]:
    """Hold the stock, all of it or nothing, longer than a payment may take."""
    story.enter(OrderStatus.RESERVING_STOCK)
    story.begun.append(Step.RESERVE_STOCK)
    question = ReserveStock(
        reservation_id=story.key("reserve"),
        items=story.order.items,
        expires_at=story.context.current_utc_datetime
        + timedelta(seconds=story.order.policy.reservation_ttl_s),
    )
    try:
        answer = yield from story.ask(names.RESERVE_STOCK, question, Reservation, retry.TRANSIENT)
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        return _failed(Step.RESERVE_STOCK, failure)
    if answer.reserved:
        return None
    return Stop(status=OrderStatus.OUT_OF_STOCK, reason="missing: " + ", ".join(answer.missing))


def authorize(story: Story) -> Orchestration[Stop | None]:
    """Hold the money; wait while the provider cannot say, but not for ever."""
    story.enter(OrderStatus.AUTHORIZING_PAYMENT)
    story.begun.append(Step.AUTHORIZE_PAYMENT)
    try:
        payment = yield from _authorization(story)
        if payment.status is PaymentStatus.PENDING:
            payment = yield from _settlement(story, payment)
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        return _failed(Step.AUTHORIZE_PAYMENT, failure)
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


def _authorization(story: Story) -> Orchestration[Payment]:
    """Authorize; when no answer comes, ask what became of it before deciding anything."""
    question = AuthorizePayment(
        order_id=story.order.order_id,
        key=story.key("authorize"),
        amount_minor=story.order.total_minor,
        currency=story.order.currency,
    )
    try:
        return (yield from story.ask(names.AUTHORIZE_PAYMENT, question, Payment, retry.TRANSIENT))
    except Exception as failure:  # the SDK raises bare Exception for a failed task
        story.log.warning("no answer to the authorization (%s), asking for it", code_of(failure))
        payment = yield from _payment(story, retry.COMPENSATION)
        if payment.status is PaymentStatus.ABSENT:
            raise  # it never took effect: the failure is the outcome
        return payment


def _settlement(story: Story, payment: Payment) -> Orchestration[Payment]:
    """Ask with growing pauses until the payment settles or the deadline has passed."""
    story.enter(OrderStatus.AWAITING_PAYMENT)
    policy = story.order.policy
    deadline = story.context.current_utc_datetime + timedelta(seconds=policy.payment_patience_s)
    checks = 0
    while payment.status is PaymentStatus.PENDING:
        left = deadline - story.context.current_utc_datetime
        if left <= timedelta():
            break
        yield from sleep(story.context, min(payment_check_pause(policy, checks), left))
        checks += 1
        try:
            payment = yield from _payment(story, retry.TRANSIENT)
        except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
            story.log.warning("the provider did not say (%s), still pending", code_of(failure))
    return payment


def _payment(story: Story, policy: df.RetryOptions) -> Orchestration[Payment]:
    """Ask the provider what it knows of this order's payment."""
    question = PaymentKey(key=story.key("authorize"))
    return (yield from story.ask(names.FIND_PAYMENT, question, Payment, policy))


def book(story: Story) -> Orchestration[Stop | None]:
    """Hand the parcel to the carrier."""
    story.enter(OrderStatus.BOOKING_SHIPMENT)
    story.begun.append(Step.BOOK_SHIPMENT)
    question = BookShipment(
        order_id=story.order.order_id,
        key=story.key("book"),
        service=story.order.service,
        at=story.context.current_utc_datetime,
    )
    try:
        booking = yield from story.ask(names.BOOK_SHIPMENT, question, Booking, retry.TRANSIENT)
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        return _failed(Step.BOOK_SHIPMENT, failure)
    if booking.shipment is None:
        return Stop(status=OrderStatus.COMPENSATED, reason="refused_by_carrier")
    story.shipment = booking.shipment
    return None


def capture(story: Story) -> Orchestration[Stop | None]:
    """Take the money: the pivot. A clear no can still be undone; silence cannot."""
    story.enter(OrderStatus.CAPTURING_PAYMENT)
    question = PaymentKey(key=story.key("authorize"))
    try:
        payment = yield from story.ask(names.CAPTURE_PAYMENT, question, Payment, retry.PERSISTENT)
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        return Stop(
            status=OrderStatus.NEEDS_ATTENTION, reason=f"capture_payment: {code_of(failure)}"
        )
    if payment.status is not PaymentStatus.CAPTURED:
        return Stop(status=OrderStatus.COMPENSATED, reason=f"payment_{payment.status}")
    story.captured_minor = story.order.total_minor
    return None


def commit(story: Story) -> Orchestration[Stop | None]:
    """Turn the reservation into sold stock; there is no way back from here."""
    story.enter(OrderStatus.COMMITTING_STOCK)
    question = ReservationKey(reservation_id=story.key("reserve"))
    try:
        answer = yield from story.ask(names.COMMIT_STOCK, question, Reservation, retry.PERSISTENT)
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        return Stop(status=OrderStatus.NEEDS_ATTENTION, reason=f"commit_stock: {code_of(failure)}")
    if not answer.reserved:
        return Stop(status=OrderStatus.NEEDS_ATTENTION, reason="commit_stock: reservation_lost")
    return None


def _failed(step: str, failure: Exception) -> Stop:
    """A step gave up: its effect is unknown, so the order is undone."""
    return Stop(status=OrderStatus.COMPENSATED, reason=f"{step}: {code_of(failure)}")


FORWARD = (validate, reserve, authorize, book, capture, commit)
