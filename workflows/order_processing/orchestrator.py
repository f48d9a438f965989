"""The story of one order, told by deterministic generators.

Every effect is an activity called by name; every decision comes from transitions. A step is noted
as begun before it is called, since a call whose answer is lost may have taken effect.
"""

import logging
from dataclasses import dataclass, field
from datetime import timedelta

import azure.durable_functions as df

from shared import retry
from shared.durable import Orchestration, StoryLogger, sleep
from shared.errors import NeedsAttentionError, code_of
from shared.models import JsonObject, WireModel
from workflows.order_processing import names
from workflows.order_processing.models import (
    Amounts,
    AuthorizePayment,
    Booking,
    BookShipment,
    CancelShipment,
    CompensationEntry,
    CompensationOutcome,
    Delivery,
    Message,
    NotifyCustomer,
    Order,
    OrderResult,
    Payment,
    PaymentKey,
    PaymentStatus,
    Problems,
    Reservation,
    ReservationKey,
    ReserveStock,
    TrackDelivery,
    Undone,
)
from workflows.order_processing.transitions import (
    COMPENSATIONS,
    MESSAGES,
    OrderStatus,
    Step,
    Stop,
    advance,
    fulfilment,
    payment_check_pause,
    undo_plan,
)

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Story:
    """What is known of one order so far; rebuilt by every replay."""

    context: df.DurableOrchestrationContext
    order: Order
    log: StoryLogger
    status: OrderStatus = OrderStatus.VALIDATING
    begun: list[Step] = field(default_factory=list[Step])
    ledger: list[CompensationEntry] = field(default_factory=list[CompensationEntry])
    payment_id: str | None = None
    captured_minor: int = 0
    shipment: Booking | None = None
    customer_told: bool = False

    def enter(self, status: OrderStatus) -> None:
        """Move to the next status and show it."""
        self.status = advance(self.status, status)
        self.show()

    def show(self) -> None:
        """Tell whoever looks at the instance where the order stands."""
        self.context.set_custom_status({"orderId": self.order.order_id, "status": self.status})

    def key(self, step: str) -> str:
        """Return the idempotency key of a step: the same on every retry and every replay."""
        return f"{self.context.instance_id}:{step}"

    def ask[A: WireModel](
        self, activity: str, question: WireModel, answer: type[A], policy: df.RetryOptions
    ) -> Orchestration[A]:
        """Call an activity and parse what it says."""
        raw = yield self.context.call_activity_with_retry(activity, policy, question.to_json())
        return answer.from_json(raw)


@blueprint.function_name(names.ORCHESTRATOR)
@blueprint.orchestration_trigger(context_name="context")
def process_order(context: df.DurableOrchestrationContext) -> Orchestration[JsonObject]:
    """Take an order to the customer's door, or leave no trace of it but an explanation."""
    order = Order.from_json(context.get_input())
    story = _Story(context=context, order=order, log=StoryLogger(_logger, context))
    story.show()
    for part in (_validate, _reserve, _authorize, _book, _capture, _commit):
        stop = yield from part(story)
        if stop is not None:
            return (yield from _end_early(story, stop))
    story.enter(OrderStatus.SHIPPED)
    yield from _tell(story, Message.CONFIRMED)
    reason = yield from _follow_delivery(story)
    return _result(story, reason).to_json()


def _validate(story: _Story) -> Orchestration[Stop | None]:
    """Refuse what cannot be sold as ordered; nothing has happened yet that could be undone."""
    try:
        found = yield from story.ask(names.VALIDATE_ORDER, story.order, Problems, retry.TRANSIENT)
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        return _failed("validate_order", failure)
    if found.problems:
        return Stop(status=OrderStatus.REJECTED, reason="not_valid", problems=found.problems)
    return None


def _reserve(story: _Story) -> Orchestration[Stop | None]:
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


def _authorize(story: _Story) -> Orchestration[Stop | None]:
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


def _authorization(story: _Story) -> Orchestration[Payment]:
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


def _settlement(story: _Story, payment: Payment) -> Orchestration[Payment]:
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


def _payment(story: _Story, policy: df.RetryOptions) -> Orchestration[Payment]:
    """Ask the provider what it knows of this order's payment."""
    question = PaymentKey(key=story.key("authorize"))
    return (yield from story.ask(names.FIND_PAYMENT, question, Payment, policy))


def _book(story: _Story) -> Orchestration[Stop | None]:
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
    if not booking.booked:
        return Stop(status=OrderStatus.COMPENSATED, reason="refused_by_carrier")
    story.shipment = booking
    return None


def _capture(story: _Story) -> Orchestration[Stop | None]:
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


def _commit(story: _Story) -> Orchestration[Stop | None]:
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


