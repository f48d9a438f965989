"""Batch jobs over HTTP: a file goes in, a verified result and a list of what was wrong come out."""

import json
import time
from typing import Any

import pytest

from shared.catalogue import Catalogue
from tests.support.funchost import INSTANCES
from tests.support.suppliers import HEADER, Desk, PriceList

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SMALL = PriceList.of(300)
FIFTY_THOUSAND = PriceList.of(50_000)


def pointers(answer: Any) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return [problem["pointer"] for problem in answer.json.get("errors", [])]


def test_fifty_thousand_rows_come_out_as_they_went_in(desk: Desk) -> None:
    desk.put("fifty.csv", FIFTY_THOUSAND.content)
    desk.accepted("fifty", dataSource="imports/fifty.csv", dryRun=True, batchSize=2500)

    end = desk.ended("fifty")

    assert end["status"] == "completed_with_errors"
    assert end["rows"]["planned"] == end["rows"]["done"] == 50_000
    assert {line["sku"] for line in desk.lines("output", "fifty")} == FIFTY_THOUSAND.good
    assert len(desk.lines("output", "fifty")) == len(FIFTY_THOUSAND.good)
    assert {letter["row"] for letter in desk.lines("dead-letters", "fifty")} == (
        FIFTY_THOUSAND.bad_rows
    )
    manifest = desk.call("GET", "/fifty/manifest").json
    assert manifest["controlSums"]["stock"] == FIFTY_THOUSAND.stock
    assert {unit["starts"] for unit in manifest["units"]} == {1}


def test_rows_never_travel_through_a_history(desk: Desk) -> None:
    desk.put("private.csv", SMALL.content)
    desk.accepted("private", dataSource="imports/private.csv", dryRun=True, batchSize=50)
    desk.ended("private")

    for instance in ("batch-private", "batch-private:shard:0", "@batch_processing_control@private"):
        history = desk.host.request("GET", f"{INSTANCES}/{instance}?showHistory=true").body
        assert history
        assert b"sku-0" not in history
        assert len(history) < 20_000


def test_a_file_that_is_put_is_loaded_and_its_dead_letters_can_be_driven_again(
    desk: Desk,
) -> None:
    path = "/sources/imports/lists/small.csv"
    put = desk.host.request("PUT", f"/api/batches{path}", body=SMALL.content)
    again = desk.host.request("PUT", f"/api/batches{path}", body=SMALL.content)
    other = desk.host.request("PUT", f"/api/batches{path}", body=SMALL.content + b"x")
    assert (put.status, again.status, other.status) == (201, 200, 409)
    source = put.json["dataSource"]

    desk.accepted("small", dataSource=source, batchSize=100)
    end = desk.ended("small")

    assert end["rows"]["accepted"] == len(SMALL.good)
    catalogue = Catalogue.open(desk.storage)
    assert all(catalogue.find(sku, "EUR") for sku in sorted(SMALL.good)[:20])
    letters = desk.call("GET", "/small/dead-letters")
    assert letters.headers["content-type"].startswith("application/x-ndjson")
    assert len(letters.body.splitlines()) == len(SMALL.bad_rows)
    assert "link" not in letters.headers

    desk.call("POST", "/small/redrive", {"jobId": "small-2", "failureBudget": {}})
    redriven = desk.ended("small-2")

    assert redriven["rows"]["rejected"] == len(SMALL.bad_rows)
    attempts = {letter["attempts"] for letter in desk.lines("dead-letters", "small-2")}
    assert attempts == {2}


def test_the_same_request_leads_to_the_same_job_and_another_is_refused(desk: Desk) -> None:
    desk.put("same.csv", SMALL.content)
    body = {"dataSource": "imports/same.csv", "dryRun": True}
    desk.accepted("same", **body)
    desk.ended("same")

    again, other = desk.submit("same", **body), desk.submit("same", **body, batchSize=7)

    assert (again.status, other.status) == (200, 409)
    assert again.headers["location"] == "/api/batches/same"


def test_a_job_can_be_paused_resumed_and_cancelled(desk: Desk) -> None:
    desk.put("long.csv", PriceList.of(6000).content)
    desk.accepted(
        "long", dataSource="imports/long.csv", dryRun=True, batchSize=20, maxParallelism=1
    )
    desk.until_rows("long", 100)

    assert desk.call("POST", "/long/pause").status == 202
    settled = _settled(desk, "long")
    assert settled["mode"] == "paused"
    assert desk.call("POST", "/long/resume").status == 202
    desk.until_rows("long", settled["rows"]["done"] + 1)
    assert desk.call("POST", "/long/cancel").status == 202
    end = desk.ended("long")

    assert end["status"] == "cancelled"
    assert 100 < end["rows"]["done"] < 6000
    assert desk.call("GET", "/long/manifest").json["result"]["status"] == "cancelled"
    for operation in ("pause", "resume", "cancel"):
        assert desk.call("POST", f"/long/{operation}").status == 409
    told = desk.host.request("GET", "/api/workflows/batch-long/audit").json["items"]
    assert [(act["action"], act["actor"], act["result"]) for act in told] == [
        (operation, "function_key", "done") for operation in ("cancel", "resume", "pause")
    ]


