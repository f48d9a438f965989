"""GET /api/batches/{jobId}/report: which form, of which job, and what a stranger learns."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import azure.functions as func
import pytest

from tests.support.clients import MemoryClient, document
from tests.support.functions import handler_of
from workflows.batch_processing import http_report, names
from workflows.batch_processing.ledger import Entry

HANDLER = handler_of(http_report.get_report)
RESULT = {
    "jobId": "J1",
    "pipeline": "catalogue_import",
    "status": "completed",
    "plannedRows": 7,
    "startedAt": "2030-01-01T12:00:00Z",
    "completedAt": "2030-01-01T12:01:00Z",
}


@dataclass
class MemoryBatches:
    """A job's ledger and folder, both of them small."""

    kept: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def ledger(self, job_id: str) -> "MemoryBatches":
        assert job_id == "J1"
        return self

    def results(self, job_id: str) -> "MemoryBatches":
        return self if job_id == "J1" else MemoryBatches()

    def entries(self) -> Iterator[Entry]:
        return iter(())

    def read(self, name: str) -> bytes | None:
        return self.kept.get(name)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> MemoryBatches:
    outside = MemoryBatches()
    monkeypatch.setattr(http_report, "batches", lambda: outside)
    return outside


@pytest.fixture
def client(outside: MemoryBatches) -> MemoryClient:
    assert not outside.kept
    client = MemoryClient()
    client.put("batch-J1", name=names.ORCHESTRATOR, runtimeStatus="Completed", output=RESULT)
    return client


def get(
    client: MemoryClient, job_id: str = "J1", *, accept: str = "", **params: str
) -> func.HttpResponse:
    request = func.HttpRequest(
        method="GET",
        url=f"http://localhost/api/batches/{job_id}/report",
        headers={"Accept": accept} if accept else {},
        params=params,
        route_params={"jobId": job_id},
        body=b"",
    )
    response: func.HttpResponse = asyncio.run(HANDLER(request, client=client))
    return response


@pytest.mark.parametrize(
    ("accept", "params", "media_type"),
    [
        ("", {}, "application/json"),
        ("*/*", {}, "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", {}, "text/html"),
        ("application/json, text/html", {}, "application/json"),
        ("text/html", {"format": "json"}, "application/json"),
        ("application/json", {"format": "html"}, "text/html"),
    ],
)
def test_the_form_is_what_is_asked_for(
    client: MemoryClient, accept: str, params: dict[str, str], media_type: str
) -> None:
    response = get(client, accept=accept, **params)

    assert (response.status_code, response.mimetype) == (200, media_type)


def test_another_form_is_refused_by_name(client: MemoryClient) -> None:
    response = get(client, format="pdf")

    assert response.status_code == 400
    assert document(response)["errors"] == [
        {"pointer": "/format", "code": "enum", "detail": "one of json, html"}
    ]


def test_a_job_that_has_ended_says_how(client: MemoryClient) -> None:
    found = document(get(client))

    assert (found["status"], found["plannedRows"]) == ("completed", 7)
    assert found["completedAt"] == "2030-01-01T12:01:00Z"


def test_a_job_that_runs_says_where_it_stands(client: MemoryClient) -> None:
    shown = {"pipeline": "catalogue_import", "status": "processing", "rows": 9, "chunks": 3}
    client.put("batch-J1", runtimeStatus="Running", output=None, customStatus=shown)

    found = document(get(client))

    assert (found["status"], found["plannedRows"]) == ("processing", 9)
    assert found["units"]["planned"] == 3
    assert "completedAt" not in found


def test_a_job_that_failed_shows_what_it_came_to(client: MemoryClient) -> None:
    failed = {**RESULT, "status": "failed", "reason": "not_reconciled"}
    client.put(
        "batch-J1",
        runtimeStatus="Failed",
        output="job_failed: job J1 failed",
        customStatus={"status": "failed", "result": failed},
    )

    found = document(get(client))

    assert (found["status"], found["reason"]) == ("failed", "not_reconciled")


def test_a_job_that_was_terminated_has_a_report(client: MemoryClient) -> None:
    shown: dict[str, Any] = {"pipeline": "catalogue_import", "status": "processing", "rows": 9}
    client.put("batch-J1", runtimeStatus="Terminated", output="enough", customStatus=shown)

    assert document(get(client))["status"] == "terminated"


def test_a_job_whose_instance_is_purged_is_known_by_its_manifest(outside: MemoryBatches) -> None:
    outside.kept["manifest.json"] = json.dumps({"result": RESULT}).encode()

    assert document(get(MemoryClient()))["plannedRows"] == 7


@pytest.mark.parametrize("job_id", ["unknown", "J1:shard:0", "../J1", ""])
def test_what_is_no_job_is_not_found(client: MemoryClient, job_id: str) -> None:
    client.put("batch-J1:shard:0", name=names.SHARD)

    assert get(client, job_id).status_code == 404


def test_an_instance_of_another_kind_is_not_found(client: MemoryClient) -> None:
    client.put("batch-J1", name="some_orchestrator")

    assert get(client).status_code == 404
