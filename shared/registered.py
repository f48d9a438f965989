"""What an app has registered so far: for checks and wrappers that belong to loading it.

The one place of the application that knows how the SDK keeps functions before they are indexed:
its own list can be asked for only once, and that is the host's to do.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import azure.durable_functions as df
import azure.functions as func
from azure.durable_functions.orchestrator import Orchestrator

from shared.endpoints import Endpoint, endpoint_of

ACTIVITY = "activityTrigger"
ORCHESTRATION = "orchestrationTrigger"
HTTP = "httpTrigger"
QUEUE = "queueTrigger"


def activity_names(app: df.DFApp) -> frozenset[str]:
    """Return the names of the activities that are registered so far."""
    return functions_of(app, trigger=ACTIVITY)


def functions_of(app: df.DFApp, *, trigger: str) -> frozenset[str]:
    """Return the names of the functions with a kind of trigger that are registered so far."""
    return frozenset(
        function.get_function_name()
        for function in _functions(app)
        if function.get_trigger().type == trigger
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFunction:
    """A function that answers requests; ``endpoint`` is None when it declares nothing."""

    name: str
    route: str
    methods: tuple[str, ...]
    needs_key: bool
    endpoint: Endpoint | None
    call: Callable[..., Any]


def http_functions(app: df.DFApp) -> tuple[HttpFunction, ...]:
    """Return the HTTP functions that are registered so far, in that order."""
    return tuple(
        _http_function(function)
        for function in _functions(app)
        if function.get_trigger().type == HTTP
    )


def _http_function(function: Any) -> HttpFunction:
    trigger = function.get_trigger()
    call = function.get_user_function()
    return HttpFunction(
        name=function.get_function_name(),
        route=trigger.route,
        methods=tuple(getattr(method, "value", method).upper() for method in trigger.methods),
        # What says nothing has the app's own level, which is the function's key.
        needs_key=trigger.auth_level is not func.AuthLevel.ANONYMOUS,
        endpoint=endpoint_of(call),
        call=getattr(call, "client_function", call),  # without the SDK's client, where there is one
    )


@dataclass(frozen=True, slots=True)
class Registered:
    """One function as the SDK keeps it until the app is indexed."""

    _function: Any

    @property
    def name(self) -> str:
        """The name under which it is called."""
        return str(self._function.get_function_name())

    @property
    def trigger(self) -> str:
        """What makes it run, as in its binding."""
        return str(self._function.get_trigger().type)

    @property
    def argument(self) -> str:
        """The parameter that its trigger fills."""
        return str(self._function.get_trigger().name)

    @property
    def route(self) -> str:
        """The route of an HTTP function, as it was given; else empty."""
        return str(getattr(self._function.get_trigger(), "route", None) or "")

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods of an HTTP function, in upper case; none when it takes every one."""
        listed = getattr(self._function.get_trigger(), "methods", None) or ()
        return tuple(str(getattr(method, "value", method)).upper() for method in listed)

    @property
    def code(self) -> Callable[..., Any]:
        """What runs: for an orchestrator, the generator function behind the SDK's handle."""
        code = self._function.get_user_function()
        return cast("Callable[..., Any]", getattr(code, "orchestrator_function", code))

    def replace(self, code: Callable[..., Any]) -> None:
        """Let something else run in its place, before the app is indexed."""
        if self.trigger == ORCHESTRATION:
            handle = cast("Any", Orchestrator.create(code))
            handle.__name__ = code.__name__
            code = handle
        self._function._func = code  # noqa: SLF001 - see above


def registered(app: df.DFApp) -> tuple[Registered, ...]:
    """Return the functions that are registered so far."""
    return tuple(Registered(function) for function in _functions(app))


def _functions(app: df.DFApp) -> Iterable[Any]:
    builders = cast("Any", app)._function_builders  # noqa: SLF001 - see above
    return [builder._function for builder in builders]  # noqa: SLF001 - see above
