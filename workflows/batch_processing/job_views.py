"""A job as its pages show it: words and numbers of what progress says; pure."""

from dataclasses import dataclass
from datetime import datetime

from shared.durable import InstanceView
from shared.models import JsonObject
from shared.pages.charts import share
from shared.pages.words import count, lasting, of_code, rate
from workflows.batch_processing.control import Mode
from workflows.batch_processing.transitions import JobStatus

_ENDS = {
    JobStatus.COMPLETED: "completed",
    JobStatus.COMPLETED_WITH_ERRORS: "attention",
    JobStatus.STOPPED_BY_BUDGET: "failed",
    JobStatus.CANCELLED: "canceled",
    JobStatus.REJECTED: "failed",
    JobStatus.FAILED: "failed",
}
_RUNTIME_ENDS = {"Failed": "failed", "Terminated": "terminated", "Canceled": "canceled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardView:
    """What one shard has done, with its part of the rows in percent of the fullest shard."""

    number: int
    rows: str
    chunks: str
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One job: what it is called, where it stands, how far it is and how fast."""

    job_id: str
    instance_id: str
    pipeline: str
    look: str
    status: str
    is_over: bool
    is_paused: bool
    percent: float
    rows: str
    planned: str
    rejected: str
    blank: str
    chunks: str
    pace: str
    left: str
    reason: str
    findings: tuple[str, ...]
    shards: tuple[ShardView, ...]
    started_at: datetime | None
    ended_at: datetime | None


def job_view(document: JsonObject, view: InstanceView) -> JobView:
    """Put what is known of a job into words.

    Args:
        document: what progress returned.
        view: its instance.
    """
    is_paused = document["mode"] == Mode.PAUSED and not view.is_terminal
    look, status = _look(str(document["status"]), view, is_paused=is_paused)
    rows, chunks = document["rows"], document["chunks"]
    per_s, left_s = document["rowsPerSecond"], document["estimatedSecondsLeft"]
    return JobView(
        job_id=view.instance_id.removeprefix("batch-"),
        instance_id=view.instance_id,
        pipeline=of_code(str(document["pipeline"] or "")),
        look=look,
        status=status,
        is_over=view.is_terminal,
        is_paused=is_paused,
        percent=document["percent"],
        rows=count(rows["done"]),
        planned=count(rows["planned"]),
        rejected=count(rows["rejected"]),
        blank=count(rows["blank"]),
        chunks=f"{count(chunks['done'])} of {count(chunks['planned'])}",
        pace=f"{rate(per_s)} rows a second" if per_s else "",
        left=lasting(left_s) if left_s and not view.is_terminal and not is_paused else "",
        reason=of_code(str(document["reason"] or "")),
        findings=tuple(map(str, document["findings"])),
        shards=_shards(document),
        started_at=view.created_at,
        ended_at=view.last_updated_at if view.is_terminal else None,
    )


def _look(status: str, view: InstanceView, *, is_paused: bool) -> tuple[str, str]:
    runtime = str(view.runtime_status.value)
    if runtime in _RUNTIME_ENDS and status not in _ENDS:
        return _RUNTIME_ENDS[runtime], runtime
    if is_paused:
        return "suspended", "Paused"
    if runtime in {"Suspended", "Pending"}:
        return runtime.lower(), runtime
    return _ENDS.get(JobStatus(status), "running"), of_code(status)


def _shards(document: JsonObject) -> tuple[ShardView, ...]:
    most = max((shard["rowsDone"] for shard in document["shards"]), default=0)
    return tuple(
        ShardView(
            number=shard["shard"],
            rows=count(shard["rowsDone"]),
            chunks=count(shard["chunksDone"]),
            length=share(shard["rowsDone"], most),
        )
        for shard in document["shards"]
    )
