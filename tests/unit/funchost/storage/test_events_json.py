"""The text of events: exact both ways, and readable for as long as a state file lives."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from funchost.engine.events import (
    Event,
    EventRaised,
    EventSent,
    EventWaited,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    OperationRequested,
    OrchestratorStarted,
    Parent,
    RetryPolicy,
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
from funchost.storage.errors import StateFileError
from funchost.storage.events_json import (
    decode_event,
    decode_message_event,
    decode_parent,
    encode_event,
    encode_parent,
)
from tests.contract.storage.strategies import event_types, events, instances_of

AT = datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC)
POLICY = RetryPolicy(
    first_interval=timedelta(seconds=1),
    max_attempts=3,
    backoff=2.5,
    max_interval=timedelta(seconds=9),
)
PARENT = Parent(instance_id="p", execution_id="pe", name="outer", task_id=3)
POLICY_TEXT = '{"first_interval":1000000,"max_attempts":3,"backoff":2.5,"max_interval":9000000}'

# What version 1 wrote. A text may gain keys; what stands here must be read for ever.
GOLDEN: list[tuple[Event, str]] = [
    (
        ExecutionStarted(
            at=AT, name="o", execution_id="e", input="[1]", version="2", parent=PARENT
        ),
        (
            '{"type":"ExecutionStarted","at":1000005,"name":"o","execution_id":"e","input":"[1]",'
            '"version":"2","parent":{"instance_id":"p","execution_id":"pe","name":"outer",'
            '"task_id":3}}'
        ),
    ),
    (OrchestratorStarted(at=AT), '{"type":"OrchestratorStarted","at":1000005}'),
    (
        TaskScheduled(id=0, at=AT, name="a", input="{}", retry=POLICY, attempt=2),
        (
            '{"type":"TaskScheduled","id":0,"at":1000005,"name":"a","input":"{}",'
            f'"retry":{POLICY_TEXT},"attempt":2}}'
        ),
    ),
    (
        TaskCompleted(at=AT, task_id=0, result='"\u00e9"'),
        r'{"type":"TaskCompleted","at":1000005,"task_id":0,"result":"\"\u00e9\""}',
    ),
    (
        TaskFailed(at=AT, task_id=0, reason="no", details="why"),
        '{"type":"TaskFailed","at":1000005,"task_id":0,"reason":"no","details":"why"}',
    ),
    (
        SubOrchestrationCreated(
            id=1, at=AT, name="c", instance_id="i", input="1", version="2", explicit_id="x"
        ),
        (
            '{"type":"SubOrchestrationCreated","id":1,"at":1000005,"name":"c","instance_id":"i",'
            '"input":"1","version":"2","explicit_id":"x","attempt":1}'
        ),
    ),
    (
        SubOrchestrationCompleted(at=AT, task_id=1),
        '{"type":"SubOrchestrationCompleted","at":1000005,"task_id":1}',
    ),
    (
        SubOrchestrationFailed(at=AT, task_id=1, reason="no"),
        '{"type":"SubOrchestrationFailed","at":1000005,"task_id":1,"reason":"no"}',
    ),
    (
        TimerCreated(id=2, at=AT, fire_at=AT, retries=0),
        '{"type":"TimerCreated","id":2,"at":1000005,"fire_at":1000005,"retries":0}',
    ),
    (TimerCanceled(at=AT, timer_id=2), '{"type":"TimerCanceled","at":1000005,"timer_id":2}'),
    (
        TimerFired(at=AT, timer_id=2, fire_at=AT),
        '{"type":"TimerFired","at":1000005,"timer_id":2,"fire_at":1000005}',
    ),
    (EventWaited(at=AT, name="w"), '{"type":"EventWaited","at":1000005,"name":"w"}'),
    (
        EventRaised(at=AT, name="w", input="1"),
        '{"type":"EventRaised","at":1000005,"name":"w","input":"1"}',
    ),
    (
        EventSent(id=3, at=AT, instance_id="@c@k", name="op", input="1", call="g"),
        (
            '{"type":"EventSent","id":3,"at":1000005,"instance_id":"@c@k","name":"op","input":"1",'
            '"call":"g"}'
        ),
    ),
    (
        ExecutionSuspended(at=AT, reason="r"),
        '{"type":"ExecutionSuspended","at":1000005,"reason":"r"}',
    ),
    (ExecutionResumed(at=AT), '{"type":"ExecutionResumed","at":1000005}'),
    (ExecutionTerminated(at=AT), '{"type":"ExecutionTerminated","at":1000005}'),
    (ExecutionRewound(at=AT, reason="r"), '{"type":"ExecutionRewound","at":1000005,"reason":"r"}'),
    (
        OperationRequested(
            at=AT,
            request_id="i",
            operation="add",
            input="5",
            caller="c",
            caller_execution_id="ce",
        ),
        (
            '{"type":"OperationRequested","at":1000005,"request_id":"i","operation":"add",'
            '"input":"5","caller":"c","caller_execution_id":"ce"}'
        ),
    ),
    (
        ExecutionCompleted(id=4, at=AT, status=RuntimeStatus.FAILED, output="o", details="d"),
        (
            '{"type":"ExecutionCompleted","id":4,"at":1000005,"status":"Failed","output":"o",'
            '"details":"d"}'
        ),
    ),
]


@pytest.mark.parametrize("cls", event_types())
@given(st.data())
def test_an_event_read_back_is_the_event_written(cls: type, data: st.DataObject) -> None:
    event = data.draw(instances_of(cls))

    assert decode_event(encode_event(event)) == event


@given(instances_of(Parent))
def test_a_parent_read_back_is_the_parent_written(parent: Parent) -> None:
    assert decode_parent(encode_parent(parent)) == parent


@given(events())
def test_the_text_of_an_event_is_compact_ascii_json(event: Event) -> None:
    text = encode_event(event)

    assert text.isascii()
    assert json.dumps(json.loads(text), separators=(",", ":")) == text


@pytest.mark.parametrize(("event", "text"), GOLDEN)
def test_the_text_of_version_1_stays_what_it_is(event: Event, text: str) -> None:
    assert encode_event(event) == text
    assert decode_event(text) == event


def test_the_golden_texts_cover_every_event() -> None:
    assert {type(event) for event, _ in GOLDEN} == set(event_types())


@given(events(), st.dictionaries(st.text().map(lambda key: f"new {key}"), st.integers()))
def test_unknown_keys_are_passed_over(event: Event, news: dict[str, Any]) -> None:
    document = json.loads(encode_event(event)) | news

    assert decode_event(json.dumps(document)) == event


def test_null_is_no_value() -> None:
    text = '{"type":"TaskScheduled","id":0,"at":0,"name":"a","input":"1","retry":null}'

    event = decode_event(text)

    assert isinstance(event, TaskScheduled)
    assert event.retry is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"type":"Unheard","at":0}',
        '{"type":"OrchestratorStarted"}',
        '{"type":"OrchestratorStarted","at":"noon"}',
        '{"type":"OrchestratorStarted","at":1e99}',
        '{"type":"OrchestratorStarted","at":99999999999999999999}',
        '{"type":"ExecutionCompleted","id":0,"at":0,"status":"Sleeping"}',
    ],
)
def test_a_text_that_is_no_event_is_a_state_file_error(text: str) -> None:
    with pytest.raises(StateFileError):
        decode_event(text)


def test_an_event_that_no_message_carries_is_refused_as_one() -> None:
    with pytest.raises(StateFileError, match="OrchestratorStarted"):
        decode_message_event(encode_event(OrchestratorStarted(at=AT)))
