"""What an orchestrator is shown, compared with the SDK's own reading of it."""

import json
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from typing import Any

import pytest

from funchost.engine.calls import OrchestrationHead
from funchost.engine.events import (
    Event,
    EventRaised,
    EventSent,
    EventWaited,
    ExecutionCompleted,
    ExecutionStarted,
    ExecutionSuspended,
    OrchestratorStarted,
    Parent,
    RuntimeStatus,
    SubOrchestrationCompleted,
    SubOrchestrationCreated,
    SubOrchestrationFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCanceled,
    TimerCreated,
    TimerFired,
)
from funchost.worker.history import document, encode, instant

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
STAMP = "20260102T030405.678901Z"


def decoded(event: Event) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(encode(event))
    return result


def test_every_event_carries_the_four_members_that_the_sdk_demands() -> None:
    assert decoded(OrchestratorStarted(at=AT)) == {
        "EventType": 12,
        "EventId": -1,
        "IsPlayed": False,
        "Timestamp": STAMP,
    }


@pytest.mark.parametrize(
    "at",
    [
        AT,
        datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2024, 2, 29, tzinfo=UTC),
        datetime(2026, 1, 2, 5, 4, 5, 1, tzinfo=timezone(timedelta(hours=2))),
    ],
    ids=["plain", "last microsecond", "midnight", "another zone"],
)
def test_a_timestamp_reads_as_the_same_instant_in_the_sdks_parser(at: datetime) -> None:
    sdk_parser: Any = import_module("dateutil.parser")

    read = sdk_parser.parse(decoded(OrchestratorStarted(at=at))["Timestamp"])

    assert read == at
    assert read.utcoffset() == timedelta(0)


def test_an_instant_is_written_with_seven_digits_in_utc() -> None:
    at = datetime(2026, 1, 2, 5, 4, 5, 678901, tzinfo=timezone(timedelta(hours=2)))

    assert instant(at) == "2026-01-02T03:04:05.6789010Z"


def test_the_start_of_an_execution_always_names_a_version() -> None:
    event = ExecutionStarted(at=AT, name="orch", execution_id="e1", input='"{}"')

    assert decoded(event) == {
        "EventType": 0,
        "EventId": -1,
        "IsPlayed": False,
        "Timestamp": STAMP,
        "Name": "orch",
        "Version": None,
        "Input": '"{}"',
        "Tags": None,
        "OrchestrationInstance": {"ExecutionId": "e1"},
        "ParentInstance": None,
    }


def test_a_child_is_told_its_parent_and_version() -> None:
    event = ExecutionStarted(
        at=AT,
        name="child",
        execution_id="e2",
        version="2.0",
        parent=Parent(instance_id="p", execution_id="e1", name="orch", task_id=3),
    )

    shown = decoded(event)

    assert shown["Version"] == "2.0"
    assert shown["ParentInstance"] == {
        "Name": "orch",
        "Version": None,
        "TaskScheduleId": 3,
        "OrchestrationInstance": {"InstanceId": "p", "ExecutionId": "e1"},
    }


@pytest.mark.parametrize(
    ("event", "members"),
    [
        (
            TaskCompleted(at=AT, task_id=4, result='"Tokyo"'),
            {"EventType": 5, "TaskScheduledId": 4, "Result": '"Tokyo"'},
        ),
        (
            TaskCompleted(at=AT, task_id=4),
            {"EventType": 5, "TaskScheduledId": 4, "Result": None},
        ),
        (
            TaskFailed(at=AT, task_id=1, reason="no", details=None),
            {"EventType": 6, "TaskScheduledId": 1, "Reason": "no", "Details": ""},
        ),
        (
            SubOrchestrationCompleted(at=AT, task_id=2, result="5"),
            {"EventType": 8, "TaskScheduledId": 2, "Result": "5"},
        ),
        (
            SubOrchestrationFailed(at=AT, task_id=2, reason="é", details="d"),
            {"EventType": 9, "TaskScheduledId": 2, "Reason": "é", "Details": "d"},
        ),
        (
            TimerFired(at=AT, timer_id=7, fire_at=AT),
            {"EventType": 11, "TimerId": 7, "FireAt": "2026-01-02T03:04:05.6789010Z"},
        ),
        (
            EventRaised(at=AT, name="Go", input='{"a":1}'),
            {"EventType": 15, "Name": "Go", "Input": '{"a":1}'},
        ),
    ],
    ids=["result", "no result", "failure", "child result", "child failure", "timer", "event"],
)
def test_an_answer_is_shown_with_what_it_answers(event: Event, members: dict[str, Any]) -> None:
    common = {"EventId": -1, "IsPlayed": False, "Timestamp": STAMP}

    assert decoded(event) == common | members


def test_a_sent_call_is_shown_and_a_signal_is_not() -> None:
    call = EventSent(id=3, at=AT, instance_id="@c@k", name="op", input='{"id":"g"}', call="g")
    signal = EventSent(id=4, at=AT, instance_id="@c@k", name="op", input="{}")

    assert decoded(call)["EventId"] == 3
    assert decoded(call)["Input"] == '{"id":"g"}'
    assert encode(signal) == ""


@pytest.mark.parametrize(
    "event",
    [
        TaskScheduled(id=0, at=AT, name="say", input="1"),
        SubOrchestrationCreated(id=0, at=AT, name="s", instance_id="i", input="1"),
        TimerCreated(id=0, at=AT, fire_at=AT),
        TimerCanceled(at=AT, timer_id=0),
        EventWaited(at=AT, name="Go"),
        ExecutionSuspended(at=AT),
        ExecutionCompleted(id=1, at=AT, status=RuntimeStatus.COMPLETED),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_the_sdk_ignores_is_left_out(event: Event) -> None:
    assert encode(event) == ""


def test_the_document_embeds_the_input_parsed_once() -> None:
    head = OrchestrationHead(
        instance_id='a"b', name="orch", input='"{\\"a\\": 1}"', parent_instance_id=None
    )

    shown = json.loads(document(head, [encode(OrchestratorStarted(at=AT))]))

    assert shown == {
        "history": [decoded(OrchestratorStarted(at=AT))],
        "input": '{"a": 1}',
        "instanceId": 'a"b',
        "isReplaying": False,
        "parentInstanceId": None,
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "longRunningTimerIntervalDuration": "3.00:00:00",
        "maximumShortTimerDuration": "6.00:00:00",
        "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
    }


def test_no_input_and_a_parent_are_shown_as_they_are() -> None:
    head = OrchestrationHead(instance_id="c", name="orch", input=None, parent_instance_id="p")

    shown = json.loads(document(head, []))

    assert shown["input"] is None
    assert shown["parentInstanceId"] == "p"
    assert shown["history"] == []
