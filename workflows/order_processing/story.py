"""What one run of the order's story remembers, and how it asks activities.

Deterministic: every replay rebuilds it from the same answers. The steps are in steps, the plot in
orchestrator.
"""

from dataclasses import dataclass, field

import azure.durable_functions as df

from shared.durable import Orchestration, StoryLogger
from shared.models import WireModel
from workflows.order_processing.models import CompensationEntry, Order, Shipment
from workflows.order_processing.transitions import OrderStatus, Step, advance


@dataclass(slots=True, kw_only=True)
class Story:
    """What is known of one order so far; rebuilt by every replay."""

    context: df.DurableOrchestrationContext
    order: Order
    log: StoryLogger
    status: OrderStatus = OrderStatus.VALIDATING
    begun: list[Step] = field(default_factory=list[Step])
    ledger: list[CompensationEntry] = field(default_factory=list[CompensationEntry])
    payment_id: str | None = None
    captured_minor: int = 0
    shipment: Shipment | None = None
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
