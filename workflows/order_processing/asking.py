"""Asking activities, and operators where those do not answer: as all stories of orders do it."""

from collections.abc import Callable

import azure.durable_functions as df

from shared.attempts import Answered, Cancel, GaveUp, Patience, attempted
from shared.attention import Desk, Trouble, settle
from shared.durable import Orchestration
from shared.models import JsonObject, WireModel
from shared.retry import BackoffRetryOptions
from shared.saga import Begun, StepStatus


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


def noted[A: WireModel](begun: Begun, found: GaveUp | tuple[A, int]) -> A | None:
    """Note what came of a step, and return its answer; None when it gave up."""
    match found:
        case GaveUp():
            begun.fail(found.error, attempts=found.attempts)
            return None
        case parsed, attempts:
            begun.complete(parsed.to_json(), attempts=attempts)
            return parsed


def seen_through(
    desk: Desk,
    begun: Begun,
    again: Callable[[Begun], Orchestration[None]],
    *,
    delayed: Callable[[], Orchestration[None]],
) -> Orchestration[None]:
    """Ask operators about a step that cannot be undone, until it is done or they let it be."""
    if begun.status is StepStatus.FAILED:
        yield from delayed()
    yield from settle(
        desk,
        Trouble.FORWARD_RECOVERY,
        stuck=lambda: [begun] if begun.status is StepStatus.FAILED else [],
        undone=list,
        again=again,
    )
