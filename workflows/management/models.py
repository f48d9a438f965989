"""What is shown of an instance: a projection, never the raw input.

The input stays inside, and what a failed instance says stays inside too: it may quote internals.
Whatever else is shown goes through the redaction.
"""

from collections.abc import Mapping
from typing import Any, Final

import azure.durable_functions as df
from pydantic import AwareDatetime

from shared.durable import InstanceView
from shared.errors import code_of
from shared.models import JsonObject, WireModel
from shared.operations.filters import business_status
from shared.operations.rules import Action, Result, foreseen
from shared.operations.types import WorkflowTypes
from shared.redaction import redact

_OFFERED: Final = (
    *(Action.CANCEL, Action.TERMINATE, Action.SUSPEND, Action.RESUME),
    *(Action.REWIND, Action.RESTART),
)

_STARTED: Final = "ExecutionStarted"


class WorkflowStatus(WireModel):
    """The body of ``GET /api/workflows/{instanceId}``.

    ``businessStatus`` is what the domain calls the state; ``output`` is what the domain ended with;
    ``failure`` is the stable code of a failure. ``links`` hold what can be done now.
    ``historyEvents``, oldest first, are the newest ones only when ``historyTruncated``.
    """

    instance_id: str
    workflow: str
    type: str
    runtime_status: str
    business_status: str | None
    created_at: AwareDatetime | None
    last_updated_at: AwareDatetime | None
    custom_status: Any
    output: Any
    failure: str | None
    links: dict[str, str]
    history_events: list[Any] | None = None
    history_truncated: bool | None = None


class WorkflowItem(WireModel):
    """One row of ``GET /api/workflows``."""

    instance_id: str
    workflow: str
    type: str
    runtime_status: str
    business_status: str | None
    created_at: AwareDatetime | None
    last_updated_at: AwareDatetime | None
    links: dict[str, str]


def projection(
    view: InstanceView, *, location: str, types: WorkflowTypes, most_events: int = 0
) -> JsonObject:
    """Show an instance; absent values stay as null, history only when it was asked for.

    Args:
        view: What the runtime keeps.
        location: The path of this very document.
        types: Which types there are.
        most_events: How many events of the history are shown.
    """
    failed = view.runtime_status is df.OrchestrationRuntimeStatus.Failed
    completed = view.runtime_status is df.OrchestrationRuntimeStatus.Completed
    status = WorkflowStatus(
        instance_id=view.instance_id,
        workflow=view.orchestrator,
        type=types.of(view.orchestrator).name,
        runtime_status=view.runtime_status.value,
        business_status=business_status(view),
        created_at=view.created_at,
        last_updated_at=view.last_updated_at,
        custom_status=redact(view.custom_status),
        output=redact(view.output) if completed else None,
        failure=code_of(Exception(str(view.output))) if failed else None,
        links=_links(view, location, types),
        history_events=None if view.history is None else _newest(view.history, most_events),
        history_truncated=view.history is not None and len(view.history) > most_events,
    )
    hidden = {"history_events", "history_truncated"} if view.history is None else None
    return status.model_dump(mode="json", by_alias=True, exclude=hidden)


def row(view: InstanceView, *, location: str, types: WorkflowTypes) -> JsonObject:
    """Show an instance in a list."""
    item = WorkflowItem(
        instance_id=view.instance_id,
        workflow=view.orchestrator,
        type=types.of(view.orchestrator).name,
        runtime_status=view.runtime_status.value,
        business_status=business_status(view),
        created_at=view.created_at,
        last_updated_at=view.last_updated_at,
        links={"self": location},
    )
    return item.model_dump(mode="json", by_alias=True)


def _links(view: InstanceView, location: str, types: WorkflowTypes) -> dict[str, str]:
    type_ = types.of(view.orchestrator)
    return {
        "self": location,
        "history": f"{location}?include=history",
        "explain": f"{location}/explain",
        "audit": f"{location}/audit",
        **{
            action.value: f"{location}/{action.value}"
            for action in _OFFERED
            if foreseen(action, view, type_) is Result.DONE
        },
    }


def _newest(events: list[Any], most: int) -> list[Any]:
    """Show the last events; the instance's own input stays inside here, too."""
    return [_event(event) for event in events[-most:]]


def _event(event: Mapping[str, Any]) -> Any:
    is_start = event.get("EventType") == _STARTED
    shown = {name: value for name, value in event.items() if not (is_start and name == "Input")}
    return redact(shown)
