"""Follows what really runs: activities, and requests and messages that start or change a workflow.

Each run is a span of its own, with a new id: an activity that ran twice is two spans. While one
runs, whatever it logs is told to belong to it. What the host reports anyway, requests and their
answers, is not told again: these spans are dependencies inside of the app, in the workflow's trace.
"""

import functools
import inspect
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, cast

import azure.functions as func

from shared.clock import system_clock
from shared.errors import code_of
from shared.ids import new_id
from shared.models import JsonObject
from shared.telemetry.names import Attribute, Kind, Metric
from shared.telemetry.port import Place, Span, Value
from shared.telemetry.reporting import Reporter
from shared.telemetry.tracing import Carrier, host_operation, loaded, place_of, unloaded

# Methods by which nothing is changed.
LOOKS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_CONTEXT: Final = "context"
_ANSWERED: Final = "answered"
_REMEMBERED: Final = 10_000
_INSTANCE_PARAMETER: Final = "instanceId"


@dataclass(slots=True)
class Here:
    """What runs on this thread or task, for those who log; ``instance_id`` once it is known."""

    span_id: str
    instance_id: str | None = None
    root: str | None = None
    attributes: dict[str, Value] = field(default_factory=dict[str, Value])

    @property
    def place(self) -> Place | None:
        """Where it is in the workflow's trace."""
        if self.instance_id is None:
            return None
        return Place(trace_id=place_of(self.instance_id, self.root).trace_id, span_id=self.span_id)


_here: ContextVar[Here | None] = ContextVar("here", default=None)


def here() -> Here | None:
    """Return what runs here, if it is followed."""
    return _here.get()


def concerns(instance_id: str) -> None:
    """Say which instance the request that runs here is about."""
    running = _here.get()
    if running is not None:
        running.instance_id = instance_id


def departing(client_input: JsonObject, orchestrator: str, *, now: datetime) -> JsonObject:
    """Return what an instance is started with: with the time, if it is followed from here on."""
    running = _here.get()
    if running is None or running.instance_id is None:
        return client_input
    instance_id = running.instance_id
    start = Carrier(
        root=instance_id, instance_id=instance_id, workflow=orchestrator, at=now, whose=instance_id
    )
    return loaded(client_input, start)


def started() -> None:
    """Say that the request that runs here has started the instance that it is about."""
    running = _here.get()
    if running is not None:
        running.attributes[Attribute.STARTED] = True


class Runs:
    """Counts how often a task has run in this process; remembers the last ten thousand tasks.

    A retry by the host brings the same input again, and nothing else says that it is one.
    """

    def __init__(self) -> None:
        self._counts = OrderedDict[tuple[object, ...], int]()
        self._lock = threading.Lock()

    def count(self, carrier: Carrier) -> int:
        """Count one more run of the carrier's task, and return how many there were before."""
        key = (carrier.instance_id, carrier.workflow, carrier.task, carrier.at)
        with self._lock:
            before = self._counts.pop(key, 0)
            self._counts[key] = before + 1
            if len(self._counts) > _REMEMBERED:
                self._counts.popitem(last=False)
        return before


def followed_activity(
    name: str, argument: str, activity: Callable[..., Any], reporter: Reporter
) -> Callable[..., Any]:
    """Return an activity, followed; it takes its input as its sender meant it.

    Args:
        name: as it is registered.
        argument: the parameter that takes the input.
        activity: a plain function, which runs on a thread of the worker's.
        reporter: whom to tell.
    """
    runs = Runs()

    def follow(**bindings: Any) -> Any:
        invocation = bindings.pop(_CONTEXT, None)
        bindings[argument], carrier = unloaded(bindings[argument])
        if carrier is None:
            return activity(**bindings)
        run = _Run(name, carrier, carrier.attempt + runs.count(carrier), reporter, invocation)
        token = _here.set(run.here)
        try:
            answer = activity(**bindings)
        except Exception as failure:
            run.end(code_of(failure))
            raise
        else:
            run.end(None)
            return answer
        finally:
            _here.reset(token)

    return _dressed(follow, activity)


class _Run:
    """One run of an activity."""

    def __init__(
        self, name: str, carrier: Carrier, attempt: int, reporter: Reporter, invocation: Any
    ) -> None:
        self._name = name
        self._carrier = carrier
        self._attempt = attempt
        self._reporter = reporter
        self._begin = system_clock().now()
        self.here = Here(
            span_id=_new_span_id(),
            instance_id=carrier.instance_id,
            root=carrier.root,
            attributes={
                Attribute.INSTANCE_ID: carrier.instance_id,
                Attribute.ROOT_ID: carrier.root,
                Attribute.WORKFLOW: carrier.workflow,
                **carrier.subject,
                Attribute.ACTIVITY: name,
                Attribute.ATTEMPT: attempt,
                **_host_operation(invocation),
            },
        )

    def end(self, error: str | None) -> None:
        """Tell what became of it."""
        end, place = system_clock().now(), self.here.place
        what: dict[str, Value] = {
            Attribute.ACTIVITY: self._name,
            Attribute.WORKFLOW: self._carrier.workflow,
        }
        if self._attempt == 1:
            waited = max(0.0, (self._begin - self._carrier.at).total_seconds())
            queue = {**what, Attribute.KIND: Kind.ACTIVITY}
            self._reporter.measure(Metric.QUEUE_AGE, waited, queue)
        else:
            self._reporter.count(Metric.ACTIVITY_RETRIES, what)
        took = (end - self._begin).total_seconds()
        ended = {**what, Attribute.OUTCOME: error or _ANSWERED}
        self._reporter.measure(Metric.ACTIVITY_DURATION, max(0.0, took), ended)
        if place is None:
            return
        told = {**self.here.attributes, Attribute.KIND: Kind.ACTIVITY}
        self._reporter.span(
            Span(
                name=self._name,
                place=place,
                parent_id=place_of(self._carrier.instance_id, self._carrier.root).span_id,
                begin=self._begin,
                end=end,
                failed=error is not None,
                attributes={**told, Attribute.ERROR: error} if error else told,
            )
        )


