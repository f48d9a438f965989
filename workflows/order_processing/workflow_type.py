"""What operators may do with orders."""

import asyncio
from datetime import timedelta
from typing import Final

import azure.durable_functions as df

from shared.cancellations import cancel
from shared.durable import InstanceId
from shared.operations.types import CancelOutcome, WorkflowType
from shared.operations.wakes import DECISION_WAKES
from workflows.order_processing import names
from workflows.order_processing.gateways import open_cancellations
from workflows.order_processing.returns.transitions import ReturnStatus
from workflows.order_processing.transitions import OrderStatus
from workflows.order_processing.vocabulary import RETURN_WORDS, WORDS

_ORDER: Final = "order-"
_RETURN: Final = "return-"


async def _cancel(
    client: df.DurableOrchestrationClient, instance_id: InstanceId, actor: str, reason: str
) -> CancelOutcome:
    cancellations = await asyncio.to_thread(open_cancellations)
    done = await cancel(client, cancellations, instance_id, actor=actor, reason=reason)
    return CancelOutcome.REQUESTED if done else CancelOutcome.TOO_LATE


def _tracking(instance_id: str) -> tuple[str, ...]:
    return (f"tracking-{instance_id.removeprefix(_ORDER)}",)


def _way_back(instance_id: str) -> tuple[str, ...]:
    first = f"tracking-return:{instance_id.removeprefix(_RETURN)}"
    return first, f"{first}:"


TYPES: Final = (
    WorkflowType(
        name="order",
        title="Order",
        orchestrators=frozenset({names.ORCHESTRATOR}),
        id_prefix=_ORDER,
        # An order that is shipped waits for its delivery; silence there is found by itself.
        service_level=timedelta(days=15),
        keep_for=timedelta(days=90),
        events=DECISION_WAKES,
        cancel=_cancel,
        child_ids=_tracking,
        hoped_for=frozenset({OrderStatus.DELIVERED, OrderStatus.SHIPPED}),
        words=WORDS,
    ),
    WorkflowType(
        name="return",
        title="Return",
        orchestrators=frozenset({names.RETURN_ORCHESTRATOR}),
        id_prefix=_RETURN,
        # A label may lie about for the whole window; silence of a parcel is found by itself.
        service_level=timedelta(days=45),
        keep_for=timedelta(days=90),
        events=DECISION_WAKES,
        child_ids=_way_back,
        hoped_for=frozenset({ReturnStatus.RECEIVED}),
        words=RETURN_WORDS,
    ),
)
