"""Every query is one that Application Insights understands, about what is really sent."""

import re
from typing import Final

import pytest

from scripts.layout import ROOT
from shared.telemetry.names import METRIC_ATTRIBUTES, Attribute, Event, Kind, Metric
from tests.support.kql import TABLES, Read, read
from workflows.approval import names as approval_names
from workflows.approval.models import ApprovalStatus
from workflows.order_processing.transitions import OrderStatus

QUERIES: Final = {
    path.stem: path.read_text("utf-8") for path in sorted((ROOT / "infra" / "queries").iterdir())
}
# What the alerts and the workbook ask is theirs to name; these are what people look for first.
EXPECTED: Final = {
    "approval_age", "backlog_age", "batch_throughput", "business_outcomes", "compensations",
    "failed_instances", "host_restarts", "http_5xx", "in_flight", "latency", "needs_attention",
    "one_order", "overdue_approvals", "refused_messages", "replay_health", "retries", "silence",
    "slowest_activities",
}  # fmt: skip
# The host's own, as its documentation names them.
OF_THE_HOST: Final = {
    "Category", "prop__functionName", "prop__functionType", "prop__instanceId", "prop__isReplay",
    "prop__state",
}  # fmt: skip

_HEADER: Final = re.compile(
    r"// Question: (?P<question>[^\n]+\?[^\n]*)\n// Tables: (?P<tables>[^\n]+)\n"
    r"// Answer: (?P<answer>[a-zA-Z0-9_, ]+)\n"
)
_COMMENT: Final = re.compile(r"//[^\n]*")
_DIMENSION: Final = re.compile(r"customDimensions\.(\w+)")
_NAME: Final = re.compile(r'\bname == "([^"]+)"')
_EQUALS: Final = re.compile(r'customDimensions\.(\w+) [=!]= "([^"]+)"')
_WORD: Final = re.compile(r"\b[a-zA-Z]\w*\b")
_TEXT: Final = re.compile(r'"[^"]*"')


def _header(query: str) -> re.Match[str]:
    """Every query begins with its question, its tables and the columns of its answer."""
    header = _HEADER.match(query)
    assert header is not None, query[:200]
    return header


def code_of(query: str) -> str:
    return _COMMENT.sub("", query)


def test_there_is_a_query_for_each_question() -> None:
    assert set(QUERIES) == EXPECTED
    assert {path.suffix for path in (ROOT / "infra" / "queries").iterdir()} == {".kql"}


@pytest.fixture(scope="module")
def understood() -> dict[str, Read]:
    return read(QUERIES)


@pytest.mark.integration
def test_microsofts_parser_finds_nothing_wrong(understood: dict[str, Read]) -> None:
    assert {name: query.findings for name, query in understood.items() if query.findings} == {}


@pytest.mark.integration
def test_a_query_answers_what_it_says(understood: dict[str, Read]) -> None:
    told = {name: _header(query)["answer"].split(", ") for name, query in QUERIES.items()}

    assert {name: query.columns for name, query in understood.items()} == told


@pytest.mark.integration
def test_microsofts_parser_does_find_what_is_wrong() -> None:
    wrong = {
        "syntax": "requests | where (name == 'x'",
        "table": "request | count",
        "column": "requests | where resultcode == 'x'",
        "type": "requests | where timestamp > 5",
        "function": "requests | extend x = frobnicate(name)",
    }

    assert all(query.findings for query in read(wrong).values())


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_names_the_tables_that_it_reads(name: str) -> None:
    told = {word for word in _WORD.findall(_header(QUERIES[name])["tables"]) if word in TABLES}
    code = _TEXT.sub("", code_of(QUERIES[name]))

    assert told == {word for word in _WORD.findall(code) if word in TABLES}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_only_for_what_is_sent(name: str) -> None:
    code = code_of(QUERIES[name])

    dimensions = {str(attribute) for attribute in Attribute} | OF_THE_HOST
    assert set(_DIMENSION.findall(code)) <= dimensions
    assert set(_NAME.findall(code)) <= {*map(str, Metric), *map(str, Event)}


@pytest.mark.parametrize("name", QUERIES)
def test_numbers_are_asked_by_the_dimensions_that_they_have(name: str) -> None:
    code = code_of(QUERIES[name])
    if set(_WORD.findall(code)) & set(TABLES) != {"customMetrics"}:
        return

    assert set(_DIMENSION.findall(code)) <= {str(attribute) for attribute in METRIC_ATTRIBUTES}


def test_values_that_are_asked_for_exist() -> None:
    asked = {pair for query in QUERIES.values() for pair in _EQUALS.findall(code_of(query))}
    known = {
        "kind": set(map(str, Kind)),
        "status": {*map(str, ApprovalStatus), *map(str, OrderStatus)},
        "outcome": {*map(str, OrderStatus), "answered"},
        "workflow": {approval_names.ORCHESTRATOR},
        "started": {"True"},
        "Category": {"Host.Triggers.DurableTask"},
    }

    assert {(name, value) for name, value in asked if value not in known[name]} == set()


def test_no_query_names_a_subscription_or_a_person() -> None:
    everything = "\n".join(QUERIES.values())

    assert not re.search(r"subscriptions/|@", everything)
