"""What a job's control knows and decides, and how a downstream's rate is shared out; pure.

Shards report what they have done in all, so a report that comes twice counts once, and the failure
budget is exact over all shards. The entities that keep these states are in entities.
"""

from datetime import timedelta
from enum import StrEnum
from functools import reduce
from operator import add

from pydantic import AwareDatetime, Field

from shared.models import WireModel
from workflows.batch_processing.models import (
    Directive,
    FailureBudget,
    Granted,
    OpenControl,
    ShardReport,
    TakeTokens,
    Tally,
)
from workflows.batch_processing.transitions import Stop, over_budget


class Mode(StrEnum):
    """What a job's shards are told."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Control(WireModel):
    """The state of a job's control.

    Attributes:
        mode, reason: what shards are told, and why they are to stop.
        rows, chunks, budget, opened_at: the plan, once there is one.
        shards: the last report of each, by its number.
    """

    mode: Mode = Mode.RUNNING
    reason: str | None = None
    rows: int = 0
    chunks: int = 0
    budget: FailureBudget = FailureBudget()
    opened_at: AwareDatetime | None = None
    shards: dict[str, ShardReport] = Field(default_factory=dict[str, ShardReport])

    @property
    def tally(self) -> Tally:
        """What all shards have done so far."""
        return reduce(add, (report.tally for report in self.shards.values()), Tally())

    @property
    def directive(self) -> Directive:
        """What shards are to do."""
        return Directive(
            go_on=self.mode is Mode.RUNNING, stop=self.mode is Mode.STOPPED, reason=self.reason
        )

    def opened(self, plan: OpenControl) -> "Control":
        """Take the plan; whoever paused or cancelled before it came has done so."""
        return self._with(rows=plan.rows, chunks=plan.chunks, budget=plan.budget, opened_at=plan.at)

    def reported(self, report: ShardReport) -> "Control":
        """Take what a shard has done in all; stop when too much has failed, or a shard has."""
        known = self._with(shards={**self.shards, str(report.shard): report})
        if report.failure is not None:
            return known.stopped(report.failure)
        if over_budget(known.tally.rejected, known.rows, known.budget):
            return known.stopped(Stop.OVER_BUDGET)
        return known

    def paused(self) -> "Control":
        """Let nothing new begin."""
        return self._with(mode=Mode.PAUSED) if self.mode is Mode.RUNNING else self

    def resumed(self) -> "Control":
        """Let work go on."""
        return self._with(mode=Mode.RUNNING) if self.mode is Mode.PAUSED else self

    def stopped(self, reason: str) -> "Control":
        """End the job early; the first reason counts."""
        if self.mode is Mode.STOPPED:
            return self
        return self._with(mode=Mode.STOPPED, reason=reason)

    def _with(self, **changes: object) -> "Control":
        return self.model_copy(update=changes)


class Pace(WireModel):
    """When a downstream can take the next row; all jobs that load into it share this."""

    free_at: AwareDatetime | None = None

    def taken(self, share: TakeTokens) -> tuple["Pace", Granted]:
        """Hand out a share of the rate; time comes with who asks, and never runs back here."""
        begin = max(share.at, self.free_at or share.at)
        free_at = begin + timedelta(seconds=share.rows / share.rows_per_s)
        return Pace(free_at=free_at), Granted(wait_s=(begin - share.at).total_seconds())
