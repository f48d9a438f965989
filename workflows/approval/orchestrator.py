"""Drives the time of one approval: looks into the log when something is due, and when woken.

It decides nothing and knows nobody: activities append what is due and write to people. It waits for
the next entry of the log or the next instant, whichever comes first. A poke carries no content, so
one that is lost, doubled or made up changes nothing.
"""

import logging
from datetime import datetime, timedelta

import azure.durable_functions as df
from azure.durable_functions.models import TaskBase

from shared import retry
from shared.durable import Orchestration, StoryLogger
from shared.errors import ProviderUnavailableError, StorageUnavailableError, code_of
from shared.models import JsonObject
from workflows.approval import names
from workflows.approval.models import (
    Advance,
    ApprovalInput,
    ApprovalResult,
    LogEnd,
    Notice,
    Notify,
    PublishDocument,
    Step,
)

ROUNDS_PER_GENERATION = 50  # keeps every replay short, however long people take

# The backend cannot cancel a timer longer than six days, and a lost poke heals at each link's end.
_LONGEST_LINK = timedelta(days=1)
_PAUSE_WITHOUT_STORAGE = timedelta(minutes=5)
_HEALS = frozenset({ProviderUnavailableError.code, StorageUnavailableError.code})

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@blueprint.function_name(names.ORCHESTRATOR)
@blueprint.orchestration_trigger(context_name="context")
def decide_request(
    context: df.DurableOrchestrationContext,
) -> Orchestration[JsonObject | None]:
    """Take a request to its end; start anew every fifty rounds with how much was seen."""
    request = ApprovalInput.from_json(context.get_input())
    seen, poke = request.seen, None
    for _ in range(ROUNDS_PER_GENERATION):
        step = yield from _advance(context, request.request_id, seen)
        if step is None:
            yield context.create_timer(context.current_utc_datetime + _PAUSE_WITHOUT_STORAGE)
            continue
        _show(context, request.request_id, step)
        for notice in step.notices:
            yield from _tell(context, request.request_id, notice)
        if step.closed:
            end = yield from _end(context, request.request_id, step)
            return _result(context, request.request_id, step, end)
        if poke is None or step.sequence > seen:
            poke = _poke(context, request.request_id, step)
        elif poke.is_completed:
            break  # woken for nothing: that name has had its one wait, so a new generation waits
        seen = step.sequence
        yield from _wait(context, poke, step.wake_at)
    context.continue_as_new(ApprovalInput(request_id=request.request_id, seen=seen).to_json())
    return None


def _advance(
    context: df.DurableOrchestrationContext, request_id: str, seen: int
) -> Orchestration[Step | None]:
    """Append what is due; None when storage stays away, which must not end anything."""
    question = Advance(request_id=request_id, seen=seen, now=context.current_utc_datetime)
    try:
        raw = yield context.call_activity_with_retry(
            names.ADVANCE, retry.PERSISTENT, question.to_json()
        )
    except Exception as failure:
        if code_of(failure) not in _HEALS:
            raise
        StoryLogger(_logger, context).warning("the log is out of reach: %s", code_of(failure))
        return None
    return Step.from_json(raw)


def _tell(
    context: df.DurableOrchestrationContext, request_id: str, notice: Notice
) -> Orchestration[None]:
    """Write to whom it concerns; mails that cannot be sent change nothing else."""
    question = Notify(request_id=request_id, sequence=notice.sequence)
    try:
        yield context.call_activity_with_retry(names.NOTIFY, retry.BEST_EFFORT, question.to_json())
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        StoryLogger(_logger, context).warning(
            "nobody was told of entry %d, %s: %s", notice.sequence, notice.kind, code_of(failure)
        )


def _poke(context: df.DurableOrchestrationContext, request_id: str, step: Step) -> TaskBase:
    """Wait for the next entry; once per entry, however many timers pass meanwhile."""
    return context.wait_for_external_event(
        names.poke(request_id, level=step.level, round_=step.round, sequence=step.sequence + 1)
    )


def _wait(
    context: df.DurableOrchestrationContext, poke: TaskBase, wake_at: datetime | None
) -> Orchestration[None]:
    """Wait for the poke, the instant, or a day, whichever comes first."""
    latest = context.current_utc_datetime + _LONGEST_LINK
    timer = context.create_timer(min(wake_at, latest) if wake_at else latest)
    yield context.task_any([poke, timer])
    if not timer.is_completed:
        timer.cancel()


def _show(context: df.DurableOrchestrationContext, request_id: str, step: Step) -> None:
    status = {
        "requestId": request_id,
        "status": step.status,
        "level": step.level,
        "round": step.round,
        "openedAt": step.opened_at,
        "deadlineAt": step.deadline_at,
        "remindAt": step.remind_at,
    }
    context.set_custom_status(
        {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in status.items()
        }
    )


def _end(
    context: df.DurableOrchestrationContext, request_id: str, step: Step
) -> Orchestration[LogEnd]:
    """Publish what was approved; return the end of the log. What cannot be published fails."""
    if not step.publish:
        return LogEnd(sequence=step.sequence, hash=step.log_hash)
    question = PublishDocument(request_id=request_id, now=context.current_utc_datetime)
    raw = yield context.call_activity_with_retry(
        names.PUBLISH_DOCUMENT, retry.PERSISTENT, question.to_json()
    )
    return LogEnd.from_json(raw)


def _result(
    context: df.DurableOrchestrationContext, request_id: str, step: Step, end: LogEnd
) -> JsonObject:
    return ApprovalResult(
        request_id=request_id,
        status=step.status,
        level=step.level,
        round=step.round,
        entries=end.sequence,
        log_hash=end.hash,
        completed_at=context.current_utc_datetime,
    ).to_json()
