"""An entity's state as its instance record carries it: spelled as Azure's scheduler state."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from funchost.engine.events import RuntimeStatus
from funchost.engine.ids import entity_id
from funchost.engine.ports import InstanceRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityState:
    """Whether the entity exists, and its state as JSON text."""

    exists: bool = False
    state: str | None = None


class StoredState(TypedDict):
    """The members of a record that hold an entity's state."""

    input: str
    custom_status: str


def entity_state(record: InstanceRecord) -> EntityState:
    """Read the state of an entity."""
    stored = json.loads(record.input or "{}")
    return EntityState(exists=bool(stored.get("exists")), state=stored.get("state"))


def stored_state(state: EntityState) -> StoredState:
    """Word the state for the record."""
    return StoredState(
        input=json.dumps({"exists": state.exists, "state": state.state, "sorter": {}}),
        custom_status=json.dumps({"entityExists": state.exists}),
    )


def new_entity(name: str, key: str, *, execution_id: str, at: datetime) -> InstanceRecord:
    """Return the record with which an entity comes into being, by its first message."""
    instance_id = entity_id(name, key)
    return InstanceRecord(
        instance_id=instance_id,
        execution_id=execution_id,
        name=instance_id,
        status=RuntimeStatus.RUNNING,
        created_at=at,
        updated_at=at,
        **stored_state(EntityState()),
    )
