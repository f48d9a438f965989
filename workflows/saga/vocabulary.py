"""What a saga's steps are called where an instance is explained."""

from collections.abc import Mapping
from typing import Final

from shared import retry
from shared.attention import FIND_DECISION, RAISE_ALERT
from shared.operations.explaining.words import Words
from workflows.saga import names
from workflows.saga.definitions import REGISTRY
from workflows.saga.models import SagaStatus

_PREFIXES: Final = ("saga_", "order_processing_")


def _attempts() -> Mapping[str, int]:
    """Say how often each activity is tried, where all definitions agree on it."""
    found: dict[str, set[int]] = {
        RAISE_ALERT: {retry.PERSISTENT.backoff.attempts},
        FIND_DECISION: {retry.PERSISTENT.backoff.attempts},
        names.CLOSE_CANCELLATION: {retry.PERSISTENT.backoff.attempts},
    }
    for definition in REGISTRY:
        for step in definition.steps:
            patience = definition.patience(step).backoff.attempts
            found.setdefault(step.action, set()).add(patience)
            if step.undo is not None:
                undoing = step.undo.patience.backoff.attempts
                found.setdefault(step.undo.activity, set()).add(undoing)
    return {name: attempts.pop() for name, attempts in found.items() if len(attempts) == 1}


SAGA: Final = Words(
    prefixes=_PREFIXES,
    calls={names.STEP_ORCHESTRATOR: "its parallel steps"},
    attempts=_attempts(),
    ends=frozenset({SagaStatus.COMPLETED, SagaStatus.COMPENSATED, SagaStatus.SETTLED_BY_OPERATOR}),
)

STEP: Final = Words(prefixes=_PREFIXES, attempts=_attempts())
