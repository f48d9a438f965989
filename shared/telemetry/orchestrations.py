"""Follows orchestrations: counts and times them, and gives what they call the trace to go on with.

The orchestrator runs as it is, on a context that adds the carrier to what it calls. Everything is
told only when it happens, never in a replay; what an episode tells that is lost before it was
committed is told again under the same ids.
"""

import functools
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import azure.durable_functions as df
from azure.durable_functions.models import TaskBase

from shared.durable import Orchestration
from shared.errors import code_of
from shared.models import JsonObject
from shared.telemetry.names import SUBJECTS, Attribute, Event as EventName, Kind, Metric
from shared.telemetry.port import Event, Span, Value
from shared.telemetry.reporting import Reporter
from shared.telemetry.tracing import Carrier, Waiting, loaded, place_of, unloaded

type Orchestrator = Callable[[df.DurableOrchestrationContext], Orchestration[Any]]

_OUTCOME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NO_OUTCOME: Final = "completed"
_FAILED: Final = "failed"
_COMPENSATED: Final = "compensated"
_NEEDS_ATTENTION: Final = "needs_attention"
# Members of a custom status that are told with its events.
_SHOWN: Final = (Attribute.LEVEL, Attribute.ROUND, Attribute.DEADLINE_AT)


def followed(name: str, orchestrator: Orchestrator, reporter: Reporter) -> Orchestrator:
    """Return the orchestrator, followed."""

    @functools.wraps(orchestrator)
    def follow(context: df.DurableOrchestrationContext) -> Orchestration[Any]:
        story = FollowedContext(name, context, reporter)
        story.begin()
        try:
            output = yield from orchestrator(cast("df.DurableOrchestrationContext", story))
        except Exception as failure:
            story.end(_FAILED, error=code_of(failure))
            raise
        if not story.goes_on:
            story.end(_outcome(output))
        return output

    return follow


