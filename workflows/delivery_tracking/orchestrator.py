"""The plot of a parcel's story: look, tell what is new, wait for a notice or the next look.

Every effect is an activity called by name, every decision comes from transitions. What is known,
and how activities are asked, is in story.
"""

import logging

import azure.durable_functions as df

from shared.durable import Orchestration, StoryLogger
from shared.models import JsonObject
from workflows.delivery_tracking import names
from workflows.delivery_tracking.journey import ENDS
from workflows.delivery_tracking.models import DeliveryStatus, TrackDelivery
from workflows.delivery_tracking.questions import Trouble
from workflows.delivery_tracking.story import Story
from workflows.delivery_tracking.transitions import (
    beginning,
    given_up,
    heard,
    overdue,
    result,
    silent,
)

CHECKS_PER_GENERATION = 20  # keeps every replay short, however long a parcel travels

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@blueprint.function_name(names.ORCHESTRATOR)
@blueprint.orchestration_trigger(context_name="context")
def track_delivery(context: df.DurableOrchestrationContext) -> Orchestration[JsonObject | None]:
    """Follow a parcel to its end; start anew every twenty looks with what is known."""
    parcel = TrackDelivery.from_json(context.get_input())
    story = Story(
        context=context,
        parcel=parcel,
        log=StoryLogger(_logger, context),
        state=beginning(parcel, context.current_utc_datetime),
    )
    for _ in range(CHECKS_PER_GENERATION):
        yield from _look(story)
        if story.state.status in ENDS:
            return (yield from _end(story))
        yield from _troubles(story)
        story.show()
        yield from story.wait()
    context.continue_as_new(parcel.model_copy(update={"state": story.state}).to_json())
    return None


def _look(story: Story) -> Orchestration[None]:
    """See how things stand, and write to the customer if the parcel has moved."""
    before = story.state
    # Shown before the question: who keeps a scan too late for its answer wakes the next wait.
    story.show()
    story.reading = yield from story.look()
    after = given_up(heard(before, story.reading), story.now)
    story.state = after
    if (after.status, after.moved_at) != (before.status, before.moved_at):
        story.show()
        yield from story.tell()


def _troubles(story: Story) -> Orchestration[None]:
    """See what should have happened by now and has not; each is told once."""
    before = story.state
    story.state = overdue(before, story.parcel, story.now)
    is_new = story.state.is_late and not before.is_late
    if is_new and story.state.status is not DeliveryStatus.OUT_FOR_DELIVERY:
        yield from story.tell(Trouble.LATE)
    story.state = silent(story.state, story.parcel, story.now)
    if story.state.is_silent and not before.is_silent:
        story.log.warning("nothing has been heard of the parcel since %s", before.heard_at)
        story.show()
        yield from story.tell(Trouble.SILENT)
    if story.state.is_silent and not story.state.is_inquired:
        yield from story.inquire()


def _end(story: Story) -> Orchestration[JsonObject]:
    """Ask the carrier to pay for what is lost, and say how it ended."""
    is_lost = story.state.status is DeliveryStatus.LOST
    claimed = (yield from story.claim()) if is_lost else None
    return result(story.state, story.parcel, claimed=claimed, now=story.now).to_json()
