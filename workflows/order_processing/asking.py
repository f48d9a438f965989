"""Asking an activity and understanding what it says: as all stories of orders do it."""

import azure.durable_functions as df

from shared.attempts import Answered, Cancel, GaveUp, Patience, attempted
from shared.durable import Orchestration
from shared.models import JsonObject, WireModel
from shared.retry import BackoffRetryOptions


def asked[A: WireModel](
    context: df.DurableOrchestrationContext,
    activity: str,
    payload: JsonObject,
    answer: type[A],
    policy: BackoffRetryOptions,
    *,
    cancel: Cancel | None = None,
) -> Orchestration[GaveUp | tuple[A, int]]:
    """Call an activity as often as the policy says; return its answer and how often it was called.

    An answer that is not understood is none: nobody should act on it.
    """
    outcome = yield from attempted(
        context, activity, payload, patience=Patience(backoff=policy.backoff), cancel=cancel
    )
    match outcome:
        case GaveUp():
            return outcome
        case Answered(value=value, attempts=attempts):
            try:
                return answer.from_json(value), attempts
            except ValueError:
                return GaveUp(error="not_understood", attempts=attempts)
