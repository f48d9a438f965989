"""What a test sees of an instance, and of a warning."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from funchost.engine.events import Event, RuntimeStatus
from funchost.engine.findings import Finding
from funchost.engine.ports import InstanceRecord
from funchost.engine.state import State
from funchost.http.history_view import history_view
from funchost.http.payloads import stored_value


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStatus:
    """An instance at one moment.

    Attributes:
        instance_id: Its id.
        name: The orchestrator's registered name.
        runtime_status: Such as ``Completed``; compares equal to that text.
        input: As JSON values.
        output: As JSON values; the text of the failure if it failed.
        custom_status: As JSON values.
        created_at: In the host's time.
        updated_at: In the host's time.
        history: The events of the running or last generation, spelled as the management API does,
            with inputs and results.
        waits_for: The names of the external events that it waits for.
    """

    instance_id: str
    name: str
    runtime_status: RuntimeStatus
    input: Any
    output: Any
    custom_status: Any
    created_at: datetime
    updated_at: datetime
    history: Sequence[dict[str, object]]
    waits_for: tuple[str, ...]

    @classmethod
    def of(cls, record: InstanceRecord, events: Sequence[Event]) -> Self:
        """Return what a record and a history say."""
        waits = State.of(events).waits if not record.status.is_terminal else {}
        return cls(
            instance_id=record.instance_id,
            name=record.name,
            runtime_status=record.status,
            input=_twice_decoded(record.input),
            output=stored_value(record.output),
            custom_status=stored_value(record.custom_status),
            created_at=record.created_at,
            updated_at=record.updated_at,
            history=history_view(events, show_output=True),
            waits_for=tuple(waits),
        )

    def __str__(self) -> str:
        """Say where it stands, in one line."""
        waits = " and ".join(f"'{name}'" for name in self.waits_for)
        waiting = f", waiting for {waits}" if waits else ""
        return f"{self.name} ({self.instance_id}) is {self.runtime_status}{waiting}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureWarning:
    """Says that an orchestration would fare differently in Azure, and why."""

    orchestrator: str
    instance_id: str
    finding: Finding

    def __str__(self) -> str:
        """Say it in one line."""
        return f"Orchestration {self.orchestrator} ({self.instance_id}): {self.finding}"


def _twice_decoded(text: str | None) -> object:
    """Clients send inputs as JSON text in a JSON string; parents, as plain JSON."""
    value = stored_value(text)
    return stored_value(value) if isinstance(value, str) else value
