"""What passes between dispatch and a worker besides events and actions: calls and their answers.

Plain values only. Who runs the functions, and where, is the worker's business.
"""

from dataclasses import dataclass

# The built-in activity that makes the requests of ``call_http``, named as in Azure's histories.
HTTP_ACTIVITY = "BuiltIn::HttpActivity"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestrationHead:
    """What an orchestrator is told beside its history; ``input`` is JSON text."""

    instance_id: str
    name: str
    input: str | None
    parent_instance_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """An activity returned; ``result`` is JSON text, None for a Python None."""

    result: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An activity raised; texts as the orchestrator is to see them."""

    reason: str
    details: str


type ActivityAnswer = Succeeded | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a batch; ``input`` is JSON text."""

    name: str
    input: str | None
    is_signal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityBatch:
    """What an entity is asked to do at once; ``state`` is JSON text."""

    name: str
    key: str
    exists: bool
    state: str | None
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationResult:
    """What an operation answered; ``result`` is JSON text, of the error's text when it failed."""

    result: str
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityAnswer:
    """What became of a batch: a result an operation, in order, and the state afterwards."""

    results: tuple[OperationResult, ...]
    exists: bool
    state: str | None


class WorkerUnavailableError(Exception):
    """The call could not be made or finished (host stopping, time-out); it may be made again."""