def followed_request(
    route: str, argument: str, handler: Callable[..., Awaitable[Any]], reporter: Reporter
) -> Callable[..., Awaitable[Any]]:
    """Return an HTTP function, followed: it is told when it changes or starts an instance.

    Args:
        route: as it is registered; with the method, it is the span's name.
        argument: the parameter that takes the request.
        handler: a coroutine function.
        reporter: whom to tell.
    """

    async def follow(**bindings: Any) -> Any:
        invocation = bindings.pop(_CONTEXT, None)
        method = str(bindings[argument].method).upper()
        if method in LOOKS:
            return await handler(**bindings)
        begin = system_clock().now()
        parameters = cast("dict[str, str]", bindings[argument].route_params)
        running = Here(span_id=_new_span_id(), instance_id=parameters.get(_INSTANCE_PARAMETER))
        running.attributes.update(_host_operation(invocation))
        token = _here.set(running)
        try:
            answer = await handler(**bindings)
        finally:
            _here.reset(token)
        _tell_request(f"{method} {route}", running, begin, answer, reporter)
        return answer

    return _dressed(follow, handler)


def followed_message(
    name: str, handler: Callable[..., Awaitable[Any]], reporter: Reporter
) -> Callable[..., Awaitable[Any]]:
    """Return a function of a queue, followed: it is told when it starts an instance.

    Args:
        name: as it is registered.
        handler: a coroutine function.
        reporter: whom to tell.
    """

    async def follow(**bindings: Any) -> Any:
        invocation = bindings.pop(_CONTEXT, None)
        begin = system_clock().now()
        running = Here(span_id=_new_span_id())
        running.attributes.update(_host_operation(invocation))
        token = _here.set(running)
        try:
            await handler(**bindings)
        finally:
            _here.reset(token)
        if running.attributes.get(Attribute.STARTED):
            outcome: dict[str, Value] = {
                Attribute.KIND: Kind.MESSAGE,
                Attribute.OUTCOME: _ANSWERED,
            }
            _tell_way_in(name, running, begin, outcome, reporter)

    return _dressed(follow, handler)


def _tell_request(
    name: str, running: Here, begin: datetime, answer: Any, reporter: Reporter
) -> None:
    """Tell of a request that was taken; one that was refused changed no workflow."""
    status = answer.status_code if isinstance(answer, func.HttpResponse) else HTTPStatus.OK
    if status < HTTPStatus.BAD_REQUEST:
        outcome: dict[str, Value] = {
            Attribute.KIND: Kind.REQUEST,
            Attribute.OUTCOME: str(int(status)),
        }
        _tell_way_in(name, running, begin, outcome, reporter)


def _tell_way_in(
    name: str, running: Here, begin: datetime, outcome: Mapping[str, Value], reporter: Reporter
) -> None:
    place = running.place
    if place is None or running.instance_id is None:
        return
    reporter.span(
        Span(
            name=name,
            place=place,
            parent_id=place_of(running.instance_id, running.root).span_id,
            begin=begin,
            end=system_clock().now(),
            attributes={
                **running.attributes,
                Attribute.INSTANCE_ID: running.instance_id,
                Attribute.ROOT_ID: running.root or running.instance_id,
                **outcome,
            },
        )
    )


def _new_span_id() -> str:
    return new_id()[:16]


def _host_operation(invocation: Any) -> dict[str, Value]:
    """Say under which trace the host reports this run; nothing where it reports none."""
    trace_context = getattr(invocation, "trace_context", None)  # the worker has a class of its own
    found = host_operation(getattr(trace_context, "trace_parent", None))
    return {Attribute.HOST_OPERATION_ID: found} if found else {}


def _dressed[F: Callable[..., Any]](follow: F, function: Callable[..., Any]) -> F:
    """Give a wrapper the function's looks, and the worker's context beside its bindings."""
    functools.update_wrapper(follow, function)
    signature = inspect.signature(function)
    if _CONTEXT in signature.parameters:
        return follow
    extra = inspect.Parameter(_CONTEXT, inspect.Parameter.KEYWORD_ONLY, annotation=func.Context)
    dressed = cast("Any", follow)
    dressed.__signature__ = signature.replace(parameters=[*signature.parameters.values(), extra])
    dressed.__annotations__ = {**function.__annotations__, _CONTEXT: func.Context}
    return follow
