"""What operators may do with deliveries that are followed."""

from datetime import timedelta
from typing import Final

from shared.operations.types import WorkflowType
from workflows.delivery_tracking import names
from workflows.delivery_tracking.models import DeliveryStatus
from workflows.delivery_tracking.vocabulary import WORDS

TYPES: Final = (
    WorkflowType(
        name="delivery",
        title="Delivery",
        orchestrators=frozenset({names.ORCHESTRATOR}),
        id_prefix="tracking-",
        is_child=True,
        service_level=timedelta(days=2),
        keep_for=timedelta(days=90),
        hoped_for=frozenset({DeliveryStatus.DELIVERED}),
        words=WORDS,
    ),
)
