"""Each adapter sends what it is told, once, to an endpoint that speaks the service's protocol."""

import gzip
import http.client
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from scripts.layout import ROOT
from tests.support.drawn_trace import EVENT, LINE, NUMBER, SPAN
from tests.support.funchost import until
from tests.support.ingestion import (
    Ingestion,
    Item,
    Post,
    Refuse,
    TakePartly,
    opened_ingestion,
    self_signed,
)

pytestmark = [pytest.mark.integration, pytest.mark.slow]

TOKEN: Final = "a-token-of-nobody"  # noqa: S105 - a fake
SPANS: Final = 150
TRACE, PARENT = "ab" * 16, "cd" * 8
PATIENCE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What an adapter posted, what of it was taken, and how its process ended."""

    adapter: str
    left: Sequence[str]  # in the folder for temporary files
    posts: Sequence[Post]
    taken: Sequence[Item]
    errors: str

    def of(self, kind: str) -> list[Item]:
        return [item for item in self.taken if item["data"]["baseType"] == kind]


@pytest.fixture(scope="module", params=["azure_monitor", "opencensus"])
def sent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sent:
    certificate = self_signed(tmp_path_factory.mktemp("certificate"))
    with opened_ingestion(certificate) as ingestion:
        ingestion.script = {
            # The service is away once, then it cannot take three of the items just now.
            SPAN: [Refuse(503), TakePartly((0, 1, 2), 429)],
            NUMBER: [],
        }
        temporary = tmp_path_factory.mktemp("temporary")
        settings = {"REQUESTS_CA_BUNDLE": str(certificate), "TMPDIR": str(temporary)}
        errors = _tell_all(request.param, ingestion, settings)
        return Sent(
            adapter=request.param,
            left=[path.name for path in temporary.iterdir()],
            posts=tuple(ingestion.posts),
            taken=tuple(ingestion.taken),
            errors=errors,
        )


def _tell_all(adapter: str, ingestion: Ingestion, settings: dict[str, str]) -> str:
    """Tell until everything has arrived; return what the process wrote to its errors."""
    command = [sys.executable, "-m", "tests.support.told", adapter]
    process = subprocess.Popen(
        [*command, ingestion.connection_string, TOKEN],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    told = 0
    stdin: Any = process.stdin

    def tell(spans: int) -> None:
        nonlocal told
        told += spans
        stdin.write(f"{spans}\n")
        stdin.flush()

    def all_is_there() -> bool:
        if told < SPANS or len(ingestion.of_type(SPAN)) >= told:
            return True
        tell(1)  # what waits is sent again after something else has been taken
        return False

    with process:
        tell(SPANS)
        until(all_is_there, patience_s=PATIENCE_S, what="everything is taken", pause_s=0.3)
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    return str(errors)


def test_every_span_arrives_once_though_the_service_was_away(sent: Sent) -> None:
    counts = Counter(span["data"]["baseData"]["id"] for span in sent.of(SPAN))

    assert set(counts) >= {f"{number:016x}" for number in range(1, SPANS + 1)}
    assert set(counts.values()) == {1}
    assert [post.status for post in sent.posts if post.status != 200].count(503) == 1
    assert [post.status for post in sent.posts if post.status != 200].count(206) == 1


def test_items_travel_in_batches(sent: Sent) -> None:
    largest = max(len(post.items) for post in sent.posts)

    assert 50 <= largest <= 512


def test_every_post_carries_the_token_of_the_identity(sent: Sent) -> None:
    assert {post.headers.get("authorization") for post in sent.posts} == {f"Bearer {TOKEN}"}


def test_the_address_has_no_slash_too_many(sent: Sent) -> None:
    assert {post.path.split("?")[0] for post in sent.posts} == {"/v2.1/track"}


def test_bodies_are_packed_where_the_library_lets_us(sent: Sent) -> None:
    expected = {"azure_monitor": {"gzip"}, "opencensus": {None}}[sent.adapter]

    assert {post.headers.get("content-encoding") for post in sent.posts} == expected


def test_a_span_says_where_it_belongs_how_long_it_took_and_how_it_went(sent: Sent) -> None:
    [good] = [s for s in sent.of(SPAN) if s["data"]["baseData"]["name"] == "step 0"]
    [bad] = [s for s in sent.of(SPAN) if s["data"]["baseData"]["name"] == "step 1"]

    assert good["tags"]["ai.operation.id"] == TRACE
    assert good["tags"]["ai.operation.parentId"] == PARENT
    assert good["tags"]["ai.cloud.role"] == "shop"
    assert good["time"].startswith("2030-01-01T12:00:00")
    data = good["data"]["baseData"]
    assert data["duration"] == "0.00:00:01.500"
    assert data["type"] == "InProc"
    assert data["properties"] == {"instanceId": "order-A1", "attempt": "2"}
    assert data["success"]
    assert not bad["data"]["baseData"]["success"]


def test_the_endpoint_takes_lines_as_well_as_arrays_packed_or_not() -> None:
    items = [{"data": {"baseType": SPAN}}, {"data": {"baseType": EVENT}}]
    lines = "\n".join(json.dumps(item) for item in items).encode()
    with opened_ingestion() as ingestion:
        where = urlsplit(ingestion.url)
        for path, body, coding in (
            ("/v2/track", lines, "identity"),
            ("/v2.1/track", gzip.compress(lines), "gzip"),
        ):
            connection = http.client.HTTPConnection(where.hostname or "", where.port)
            connection.request("POST", path, body=body, headers={"Content-Encoding": coding})
            answer = connection.getresponse()
            assert json.loads(answer.read())["itemsAccepted"] == 2
            connection.close()

    assert ingestion.taken == [*items, *items]


def test_events_and_lines_say_what_and_where(sent: Sent) -> None:
    [event] = sent.of(EVENT)
    [line, lost] = sorted(sent.of(LINE), key=lambda each: each["data"]["baseData"]["message"])[::-1]

    for each in (event, line):
        assert each["tags"]["ai.operation.id"] == TRACE
        assert each["tags"]["ai.operation.parentId"] == PARENT
        assert each["time"].startswith("2030-01-01T12:00:00")
    assert event["data"]["baseData"]["name"] == "workflow.status"
    assert event["data"]["baseData"]["properties"] == {"status": "waiting"}
    assert line["data"]["baseData"]["message"] == "the carrier is away"
    assert line["data"]["baseData"]["severityLevel"] == 2
    assert line["data"]["baseData"]["properties"] == {"logger": "a.b"}
    assert set(lost["tags"].get("ai.operation.id", "0")) == {"0"}


def test_numbers_are_added_up_before_they_are_sent(sent: Sent) -> None:
    metrics = {
        metric["name"]: metric
        for item in sent.of(NUMBER)
        for metric in item["data"]["baseData"]["metrics"]
        if metric["name"] in {"workflow.started", "queue.age"}
    }

    assert metrics["workflow.started"]["value"] == 3
    ages = metrics["queue.age"]
    assert (ages["value"], ages["count"], ages["min"], ages["max"]) == (2.5, 2, 0.5, 2.0)


def test_nothing_is_left_on_the_disk(sent: Sent) -> None:
    assert sent.left == []


def test_the_libraries_report_nothing_about_themselves(sent: Sent) -> None:
    told = {metric["name"] for n in sent.of(NUMBER) for metric in n["data"]["baseData"]["metrics"]}

    assert told <= {"workflow.started", "queue.age", "_OTELRESOURCE_"}
