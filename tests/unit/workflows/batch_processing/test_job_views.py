"""Jobs as their pages show them: how far, how fast, and how they ended."""

from typing import Any

import pytest

from tests.support.management import Status, an_instance
from workflows.batch_processing.job_views import JobView, job_view


def shown(status: str = "processing", runtime: Any = Status.Running, **changes: Any) -> JobView:
    document: dict[str, Any] = {
        "status": status,
        "pipeline": "catalogue_import",
        "mode": "running",
        "reason": None,
        "findings": [],
        "rows": {
            "planned": 60_000,
            "done": 15_000,
            "accepted": 14_900,
            "rejected": 100,
            "blank": 0,
        },
        "chunks": {"planned": 120, "done": 30},
        "percent": 25.0,
        "rowsPerSecond": 512.4,
        "estimatedSecondsLeft": 88.0,
        "shards": [
            {"shard": 0, "chunksDone": 10, "rowsDone": 5_000},
            {"shard": 1, "chunksDone": 20, "rowsDone": 10_000},
        ],
        **changes,
    }
    return job_view(document, an_instance("batch-spring", runtime_status=runtime))


def test_a_job_under_way_says_how_far_and_how_fast() -> None:
    job = shown()

    assert (job.job_id, job.pipeline, job.look, job.status) == (
        "spring",
        "Catalogue import",
        "running",
        "Processing",
    )
    assert (job.rows, job.planned, job.chunks) == ("15,000", "60,000", "30 of 120")
    assert (job.pace, job.left) == ("512 rows a second", "1 min 28 s")
    assert [shard.length for shard in job.shards] == [50, 100]


def test_a_paused_job_promises_no_end() -> None:
    job = shown(mode="paused")

    assert (job.look, job.status, job.left, job.is_paused) == ("suspended", "Paused", "", True)


@pytest.mark.parametrize(
    ("status", "runtime", "look", "text"),
    [
        ("completed", Status.Completed, "completed", "Completed"),
        ("completed_with_errors", Status.Completed, "attention", "Completed with errors"),
        ("cancelled", Status.Completed, "canceled", "Cancelled"),
        ("processing", Status.Terminated, "terminated", "Terminated"),
        ("processing", Status.Suspended, "suspended", "Suspended"),
        ("failed", Status.Failed, "failed", "Failed"),
    ],
)
def test_an_end_is_told_by_its_word(status: str, runtime: Any, look: str, text: str) -> None:
    job = shown(status, runtime, mode=None)

    assert (job.look, job.status) == (look, text)
