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
    shown = _object(view.custom_status)
    result = (
        _object(view.output) if "status" in _object(view.output) else _object(shown.get("result"))
    )
    status = result.get("status") or shown.get("status") or JobStatus.OPENING
    planned = int(shown.get("rows") or result.get("plannedRows") or 0)
    tally = Tally.from_json(result["tally"]) if "tally" in result else control.tally
    return {
        "jobId": shown.get("jobId"),
        "pipeline": shown.get("pipeline"),
        "status": status,
        "mode": control.mode if status in ALLOWED else None,
        "reason": result.get("reason") or control.reason,
        "findings": result.get("findings", []),
        "rows": {"planned": planned, "done": tally.rows}
        | {"accepted": tally.accepted, "rejected": tally.rejected, "blank": tally.blank},
        "chunks": {
            "planned": int(shown.get("chunks") or 0),
            "done": sum(report.units for report in control.shards.values())
            if not result
            else int(shown.get("chunks") or 0),
        },
        "percent": _percent(tally.rows, planned, status),
        **_pace(tally.rows, planned, control, now=now),
        "shards": [
            {"shard": report.shard, "chunksDone": report.units, "rowsDone": report.tally.rows}
            for _, report in sorted(control.shards.items(), key=lambda item: int(item[0]))
        ],
        "startedAt": result.get("startedAt") or _text(view.created_at),
        "completedAt": result.get("completedAt"),
    }


def _percent(done: int, planned: int, status: str) -> float:
    if status in {JobStatus.COMPLETED, JobStatus.COMPLETED_WITH_ERRORS}:
        return 100.0
    return round(100 * done / planned, 1) if planned else 0.0


def _pace(done: int, planned: int, control: Control, *, now: datetime) -> JsonObject:
    """Return rows a second since work began, and how long the rest takes at that rate."""
    if control.opened_at is None or not done:
        return {"rowsPerSecond": None, "estimatedSecondsLeft": None}
    seconds = max((now - control.opened_at).total_seconds(), 0.001)
    rate = done / seconds
    return {
        "rowsPerSecond": round(rate, 1),
        "estimatedSecondsLeft": round(max(planned - done, 0) / rate, 1),
    }


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
