"""Instances as the management API tells of them: recorded ones, and such that a test makes up."""

import functools
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import azure.durable_functions as df

from shared.durable import InstanceId, InstanceView
from shared.operations.types import OTHER, WorkflowType
from workflows.approval.workflow_type import TYPES as APPROVAL
from workflows.batch_processing.workflow_type import TYPES as BATCH
from workflows.delivery_tracking.workflow_type import TYPES as DELIVERY
from workflows.order_processing.workflow_type import TYPES as ORDER
from workflows.saga.workflow_type import TYPES as SAGA

HISTORIES: Final = Path(__file__).parents[1] / "unit" / "shared" / "operations" / "histories"
RECORDED: Final = tuple(sorted(path.stem for path in HISTORIES.glob("*.json")))
TYPES: Final = {
    orchestrator: type_
    for domain in (APPROVAL, BATCH, DELIVERY, ORDER, SAGA)
    for type_ in domain
    for orchestrator in type_.orchestrators
}
T0: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An instance, when it was looked at, and its type."""

    view: InstanceView
    now: datetime
    type_: WorkflowType


@functools.cache
def recorded(name: str) -> Seen:
    """Return a recording of ``tests.support.record_histories``."""
    recording = json.loads((HISTORIES / f"{name}.json").read_text("utf-8"))
    raw = recording["status"]
    view = InstanceView(
        instance_id=InstanceId(raw["instanceId"]),
        orchestrator=raw["name"],
        runtime_status=df.OrchestrationRuntimeStatus(raw["runtimeStatus"]),
        created_at=datetime.fromisoformat(raw["createdTime"]),
        last_updated_at=datetime.fromisoformat(raw["lastUpdatedTime"]),
        custom_status=raw["customStatus"],
        output=raw["output"],
        history=raw.get("historyEvents"),
    )
    now = datetime.fromisoformat(recording["now"])
    return Seen(view=view, now=now, type_=TYPES.get(view.orchestrator, OTHER))


def an_instance(*history: Any, **changed: Any) -> InstanceView:
    """Return a running instance that was started at T0."""
    fields: dict[str, Any] = {
        "instance_id": InstanceId("x-1"),
        "orchestrator": "x",
        "runtime_status": df.OrchestrationRuntimeStatus.Running,
        "created_at": T0,
        "last_updated_at": T0,
        "custom_status": None,
        "output": None,
        "history": list(history),
    }
    return InstanceView(**(fields | changed))


def entry(kind: str, minute: float = 0, **members: Any) -> dict[str, Any]:
    """Return an entry of a history, in the form of the real runtime."""
    return {"EventType": kind, **members, "Timestamp": wire(minute)}


def wire(minute: float) -> str:
    """Return an instant so many minutes after T0, as the real runtime writes it."""
    return f"{T0 + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%S.%f}0Z"
