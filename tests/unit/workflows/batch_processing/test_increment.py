"""Increments of an export: the watermark moves after success alone, and nothing is overtaken."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import azure.durable_functions as df
import pytest

from tests.support.clients import MemoryClient
from tests.support.playing import Call, Run, play
from workflows.batch_processing import names, schedule
from workflows.batch_processing.increment import export_increment
from workflows.batch_processing.models import Increment

WINDOW = {"kind": "window", "begin": "2030-01-01T00:00:00Z", "end": "2030-01-02T06:30:00Z"}
JOB = "order_export-20300101T000000Z-20300102T063000Z"


@dataclass
class World:
    """What the activities and the job answer."""

    window: Any = field(default_factory=lambda: WINDOW)
    status: str = "completed"
    failure: Exception | None = None
    moved: bool = True

    def run(self) -> Run:
        return play(export_increment, Increment(pipeline="order_export").to_json(), self.answer)

    def answer(self, call: Call) -> Any:
        match call.name:
            case names.NEXT_WINDOW:
                return {"window": self.window} if self.window else {}
            case names.ORCHESTRATOR:
                if self.failure:
                    raise self.failure
                return {
                    "jobId": JOB,
                    "pipeline": "order_export",
                    "status": self.status,
                    "startedAt": "2030-01-02T06:30:00Z",
                    "completedAt": "2030-01-02T06:31:00Z",
                }
            case names.MOVE_WATERMARK:
                return {"moved": self.moved}
            case unknown:
                raise AssertionError(unknown)


def test_an_increment_exports_the_window_and_then_moves_the_watermark() -> None:
    run = World().run()

    assert run.names == [names.NEXT_WINDOW, names.ORCHESTRATOR, names.MOVE_WATERMARK]
    job = run.calls[1]
    assert (job.instance_id, job.input["jobId"]) == (f"batch-{JOB}", JOB)
    assert job.input["source"] == WINDOW
    assert run.calls[2].input == {"pipeline": "order_export", "window": WINDOW, "jobId": JOB}
    assert run.output == {"status": "completed", "jobId": JOB, "moved": True}


def test_nothing_new_starts_no_job() -> None:
    run = World(window=None).run()

    assert run.names == [names.NEXT_WINDOW]
    assert run.output == {"status": "nothing_new", "moved": False}


def test_rows_that_became_dead_letters_are_not_exported_again() -> None:
    assert World(status="completed_with_errors").run().output["moved"] is True


@pytest.mark.parametrize("status", ["stopped_by_budget", "cancelled", "rejected", "failed"])
def test_a_job_that_ended_early_leaves_the_watermark(status: str) -> None:
    run = World(status=status).run()

    assert names.MOVE_WATERMARK not in run.names
    assert run.output == {"status": status, "jobId": JOB, "moved": False}


def test_a_job_that_failed_leaves_the_watermark() -> None:
    run = World(failure=Exception("job_failed: job failed")).run()

    assert names.MOVE_WATERMARK not in run.names
    assert run.output["status"] == "failed"


def test_a_watermark_that_somebody_else_moved_is_told() -> None:
    assert World(moved=False).run().output == {
        "status": "completed",
        "jobId": JOB,
        "moved": False,
    }


def tick(client: MemoryClient) -> None:
    asyncio.run(schedule.start_export(None, client))  # type: ignore[arg-type]


def test_the_schedule_starts_an_increment() -> None:
    client = MemoryClient()

    tick(client)

    [(name, instance_id, told)] = client.started
    assert (name, instance_id) == (names.INCREMENT, "export-order_export")
    assert Increment.from_json(told).pipeline == "order_export"


def test_an_increment_that_still_runs_is_not_overtaken() -> None:
    client = MemoryClient()
    tick(client)
    tick(client)

    assert len(client.started) == 1


@pytest.mark.parametrize("end", ["Completed", "Failed", "Terminated"])
def test_the_next_increment_follows_however_the_last_has_ended(end: str) -> None:
    client = MemoryClient()
    tick(client)
    client.put("export-order_export", runtimeStatus=end)
    tick(client)

    assert len(client.started) == 2


def test_without_a_setting_there_is_no_schedule() -> None:
    registered: list[object] = schedule.blueprint._function_builders  # type: ignore[attr-defined]

    assert isinstance(schedule.blueprint, df.Blueprint)
    assert registered == []