class FollowedContext:
    """An orchestration's context that adds the carrier to calls, and sees what is shown.

    Whatever is not said here is the SDK's context itself.
    """

    def __init__(
        self, name: str, context: df.DurableOrchestrationContext, reporter: Reporter
    ) -> None:
        self._context = context
        self._reporter = reporter
        now = _utc(context.current_utc_datetime)
        payload, carried = unloaded(context.get_input())
        brought = carried.for_instance(context.instance_id, now=now) if carried else None
        self._input = payload
        self._brought = brought
        goes_on = brought is not None and brought.began is not None
        self._began = brought.began if brought and brought.began else now
        self._is_first = not goes_on
        self._waiting = brought.waiting if brought else None
        self._status = brought.status if brought else None
        self._statuses = brought.statuses if brought else 0
        self._tasks = 0
        self._asked: dict[tuple[str, str], tuple[TaskBase, int]] = {}
        self._parent_id = self._parent_of(brought)
        self._carrier = Carrier(
            root=brought.root if brought else context.instance_id,
            instance_id=context.instance_id,
            workflow=name,
            at=now,
            subject=_subject(payload) or (dict(brought.subject) if brought else {}),
        )
        self.goes_on = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    @property
    def root_instance_id(self) -> str:
        """The instance that the trace is named after."""
        return self._carrier.root

    def get_input(self) -> Any:
        """Return the input as its sender meant it."""
        return self._input

    def call_activity(self, name: str, input_: Any = None) -> TaskBase:
        """Call an activity that knows where it belongs."""
        key, attempt, question = self._question(name, input_)
        task = self._context.call_activity(name, question)
        self._asked[key] = (task, attempt)
        return task

    def call_activity_with_retry(
        self, name: str, retry_options: df.RetryOptions, input_: Any = None
    ) -> TaskBase:
        """Call an activity that knows where it belongs; its retries carry the same."""
        key, attempt, question = self._question(name, input_)
        task = self._context.call_activity_with_retry(name, retry_options, question)
        self._asked[key] = (task, attempt)
        return task

    def call_sub_orchestrator(
        self, name: str, input_: Any = None, instance_id: str | None = None
    ) -> TaskBase:
        """Call a child that goes on with this trace."""
        self._tasks += 1
        carrier = self._carrier.numbered(task=self._tasks, attempt=1, at=self._now)
        child = replace(carrier, whose=instance_id)
        return self._context.call_sub_orchestrator(name, loaded(input_, child), instance_id)

    def continue_as_new(self, input_: Any) -> None:
        """Start a new generation that knows how long this one has been."""
        self.goes_on = True
        handed_on = Carrier(
            root=self._carrier.root,
            # Whose child it is stays so.
            instance_id=self._brought.instance_id if self._brought else self._carrier.instance_id,
            workflow=self._carrier.workflow,
            at=self._now,
            subject=self._carrier.subject,
            whose=self._carrier.instance_id,
            began=self._began,
            status=self._status,
            statuses=self._statuses,
            waiting=self._waiting,
        )
        self._context.continue_as_new(loaded(input_, handed_on))

    def set_custom_status(self, status: Any) -> None:
        """Show where the workflow stands, and tell it when it is news."""
        self._context.set_custom_status(status)
        if isinstance(status, dict):
            self._shown(cast("JsonObject", status))

    def begin(self) -> None:
        """Tell that it begins, once in its life."""
        if self._context.is_replaying or not self._is_first:
            return
        workflow: dict[str, Value] = {Attribute.WORKFLOW: self._carrier.workflow}
        self._reporter.count(Metric.STARTED, workflow)
        if self._brought is not None:
            waited = (self._now - self._brought.at).total_seconds()
            queue = {**workflow, Attribute.KIND: Kind.ORCHESTRATION}
            self._reporter.measure(Metric.QUEUE_AGE, max(0.0, waited), queue)

    def end(self, outcome: str, *, error: str | None = None) -> None:
        """Tell how it ended."""
        if self._context.is_replaying:
            return
        self._left_level(None)
        workflow: dict[str, Value] = {Attribute.WORKFLOW: self._carrier.workflow}
        ended = {**workflow, Attribute.OUTCOME: outcome}
        self._reporter.measure(Metric.DURATION, (self._now - self._began).total_seconds(), ended)
        if error is None:
            self._reporter.count(Metric.COMPLETED, ended)
        else:
            self._reporter.count(Metric.FAILED, {**workflow, Attribute.ERROR: error})
        if outcome == _COMPENSATED:
            self._reporter.count(Metric.COMPENSATED, workflow)
        told = {**self._attributes, Attribute.KIND: Kind.ORCHESTRATION, Attribute.OUTCOME: outcome}
        self._reporter.span(
            Span(
                name=self._carrier.workflow,
                place=place_of(self._carrier.instance_id, self._carrier.root),
                parent_id=self._parent_id,
                begin=self._began,
                end=self._now,
                failed=error is not None,
                attributes={**told, Attribute.ERROR: error} if error else told,
            )
        )

    @property
    def _now(self) -> datetime:
        return _utc(self._context.current_utc_datetime)

    @property
    def _attributes(self) -> dict[str, Value]:
        return {
            Attribute.INSTANCE_ID: self._carrier.instance_id,
            Attribute.ROOT_ID: self._carrier.root,
            Attribute.WORKFLOW: self._carrier.workflow,
            **self._carrier.subject,
        }

    def _parent_of(self, brought: Carrier | None) -> str | None:
        """Return the caller's span; the instance's own is no parent of itself."""
        if brought is None or brought.instance_id == self._context.instance_id:
            return None
        return place_of(brought.instance_id, brought.root).span_id

    def _question(self, name: str, input_: Any) -> tuple[tuple[str, str], int, Any]:
        """Say what is asked, for which time, and with the carrier.

        The same question after a failure is another attempt; after an answer it is a new question.
        """
        self._tasks += 1
        key = (name, json.dumps(input_, sort_keys=True, default=str))
        task, attempt = self._asked.get(key, (None, 0))
        has_failed = task is not None and isinstance(task.result, Exception)
        number = attempt + 1 if has_failed else 1
        carrier = self._carrier.numbered(task=self._tasks, attempt=number, at=self._now)
        return key, number, loaded(input_, carrier)

    def _shown(self, shown: JsonObject) -> None:
        level = _waiting(shown)
        is_news = shown.get("status") != self._status or level != self._waiting
        self._status = shown.get("status")
        if not is_news:
            return
        self._statuses += 1
        if not self._context.is_replaying:
            self._tell_status(shown)
        self._left_level(level)

    def _tell_status(self, shown: JsonObject) -> None:
        if self._status == _NEEDS_ATTENTION:
            workflow: dict[str, Value] = {Attribute.WORKFLOW: self._carrier.workflow}
            self._reporter.count(Metric.NEEDS_ATTENTION, workflow)
        more: dict[str, Value] = {
            str(name): shown[name] for name in _SHOWN if isinstance(shown.get(name), int | str)
        }
        self._reporter.event(
            Event(
                name=EventName.STATUS,
                place=place_of(self._carrier.instance_id, self._carrier.root),
                at=self._now,
                attributes={
                    **self._attributes,
                    **more,
                    Attribute.STATUS: str(self._status),
                    Attribute.SEQUENCE: self._statuses,
                },
            )
        )

    def _left_level(self, now_at: Waiting | None) -> None:
        """Tell how long a level waited for people, once it does not any more."""
        left, self._waiting = self._waiting, now_at
        if left is None or left == now_at or self._context.is_replaying:
            return
        waited: timedelta = self._now - left.since
        workflow: dict[str, Value] = {Attribute.WORKFLOW: self._carrier.workflow}
        self._reporter.measure(Metric.APPROVAL_AGE, max(0.0, waited.total_seconds()), workflow)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _subject(payload: Any) -> dict[str, str]:
    """Find out what a workflow is about, by the members that say so."""
    if not isinstance(payload, dict):
        return {}
    document = cast("JsonObject", payload)
    return {name: document[name] for name in SUBJECTS if isinstance(document.get(name), str)}


def _waiting(shown: JsonObject) -> Waiting | None:
    """Return the level that a status says is waited for."""
    match shown:
        case {"level": int(level), "round": int(round_), "openedAt": str(since)}:
            return Waiting(level=level, round=round_, since=datetime.fromisoformat(since))
        case _:
            return None


def _outcome(output: Any) -> str:
    """Return the business status of a result; a workflow without one has completed."""
    match output:
        case {"status": str(status)} if _OUTCOME.fullmatch(status):
            return status
        case _:
            return _NO_OUTCOME
