"""What dispatch needs from the outside: a worker that runs the app's functions, and a clock.

The worker is Microsoft's library behind ``funchost.worker``; tests put their own behind this port.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from funchost.engine.actions import Turn
from funchost.engine.calls import ActivityAnswer, EntityAnswer, EntityBatch, OrchestrationHead
from funchost.engine.events import Event


class Worker(Protocol):
    """Runs the app's durable functions. Names are looked up without regard to case."""

    @property
    def orchestrators(self) -> Mapping[str, str]:
        """Return the registered orchestrators: name in casefold to name as registered."""
        ...

    @property
    def activities(self) -> Mapping[str, str]:
        """Return the registered activities: name in casefold to name as registered."""
        ...

    @property
    def entities(self) -> Mapping[str, str]:
        """Return the registered entities: name in casefold to name as registered."""
        ...

    def encode(self, event: Event) -> str:
        """Return the event as the SDK reads it, as JSON text; "" for one that it does not see.

        The text of an event never changes, so a lane keeps it and pays for it once.
        """
        ...

    async def orchestrate(self, head: OrchestrationHead, history: Sequence[str]) -> Turn:
        """Replay the orchestrator over the encoded history (empty texts are left out before).

        Raises:
            WorkerUnavailableError: the episode is to be abandoned and tried again.
        """
        ...

    async def run_activity(
        self, *, name: str, payload: str, instance_id: str, task_id: int
    ) -> ActivityAnswer:
        """Run an activity once; ``payload`` is JSON text. A raising function is an answer.

        Raises:
            WorkerUnavailableError: the outcome is unknown; the activity is to be run again.
        """
        ...

    async def run_entity(self, batch: EntityBatch) -> EntityAnswer:
        """Run a batch of operations; a function that raises as a whole fails every operation.

        Raises:
            WorkerUnavailableError: nothing is known; the batch is to be run again.
        """
        ...


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Return the instant, aware, in UTC."""
        ...

    async def sleep_until(self, instant: datetime) -> None:
        """Return once ``now() >= instant``, at once if it is past.

        A virtual clock gives everybody a turn of its own, when nothing runs.
        """
        ...
