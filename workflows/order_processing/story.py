"""What one run of the order's story remembers, and how it asks activities and operators.

Deterministic: every replay rebuilds it from the same answers. The steps are in steps, the plot in
orchestrator; what was begun and how it is undone is kept by shared.saga.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models import TaskBase

from shared import retry
from shared.attempts import Cancel, GaveUp, paused
from shared.attention import Desk
from shared.cancellation import close_way_back
from shared.durable import Orchestration, StoryLogger
from shared.models import JsonObject, WireModel
from shared.retry import BackoffRetryOptions
from shared.saga import Begun, Ledger
from workflows.order_processing import names
from workflows.order_processing.asking import asked, noted, seen_through
from workflows.order_processing.models import Order, OrderResult, Sale
from workflows.order_processing.outcomes import may_be_returned
from workflows.order_processing.questions import (
    Asking,
    Message,
    NotifyCustomer,
    Recorded,
    RecordOutcome,
    RecordRefund,
    Shipment,
    Told,
)
from workflows.order_processing.transitions import UNDOING, OrderStatus, Step, advance


@dataclass(slots=True, kw_only=True)
class Story:
    """What is known of one order so far; rebuilt by every replay."""

    context: df.DurableOrchestrationContext
    order: Order
    log: StoryLogger
    is_amended: bool = False
    status: OrderStatus = OrderStatus.VALIDATING
    ledger: Ledger = field(default_factory=Ledger)
    payment_id: str | None = None
    captured_minor: int = 0
    refunded_minor: int = 0
    tax_minor: int = 0
    warehouses: tuple[str, ...] = ()  # where the pieces are held, a parcel from each
    shipment: Shipment | None = None
    customer_told: bool = False
    # While this is there, whoever waits hears a wish to cancel, and nothing is tried again then.
    cancel: Cancel | None = field(init=False)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.cancel = Cancel(self.context)
        self.desk = Desk(
            self.context, workflow=names.ORCHESTRATOR, log=self.log, show=self._show_attention
        )

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody cancelled, and may."""
        return self.cancel is not None and self.cancel.is_requested

    def amend(self, order: Order) -> None:
        """Go on with less than was ordered."""
        self.order, self.is_amended = order, True

    def pause(self, duration: timedelta, *, wake: TaskBase | None) -> Orchestration[None]:
        """Let time pass, but no longer than until something wakes or somebody cancels."""
        wake_at = self.context.current_utc_datetime + duration
        yield from paused(self.context, wake_at, self.cancel, wake=wake)

    def close_way_back(self) -> Orchestration[str | None]:
        """Go on without a way back, and return None; or return why to go back."""
        reason = yield from close_way_back(self.context, self.log)
        if reason is None:
            self.cancel = None
        return reason

    def enter(self, status: OrderStatus) -> None:
        """Move to the next status and show it."""
        self.status = advance(self.status, status)
        self.show()

    def show(self, **more: Any) -> None:
        """Tell whoever looks at the instance where the order stands."""
        shown: JsonObject = {"orderId": self.order.order_id, "status": self.status, **more}
        if may_be_returned(self.status):
            shown["sale"] = self.sale.to_json()
        self.context.set_custom_status(shown)

    @property
    def sale(self) -> Sale:
        """What was sold, for whoever has to undo it later."""
        return Sale(
            reservation_id=self.ledger.of(Step.RESERVE_STOCK).key,
            payment_key=self.ledger.of(Step.AUTHORIZE_PAYMENT).key,
            captured_minor=self.captured_minor,
            parcels=max(1, len(self.warehouses)),
        )

    def key(self, step: str) -> str:
        """Return the idempotency key of a step: the same on every retry and every replay."""
        return f"{self.context.instance_id}:{step}"

    def begin(self, step: Step, question: WireModel, *, key: str) -> Begun:
        """Note a step before it is called."""
        return self.ledger.begin(step, question.to_json(), key=key, undo=UNDOING.get(step))

    def perform[A: WireModel](
        self, begun: Begun, activity: str, answer: type[A], policy: BackoffRetryOptions
    ) -> Orchestration[A | None]:
        """Call the activity of a step and note what came of it; None when it gave up."""
        found = yield from self._asked(activity, begun.input, answer, policy)
        return noted(begun, found)

    def ask[A: WireModel](
        self, activity: str, question: WireModel, answer: type[A], policy: BackoffRetryOptions
    ) -> Orchestration[A | GaveUp]:
        """Call an activity that leaves nothing to undo, and parse what it says."""
        found = yield from self._asked(activity, question.to_json(), answer, policy)
        return found if isinstance(found, GaveUp) else found[0]

    def see_through(
        self, begun: Begun, again: Callable[[Begun], Orchestration[None]]
    ) -> Orchestration[None]:
        """Ask operators about a step with no way back, until it is done or they let it be."""
        yield from seen_through(self.desk, begun, again, delayed=lambda: self.tell(Message.DELAYED))

    def tell(self, message: Message, *, asking: Asking | None = None) -> Orchestration[None]:
        """Write to the customer; a mail that cannot be sent changes nothing else."""
        key = f"notify:{message}:{asking.round}" if asking else f"notify:{message}"
        question = NotifyCustomer(
            order_id=self.order.order_id,
            key=self.key(key),
            message=message,
            total_minor=self.order.total_minor,
            currency=self.order.currency,
            tracking_number=self.shipment.tracking_number if self.shipment else None,
            asking=asking,
            at=self.context.current_utc_datetime,
        )
        found = yield from self.ask(names.NOTIFY_CUSTOMER, question, Told, retry.BEST_EFFORT)
        if isinstance(found, GaveUp):
            self.log.warning("the customer was not told %s: %s", message, found.error)
        else:
            self.customer_told = found.told

    def record(self, result: OrderResult) -> Orchestration[None]:
        """Enter the end into the order book; a book that stays away does not undo the order."""
        question = RecordOutcome(
            order_id=result.order_id,
            status=result.status,
            ended_at=result.completed_at,
            total_minor=result.amounts.total_minor,
            captured_minor=result.amounts.captured_minor,
            currency=result.amounts.currency,
        )
        found = yield from self.ask(names.RECORD_OUTCOME, question, Recorded, retry.PERSISTENT)
        if isinstance(found, GaveUp):
            self.log.error("the order book lacks this order: %s", found.error)

    def record_refund(self) -> Orchestration[None]:
        """Enter into the order book that the money went back, if any was taken."""
        if not self.refunded_minor:
            return
        question = RecordRefund(
            order_id=self.order.order_id,
            refunded_minor=self.refunded_minor,
            currency=self.order.currency,
            refunded_at=self.context.current_utc_datetime,
        )
        found = yield from self.ask(names.RECORD_REFUND, question, Recorded, retry.PERSISTENT)
        if isinstance(found, GaveUp):
            self.log.error("the order book lacks this refund: %s", found.error)

    def _asked[A: WireModel](
        self, activity: str, payload: JsonObject, answer: type[A], policy: BackoffRetryOptions
    ) -> Orchestration[GaveUp | tuple[A, int]]:
        return (
            yield from asked(self.context, activity, payload, answer, policy, cancel=self.cancel)
        )

    def _show_attention(self, attention: JsonObject) -> None:
        self.status = advance(self.status, OrderStatus.NEEDS_ATTENTION)
        self.show(attention=attention)
