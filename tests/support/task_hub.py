"""A task hub in the test's own event loop: memory store, virtual clock, real SDK."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from funchost.dispatch.hub import StartRequest
from funchost.dispatch.service import DurableService, Limits
from funchost.engine.findings import Divergence, Finding
from funchost.engine.ports import InstanceRecord, Store
from funchost.storage.memory import MemoryStore
from funchost.testing.clock import VirtualClock
from tests.support.sdk_worker import SdkWorker

LIMITS = Limits(orchestrators=10, activities=10, entities=10)
PATIENCE_S = 60.0


class Hub:
    """A running service, spoken to as the SDK's client would."""

    def __init__(self, service: DurableService, clock: VirtualClock) -> None:
        self.service = service
        self.clock = clock

    async def start(
        self,
        name: str,
        value: Any = None,
        *,
        instance_id: str | None = None,
        version: str | None = None,
    ) -> str:
        text = None if value is None else json.dumps(json.dumps(value))
        return await self.service.start(
            StartRequest(name=name, instance_id=instance_id, input=text, version=version)
        )

    async def raise_event(self, instance_id: str, name: str, value: Any = None) -> None:
        await self.service.raise_event(instance_id, name, json.dumps(value))

    async def record(self, instance_id: str) -> InstanceRecord:
        record = await self.service.status(instance_id)
        assert record is not None, f"no instance {instance_id}"
        return record

    async def ended(self, instance_id: str) -> InstanceRecord:
        """Wait until the instance has ended."""
        async with asyncio.timeout(PATIENCE_S):
            while not (record := await self.record(instance_id)).status.is_terminal:
                await asyncio.sleep(0.001)
        return record

    async def at_rest(self) -> None:
        """Wait until nothing runs: everything waits for an event or a client."""
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.sleep(0.002)
            while not self.service.is_idle():
                await asyncio.sleep(0.001)

    async def run(self, name: str, value: Any = None) -> Any:
        """Start an orchestration and return its output."""
        record = await self.ended(await self.start(name, value))
        assert record.status == "Completed", record.output
        return None if record.output is None else json.loads(record.output)


@asynccontextmanager
async def task_hub(
    worker: SdkWorker,
    *,
    store: Store | None = None,
    time_passes: bool = True,
    divergences: list[Finding] | None = None,
    limits: Limits = LIMITS,
    is_idle: Callable[[DurableService], bool] = DurableService.is_idle,
) -> AsyncGenerator[Hub]:
    """Run a task hub; with ``time_passes`` false, no timer ever fires.

    An orchestration that would come to another end in Azure is an error, unless the test takes
    such findings in ``divergences``. Time goes on when ``is_idle`` says so.
    """
    found: list[Finding] = [] if divergences is None else divergences
    failures: list[BaseException] = []
    clock = VirtualClock()
    service = DurableService(
        store=store or MemoryStore(),
        worker=worker,
        clock=clock,
        limits=limits,
        on_failure=failures.append,
        on_divergence=lambda _record, finding: found.append(finding),
    )
    service.start_up()
    ticking = asyncio.create_task(clock.run(lambda: time_passes and is_idle(service)))
    try:
        yield Hub(service, clock)
    finally:
        ticking.cancel()
        await service.shut_down(5)
    assert failures == []
    if divergences is None:
        grave = [str(f) for f in found if f.divergence is not Divergence.LATER]
        assert not grave, "\n".join(grave)


def in_hub(
    worker: SdkWorker, play: Callable[[Hub], Coroutine[Any, Any, None]], **options: Any
) -> None:
    """Play against a task hub of its own, in an event loop of its own."""

    async def main() -> None:
        async with task_hub(worker, **options) as hub:
            await play(hub)

    asyncio.run(main())