def _follow_delivery(story: _Story) -> Orchestration[str | None]:
    """Let delivery tracking report; the order is fulfilled whatever it says."""
    assert story.shipment is not None  # noqa: S101 - booked, or the story would have ended
    order_id = story.order.order_id
    question = TrackDelivery(
        order_id=order_id,
        shipment_id=story.shipment.shipment_id or "",
        tracking_number=story.shipment.tracking_number or "",
        limit_s=story.order.policy.delivery_limit_s,
        requests_table=names.REQUESTS_TABLE,
    )
    try:
        raw = yield story.context.call_sub_orchestrator(
            names.TRACK_DELIVERY, question.to_json(), f"tracking-{order_id}"
        )
        delivery = Delivery.from_json(raw).status
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        story.log.warning("delivery tracking failed: %s", code_of(failure))
        return f"track_delivery: {code_of(failure)}"
    if (outcome := fulfilment(delivery)) is not OrderStatus.SHIPPED:
        story.enter(outcome)
        return None
    return f"tracking_{delivery}"


def _end_early(story: _Story, stop: Stop) -> Orchestration[JsonObject]:
    """Undo what may be undone, tell the customer, and say how it ended."""
    story.log.info("the order stops at %s: %s", story.status, stop.reason)
    status = stop.status
    if status not in {OrderStatus.REJECTED, OrderStatus.NEEDS_ATTENTION}:
        yield from _compensate(story)
        if any(entry.status is CompensationOutcome.FAILED for entry in story.ledger):
            status = OrderStatus.NEEDS_ATTENTION
    yield from _tell(story, MESSAGES[stop.status])
    story.enter(status)
    result = _result(story, stop.reason, stop).to_json()
    if status is OrderStatus.NEEDS_ATTENTION:
        # A failed instance is what alerts look for; what is left to do stays readable.
        story.context.set_custom_status(
            {"orderId": story.order.order_id, "status": status, "result": result}
        )
        raise NeedsAttentionError(f"order {story.order.order_id} stopped at {stop.reason}")
    return result


def _compensate(story: _Story) -> Orchestration[None]:
    """Undo every step begun, newest first; one that cannot be undone does not stop the others."""
    story.enter(OrderStatus.COMPENSATING)
    for step in undo_plan(story.begun):
        question = _compensation_input(story, step)
        try:
            answer = yield from story.ask(COMPENSATIONS[step], question, Undone, retry.COMPENSATION)
            error = None if answer.undone else answer.reason
        except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
            error = code_of(failure)
        story.ledger.append(
            CompensationEntry(
                step=step,
                status=CompensationOutcome.FAILED if error else CompensationOutcome.DONE,
                error=error,
            )
        )


def _compensation_input(story: _Story, step: Step) -> WireModel:
    match step:
        case Step.RESERVE_STOCK:
            return ReservationKey(reservation_id=story.key("reserve"))
        case Step.AUTHORIZE_PAYMENT:
            return PaymentKey(key=story.key("authorize"))
        case Step.BOOK_SHIPMENT:
            return CancelShipment(key=story.key("book"), at=story.context.current_utc_datetime)


def _tell(story: _Story, message: Message) -> Orchestration[None]:
    """Write to the customer; a mail that cannot be sent changes nothing else."""
    question = NotifyCustomer(
        order_id=story.order.order_id,
        key=story.key(f"notify:{message}"),
        message=message,
        total_minor=story.order.total_minor,
        currency=story.order.currency,
        tracking_number=story.shipment.tracking_number if story.shipment else None,
        at=story.context.current_utc_datetime,
    )
    try:
        yield story.context.call_activity_with_retry(
            names.NOTIFY_CUSTOMER, retry.BEST_EFFORT, question.to_json()
        )
        story.customer_told = True
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        story.log.warning("the customer was not told %s: %s", message, code_of(failure))


def _failed(step: str, failure: Exception) -> Stop:
    """A step gave up: its effect is unknown, so the order is undone."""
    return Stop(status=OrderStatus.COMPENSATED, reason=f"{step}: {code_of(failure)}")


def _result(story: _Story, reason: str | None, stop: Stop | None = None) -> OrderResult:
    return OrderResult(
        order_id=story.order.order_id,
        status=story.status,
        reason=reason,
        problems=stop.problems if stop else (),
        amounts=Amounts(
            total_minor=story.order.total_minor,
            captured_minor=story.captured_minor,
            currency=story.order.currency,
        ),
        payment_id=story.payment_id,
        shipment_id=story.shipment.shipment_id if story.shipment else None,
        tracking_number=story.shipment.tracking_number if story.shipment else None,
        compensations=tuple(story.ledger),
        customer_told=story.customer_told,
        completed_at=story.context.current_utc_datetime,
    )
