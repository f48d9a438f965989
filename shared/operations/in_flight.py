"""How much has not ended: what a deployment waits for, and how long the oldest start has waited.

The runtime is asked for what has not ended and for nothing else, so that the cost does not grow
with what has. What ended how is in overview.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import azure.durable_functions as df

from shared.durable import InstanceView
from shared.operations.management_api import LARGEST_PAGE, Management, PageQuery
from shared.operations.types import WorkflowTypes

_Status = df.OrchestrationRuntimeStatus
_RUNNING: Final = frozenset({_Status.Running, _Status.ContinuedAsNew})
_UNFINISHED: Final = _RUNNING | {_Status.Pending, _Status.Suspended}


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """What has not ended; children count, because code of theirs will run, too."""

    running: int
    pending: int
    suspended: int
    oldest_pending_at: datetime | None
    by_type: Mapping[str, int]

    @property
    def is_drained(self) -> bool:
        """Whether nothing is left that would go on after a deployment."""
        return self.running + self.pending + self.suspended == 0


async def in_flight(management: Management, types: WorkflowTypes) -> InFlight:
    """Count what has not ended.

    Raises:
        ProviderUnavailableError: The runtime did not answer.
    """
    found = await _instances(management, _UNFINISHED)
    statuses = Counter(view.runtime_status for view in found)
    return InFlight(
        running=sum(statuses[status] for status in _RUNNING),
        pending=statuses[_Status.Pending],
        suspended=statuses[_Status.Suspended],
        oldest_pending_at=_oldest(
            [view for view in found if view.runtime_status is _Status.Pending]
        ),
        by_type=dict(sorted(Counter(types.of(view.orchestrator).name for view in found).items())),
    )


async def oldest_pending(management: Management) -> datetime | None:
    """Return since when the oldest start has waited to be taken; None when none waits.

    Raises:
        ProviderUnavailableError: The runtime did not answer.
    """
    return _oldest(await _instances(management, frozenset({_Status.Pending})))


def _oldest(found: list[InstanceView]) -> datetime | None:
    return min((view.created_at for view in found if view.created_at), default=None)


async def _instances(
    management: Management, statuses: frozenset[df.OrchestrationRuntimeStatus]
) -> list[InstanceView]:
    query = PageQuery(statuses=statuses, top=LARGEST_PAGE)
    page = await management.page(query)
    found = list(page.instances)
    while page.token is not None:
        page = await management.page(query, page.token)
        found += page.instances
    return found