def _settled(desk: Desk, job_id: str) -> Any:
    """Wait until a paused job does nothing any more."""
    before, since = desk.look(job_id), time.monotonic()
    while time.monotonic() - since < 1:
        time.sleep(0.1)
        now = desk.look(job_id)
        if now["rows"] != before["rows"]:
            before, since = now, time.monotonic()
    return before


def test_a_budget_of_nothing_stops_at_the_first_bad_row(desk: Desk) -> None:
    desk.put("budget.csv", SMALL.content)
    desk.accepted(
        "budget",
        dataSource="imports/budget.csv",
        dryRun=True,
        batchSize=1,
        maxParallelism=1,
        failureBudget={"rows": 0},
    )

    end = desk.ended("budget")

    assert (end["status"], end["reason"]) == ("stopped_by_budget", "failure_budget")
    assert end["rows"]["rejected"] == 1
    assert end["rows"]["done"] == min(SMALL.bad_rows)


def test_a_file_with_another_header_is_rejected_with_every_difference(desk: Desk) -> None:
    desk.put("header.csv", HEADER.replace(b"stock", b"pieces"))
    desk.accepted("header", dataSource="imports/header.csv")

    end = desk.ended("header")

    assert (end["status"], end["reason"]) == ("rejected", "header_differs")
    assert end["findings"] == ["missing column: stock", "unknown column: 'pieces'"]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"maxParallelism": 0}, "/maxParallelism"),
        ({"maxParallelism": -1}, "/maxParallelism"),
        ({"maxParallelism": "8"}, "/maxParallelism"),
        ({"maxParallelism": 1_000_000_000}, "/maxParallelism"),
        ({"batchSize": 0}, "/batchSize"),
        ({"batchSize": 1.5}, "/batchSize"),
        ({"batchSize": None}, "/batchSize"),
        ({"failureBudget": {"percent": 200}}, "/failureBudget/percent"),
        ({"pipeline": "nothing"}, "/pipeline"),
        ({"dataSource": "secrets/a.csv"}, "/dataSource"),
        ({"dataSource": "https://example.com/a.csv"}, "/dataSource"),
        ({"pipeline": "order_export"}, "/dataSource"),
        ({"items": []}, "/items"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(
    desk: Desk, changed: dict[str, Any], pointer: str
) -> None:
    body: dict[str, Any] = {"dataSource": "imports/a.csv", **changed}

    answer = desk.submit("refused", **body)

    assert answer.status == 400
    assert pointers(answer) == [pointer]
    assert desk.call("GET", "/refused").status == 404


@pytest.mark.parametrize(
    ("window", "pointer"),
    [
        ({"from": "2020-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z"}, "/window"),
        ({"from": "2998-12-31T00:00:00Z", "to": "2999-01-01T00:00:00Z"}, "/window/to"),
    ],
)
def test_a_window_that_is_not_over_is_refused(
    desk: Desk, window: dict[str, str], pointer: str
) -> None:
    answer = desk.submit("refused", pipeline="order_export", window=window)

    assert answer.status == 400
    assert pointers(answer) == [pointer]


def test_nan_is_no_number(desk: Desk) -> None:
    text = json.dumps({"jobId": "n", "pipeline": "catalogue_import", "batchSize": float("nan")})

    answer = desk.host.request(
        "POST",
        "/api/batches",
        body=text.encode(),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status == 400
    assert answer.json["type"] == "urn:workflow-functions:problem:malformed-json"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nobody"),
        ("GET", "/nobody/manifest"),
        ("POST", "/nobody/pause"),
        ("POST", "/nobody/cancel"),
        ("POST", "/nobody/redrive"),
    ],
)
def test_what_is_not_there_is_not_found(desk: Desk, method: str, path: str) -> None:
    assert desk.call(method, path, {"jobId": "x"} if "redrive" in path else None).status == 404


@pytest.mark.parametrize("blob", [".hidden.csv", "a%20b.csv", "a//b.csv"])
def test_a_file_can_only_be_put_under_a_plain_name(desk: Desk, blob: str) -> None:
    answer = desk.host.request("PUT", f"/api/batches/sources/imports/{blob}", body=b"x")

    assert answer.status in {400, 404}


def test_a_file_can_only_be_put_where_sources_are(desk: Desk) -> None:
    assert desk.host.request("PUT", "/api/batches/sources/batches/a.csv", body=b"x").status == 404
    assert desk.host.request("PUT", "/api/batches/sources/imports/a.csv", body=b"").status == 400


def test_exports_of_no_orders_are_empty_and_complete(desk: Desk) -> None:
    window = {"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}
    answer = desk.submit("export", pipeline="order_export", window=window)
    assert answer.status == 202

    assert desk.ended("export")["status"] == "completed"
