"""What this layer needs to know of the app, and of whoever runs its functions.

Plain values; the bootstrap makes them from what the worker has indexed. No aiohttp here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from funchost.worker.http import HttpAnswer, HttpRequest


class Invoke(Protocol):
    """Runs an HTTP-triggered function of the app."""

    async def __call__(self, name: str, request: HttpRequest) -> HttpAnswer:
        """Run the function once.

        Raises:
            WorkerError: the function failed, and the log says so already.
            WorkerUnavailableError: the host is stopping.
            Exception: any other is taken for a fault of the host.
        """
        ...


class NotRunnableError(Exception):
    """A function cannot be run by hand; the text says why."""


class RunByHand(Protocol):
    """Begins to run a function that HTTP does not trigger."""

    def __call__(self, name: str, text: str | None) -> None:
        """Begin, and return at once.

        Raises:
            NotRunnableError: functions of its kind cannot be run this way.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the app, as far as routes, banner and admin endpoints care.

    Attributes:
        name: As registered.
        trigger: The type of its trigger binding, such as ``httpTrigger``.
        route: The route template of an HTTP trigger, without the prefix.
        methods: The verbs of an HTTP trigger, upper case; none means any.
        is_disabled: It is listed, and never run.
        bindings: The bindings as indexed.
        entry_point: The name of the Python function.
        script_file: The module it was found in, relative to ``directory``.
        directory: The app's folder.
        auth_level: Which key an HTTP trigger asks for, in lower case.
    """

    name: str
    trigger: str
    route: str | None = None
    auth_level: str = "function"
    methods: tuple[str, ...] = ()
    is_disabled: bool = False
    bindings: tuple[Mapping[str, object], ...] = field(default=())
    entry_point: str = ""
    script_file: str = "function_app.py"
    directory: str = ""

    @property
    def is_http(self) -> bool:
        """Tell whether HTTP requests trigger it."""
        return self.trigger.casefold() == "httptrigger"
