"""The runtime's management API in memory: pages by id, windows of time, states that change."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df

from shared.durable import InstanceId, InstanceView
from shared.models import JsonObject
from shared.operations.management_api import Answer, Page, PageQuery

Status = df.OrchestrationRuntimeStatus
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def an_instance(instance_id: str, **changes: Any) -> InstanceView:
    """Return a running order of an hour ago, unless said otherwise."""
    view = InstanceView(
        instance_id=InstanceId.parse(instance_id),
        orchestrator="order_processing_orchestrator",
        runtime_status=Status.Running,
        created_at=NOW - timedelta(hours=1),
        last_updated_at=NOW - timedelta(minutes=1),
        custom_status=None,
        output=None,
        history=None,
    )
    return replace(view, **changes)


@dataclass
class MemoryManagement:
    """Instances by id; ``calls`` counts what was asked, ``told`` says what was changed."""

    instances: dict[str, InstanceView] = field(default_factory=dict[str, InstanceView])
    family: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    told: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    raised: list[tuple[str, str, JsonObject]] = field(
        default_factory=list[tuple[str, str, JsonObject]]
    )
    calls: int = 0
    rows_read: int = 0

    def add(self, instance_id: str, **changes: Any) -> InstanceView:
        """Put an instance there, or change it."""
        known = self.instances.get(instance_id) or an_instance(instance_id)
        self.instances[instance_id] = replace(known, **changes)
        return self.instances[instance_id]

    async def page(self, query: PageQuery, token: str | None = None) -> Page:
        self.calls += 1
        rows = [view for _, view in sorted(self.instances.items()) if _fits(view, query)]
        rest = [view for view in rows if token is None or view.instance_id > token]
        found = tuple(rest[: query.top])
        self.rows_read += len(found)
        return Page(
            instances=found,
            token=found[-1].instance_id if len(rest) > query.top else None,
        )

    async def find(self, instance_id: InstanceId, *, history: bool = False) -> InstanceView | None:
        self.calls += 1
        found = self.instances.get(instance_id)
        if found is None:
            return None
        return replace(found, history=list(found.history or [])) if history else found

    async def terminate(self, instance_id: InstanceId, reason: str) -> Answer:
        return self._changed("terminate", instance_id, Status.Terminated, reason)

    async def suspend(self, instance_id: InstanceId, reason: str) -> Answer:
        if self._is(instance_id, Status.Suspended):
            return Answer.REFUSED
        return self._changed("suspend", instance_id, Status.Suspended, reason)

    async def resume(self, instance_id: InstanceId, reason: str) -> Answer:
        if instance_id in self.instances and not self._is(instance_id, Status.Suspended):
            return Answer.REFUSED
        return self._changed("resume", instance_id, Status.Running, reason)

    async def rewind(self, instance_id: InstanceId, reason: str) -> Answer:
        self.calls += 1
        if instance_id not in self.instances:
            return Answer.UNKNOWN
        if not self._is(instance_id, Status.Failed):
            return Answer.REFUSED
        self.told.append(("rewind", instance_id, reason))
        self.add(instance_id, runtime_status=Status.Running)
        return Answer.DONE

    async def restart(self, instance_id: InstanceId) -> InstanceId | None:
        self.calls += 1
        known = self.instances.get(instance_id)
        if known is None:
            return None
        self.told.append(("restart", instance_id))
        again = InstanceId(f"again-{len(self.told)}")
        self.add(again, orchestrator=known.orchestrator)
        return again

    async def purge(self, instance_id: InstanceId) -> Answer:
        self.calls += 1
        known = self.instances.get(instance_id)
        if known is None:
            return Answer.UNKNOWN
        if not known.is_terminal:
            return Answer.REFUSED
        self.told.append(("purge", instance_id))
        del self.instances[instance_id]
        return Answer.DONE

    async def raise_event(self, instance_id: InstanceId, name: str, data: JsonObject) -> Answer:
        self.calls += 1
        known = self.instances.get(instance_id)
        if known is None or known.is_terminal:
            return Answer.UNKNOWN if known is None else Answer.ENDED
        self.raised.append((instance_id, name, data))
        return Answer.DONE

    async def children(self, instance_id: InstanceId) -> tuple[InstanceId, ...]:
        self.calls += 1
        return tuple(map(InstanceId, self.family.get(instance_id, [])))

    def _is(self, instance_id: str, status: df.OrchestrationRuntimeStatus) -> bool:
        known = self.instances.get(instance_id)
        return known is not None and known.runtime_status is status

    def _changed(
        self,
        verb: str,
        instance_id: InstanceId,
        status: df.OrchestrationRuntimeStatus,
        reason: str,
    ) -> Answer:
        self.calls += 1
        known = self.instances.get(instance_id)
        if known is None or known.is_terminal:
            return Answer.UNKNOWN if known is None else Answer.ENDED
        self.told.append((verb, instance_id, reason))
        self.add(instance_id, runtime_status=status)
        return Answer.DONE


def _fits(view: InstanceView, query: PageQuery) -> bool:
    created = view.created_at or NOW
    return (
        view.instance_id.startswith(query.id_prefix)
        and (not query.statuses or view.runtime_status in query.statuses)
        and (query.created_from is None or created >= query.created_from)
        and (query.created_before is None or created < query.created_before)
    )
