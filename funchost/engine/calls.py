"""What passes between dispatch and a worker besides events and actions: calls and their answers.

Plain values only. Who runs the functions, and where, is the worker's business.
"""

from dataclasses import dataclass


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


class WorkerUnavailableError(Exception):
    """The call could not be made or finished (host stopping, time-out); it may be made again."""
