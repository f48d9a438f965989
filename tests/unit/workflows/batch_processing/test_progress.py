"""What a poller sees: percent of rows, the rate since work began, an estimate, and the end."""

from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from shared.durable import InstanceId, InstanceView
from tests.support.playing import T0
from workflows.batch_processing.control import Control
from workflows.batch_processing.models import FailureBudget, OpenControl, ShardReport, Tally
from workflows.batch_processing.progress import progress

LATER = T0 + timedelta(seconds=10)
SHOWN = {
    "jobId": "j1",
    "pipeline": "catalogue_import",
    "status": "processing",
    "rows": 1000,
    "chunks": 10,
    "shards": 2,
}


def view(custom: Any, output: Any = None) -> InstanceView:
    return InstanceView(
        instance_id=InstanceId("batch-j1"),
        orchestrator="batch_processing_job",
        runtime_status=df.OrchestrationRuntimeStatus.Running,
        created_at=T0,
        last_updated_at=T0,
        custom_status=custom,
        output=output,
        history=None,
    )


def at_work(*rows: int) -> Control:
    control = Control().opened(OpenControl(rows=1000, chunks=10, budget=FailureBudget(), at=T0))
    for shard, done in enumerate(rows):
        tally = Tally(rows=done, accepted=done)
        control = control.reported(ShardReport(shard=shard, tally=tally, units=done // 100))
    return control


def test_progress_is_counted_in_rows_over_all_shards() -> None:
    shown = progress(view(SHOWN), at_work(300, 100), now=LATER)

    assert shown["percent"] == 40.0
    assert shown["rowsPerSecond"] == 40.0
    assert shown["estimatedSecondsLeft"] == 15.0
    assert shown["chunks"] == {"planned": 10, "done": 4}
    assert shown["shards"] == [
        {"shard": 0, "chunksDone": 3, "rowsDone": 300},
        {"shard": 1, "chunksDone": 1, "rowsDone": 100},
    ]


def test_a_job_that_has_hardly_begun_has_no_rate() -> None:
    shown = progress(view(None), Control(), now=LATER)

    assert shown["status"] == "opening"
    assert shown["percent"] == 0.0
    assert shown["rowsPerSecond"] is None


def test_a_paused_job_says_so() -> None:
    assert progress(view(SHOWN), at_work(1).paused(), now=LATER)["mode"] == "paused"


RESULT = {
    "jobId": "j1",
    "pipeline": "catalogue_import",
    "status": "failed",
    "reason": "not_reconciled",
    "findings": ["rows: planned 1000, found 999"],
    "plannedRows": 1000,
    "units": 9,
    "tally": {"rows": 999, "accepted": 999, "rejected": 0, "blank": 0},
    "startedAt": "2030-01-01T12:00:00Z",
    "completedAt": "2030-01-01T12:01:00Z",
}


def test_a_failed_job_shows_what_it_came_to() -> None:
    custom = {**SHOWN, "status": "failed", "result": RESULT}

    shown = progress(view(custom, output="Orchestrator function failed"), Control(), now=LATER)

    assert shown["status"] == "failed"
    assert shown["findings"] == ["rows: planned 1000, found 999"]
    assert shown["percent"] == 99.9
    assert shown["completedAt"] == "2030-01-01T12:01:00Z"


def test_an_end_is_read_from_the_output() -> None:
    output = {**RESULT, "status": "completed_with_errors"}

    shown = progress(view(SHOWN, output=output), Control(), now=LATER)

    assert shown["percent"] == 100.0
    assert shown["mode"] is None
    assert shown["rowsPerSecond"] == 16.6
    assert shown["chunks"] == {"planned": 10, "done": 9}
