"""Says, while an app is being developed, what would go differently in Azure.

Every kind of finding of the engine's watch is told once an instance: to the log, and to whoever
listens (tests, which make it an error). A watch that cannot follow falls silent; it never disturbs
a turn.
"""

import logging
from collections.abc import Callable

from funchost.dispatch.lanes import Lane
from funchost.engine.actions import Turn
from funchost.engine.closing import Closing
from funchost.engine.events import EventRaised
from funchost.engine.findings import Divergence, Finding
from funchost.engine.ports import InstanceRecord

logger = logging.getLogger("funchost.azure")

type OnDivergence = Callable[[InstanceRecord, Finding], None]


def nobody(record: InstanceRecord, finding: Finding) -> None:
    """Listen to nothing: the log is enough."""
    del record, finding


class AzureWarner:
    """Looks at each episode when it is committed."""

    def __init__(self, on_divergence: OnDivergence = nobody) -> None:
        """Tell ``on_divergence`` each finding, too."""
        self._on_divergence = on_divergence

    def look(
        self, lane: Lane, record: InstanceRecord, closing: Closing | None, turn: Turn | None
    ) -> None:
        """Follow a committed episode, or, with no ``closing``, see what is held in the inbox.

        The lane's inbox still has what the episode took.
        """
        if lane.watch is None or (closing is None and not lane.inbox):
            return
        taken = set[int]() if closing is None else set(closing.consumed)
        held = [
            message.event
            for message in lane.inbox
            if isinstance(message.event, EventRaised)
            and message.sequence not in taken
            and not lane.state.waits_for(message.event.name)  # else it is next, not early
        ]
        try:
            findings = lane.watch.follow(
                () if closing is None else closing.events,
                turn,
                held=held,
                has_ended=closing is not None
                and (closing.completed is not None or closing.continued is not None),
            )
        except (LookupError, ValueError):  # a history that was rewound, or code that has changed
            lane.watch = None
            logger.debug("Cannot follow %s any more", record.instance_id, exc_info=True)
            return
        for finding in findings:
            # Once an instance: each generation of a loop would say the same again.
            if (finding.divergence, finding.cause) not in lane.told:
                lane.told.add((finding.divergence, finding.cause))
                _log(record, finding)
                self._on_divergence(record, finding)


def _log(record: InstanceRecord, finding: Finding) -> None:
    level = logging.INFO if finding.divergence is Divergence.LATER else logging.WARNING
    logger.log(level, "Orchestration %s (%s): %s", record.name, record.instance_id, finding)
