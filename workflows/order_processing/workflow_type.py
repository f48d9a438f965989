"""What operators may do with orders."""

from datetime import timedelta
from typing import Final

from shared.operations.types import WorkflowType
from shared.operations.wakes import DECISION_WAKES
from workflows.order_processing import names
from workflows.order_processing.vocabulary import WORDS

_ORDER: Final = "order-"


def _tracking(instance_id: str) -> tuple[str, ...]:
    return (f"tracking-{instance_id.removeprefix(_ORDER)}",)


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
        child_ids=_tracking,
        words=WORDS,
    ),
)
