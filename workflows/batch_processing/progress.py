"""Where a job stands, for people and pollers: counts, rate and estimate; pure.

What shards have reported is counted here; what is shown of the runtime itself is management's.
"""

from datetime import datetime
from typing import Any, cast

from shared.durable import InstanceView
from shared.models import JsonObject
from workflows.batch_processing.control import Control
from workflows.batch_processing.models import Tally
from workflows.batch_processing.transitions import ALLOWED, JobStatus


def progress(view: InstanceView, control: Control, *, now: datetime) -> JsonObject:
    """Return what is known of a job.

    Args:
        view: Its instance.
        control: What its shards have reported; empty before the work and after the end.
        now: When this is asked.
    """
    shown = object_in(view.custom_status)
    result = object_in(view.output) or object_in(shown.get("result"))
    status = result.get("status") or shown.get("status") or JobStatus.OPENING
    planned, chunks = int(shown.get("rows", 0)), int(shown.get("chunks", 0))
    tally = Tally.from_json(result["tally"]) if result else control.tally
    units = sum(report.units for report in control.shards.values())
    if result:
        units = int(result.get("units", 0))
    return {
        "jobId": shown.get("jobId"),
        "pipeline": shown.get("pipeline"),
        "status": status,
        "mode": control.mode if status in ALLOWED else None,
        "reason": result.get("reason") or control.reason,
        "findings": result.get("findings", []),
        "rows": _rows(tally, planned),
        "chunks": {"planned": chunks, "done": min(units, chunks)},
        "percent": _percent(tally.rows, planned, status),
        **_pace(tally.rows, planned, since=_work_began(result, control), until=_end(result, now)),
        "shards": _shards(control),
        "startedAt": result.get("startedAt") or _text(view.created_at),
        "completedAt": result.get("completedAt"),
    }


def _rows(tally: Tally, planned: int) -> JsonObject:
    return {
        "planned": planned,
        "done": tally.rows,
        "accepted": tally.accepted,
        "rejected": tally.rejected,
        "blank": tally.blank,
    }


def _shards(control: Control) -> list[JsonObject]:
    return [
        {"shard": report.shard, "chunksDone": report.units, "rowsDone": report.tally.rows}
        for _, report in sorted(control.shards.items(), key=lambda item: int(item[0]))
    ]


def _percent(done: int, planned: int, status: str) -> float:
    if status in {JobStatus.COMPLETED, JobStatus.COMPLETED_WITH_ERRORS}:
        return 100.0
    return round(100 * done / planned, 1) if planned else 0.0


def _work_began(result: JsonObject, control: Control) -> datetime | None:
    """Return when work began: of a job that has ended, when it did itself."""
    return datetime.fromisoformat(result["startedAt"]) if result else control.opened_at


def _end(result: JsonObject, now: datetime) -> datetime:
    return datetime.fromisoformat(result["completedAt"]) if result else now


def _pace(done: int, planned: int, *, since: datetime | None, until: datetime) -> JsonObject:
    """Return rows a second, and how long the rest takes at that rate."""
    if since is None or not done:
        return {"rowsPerSecond": None, "estimatedSecondsLeft": None}
    rate = done / max((until - since).total_seconds(), 0.001)
    return {
        "rowsPerSecond": round(rate, 1),
        "estimatedSecondsLeft": round(max(planned - done, 0) / rate, 1),
    }


def object_in(value: object) -> dict[str, Any]:
    """Return a JSON object as it is, and an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
