"""What is shown of an instance: a projection, never the raw input.

The input stays inside, and what a failed instance says stays inside too: it may quote internals.
"""

from typing import Any, cast

import azure.durable_functions as df
from pydantic import AwareDatetime

from shared.durable import InstanceView
from shared.errors import code_of
from shared.models import JsonObject, WireModel


class WorkflowStatus(WireModel):
    """The body of ``GET /api/workflows/{instanceId}``.

    ``businessStatus`` is what the domain calls the state; ``output`` is what the domain ended with;
    ``failure`` is the stable code of a failure.
    """

    instance_id: str
    workflow: str
    runtime_status: str
    business_status: str | None
    created_at: AwareDatetime | None
    last_updated_at: AwareDatetime | None
    custom_status: Any
    output: Any
    failure: str | None
    links: dict[str, str]
    history_events: list[Any] | None = None


def projection(view: InstanceView, *, location: str) -> JsonObject:
    """Show an instance; absent values stay as null, history only when it was asked for.

    Args:
        view: What the runtime keeps.
        location: The path of this very document.
    """
    failed = view.runtime_status is df.OrchestrationRuntimeStatus.Failed
    completed = view.runtime_status is df.OrchestrationRuntimeStatus.Completed
    custom = view.custom_status
    output = view.output if completed else None
    status = WorkflowStatus(
        instance_id=view.instance_id,
        workflow=view.orchestrator,
        runtime_status=view.runtime_status.value,
        business_status=_text(_member(output, "status")) or _text(_member(custom, "status")),
        created_at=view.created_at,
        last_updated_at=view.last_updated_at,
        custom_status=custom,
        output=output,
        failure=code_of(Exception(str(view.output))) if failed else None,
        links={"self": location, "history": f"{location}?include=history"},
        history_events=view.history,
    )
    hidden = {"history_events"} if view.history is None else None
    return status.model_dump(mode="json", by_alias=True, exclude=hidden)


def _member(document: object, name: str) -> object:
    return cast("JsonObject", document).get(name) if isinstance(document, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
