"""What one run of a return remembers, and how it asks activities and operators.

Deterministic: every replay rebuilds it from the same answers. The plot is in orchestrator.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import azure.durable_functions as df

from shared import retry
from shared.attempts import GaveUp
from shared.attention import Desk
from shared.durable import Orchestration, StoryLogger
from shared.models import JsonObject, WireModel
from shared.saga import LET_BE, Begun, Ledger
from workflows.order_processing import names
from workflows.order_processing.asking import asked, noted, seen_through
from workflows.order_processing.models import CompensationEntry
from workflows.order_processing.questions import (
    Message,
    NotifyCustomer,
    Recorded,
    RecordRefund,
    Shipment,
    Told,
)
from workflows.order_processing.returns.models import Return, ReturnResult
from workflows.order_processing.returns.transitions import ReturnStatus, advance


@dataclass(slots=True, kw_only=True)
class ReturnStory:
    """What is known of one return so far."""

    context: df.DurableOrchestrationContext
    wish: Return
    log: StoryLogger
    status: ReturnStatus = ReturnStatus.BOOKING_LABEL
    ledger: Ledger = field(default_factory=Ledger)
    label: Shipment | None = None
    refunded_minor: int = 0
    customer_told: bool = False
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(
            self.context,
            workflow=names.RETURN_ORCHESTRATOR,
            log=self.log,
            show=self._show_attention,
        )

    def enter(self, status: ReturnStatus) -> None:
        """Move to the next status, unless it is there already, and show it."""
        if status is not self.status:
            self.status = advance(self.status, status)
        self.show()

    def show(self, **more: Any) -> None:
        """Tell whoever looks at the instance where the return stands."""
        shown: JsonObject = {"orderId": self.wish.order_id, "status": self.status, **more}
        if self.label is not None:
            shown["trackingNumber"] = self.label.tracking_number
        self.context.set_custom_status(shown)

    def key(self, step: str) -> str:
        """Return the idempotency key of a step: the same on every retry and every replay."""
        return f"{self.context.instance_id}:{step}"

    def perform[A: WireModel](
        self, begun: Begun, activity: str, answer: type[A]
    ) -> Orchestration[A | None]:
        """Call the activity of a step and note what came of it; None when it gave up."""
        found = yield from asked(self.context, activity, begun.input, answer, retry.PERSISTENT)
        return noted(begun, found)

    def see_through(
        self, begun: Begun, again: Callable[[Begun], Orchestration[None]]
    ) -> Orchestration[None]:
        """Ask operators about a step until it is done or they let it be."""
        yield from seen_through(self.desk, begun, again, delayed=lambda: self.tell(Message.DELAYED))

    def tell(self, message: Message) -> Orchestration[None]:
        """Write to the customer; a mail that cannot be sent changes nothing else."""
        question = NotifyCustomer(
            order_id=self.wish.order_id,
            key=self.key(f"notify:{message}"),
            message=message,
            total_minor=self.wish.sale.captured_minor,
            currency=self.wish.currency,
            tracking_number=self.label.tracking_number if self.label else None,
            at=self.context.current_utc_datetime,
        )
        found = yield from asked(
            self.context, names.NOTIFY_CUSTOMER, question.to_json(), Told, retry.BEST_EFFORT
        )
        if isinstance(found, GaveUp):
            self.log.warning("the customer was not told %s: %s", message, found.error)
        else:
            self.customer_told = found[0].told

    def record_refund(self) -> Orchestration[None]:
        """Enter the refund into the order book; a book that stays away does not take it back."""
        question = RecordRefund(
            order_id=self.wish.order_id,
            refunded_minor=self.refunded_minor,
            currency=self.wish.currency,
            refunded_at=self.context.current_utc_datetime,
        )
        found = yield from asked(
            self.context, names.RECORD_REFUND, question.to_json(), Recorded, retry.PERSISTENT
        )
        if isinstance(found, GaveUp):
            self.log.error("the order book lacks this refund: %s", found.error)

    def result(self, reason: str | None) -> ReturnResult:
        """Say how it ended."""
        return ReturnResult(
            order_id=self.wish.order_id,
            status=self.status,
            reason=reason,
            refunded_minor=self.refunded_minor,
            currency=self.wish.currency,
            tracking_number=self.label.tracking_number if self.label else None,
            compensations=tuple(
                CompensationEntry.of(begun.entry)
                for begun in reversed(self.ledger.begun)
                if begun.undoing is not None
            ),
            settled=tuple(begun.entry for begun in self.ledger.with_status(*LET_BE)) or None,
            customer_told=self.customer_told,
            completed_at=self.context.current_utc_datetime,
        )

    def _show_attention(self, attention: JsonObject) -> None:
        self.status = advance(self.status, ReturnStatus.NEEDS_ATTENTION)
        self.show(attention=attention)
