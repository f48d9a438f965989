"""How instances and histories are shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from funchost.engine.events import (
    Event,
    EventRaised,
    EventSent,
    EventWaited,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    OrchestratorStarted,
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
from funchost.engine.ports import InstanceRecord
from funchost.http.history_view import history_view
from funchost.http.payloads import BadJsonError, json_text, stored_value
from funchost.http.status_view import status_view

T0 = datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
AT = "2026-01-01T00:00:00.1234560Z"
LATER = T0 + timedelta(seconds=5)
AT_LATER = "2026-01-01T00:00:05.1234560Z"

RECORD = InstanceRecord(
    instance_id="a",
    execution_id="e",
    name="orch",
    status=RuntimeStatus.COMPLETED,
    created_at=T0,
    updated_at=LATER,
    input='"{}"',
    output='{"n": 1.0}',
)


def test_a_status_has_times_to_the_second_and_values_parsed() -> None:
    assert status_view(RECORD) == {
        "name": "orch",
        "instanceId": "a",
        "runtimeStatus": "Completed",
        "input": "{}",
        "customStatus": None,
        "output": {"n": 1.0},
        "createdTime": "2026-01-01T00:00:00Z",
        "lastUpdatedTime": "2026-01-01T00:00:05Z",
    }


def test_a_status_leaves_out_the_input_when_it_is_not_wanted() -> None:
    assert status_view(RECORD, show_input=False)["input"] is None


def test_times_of_another_zone_are_shown_in_utc() -> None:
    elsewhere = T0.astimezone(timezone(timedelta(hours=5)))

    assert status_view(replace(RECORD, created_at=elsewhere))["createdTime"] == (
        "2026-01-01T00:00:00Z"
    )


STORED = [
    (None, None),
    ("", ""),
    ("  ", ""),
    ("null", None),
    ('"text"', "text"),
    ("it broke", "it broke"),
    ("{", "{"),
    ("NaN", "NaN"),
    ("[Infinity, 1e999, 1.5]", ["Infinity", "1e999", 1.5]),
    ("1" * 5000, "1" * 5000),
    ("[" * 50_000, "[" * 50_000),
]


@pytest.mark.parametrize(("text", "value"), STORED, ids=[str(n) for n in range(len(STORED))])
def test_a_stored_text_is_shown_as_the_value_it_means_or_as_it_is(
    text: str | None, value: object
) -> None:
    assert stored_value(text) == value


@pytest.mark.parametrize("body", [b"", b" ", b"{", b"\xff", b"1 2", b"1" * 5000, b"[" * 50_000])
def test_a_body_that_is_not_one_json_value_is_refused(body: bytes) -> None:
    with pytest.raises(BadJsonError):
        json_text(body)


def shown(*events: Event, **options: bool) -> list[dict[str, Any]]:
    return history_view(events, **options)


def test_what_marks_episodes_and_what_only_this_engine_records_is_not_shown() -> None:
    assert (
        shown(
            OrchestratorStarted(at=T0),
            EventWaited(at=T0, name="e"),
            TimerCanceled(at=T0, timer_id=1),
        )
        == []
    )


def test_the_start_is_shown_under_the_function_name() -> None:
    assert shown(ExecutionStarted(at=T0, name="orch", execution_id="e", input='"x"')) == [
        {
            "EventType": "ExecutionStarted",
            "Correlation": None,
            "ScheduledStartTime": None,
            "Generation": 0,
            "Input": '"x"',
            "Timestamp": AT,
            "FunctionName": "orch",
        }
    ]


def test_an_answered_call_is_shown_once_with_its_answer() -> None:
    scheduled = TaskScheduled(id=3, at=T0, name="say", input='"y"')

    assert shown(scheduled, TaskCompleted(at=LATER, task_id=3, result='"z"'), show_output=True) == [
        {
            "EventType": "TaskCompleted",
            "Result": "z",
            "Timestamp": AT_LATER,
            "ScheduledTime": AT,
            "FunctionName": "say",
            "Input": '"y"',
        }
    ]


def test_results_and_inputs_are_shown_only_when_wanted() -> None:
    scheduled = TaskScheduled(id=3, at=T0, name="say", input='"y"')

    entry = shown(scheduled, TaskCompleted(at=LATER, task_id=3, result="1"), show_input=False)[0]

    assert "Result" not in entry
    assert "Input" not in entry


def test_a_failure_tells_its_reason_without_being_asked() -> None:
    scheduled = TaskScheduled(id=0, at=T0, name="say", input="1")

    entry = shown(scheduled, TaskFailed(at=LATER, task_id=0, reason="boom", details="stack"))[0]

    assert entry["EventType"] == "TaskFailed"
    assert (entry["Reason"], entry["Details"], entry["FailureDetails"]) == ("boom", "stack", None)
    assert entry["FunctionName"] == "say"


def test_a_pending_call_is_shown_as_asked_for() -> None:
    created = SubOrchestrationCreated(id=1, at=T0, name="child", instance_id="c", input="2")

    assert shown(TaskScheduled(id=0, at=T0, name="say", input="1"), created) == [
        {"EventType": "TaskScheduled", "Name": "say", "Input": "1", "Timestamp": AT},
        {
            "EventType": "SubOrchestrationInstanceCreated",
            "Name": "child",
            "InstanceId": "c",
            "Input": "2",
            "Timestamp": AT,
        },
    ]


def test_children_are_shown_by_the_names_of_the_platform() -> None:
    first = SubOrchestrationCreated(id=1, at=T0, name="child", instance_id="c", input="2")
    second = replace(first, id=2)

    entries = shown(
        first,
        second,
        SubOrchestrationCompleted(at=LATER, task_id=1, result="1"),
        SubOrchestrationFailed(at=LATER, task_id=2, reason="r"),
    )

    assert [entry["EventType"] for entry in entries] == [
        "SubOrchestrationInstanceCompleted",
        "SubOrchestrationInstanceFailed",
    ]


def test_the_end_is_shown_with_its_status_and_on_demand_its_output() -> None:
    ended = ExecutionCompleted(id=4, at=T0, status=RuntimeStatus.COMPLETED, output="[1]")

    assert shown(ended) == [
        {
            "EventType": "ExecutionCompleted",
            "OrchestrationStatus": "Completed",
            "FailureDetails": None,
            "Timestamp": AT,
        }
    ]
    assert shown(ended, show_output=True)[0]["Result"] == [1]


def test_timers_events_and_control_are_shown_as_they_are() -> None:
    assert shown(
        TimerCreated(id=0, at=T0, fire_at=LATER),
        TimerFired(at=LATER, timer_id=0, fire_at=LATER),
        EventRaised(at=T0, name="e", input="1"),
        EventSent(id=1, at=T0, instance_id="@c@k", name="op", input="{}"),
        ExecutionSuspended(at=T0, reason="lunch"),
        ExecutionResumed(at=T0),
        ExecutionTerminated(at=T0, reason="enough"),
    ) == [
        {"EventType": "TimerCreated", "FireAt": AT_LATER, "Timestamp": AT},
        {"EventType": "TimerFired", "FireAt": AT_LATER, "Timestamp": AT_LATER},
        {"EventType": "EventRaised", "Name": "e", "Input": "1", "Timestamp": AT},
        {
            "EventType": "EventSent",
            "InstanceId": "@c@k",
            "Name": "op",
            "Input": "{}",
            "Timestamp": AT,
        },
        {"EventType": "ExecutionSuspended", "Reason": "lunch", "Timestamp": AT},
        {"EventType": "ExecutionResumed", "Reason": None, "Timestamp": AT},
        {"EventType": "ExecutionTerminated", "Input": "enough", "Timestamp": AT},
    ]
