"""An operator's desk in memory: types, a runtime, and a book of what was done."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from shared.chained_log import ChainedLogs
from shared.durable import InstanceId
from shared.operations.actions import Operations
from shared.operations.audit import Audit
from shared.operations.rules import Action, Affected, Operator, Order, Result
from shared.operations.types import CancelOutcome, WorkflowType, WorkflowTypes
from tests.support.management import NOW, MemoryManagement
from tests.support.memory_table import MemoryTable

OPERATOR = "operator@example.com"


@dataclass
class Ticking:
    """A clock that is a second later each time."""

    at: datetime = NOW

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@dataclass
class Desk:
    """Everything around ``Operations``; ``cancelled`` are the wishes that the domain was told."""

    management: MemoryManagement = field(default_factory=MemoryManagement)
    table: MemoryTable = field(default_factory=MemoryTable)
    cancelled: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    past_pivot: bool = False

    @property
    def audit(self) -> Audit:
        return Audit(ChainedLogs(self.table))

    @property
    def types(self) -> WorkflowTypes:
        def shards(instance_id: str) -> tuple[str, ...]:
            return (f"{instance_id}:shard:", f"{instance_id}-tracking")

        return WorkflowTypes(
            WorkflowType(
                name="order",
                title="Order",
                orchestrators=frozenset({"order_processing_orchestrator"}),
                child_ids=shards,
                cancel=self._cancel,
                can_restart=True,
            ),
            WorkflowType(
                name="part", title="Part", orchestrators=frozenset({"part"}), is_child=True
            ),
            WorkflowType(name="plain", title="Plain", orchestrators=frozenset({"plain"})),
        )

    @property
    def operations(self) -> Operations:
        return Operations(
            client=cast("Any", None),
            management=self.management,
            audit=self.audit,
            types=self.types,
            clock=Ticking(),
            operator=Operator(actor=OPERATOR, proof="easy_auth"),
        )

    async def act(self, instance_id: str, action: Action, **order: Any) -> dict[str, Result]:
        """Do something, and return what came of it by instance."""
        affected = await self.affected(instance_id, action, **order)
        return {each.instance_id: each.result for each in affected}

    async def affected(
        self, instance_id: str, action: Action, **order: Any
    ) -> tuple[Affected, ...]:
        wanted = Order(action=action, reason=order.pop("reason", "because"), **order)
        return await self.operations.act(InstanceId(instance_id), wanted)

    async def _cancel(
        self, _client: object, instance_id: InstanceId, actor: str, reason: str
    ) -> CancelOutcome:
        if self.past_pivot:
            return CancelOutcome.TOO_LATE
        self.cancelled.append((instance_id, actor, reason))
        return CancelOutcome.REQUESTED
