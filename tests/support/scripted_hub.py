"""A task hub without an engine: instances stand where the test puts them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from funchost.dispatch.hub import StartRequest
from funchost.engine.errors import (
    InstanceEndedError,
    InstanceExistsError,
    InstanceNotFoundError,
    InvalidInstanceIdError,
    RewindRefusedError,
    UnknownFunctionError,
    WrongStateError,
)
from funchost.engine.events import Event, RuntimeStatus
from funchost.engine.ids import entity_id, is_entity
from funchost.engine.ports import InstanceQuery, InstanceRecord

T0 = datetime(2026, 1, 1, 12, 0, 0, 987654, tzinfo=UTC)


class ScriptedHub:
    """Keeps records and histories in dictionaries, and remembers what it was asked."""

    def __init__(self, *orchestrators: str) -> None:
        self.orchestrators = orchestrators or ("orch",)
        self.records: dict[str, InstanceRecord] = {}
        self.histories: dict[str, tuple[Event, ...]] = {}
        self.asked: list[tuple[str | None, ...]] = []
        self.broken = False

    def put(
        self, instance_id: str, status: str = "Running", *, minutes: int = 0, **members: Any
    ) -> InstanceRecord:
        """Let there be an instance, created ``minutes`` after T0."""
        at = T0 + timedelta(minutes=minutes)
        record = InstanceRecord(
            instance_id=instance_id,
            execution_id="e",
            name="orch",
            status=RuntimeStatus(status),
            created_at=at,
            updated_at=at,
        )
        self.records[instance_id] = replace(record, **members)
        return self.records[instance_id]

    def move(self, instance_id: str, status: str, output: str | None = None) -> None:
        """Let an instance get somewhere."""
        record = self.records[instance_id]
        self.records[instance_id] = replace(record, status=RuntimeStatus(status), output=output)

    async def start(self, request: StartRequest) -> str:
        if self.broken:
            raise RuntimeError("disk on fire at /secret/place")
        if request.name not in self.orchestrators:
            known = ", ".join(f"'{name}'" for name in self.orchestrators)
            raise UnknownFunctionError(f"The function '{request.name}' doesn't exist: {known}.")
        instance_id = request.instance_id or "f" * 32
        if instance_id.startswith("@"):
            raise InvalidInstanceIdError(f"'{instance_id}' is not an instance id.")
        there = self.records.get(instance_id)
        if there is not None and not there.status.is_terminal:
            raise InstanceExistsError(instance_id, there.status)
        self.put(
            instance_id, "Pending", name=request.name, input=request.input, version=request.version
        )
        return instance_id

    async def status(self, instance_id: str) -> InstanceRecord | None:
        return self.records.get(instance_id)

    async def ended(self, instance_id: str) -> InstanceRecord | None:
        record = self.records.get(instance_id)
        if record is not None and not record.status.is_terminal:
            await asyncio.Event().wait()  # nothing moves by itself here
        return record

    async def history(self, instance_id: str) -> Sequence[Event]:
        return self.histories.get(instance_id, ())

    async def query(self, query: InstanceQuery) -> Sequence[InstanceRecord]:
        found = [
            record
            for instance_id, record in sorted(self.records.items())
            if is_entity(instance_id) == query.entities
            and instance_id.startswith(query.id_prefix)
            and (query.after_id is None or instance_id > query.after_id)
            and (not query.statuses or record.status in query.statuses)
            and (query.created_from is None or record.created_at >= query.created_from)
            and (query.created_to is None or record.created_at <= query.created_to)
        ]
        return found[: query.limit]

    async def raise_event(self, instance_id: str, name: str, payload: str | None) -> None:
        self._alive(instance_id)
        self.asked.append(("event", instance_id, name, payload))

    async def terminate(self, instance_id: str, reason: str | None) -> None:
        self._alive(instance_id)
        self.asked.append(("terminate", instance_id, reason))

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        if self._alive(instance_id).status is RuntimeStatus.SUSPENDED:
            raise WrongStateError("The instance is suspended already.")
        self.asked.append(("suspend", instance_id, reason))
        self.move(instance_id, "Suspended")

    async def resume(self, instance_id: str, reason: str | None) -> None:
        if self._alive(instance_id).status is not RuntimeStatus.SUSPENDED:
            raise WrongStateError("The instance is not suspended.")
        self.asked.append(("resume", instance_id, reason))
        self.move(instance_id, "Running")

    async def restart(self, instance_id: str, *, with_new_id: bool) -> str:
        record = self.records.get(instance_id)
        if record is None:
            raise InstanceNotFoundError(instance_id)
        return await self.start(
            StartRequest(
                name=record.name,
                instance_id=None if with_new_id else instance_id,
                input=record.input,
            )
        )

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        record = self.records.get(instance_id)
        if record is None:
            raise InstanceNotFoundError(instance_id)
        if record.status is not RuntimeStatus.FAILED:
            raise RewindRefusedError("only failed instances can be rewound")
        self.asked.append(("rewind", instance_id, reason))
        self.move(instance_id, "Running")

    async def signal_entity(
        self, name: str, key: str, *, operation: str, payload: str | None
    ) -> None:
        if name != "counter":
            raise UnknownFunctionError(f"The function '{name}' doesn't exist: 'counter'.")
        self.asked.append(("signal", entity_id(name, key), operation, payload))

    async def purge(self, instance_ids: Sequence[str]) -> int:
        found = [self.records[one] for one in instance_ids if one in self.records]
        if len(instance_ids) == 1 and found and not found[0].status.is_terminal:
            raise WrongStateError("The instance has not ended.")
        ended = [record.instance_id for record in found if record.status.is_terminal]
        for instance_id in ended:
            del self.records[instance_id]
        return len(ended)

    def _alive(self, instance_id: str) -> InstanceRecord:
        record = self.records.get(instance_id)
        if record is None:
            raise InstanceNotFoundError(instance_id)
        if record.status.is_terminal:
            raise InstanceEndedError(instance_id)
        return record
