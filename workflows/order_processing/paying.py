"""The steps that hold the money and take it, and the wait while the provider cannot say."""

from datetime import datetime, timedelta

from shared import retry
from shared.attempts import GaveUp
from shared.durable import Orchestration
from shared.retry import BackoffRetryOptions
from shared.saga import Begun, StepStatus
from workflows.order_processing import names
from workflows.order_processing.notices import Notices
from workflows.order_processing.questions import (
    AuthorizePayment,
    Payment,
    PaymentKey,
    PaymentStatus,
)
from workflows.order_processing.stocking import hold_on
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import (
    OrderStatus,
    Step,
    Stop,
    gave_up,
    let_be,
    payment_check_pause,
)


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
        deadline = story.context.current_utc_datetime + timedelta(
            seconds=story.order.policy.payment_patience_s
        )
        lost = yield from hold_on(story, until=deadline)
        if lost is not None:
            return lost
        payment = yield from _settlement(story, payment, deadline)
    if payment is None:
        return gave_up(begun.step, begun.error)
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


def _settlement(story: Story, payment: Payment, deadline: datetime) -> Orchestration[Payment]:
    """Ask until the payment settles or the deadline has passed: with growing pauses, or when told.

    What the provider tells is only that something has changed; what it is, is asked for.
    """
    story.enter(OrderStatus.AWAITING_PAYMENT)
    policy = story.order.policy
    began = story.context.current_utc_datetime
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
        return let_be(begun)
    payment = Payment.from_json(begun.result)
    if payment.status is not PaymentStatus.CAPTURED:
        return Stop(status=OrderStatus.COMPENSATED, reason=f"payment_{payment.status}")
    story.captured_minor = story.order.total_minor
    return None
