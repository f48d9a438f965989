"""The plot of a saga: forward to the pivot, and on; or back, newest first; and how it ends.

Every effect is an activity called by the name that the definition gives; every decision comes from
the definition. How steps are run is in steps, what is remembered between them in story.
"""

import logging
from dataclasses import dataclass, replace

import azure.durable_functions as df

from shared.attempts import Answered, GaveUp, attempted
from shared.attention import Trouble, settle
from shared.cancellation import CANCELLED, close_way_back
from shared.durable import Orchestration, StoryLogger
from shared.models import JsonObject
from shared.saga import LET_BE, Begun, StepStatus, compensate
from workflows.saga import names
from workflows.saga.definitions import REGISTRY
from workflows.saga.models import (
    SagaResult,
    SagaStart,
    SagaStatus,
    StepEnd,
    StepStart,
)
from workflows.saga.plan import Stage
from workflows.saga.steps import insist, perform
from workflows.saga.story import Story

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why a saga does not go to its end; unless an operator ended it, it goes back."""

    reason: str
    by_operator: bool = False


@blueprint.function_name(names.ORCHESTRATOR)
@blueprint.orchestration_trigger(context_name="context")
def run_saga(context: df.DurableOrchestrationContext) -> Orchestration[JsonObject]:
    """Do all steps, or leave nothing of them; what can be neither is for operators to settle."""
    start = SagaStart.from_json(context.get_input())
    story = Story(
        context=context,
        start=start,
        definition=REGISTRY.find(start.saga, start.version),
        log=StoryLogger(_logger, context),
    )
    stop = yield from _forward(story)
    if stop is not None and not stop.by_operator:
        yield from _back(story, stop)
    if story.ledger.with_status(*LET_BE):
        story.enter(SagaStatus.SETTLED_BY_OPERATOR)
    else:
        story.enter(SagaStatus.COMPENSATED if stop else SagaStatus.COMPLETED)
    return _result(story, stop).to_json()


@blueprint.function_name(names.STEP_ORCHESTRATOR)
@blueprint.orchestration_trigger(context_name="context")
def run_step(context: df.DurableOrchestrationContext) -> Orchestration[JsonObject]:
    """Run one step of a group; a failure is an answer, too, so that nothing hides the others."""
    start = StepStart.from_json(context.get_input())
    definition = REGISTRY.find(start.saga, start.version)
    step = definition.step(start.step)
    outcome = yield from attempted(
        context, step.action, start.payload, patience=definition.patience(step)
    )
    match outcome:
        case Answered(value=value, attempts=attempts):
            return StepEnd(attempts=attempts, answer=value).to_json()
        case GaveUp(error=error, attempts=attempts):
            return StepEnd(attempts=attempts, error=error).to_json()


def _forward(story: Story) -> Orchestration[Stop | None]:
    """Run stage after stage; whoever wishes to stop is heard until the pivot."""
    story.show()
    for stage in story.definition.stages:
        if stage[0].pivot and (stop := (yield from _close_way_back(story))):
            return stop
        yield from perform(story, stage)
        if story.is_cancelled:
            return Stop(reason=CANCELLED)
        stop = _refusal(story, stage)
        if stop is not None and story.may_go_back(stage):
            return stop
        if stop is not None:
            yield from insist(story, stage)
            if story.ledger.with_status(StepStatus.ACCEPTED):
                return replace(stop, by_operator=True)
    return None if story.is_past_pivot else (yield from _close_way_back(story))


def _close_way_back(story: Story) -> Orchestration[Stop | None]:
    """Pass the pivot, unless somebody cancelled before."""
    reason = yield from close_way_back(story.context, story.log)
    if reason is not None:
        return Stop(reason=reason)
    story.pass_pivot()
    return None


def _refusal(story: Story, stage: Stage) -> Stop | None:
    """Say which step of a stage keeps the saga from going on."""
    for step in stage:
        begun = story.ledger.of(step.name)
        if begun.status is StepStatus.FAILED and not step.continue_on_error:
            return Stop(reason=f"{step.name}: {begun.error}")
    return None


def _back(story: Story, stop: Stop) -> Orchestration[None]:
    """Undo every step begun, newest first; what resists is for operators to settle."""
    story.log.info("the saga goes back: %s", stop.reason)
    story.enter(SagaStatus.COMPENSATING)

    def look(begun: Begun) -> None:
        story.enter(SagaStatus.COMPENSATING, begun.step)

    def again(begun: Begun) -> Orchestration[None]:
        yield from compensate(story.context, story.ledger, only={begun.step}, look=look)

    yield from compensate(story.context, story.ledger, look=look)
    yield from settle(
        story.desk,
        Trouble.COMPENSATION,
        stuck=lambda: story.ledger.with_status(StepStatus.COMPENSATION_FAILED),
        undone=lambda: story.ledger.with_status(StepStatus.COMPENSATED),
        again=again,
    )


def _result(story: Story, stop: Stop | None) -> SagaResult:
    definition = story.definition
    return SagaResult(
        saga_id=story.start.saga_id,
        saga=definition.name,
        version=definition.version,
        status=story.status,
        reason=stop.reason if stop else None,
        output=story.output(),
        ledger=story.ledger.entries([step.name for step in definition.steps]),
        completed_at=story.context.current_utc_datetime,
    )
