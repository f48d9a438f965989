"""How the steps of a saga are run: alone or beside one another, and again when operators say so.

What follows a step that failed is the orchestrator's business.
"""

from azure.durable_functions.models import TaskBase

from shared.attempts import Answered, GaveUp, Outcome, attempted, unheard, waited
from shared.attention import Trouble, settle
from shared.durable import Orchestration
from shared.errors import code_of
from shared.saga import Begun, StepStatus
from workflows.saga import names
from workflows.saga.models import SagaStatus, StepEnd, StepStart
from workflows.saga.plan import Stage, Step, unmet
from workflows.saga.story import Story


def perform(story: Story, stage: Stage) -> Orchestration[None]:
    """Run the steps of a stage and note what came of each; nothing is raised."""
    begun = [(step, story.begin(step)) for step in stage]
    story.enter(SagaStatus.RUNNING, *(step.name for step in stage))
    called = [(step, noted) for step, noted in begun if noted.status is StepStatus.RUNNING]
    if len(stage) > 1:
        yield from _together(story, called)
        return
    for step, noted in called:
        yield from _alone(story, step, noted)


def insist(story: Story, stage: Stage) -> Orchestration[None]:
    """Ask operators about the steps that failed after the pivot, until each is done or let be."""
    steps = {step.name: step for step in stage if not step.continue_on_error}

    def stuck() -> list[Begun]:
        return [b for b in story.ledger.with_status(StepStatus.FAILED) if b.step in steps]

    def again(begun: Begun) -> Orchestration[None]:
        step = steps[begun.step]
        payload = story.payload(step)
        if payload is None:
            return  # what it needs is still not there
        begun.input, begun.status = payload, StepStatus.RUNNING
        story.enter(SagaStatus.RUNNING, step.name)
        yield from _alone(story, step, begun)

    yield from settle(
        story.desk,
        Trouble.FORWARD_RECOVERY,
        stuck=stuck,
        undone=list,
        again=again,
    )


def _alone(story: Story, step: Step, begun: Begun) -> Orchestration[None]:
    outcome = yield from attempted(
        story.context,
        step.action,
        begun.input,
        patience=story.definition.patience(step),
        cancel=story.cancel,
    )
    _note(step, begun, outcome)


def _together(story: Story, steps: list[tuple[Step, Begun]]) -> Orchestration[None]:
    """Run each step as an orchestration of its own and wait for all, whatever becomes of any."""
    children = [_child(story, step, begun) for step, begun in steps]
    if children:
        # Begins them all, and hears from now on who wishes to stop.
        yield story.context.task_any([*children, *unheard(story.cancel)])
    for (step, begun), child in zip(steps, children, strict=True):
        # Not a task_all, which would not wait for the others when one fails.
        yield from waited(story.context, child)
        _note(step, begun, _outcome(child))


def _child(story: Story, step: Step, begun: Begun) -> TaskBase:
    question = StepStart(
        saga=story.definition.name,
        version=story.definition.version,
        step=step.name,
        payload=begun.input,
    )
    return story.context.call_sub_orchestrator(names.STEP_ORCHESTRATOR, question.to_json())


def _outcome(child: TaskBase) -> Outcome:
    if isinstance(child.result, Exception):  # it was terminated, or its code is wrong
        return GaveUp(error=code_of(child.result), attempts=1)
    end = StepEnd.from_json(child.result)
    if end.error is None:
        return Answered(value=end.answer, attempts=end.attempts)
    return GaveUp(error=end.error, attempts=end.attempts)


def _note(step: Step, begun: Begun, outcome: Outcome) -> None:
    match outcome:
        case GaveUp(error=error, attempts=attempts):
            begun.fail(error, attempts=attempts)
        case Answered(value=value, attempts=attempts):
            refusal = unmet(step, value)
            if refusal is None:
                begun.complete(value, attempts=attempts)
            else:
                begun.refuse(refusal, value, attempts=attempts)
