"""Being told that a payment has changed: one event after the other, each with a name of its own.

Two waits for one name would both be served by one event, so the name carries how many came before;
the custom status shows which one is listened for. Safe for orchestrators.
"""

from typing import Final

from azure.durable_functions.models import TaskBase

from workflows.order_processing.story import Story

_EVENT: Final = "payment"


class Notices:
    """What is listened for, in one run of an order's story."""

    def __init__(self, story: Story) -> None:
        self._context = story.context
        self._heard = 0
        self.awaited: TaskBase = self._listen()

    @property
    def event(self) -> str:
        """The event that would be heard next."""
        return f"{_EVENT}:{self._heard}"

    def heard(self) -> bool:
        """Tell whether one has come since, and listen for the next one then."""
        if not self.awaited.is_completed:
            return False
        self._heard += 1
        self.awaited = self._listen()
        return True

    def _listen(self) -> TaskBase:
        return self._context.wait_for_external_event(self.event)
