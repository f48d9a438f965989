"""What an app offers: its functions, their triggers and bindings, and the names they go by.

Values only: the library's metadata comes in as plain data (``library``), and what this host cannot
serve is refused here, by name.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from funchost.worker.errors import AppLoadError


class TriggerKind(StrEnum):
    """What makes a function run, spelled as in its binding."""

    HTTP = "httpTrigger"
    ORCHESTRATION = "orchestrationTrigger"
    ACTIVITY = "activityTrigger"
    ENTITY = "entityTrigger"
    TIMER = "timerTrigger"
    QUEUE = "queueTrigger"
    BLOB = "blobTrigger"


DURABLE_CLIENT = "durableClient"
QUEUE = "queue"
BLOB = "blob"
RETURNED = "$return"  # the name of the binding that takes what a function returns
DEFAULT_AUTH_LEVEL = "function"
_DURABLE_KINDS = frozenset(
    {TriggerKind.ORCHESTRATION, TriggerKind.ACTIVITY, TriggerKind.ENTITY}
)  # what they return is the hub's

# What is served, by binding type and direction. Serving a new kind begins with a line here.
_SERVED: frozenset[tuple[str, str]] = frozenset(
    {
        (TriggerKind.HTTP.casefold(), "in"),
        ("http", "out"),
        (TriggerKind.ORCHESTRATION.casefold(), "in"),
        (TriggerKind.ACTIVITY.casefold(), "in"),
        (TriggerKind.ENTITY.casefold(), "in"),
        (TriggerKind.TIMER.casefold(), "in"),
        (TriggerKind.QUEUE.casefold(), "in"),
        (TriggerKind.BLOB.casefold(), "in"),
        (DURABLE_CLIENT.casefold(), "in"),
        (QUEUE, "out"),
        (BLOB, "in"),
        (BLOB, "out"),
    }
)

# The member of a durable trigger that renames the function for the task hub.
_RENAMES = {
    TriggerKind.ORCHESTRATION: "orchestration",
    TriggerKind.ACTIVITY: "activity",
    TriggerKind.ENTITY: "entityName",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One binding; ``settings`` holds every member, as the app's decorators wrote them."""

    type: str
    name: str
    direction: str  # "in" or "out"
    settings: Mapping[str, Any]

    def is_a(self, binding_type: str) -> bool:
        """Tell whether this is a binding of that type; case does not matter."""
        return self.type.casefold() == binding_type.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryOptions:
    """A function's own retry policy: the host performs it, for triggers that support it."""

    max_retry_count: int  # -1: without end
    strategy: str  # "fixed_delay" or "exponential_backoff"
    delay: timedelta | None = None
    minimum: timedelta | None = None
    maximum: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFunction:
    """What the library says of a function; ``raw_bindings`` are JSON texts."""

    name: str
    function_id: str
    is_async: bool
    raw_bindings: Sequence[str]
    retry: RetryOptions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function that this host can run."""

    name: str
    function_id: str
    is_async: bool
    kind: TriggerKind
    trigger: Binding
    clients: tuple[Binding, ...] = ()  # its durableClient bindings
    inputs: tuple[Binding, ...] = ()  # what is read for it before it runs
    outputs: tuple[Binding, ...] = ()  # where what it gives goes, apart from HTTP answers
    retry: RetryOptions | None = None

    @property
    def registered_name(self) -> str:
        """Return the name by which orchestrations know it."""
        renamed = self.trigger.settings.get(_RENAMES.get(self.kind, ""))
        return str(renamed) if renamed else self.name

    @property
    def route(self) -> str:
        """Return an HTTP function's route template, without the prefix."""
        return str(self.trigger.settings.get("route") or self.name)

    @property
    def methods(self) -> tuple[str, ...]:
        """Return the HTTP methods it takes, in upper case; () is any."""
        return tuple(str(method).upper() for method in self.trigger.settings.get("methods") or ())

    @property
    def auth_level(self) -> str:
        """Return which key an HTTP function asks for, in lower case."""
        return str(self.trigger.settings.get("authLevel") or DEFAULT_AUTH_LEVEL).casefold()

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """Return its bindings, the trigger first."""
        return (self.trigger, *self.clients, *self.inputs, *self.outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTable:
    """An app's functions in the order of their registration, and how to find them."""

    functions: tuple[Function, ...]
    disabled: tuple[Function, ...]
    orchestrators: Mapping[str, Function]  # by registered name in casefold
    activities: Mapping[str, Function]
    entities: Mapping[str, Function]
    http: Mapping[str, Function]  # by function name, exactly


def chosen(found: Sequence[FoundFunction], names: Sequence[str]) -> Sequence[FoundFunction]:
    """Keep the functions that are named, whatever their case; no names keep all.

    Raises:
        AppLoadError: a name is that of no function.
    """
    by_name = {item.name.casefold(): item for item in found}
    for name in names:
        if name.casefold() not in by_name:
            known = ", ".join(f"'{item.name}'" for item in found)
            raise AppLoadError(f"There is no function '{name}'; there are: {known}.")
    wanted = {name.casefold() for name in names}
    return [item for item in found if not wanted or item.name.casefold() in wanted]


def read_functions(found: Iterable[FoundFunction], environ: Mapping[str, str]) -> FunctionTable:
    """Make sense of what the library found.

    Args:
        found: the functions.

        environ: app settings; ``AzureWebJobs.<name>.Disabled`` takes a function out of service.

    Raises:
        AppLoadError: a function needs what this host does not have, or two share a durable name.
    """
    complaints: list[str] = []
    functions: list[Function] = []
    for item in found:
        function = _read(item, complaints)
        if function is not None:
            functions.append(function)
    if complaints:
        raise AppLoadError("\n".join(complaints))
    settings = {key.casefold(): value for key, value in environ.items()}
    enabled = tuple(f for f in functions if not _is_disabled(f, settings))
    return FunctionTable(
        functions=enabled,
        disabled=tuple(f for f in functions if f not in enabled),
        orchestrators=_by_registered_name(enabled, TriggerKind.ORCHESTRATION),
        activities=_by_registered_name(enabled, TriggerKind.ACTIVITY),
        entities=_by_registered_name(enabled, TriggerKind.ENTITY),
        http={f.name: f for f in enabled if f.kind is TriggerKind.HTTP},
    )


def _read(found: FoundFunction, complaints: list[str]) -> Function | None:
    bindings = [_binding(json.loads(raw)) for raw in found.raw_bindings]
    before = len(complaints)
    for binding in bindings:
        complaints.extend(_complaint(found.name, binding))
    triggers = [b for b in bindings if b.type.casefold().endswith("trigger")]
    if len(complaints) > before:
        return None
    if len(triggers) != 1:
        complaints.append(f"Function '{found.name}' must have exactly one trigger.")
        return None
    kind = next(kind for kind in TriggerKind if triggers[0].is_a(kind))
    outputs = tuple(b for b in bindings if b.direction == "out" and not b.is_a("http"))
    if kind in _DURABLE_KINDS and any(b.name == RETURNED for b in outputs):
        complaints.append(
            f"Function '{found.name}' cannot send what it returns elsewhere: it is the answer to "
            "its orchestration. Use a named output."
        )
        return None
    return Function(
        name=found.name,
        function_id=found.function_id,
        is_async=found.is_async,
        kind=kind,
        trigger=triggers[0],
        clients=tuple(b for b in bindings if b.is_a(DURABLE_CLIENT)),
        inputs=tuple(b for b in bindings if b.is_a(BLOB) and b.direction == "in"),
        outputs=outputs,
        retry=found.retry,
    )


def _binding(raw: Mapping[str, Any]) -> Binding:
    return Binding(
        type=str(raw["type"]),
        name=str(raw["name"]),
        direction=str(raw.get("direction", "in")).casefold(),
        settings=raw,
    )


def _complaint(function: str, binding: Binding) -> Iterable[str]:
    if binding.settings.get("durableRequiresGrpc"):
        yield (
            f"Function '{function}' was made with version 2 of azure-functions-durable (binding "
            f"'{binding.name}' speaks gRPC); this host serves version 1: "
            "install azure-functions-durable 1.7."
        )
    elif (binding.type.casefold(), binding.direction) not in _SERVED:
        yield (
            f"Function '{function}' has the binding '{binding.name}' of type {binding.type} "
            f"({binding.direction}), which this host does not serve."
        )
    elif _is_client_object(binding):
        yield (
            f"Function '{function}' takes the binding '{binding.name}' as a client of the storage "
            "SDK (azurefunctions-extensions-bindings), which this host does not serve; use the "
            "types of azure.functions."
        )


def _is_client_object(binding: Binding) -> bool:
    properties: Mapping[str, Any] = binding.settings.get("properties") or {}
    return str(properties.get("SupportsDeferredBinding", "")).casefold() == "true"


def _by_registered_name(functions: Iterable[Function], kind: TriggerKind) -> Mapping[str, Function]:
    table: dict[str, Function] = {}
    for function in functions:
        if function.kind is not kind:
            continue
        name = function.registered_name
        other = table.setdefault(name.casefold(), function)
        if other is not function:
            raise AppLoadError(
                f"Functions '{other.name}' and '{function.name}' are both registered as "
                f"'{name}' ({kind}); case does not tell them apart."
            )
    return table


def _is_disabled(function: Function, settings: Mapping[str, str]) -> bool:
    key = f"AzureWebJobs.{function.name}.Disabled".casefold()
    value = settings.get(key, settings.get(key.replace(".", "_"), ""))
    return value.casefold() in {"1", "true"}
