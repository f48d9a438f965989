"""What an orchestrator's documents and a function's failures come to."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from funchost.engine.actions import (
    Action,
    CallActivity,
    CallEntity,
    CallHttp,
    CallSubOrchestration,
    ContinueAsNew,
    Crashed,
    CreateTimer,
    Raised,
    Returned,
    SignalEntity,
    WaitForExternalEvent,
    Waiting,
    WhenAll,
    WhenAny,
)
from funchost.engine.events import MAX_RETRY_INTERVAL, RetryPolicy
from funchost.worker.answers import (
    Failure,
    activity_failure,
    activity_refusal,
    turn_of_failure,
    turn_of_return,
)
from funchost.worker.payloads import compact, recompact

SAY = {"actionType": 0, "functionName": "say", "input": '"Tokyo"'}


def returned(**members: Any) -> str:
    return json.dumps({"isDone": False, "schemaVersion": 2, "actions": [[]]} | members)


def test_an_orchestrator_that_waits_asks_for_its_actions() -> None:
    turn = turn_of_return(returned(actions=[[SAY]]))

    assert turn.actions == (CallActivity(name="say", input='"Tokyo"'),)
    assert turn.outcome == Waiting()
    assert turn.custom_status is None


@pytest.mark.parametrize(
    ("raw", "action"),
    [
        (
            {"actionType": 2, "functionName": "S", "input": "1", "instanceId": None},
            CallSubOrchestration(name="S", input="1"),
        ),
        (
            {
                "actionType": 2,
                "functionName": "S",
                "input": "1",
                "instanceId": "c1",
                "version": "2.0",
            },
            CallSubOrchestration(name="S", input="1", instance_id="c1", version="2.0"),
        ),
        ({"actionType": 4, "input": '{"n": 1}'}, ContinueAsNew(input='{"n": 1}')),
        (
            {"actionType": 5, "fireAt": "2026-01-01T01:00:00.000000Z", "isCanceled": True},
            CreateTimer(fire_at=datetime(2026, 1, 1, 1, tzinfo=UTC), is_canceled=True),
        ),
        (
            {"actionType": 6, "externalEventName": "E", "reason": "ExternalEvent"},
            WaitForExternalEvent(name="E"),
        ),
        (
            {"actionType": 7, "instanceId": "@c@k", "operation": "get", "input": "null"},
            CallEntity(instance_id="@c@k", operation="get", input="null"),
        ),
        (
            {"actionType": 9, "instanceId": "@c@k", "operation": "add", "input": "5"},
            SignalEntity(instance_id="@c@k", operation="add", input="5"),
        ),
        (
            {"actionType": 8, "httpRequest": {"method": "GET", "uri": "http://x/"}},
            CallHttp(request='{"method":"GET","uri":"http://x/"}'),
        ),
    ],
    ids=[
        "child",
        "child with id",
        "continue as new",
        "timer",
        "event",
        "entity call",
        "entity signal",
        "http",
    ],
)
def test_every_action_of_the_wire_has_its_own(raw: dict[str, Any], action: Action) -> None:
    assert turn_of_return(returned(actions=[[raw]])).actions == (action,)


def test_containers_keep_their_children_in_order() -> None:
    raw = {
        "actionType": 11,
        "compoundActions": [
            {"actionType": 12, "compoundActions": [SAY, SAY]},
            {"actionType": 6, "externalEventName": "E", "reason": "ExternalEvent"},
        ],
    }
    say = CallActivity(name="say", input='"Tokyo"')

    actions = turn_of_return(returned(actions=[[raw]])).actions

    assert actions == (
        WhenAny(children=(WhenAll(children=(say, say)), WaitForExternalEvent(name="E"))),
    )


@pytest.mark.parametrize(
    ("options", "policy"),
    [
        (
            {"firstRetryIntervalInMilliseconds": 5000, "maxNumberOfAttempts": 3},
            RetryPolicy(
                first_interval=timedelta(seconds=5),
                max_attempts=3,
                backoff=1.0,
                max_interval=MAX_RETRY_INTERVAL,
            ),
        ),
        (
            {
                "firstRetryIntervalInMilliseconds": 5000,
                "maxNumberOfAttempts": 6,
                "backoffCoefficient": 2.0,
                "maxRetryIntervalInMilliseconds": 30000,
            },
            RetryPolicy(
                first_interval=timedelta(seconds=5),
                max_attempts=6,
                backoff=2.0,
                max_interval=timedelta(seconds=30),
            ),
        ),
    ],
    ids=["as the SDK sends them", "with the platform's further members"],
)
def test_retry_options_become_a_policy(options: dict[str, Any], policy: RetryPolicy) -> None:
    raw = {**SAY, "actionType": 1, "retryOptions": options}

    assert turn_of_return(returned(actions=[[raw]])).actions == (
        CallActivity(name="say", input='"Tokyo"', retry=policy),
    )


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ({"a": [1, 2.0]}, '{"a":[1,2.0]}'),
        (0, "0"),
        ("", '""'),
        (False, "false"),
        ("café", '"café"'),
        (float("nan"), "NaN"),
    ],
    ids=["object", "zero", "empty string", "false", "accent", "not a number"],
)
def test_an_output_is_kept_as_compact_json(output: object, text: str) -> None:
    assert turn_of_return(returned(isDone=True, output=output)).outcome == Returned(output=text)


def test_an_absent_output_is_none() -> None:
    assert turn_of_return(returned(isDone=True)).outcome == Returned(output=None)


def test_the_custom_status_is_compact_json() -> None:
    assert turn_of_return(returned(customStatus={"step": 1})).custom_status == '{"step":1}'


def test_an_exception_of_the_generator_keeps_the_actions_before_it() -> None:
    document = returned(actions=[[SAY]], error="boom", customStatus="s")
    failure = Failure(message=f"Exception: boom\n\n$OutOfProcData$:{document}", stack="...")

    turn = turn_of_failure(failure)

    assert turn.outcome == Raised(error="boom")
    assert turn.actions == (CallActivity(name="say", input='"Tokyo"'),)
    assert turn.custom_status == '"s"'


def test_the_last_label_in_a_failure_is_the_one_that_counts() -> None:
    mine = 'I say\n\n$OutOfProcData$:{"isDone":true}'
    document = returned(error=mine)
    failure = Failure(message=f"Exception: {mine}\n\n$OutOfProcData$:{document}", stack="")

    assert turn_of_failure(failure).outcome == Raised(error=mine)


def test_a_failure_without_a_document_is_a_crash_in_the_platforms_words() -> None:
    turn = turn_of_failure(Failure(message="ValueError: sync boom", stack="Traceback"))

    assert turn.actions == ()
    assert turn.outcome == Crashed(
        error=(
            "One or more errors occurred. "
            "(Result: Failure\nException: ValueError: sync boom\nStack: Traceback)"
        )
    )


@pytest.mark.parametrize("text", ["{}", "null", "[]", "not json"])
def test_a_label_without_a_document_is_a_crash_too(text: str) -> None:
    turn = turn_of_failure(Failure(message=f"X: y\n\n$OutOfProcData$:{text}", stack=""))

    assert isinstance(turn.outcome, Crashed)


def test_an_unknown_action_is_a_crash_that_says_so() -> None:
    outcome = turn_of_return(returned(actions=[[{"actionType": 99}]])).outcome

    assert isinstance(outcome, Crashed)
    assert "unknown action type 99" in outcome.error


def test_a_failed_activity_reads_as_the_platform_words_it() -> None:
    failed = activity_failure("boom", Failure(message="ValueError: kaboom é", stack="Traceback"))

    assert failed.reason == "Activity function 'boom' failed:  ValueError: kaboom é"
    assert json.loads(failed.details) == {
        "$type": "System.Exception, System.Private.CoreLib",
        "ClassName": "System.Exception",
        "Message": " ValueError: kaboom é",
    }


def test_an_activitys_text_is_cut_where_the_platform_cuts_it() -> None:
    message = "ValueError: a\n\n$OutOfProcData$:{}\nStack: b"

    failed = activity_failure("boom", Failure(message=message, stack=""))

    assert failed.reason == "Activity function 'boom' failed:  ValueError: a\n\n"


def test_an_activity_that_the_host_ended_is_a_failure_too() -> None:
    assert activity_refusal("slow", "Too slow.").reason == (
        "Activity function 'slow' failed: Too slow."
    )


def test_a_lone_surrogate_is_escaped_so_that_the_text_can_be_stored() -> None:
    text = compact({"a": "\ud83d", "b": "é"})

    assert text.encode()
    assert json.loads(text) == {"a": "\ud83d", "b": "é"}


def test_a_failures_text_can_be_stored_whatever_the_user_raised() -> None:
    failed = activity_failure("boom", Failure(message="ValueError: \ud83d", stack=""))
    outcome = turn_of_return(returned(error="\ud83d")).outcome

    assert failed.reason == "Activity function 'boom' failed:  ValueError: ?"
    assert failed.details.encode()
    assert outcome == Raised(error="?")


def test_a_result_of_null_is_no_value() -> None:
    assert recompact("null") is None
    assert recompact('{"a": 1.0}') == '{"a":1.0}'
