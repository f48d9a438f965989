"""Why an instance is where it is, in one sentence for whoever is on call; pure.

Drawn from what the runtime keeps (status and history), what the domain shows (custom status) and
what it calls things (its words). Who asks the runtime is workflows.management.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import azure.durable_functions as df

from shared.durable import InstanceView
from shared.operations.explaining import phrases
from shared.operations.explaining.errors import code_in, last_error, said, shortened
from shared.operations.explaining.history import Facts, facts_of
from shared.operations.explaining.models import Coming, Explanation, LastError, WaitingFor, WaitKind
from shared.operations.explaining.standing import Standing, Subject, standing
from shared.operations.explaining.words import NO_WORDS, document_in
from shared.operations.types import OTHER, WorkflowType
from shared.redaction import redact_text

__all__ = [
    "PENDING_LIMIT",
    "Coming",
    "Explanation",
    "LastError",
    "WaitKind",
    "WaitingFor",
    "explain",
]

# No host takes this long to take what has been started.
PENDING_LIMIT: Final = timedelta(minutes=5)
# The host ends an activity that runs longer than functionTimeout, which is well below this.
_LONGEST_CALL: Final = timedelta(hours=1)


def explain(
    view: InstanceView,
    *,
    now: datetime,
    type_: WorkflowType = OTHER,
    children: Mapping[str, Explanation] | None = None,
    pending_limit: timedelta = PENDING_LIMIT,
) -> Explanation:
    """Explain an instance.

    Args:
        view: what the runtime keeps of it, history included unless it is Pending.
        now: the reader's time.
        type_: its workflow type.
        children: explanations of its children by id, as far as anybody looked.
        pending_limit: how long it may be Pending.
    """
    words = type_.words or NO_WORDS
    facts = facts_of(view.history, windowed=words.windowed)
    subject = Subject(
        words=words,
        facts=facts,
        status=document_in(view.custom_status),
        patience=min(type_.service_level, _LONGEST_CALL),
        children=children or {},
        now=now,
    )
    found = _found(view, subject, pending_limit)
    return Explanation(
        instance_id=view.instance_id,
        type=type_.name,
        runtime_status=view.runtime_status.value,
        sentence=phrases.sentence(found.clause),
        since=found.since,
        waiting_for=found.waiting,
        next=found.coming,
        last_error=_error(view, facts, subject),
        is_stuck=found.is_stuck,
    )


def _found(view: InstanceView, subject: Subject, pending_limit: timedelta) -> Standing:
    match view.runtime_status:
        case df.OrchestrationRuntimeStatus.Pending:
            return _pending(view, subject, pending_limit)
        case df.OrchestrationRuntimeStatus.Suspended:
            return _suspended(view, subject)
        case df.OrchestrationRuntimeStatus.Completed:
            return _ended("completed", view, subject, _outcome(view))
        case df.OrchestrationRuntimeStatus.Failed:
            return _failed(view, subject)
        case df.OrchestrationRuntimeStatus.Terminated | df.OrchestrationRuntimeStatus.Canceled:
            reason = f": {_words_of(view.output)}" if view.output else ""
            return _ended(view.runtime_status.value.lower(), view, subject, reason)
        case _:
            return standing(subject)


def _pending(view: InstanceView, subject: Subject, limit: timedelta) -> Standing:
    since = view.created_at
    waits = since is not None and subject.now - since > limit
    told = phrases.since(since, subject.now)
    return Standing(
        clause=f"pending{told}: no host has taken it" + (" yet" * (not waits)),
        since=since,
        waiting=(WaitingFor(kind=WaitKind.START, name="a host", since=since),),
        is_stuck=waits,
    )


def _suspended(view: InstanceView, subject: Subject) -> Standing:
    event = subject.facts.last("ExecutionSuspended")
    since = event.at if event else view.last_updated_at
    reason = f" ({_words_of(event.reason)})" if event and event.reason else ""
    below = standing(subject)
    told = phrases.since(since, subject.now)
    return Standing(
        clause=f"suspended by an operator{told}{reason}; underneath: {below.clause}",
        since=since,
        waiting=below.waiting,
    )


def _failed(view: InstanceView, subject: Subject) -> Standing:
    streak = subject.facts.unhealed
    at = _ended_at(view, subject)
    when = f" {phrases.at(at, subject.now)}" if at else ""
    text = view.output if isinstance(view.output, str) else ""
    # An end of the orchestration's own is what it says, however many calls have failed before.
    if streak is not None and code_in(text) == code_in(streak.last.reason):
        times = f" after {streak.attempts} attempts" if streak.attempts > 1 else ""
        step = subject.words.call(streak.name)
        clause = f"failed at step {step}{times}{when}: {said(streak.last.reason)}"
    else:
        clause = f"failed{when}: {said(text)}"
    return Standing(clause=clause, since=at, waiting=())


def _ended(how: str, view: InstanceView, subject: Subject, more: str) -> Standing:
    at = _ended_at(view, subject)
    when = f" {phrases.at(at, subject.now)}" if at else ""
    return Standing(clause=f"{how}{when}{more}", since=at, waiting=())


def _ended_at(view: InstanceView, subject: Subject) -> datetime | None:
    event = subject.facts.last("ExecutionCompleted", "ExecutionTerminated")
    return (event.at if event else None) or view.last_updated_at


def _outcome(view: InstanceView) -> str:
    status = document_in(view.output).get("status")
    return f" as {status}" if isinstance(status, str) else ""


def _words_of(text: object) -> str:
    return shortened(redact_text(str(text)))


def _error(view: InstanceView, facts: Facts, subject: Subject) -> LastError | None:
    """Tell the failure that has not healed; the end's own where no step failed."""
    found = last_error(facts.unhealed, subject.words)
    if found is not None or view.runtime_status is not df.OrchestrationRuntimeStatus.Failed:
        return found
    text = view.output if isinstance(view.output, str) else ""
    at = _ended_at(view, subject)
    return LastError(code=code_in(text), step="", attempts=1, at=at, said=said(text))
