"""The step that prices an order, again whenever it has changed."""

from shared import retry
from shared.attempts import GaveUp
from shared.durable import Orchestration
from shared.quote import Quote
from workflows.order_processing import names
from workflows.order_processing.story import Story
from workflows.order_processing.transitions import OrderStatus, Stop, gave_up


def validate(story: Story) -> Orchestration[Stop | None]:
    """Refuse what cannot be sold as ordered; nothing is held that would have to be undone."""
    found = yield from story.ask(names.VALIDATE_ORDER, story.order, Quote, retry.TRANSIENT)
    if isinstance(found, GaveUp):
        return gave_up("validate_order", found.error)
    story.tax_minor = found.tax_minor
    if found.problems:
        return Stop(status=OrderStatus.REJECTED, reason="not_valid", problems=found.problems)
    return None
