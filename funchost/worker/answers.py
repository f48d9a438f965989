"""What comes back from the app's functions: the SDK's return documents and failure texts.

An orchestrator's document becomes a ``Turn``; a failure's text becomes what the orchestration that
waits for it is to see. What the orchestrator was shown is made in ``history``.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

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
    Turn,
    WaitForExternalEvent,
    Waiting,
    WhenAll,
    WhenAny,
)
from funchost.engine.calls import Failed
from funchost.engine.events import MAX_RETRY_INTERVAL, RetryPolicy
from funchost.worker.payloads import compact, storable

_LABEL = "$OutOfProcData$"
_SEPARATOR = f"\n\n{_LABEL}:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A function raised; ``message`` is ``Type: text``, ``stack`` the worker's traceback."""

    message: str
    stack: str


def turn_of_return(text: str) -> Turn:
    """Read the document that an orchestrator returned; one that makes no sense is a crash."""
    try:
        return _turn(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        return _crash(
            f"The orchestrator's answer could not be understood: {type(error).__name__}: {error}"
        )


def turn_of_failure(failure: Failure) -> Turn:
    """Read the failure of an orchestrator.

    The SDK appends its document to the message of an exception that left the generator. The last
    label is the right one: inside the document newlines are escaped, and an earlier one is part
    of the user's own text.
    """
    _, label, text = failure.message.rpartition(_SEPARATOR)
    if label:
        try:
            return _turn(json.loads(text))
        except (ValueError, KeyError, TypeError):
            pass  # the label came from elsewhere: the exception did not leave the generator
    return _crash(
        "One or more errors occurred. "
        f"(Result: Failure\nException: {failure.message}\nStack: {failure.stack})"
    )


def shown(text: str) -> str:
    """Return a message or traceback for people: without the document that the SDK appends."""
    return text.partition(_SEPARATOR)[0]


def activity_failure(name: str, failure: Failure) -> Failed:
    """Say that an activity raised, in the platform's words (the second space is theirs)."""
    text = " " + failure.message.partition("\nStack:")[0].partition(_LABEL)[0]
    return _failed(name, f" {text}", text)


def activity_refusal(name: str, text: str) -> Failed:
    """Say that the host ended an activity, or could not run it."""
    return _failed(name, f" {text}", text)


def _failed(name: str, tail: str, message: str) -> Failed:
    details = {
        "$type": "System.Exception, System.Private.CoreLib",
        "ClassName": "System.Exception",
        "Message": message,
    }
    reason = storable(f"Activity function '{name}' failed:{tail}")
    return Failed(reason=reason, details=compact(details))


def _crash(text: str) -> Turn:
    return Turn(actions=(), outcome=Crashed(error=storable(text)))


def _turn(answer: Any) -> Turn:
    if not isinstance(answer, dict):
        raise TypeError("not an object")
    return _turn_of(cast("Mapping[str, Any]", answer))


def _turn_of(answer: Mapping[str, Any]) -> Turn:
    status = answer.get("customStatus")
    return Turn(
        actions=tuple(_action(raw) for group in answer["actions"] for raw in group),
        outcome=_outcome(answer),
        custom_status=None if status is None else compact(status),
    )


def _outcome(answer: Mapping[str, Any]) -> Waiting | Returned | Raised:
    if "error" in answer:
        return Raised(error=storable(str(answer["error"])))
    if not answer["isDone"]:
        return Waiting()
    output = answer.get("output")
    return Returned(output=None if output is None else compact(output))


def _action(raw: Mapping[str, Any]) -> Action:
    kind = raw["actionType"]
    reader = _READERS.get(kind)
    if reader is None:
        raise ValueError(f"unknown action type {kind!r}")
    return reader(raw)


def _call_activity(raw: Mapping[str, Any]) -> Action:
    return CallActivity(name=raw["functionName"], input=raw["input"], retry=_retry(raw))


def _call_sub_orchestration(raw: Mapping[str, Any]) -> Action:
    return CallSubOrchestration(
        name=raw["functionName"],
        input=raw["input"],
        instance_id=raw.get("instanceId") or None,
        version=raw.get("version"),
        retry=_retry(raw),
    )


def _continue_as_new(raw: Mapping[str, Any]) -> Action:
    return ContinueAsNew(input=raw["input"])


def _create_timer(raw: Mapping[str, Any]) -> Action:
    return CreateTimer(fire_at=_instant(raw["fireAt"]), is_canceled=raw["isCanceled"])


def _wait_for_external_event(raw: Mapping[str, Any]) -> Action:
    return WaitForExternalEvent(name=raw["externalEventName"])


def _call_entity(raw: Mapping[str, Any]) -> Action:
    return CallEntity(instance_id=raw["instanceId"], operation=raw["operation"], input=raw["input"])


def _signal_entity(raw: Mapping[str, Any]) -> Action:
    return SignalEntity(
        instance_id=raw["instanceId"], operation=raw["operation"], input=raw["input"]
    )


def _call_http(raw: Mapping[str, Any]) -> Action:
    return CallHttp(request=compact(raw["httpRequest"]))


def _when_any(raw: Mapping[str, Any]) -> Action:
    return WhenAny(children=tuple(map(_action, raw["compoundActions"])))


def _when_all(raw: Mapping[str, Any]) -> Action:
    return WhenAll(children=tuple(map(_action, raw["compoundActions"])))


# By the wire's number. 10, the scheduled signal, is never sent by the 1.x SDK.
_READERS: Mapping[int, Callable[[Mapping[str, Any]], Action]] = {
    0: _call_activity,
    1: _call_activity,
    2: _call_sub_orchestration,
    3: _call_sub_orchestration,
    4: _continue_as_new,
    5: _create_timer,
    6: _wait_for_external_event,
    7: _call_entity,
    8: _call_http,
    9: _signal_entity,
    11: _when_any,
    12: _when_all,
}


def _retry(raw: Mapping[str, Any]) -> RetryPolicy | None:
    options = raw.get("retryOptions")
    if options is None:
        return None
    longest = options.get("maxRetryIntervalInMilliseconds")
    return RetryPolicy(
        first_interval=timedelta(milliseconds=options["firstRetryIntervalInMilliseconds"]),
        max_attempts=options["maxNumberOfAttempts"],
        backoff=float(options.get("backoffCoefficient") or 1.0),
        max_interval=MAX_RETRY_INTERVAL if longest is None else timedelta(milliseconds=longest),
    )


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
