"""Calls an activity until it answers, gives up or runs out of time, and tells that as a value.

Safe for orchestrators. The SDK's own retries number their tasks behind the code's back, which goes
wrong in Azure as soon as the code waits for anything else meanwhile (docs/fidelity.md). Here the
loop is the code's own: one call or one pause at a time, so that it may be raced with a deadline and
with a wish to stop, and knows how often it tried. What is retried is said in shared.retry.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import azure.durable_functions as df
from azure.durable_functions.models import TaskBase

from shared.durable import LONGEST_LINK, Orchestration
from shared.errors import code_of, is_retriable
from shared.retry import Backoff

CANCEL_EVENT: Final = "cancel"
TIMED_OUT: Final = "timed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The activity answered, at this attempt; the value is the decoded JSON, whatever it is."""

    value: Any
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GaveUp:
    """No attempt was answered; whether any of them took effect is unknown.

    ``error`` is what the last attempt failed with: a code of shared.errors, or ``timed_out`` when
    it was left without an answer.
    """

    error: str
    attempts: int


type Outcome = Answered | GaveUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an activity is tried: pauses between attempts, and perhaps a limit for everything.

    An attempt that runs when the limit comes is left to itself: the instance stays Running until it
    ends, and nobody hears its answer.
    """

    backoff: Backoff
    limit: timedelta | None = None


class Cancel:
    """A wish to stop that may come at any moment, once: an event, waited for beside the work.

    Make one per instance, for the event has one name. It is heard only while something is waited
    for together with it.
    """

    def __init__(self, context: df.DurableOrchestrationContext) -> None:
        self.event = context.wait_for_external_event(CANCEL_EVENT)

    @property
    def is_requested(self) -> bool:
        """Whether it has come; the same at the same place of every replay."""
        return self.event.is_completed


def attempted(
    context: df.DurableOrchestrationContext,
    activity: str,
    payload: Any,
    *,
    patience: Patience,
    cancel: Cancel | None = None,
) -> Orchestration[Outcome]:
    """Call an activity as often as the patience allows.

    A failure whose code no retry heals ends it at once. A wish to stop ends it, too, but only
    between attempts: the answer of one that runs is waited for.
    """
    deadline = context.current_utc_datetime + patience.limit if patience.limit else None
    pauses = patience.backoff.waits()
    attempts = 0
    while True:
        call = context.call_activity(activity, payload)
        attempts += 1
        if not (yield from waited(context, call, until=deadline, cancel=cancel)):
            return GaveUp(error=TIMED_OUT, attempts=attempts)
        if not isinstance(call.result, Exception):
            return Answered(value=call.result, attempts=attempts)
        error = code_of(call.result)
        if attempts > len(pauses) or not is_retriable(error):
            return GaveUp(error=error, attempts=attempts)
        wake_at = context.current_utc_datetime + pauses[attempts - 1]
        is_too_late = deadline is not None and wake_at >= deadline
        if is_too_late or not (yield from paused(context, wake_at, cancel)):
            return GaveUp(error=error, attempts=attempts)


def waited(
    context: df.DurableOrchestrationContext,
    task: TaskBase,
    *,
    until: datetime | None = None,
    cancel: Cancel | None = None,
) -> Orchestration[bool]:
    """Wait for a task, whether it succeeds or fails; False when the deadline came first.

    A wish to stop is heard meanwhile and changes nothing here.
    """
    while not task.is_completed:
        now = context.current_utc_datetime
        if until is not None and now >= until:
            return False
        alarm = context.create_timer(min(until, now + LONGEST_LINK)) if until else None
        rivals = [task, *([alarm] if alarm else []), *unheard(cancel)]
        yield context.task_any(rivals)
        if alarm is not None and not alarm.is_completed:
            alarm.cancel()
    return True


def paused(
    context: df.DurableOrchestrationContext,
    wake_at: datetime,
    cancel: Cancel | None,
    *,
    wake: TaskBase | None = None,
) -> Orchestration[bool]:
    """Let time pass, or less of it when something wakes; False as soon as a wish to stop is known.

    Args:
        context: The orchestration's context.
        wake_at: When to go on.
        cancel: A wish to stop, if any may come.
        wake: What ends the pause early; if it has happened already, there is no pause.
    """
    while not (cancel is not None and cancel.is_requested):
        now = context.current_utc_datetime
        if now >= wake_at or (wake is not None and wake.is_completed):
            return True
        alarm = context.create_timer(min(wake_at, now + LONGEST_LINK))
        yield context.task_any([alarm, *([wake] if wake else []), *unheard(cancel)])
        if not alarm.is_completed:
            alarm.cancel()
    return False


def unheard(cancel: Cancel | None) -> list[TaskBase]:
    """Return what has to be waited for beside the work, so that a wish to stop is heard."""
    return [] if cancel is None or cancel.is_requested else [cancel.event]
