"""What one run of a job's story remembers, and how it asks activities and its control.

Deterministic: every replay rebuilds it from the same answers. The plot is in orchestrator.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

import azure.durable_functions as df
from azure.durable_functions.models import TaskBase

from shared import retry
from shared.durable import Orchestration, StoryLogger
from shared.models import JsonObject, WireModel
from workflows.batch_processing import names
from workflows.batch_processing.models import Job, JobResult, Planned, Tally
from workflows.batch_processing.partition import Place
from workflows.batch_processing.transitions import ALLOWED, JobStatus, advance

_logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Story:
    """What is known of one job so far; rebuilt by every replay."""

    context: df.DurableOrchestrationContext
    job: Job
    log: StoryLogger
    started_at: datetime
    status: JobStatus = JobStatus.OPENING
    reason: str | None = None
    findings: tuple[str, ...] = ()
    place: Place = field(default_factory=Place)
    rows: int = 0
    shards: int = 0
    units: int = 0
    digests: list[str] = field(default_factory=list[str])
    tally: Tally = field(default_factory=Tally)
    repeated_keys: int = 0
    manifest: str | None = None

    @classmethod
    def of(cls, context: df.DurableOrchestrationContext, job: Job) -> Self:
        """Begin the story of a job."""
        return cls(
            context=context,
            job=job,
            log=StoryLogger(_logger, context),
            started_at=context.current_utc_datetime,
        )

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to publish: no row has been touched."""
        return self.status in {JobStatus.REJECTED, JobStatus.CANCELLED}

    def planned(self, segment: Planned) -> None:
        """Note what has been cut."""
        self.place = segment.place
        self.rows += segment.rows
        if segment.digest:
            self.digests.append(segment.digest)

    def enter(self, status: JobStatus) -> None:
        """Move to the next status and show it."""
        self.status = advance(self.status, status)
        self.show()

    def end(self, status: JobStatus, reason: str | None) -> None:
        """Move to an end, and keep why."""
        self.status, self.reason = advance(self.status, status), reason

    def fail(self, reason: str) -> None:
        """End badly, from wherever the story is."""
        stage = self.status if self.status in ALLOWED else JobStatus.PUBLISHING
        self.reason = f"{stage}: {reason}"
        self.status = JobStatus.FAILED

    def show(self, result: JsonObject | None = None) -> None:
        """Tell whoever looks at the instance where the job stands."""
        shown: dict[str, Any] = {
            "jobId": self.job.job_id,
            "pipeline": self.job.pipeline,
            "status": self.status,
            "rows": self.rows,
            "chunks": self.place.chunk,
            "shards": self.shards,
        }
        if result is not None:
            shown["result"] = result
        self.context.set_custom_status(shown)

    def ask[A: WireModel](
        self, activity: str, question: WireModel, answer: type[A]
    ) -> Orchestration[A]:
        """Call an activity and parse what it says."""
        raw = yield self.context.call_activity_with_retry(
            activity, retry.PERSISTENT, question.to_json()
        )
        return answer.from_json(raw)

    def ask_control(self, operation: str, question: WireModel | None = None) -> TaskBase:
        """Ask the job's control."""
        control = df.EntityId(names.CONTROL, self.job.job_id)
        document = question.to_json() if question else {"asks": self.context.instance_id}
        return self.context.call_entity(control, operation, document)

    def result(self) -> JobResult:
        """Say how it ended, or would if it ended now."""
        return JobResult(
            job_id=self.job.job_id,
            pipeline=self.job.pipeline,
            status=self.status,
            reason=self.reason,
            findings=self.findings,
            planned_rows=self.rows,
            chunks=self.place.chunk,
            shards=self.shards,
            units=self.units,
            tally=self.tally,
            repeated_keys=self.repeated_keys,
            dry_run=self.job.dry_run,
            started_at=self.started_at,
            completed_at=self.context.current_utc_datetime,
            source_digests=tuple(self.digests),
            manifest=self.manifest,
        )
