"""Cancelling before a pivot, as orchestrators see it: of a wish and the pivot, storage takes one.

Safe for orchestrators. A wish that is heard as an event stops the work soon; the word that counts
is asked for once, right before there is no way back. Keeping wishes is in shared.cancellations.
"""

from typing import Final

import azure.durable_functions as df

from shared import retry
from shared.attempts import GaveUp, Patience, attempted
from shared.durable import Orchestration, StoryLogger
from shared.models import WireModel

CLOSE_CANCELLATION: Final = "saga_close_cancellation"
CANCELLED: Final = "cancelled"


class CancellationKey(WireModel):
    """Input: from now on this instance cannot be cancelled any more."""

    instance_id: str


class CancellationState(WireModel):
    """The answer: whether it was cancelled before that."""

    cancelled: bool


def close_way_back(
    context: df.DurableOrchestrationContext, log: StoryLogger
) -> Orchestration[str | None]:
    """Close the way back for good, and return None; or return why to go back.

    As long as storage does not answer, nobody knows whether somebody cancelled: then go back.
    """
    outcome = yield from attempted(
        context,
        CLOSE_CANCELLATION,
        CancellationKey(instance_id=context.instance_id).to_json(),
        patience=Patience(backoff=retry.PERSISTENT.backoff),
    )
    if isinstance(outcome, GaveUp):
        log.error("whether this was cancelled could not be read: %s", outcome.error)
        return f"close_cancellation: {outcome.error}"
    return CANCELLED if CancellationState.from_json(outcome.value).cancelled else None
