"""Unwraps registered functions: the one place that knows how the SDK wraps them."""

from collections.abc import Callable, Generator
from typing import Any


def orchestrator_of(built: Any) -> Callable[[Any], Generator[Any, Any, Any]]:
    """Return the generator function behind a decorated orchestrator."""
    orchestrator: Callable[[Any], Generator[Any, Any, Any]] = (
        built.build().get_user_function().orchestrator_function
    )
    return orchestrator


def activity_of(built: Any) -> Callable[[Any], Any]:
    """Return the function behind a decorated activity."""
    activity: Callable[[Any], Any] = built.build().get_user_function()
    return activity


def handler_of(built: Any) -> Callable[..., Any]:
    """Return the coroutine function behind a decorated HTTP function with a durable client."""
    handler: Callable[..., Any] = built.build().get_user_function().client_function
    return handler


def activities_in(blueprint: Any) -> dict[str, Callable[[Any], Any]]:
    """Return every activity of a blueprint by its registered name."""
    built = [builder.build() for builder in blueprint._function_builders]
    return {
        function.get_function_name(): function.get_user_function()
        for function in built
        if function.get_trigger().type == "activityTrigger"
    }


def entities_in(blueprint: Any) -> dict[str, Callable[[Any], Any]]:
    """Return every entity function of a blueprint by its registered name."""
    built = [builder.build() for builder in blueprint._function_builders]
    return {
        function.get_function_name(): function.get_user_function().entity_function
        for function in built
        if function.get_trigger().type == "entityTrigger"
    }


def always[T](value: T) -> Callable[..., T]:
    """Return a function that returns this, whatever it is asked."""

    def stand_in(*_args: object, **_named: object) -> T:
        return value

    return stand_in
