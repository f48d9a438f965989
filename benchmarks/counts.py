"""What a workflow costs where work is paid for by the piece: events, actions, transactions.

Nothing is timed, so the numbers are the same on every machine. Virtual time makes a parcel's days
and an approver's hours a moment. docs/capacity.md says how they are counted, and what they cost.
"""

import asyncio
import contextlib
import tempfile
import uuid
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from unittest import mock
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter

from benchmarks.figures import Figure
from benchmarks.reporting import report
from funchost.engine.events import (
    Event,
    EventRaised,
    OrchestratorStarted,
    SubOrchestrationCreated,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from funchost.testing import AppHost
from scripts.azurite import Azurite
from scripts.layout import ROOT
from shared.sandbox.stock import StockLedger
from shared.settings.storage import ConnectionString
from shared.storage import Storage

ROWS: Final = 10_000
REQUESTER: Final = {"X-Dev-Principal": "requester@example.com"}
APPROVER: Final = {"X-Dev-Principal": "first@example.com"}

_BUYER: Final[Mapping[str, Any]] = {
    "customer": {"customerId": "c-1", "email": "customer@example.com"},
    "items": [{"sku": "notebook", "quantity": 2, "unitPriceMinor": 650}],
    "currency": "EUR",
    "shippingAddress": {
        "street": "1 Example Street",
        "city": "Exampletown",
        "postalCode": "12345",
        "country": "DE",
    },
    "payment": {"token": "tok_sandbox_approved"},
}


class Meter:
    """Counts what the application asks of storage, by service; the host has its own elsewhere."""

    def __init__(self, azurite: Azurite) -> None:
        ports = azurite.ports
        self._services = {ports.blob: "blobs", ports.table: "tables", ports.queue: "queues"}
        self.asked = Counter[str]()

    @contextlib.contextmanager
    def running(self) -> Generator[None]:
        send = HTTPAdapter.send

        def counted(adapter: HTTPAdapter, request: Any, *args: Any, **options: Any) -> Any:
            port = urlsplit(str(request.url)).port
            self.asked[self._services.get(port or 0, "elsewhere")] += 1
            return send(adapter, request, *args, **options)

        with mock.patch.object(HTTPAdapter, "send", counted):
            yield


class Run:
    """One workflow from its start to its end, with everything that it has started."""

    def __init__(self, host: AppHost, meter: Meter) -> None:
        self.host = host
        self._meter = meter
        self._before = Counter(meter.asked)

    async def post(self, path: str, body: Any, who: Mapping[str, str] = REQUESTER) -> None:
        answer = await self.host.call_http("POST", path, json=body, headers=who)
        assert answer.status < 300, answer.text  # noqa: PLR2004, S101 - any success

    async def figures(self, name: str, instance: str) -> list[Figure]:
        """Wait until an instance has ended, and count it with its children."""
        await self.host.until_done(instance)
        asked = self._meter.asked - self._before
        counted = await self._of(instance)
        counted["actions of a scheduler"] = _actions(counted)
        counted["transactions of the task hub"] = _transactions(counted)
        for service, number in asked.items():
            counted[f"the app's own requests to {service}"] = number
        return [
            Figure(name=f"{name}: {what}", unit="", values=(number,))
            for what, number in counted.items()
        ]

    async def _of(self, instance: str) -> Counter[str]:
        service = self.host._running.service  # noqa: SLF001 - the kit shows histories as Azure does
        history: Sequence[Event] = await service.history(instance)
        counted = Counter(
            {
                "instances": 1,
                "episodes": _count(history, OrchestratorStarted),
                "events in histories": len(history),
                "activities": _count(history, TaskScheduled),
                "timers": _count(history, TimerCreated),
                "timers that fired": _count(history, TimerFired),
                "events from outside": _count(history, EventRaised),
            }
        )
        for event in history:
            if isinstance(event, SubOrchestrationCreated):
                counted["children"] += 1
                counted += await self._of(event.instance_id)
        return counted


def _count(history: Sequence[Event], kind: type[Any]) -> int:
    return sum(isinstance(event, kind) for event in history)


def _messages(counted: Mapping[str, int]) -> int:
    """Return how many messages reach orchestrations: starts, answers, timers, events."""
    return (
        counted["instances"]
        + counted["activities"]
        + counted["timers that fired"]
        + counted["events from outside"]
        + counted.get("children", 0)
    )


def _actions(counted: Mapping[str, int]) -> int:
    """Return what a scheduler hands out: every message, and every activity to a worker."""
    return _messages(counted) + counted["activities"]


def _transactions(counted: Mapping[str, int]) -> int:
    """Return what the storage backend does for it, as docs/capacity.md counts."""
    episodes = 4 * counted["episodes"]  # take messages, read history, add to it, note the status
    messages = 2 * _messages(counted)  # put and delete
    activities = 3 * counted["activities"]  # put, take and delete the work
    return episodes + messages + activities + counted["instances"]


async def _orders(host: AppHost, meter: Meter) -> list[Figure]:
    figures: list[Figure] = []
    for name, service in (("delivered", "standard"), ("undone", "sandbox_refused")):
        run = Run(host, meter)
        body = {**_BUYER, "orderId": name, "shipping": {"service": service}}
        await run.post("/api/orders", body)
        figures += await run.figures(f"an order that is {name}", f"order-{name}")
    run = Run(host, meter)
    await run.post("/api/saga/order/s1", {**_BUYER, "shipping": {"service": "standard"}})
    return figures + await run.figures("a saga of the same steps", "saga-order-s1")


async def _approval(host: AppHost, meter: Meter) -> list[Figure]:
    run = Run(host, meter)
    level = {"approvers": ["first@example.com"], "policy": "any", "timeoutS": 172_800}
    body = {
        "requestId": "a1",
        "kind": "purchase",
        "title": "A new chair",
        "requester": "requester@example.com",
        "amount": {"minor": 19900, "currency": "EUR"},
        "chain": [{**level, "onTimeout": "reject"}] * 2,
    }
    await run.post("/api/approvals", body)
    for number in (1, 2):
        await host.at_rest()
        path = f"/api/approvals/approval-a1/levels/{number}"
        await run.post(path, {"decision": "approve"}, APPROVER)
    return await run.figures("an approval of two levels", "approval-a1")


async def _batch(host: AppHost, meter: Meter) -> list[Figure]:
    rows = "".join(f"sku-{number},{number},EUR,standard,1\n" for number in range(1, ROWS + 1))
    content = f"sku,priceMinor,currency,taxClass,stock\n{rows}"
    put = await host.call_http("PUT", "/api/batches/sources/imports/a.csv", body=content)
    run = Run(host, meter)
    body = {"jobId": "b1", "pipeline": "catalogue_import", "dataSource": put.json()["dataSource"]}
    await run.post("/api/batches", {**body, "batchSize": 1000})
    return await run.figures(f"a batch of {ROWS:,} rows", "batch-b1")


async def _measure(azurite: Azurite) -> list[Figure]:
    prefix = f"t{uuid.uuid4().hex[:12]}"
    settings = {
        "AzureWebJobsStorage": azurite.connection_string,
        "APP_DATA_PREFIX": prefix,
        "APP_IDENTITY": "development",
        "SANDBOX_TRANSIT_S": "259200",
    }
    storage = Storage(ConnectionString(value=azurite.connection_string), prefix=prefix)
    StockLedger(storage).seed({"notebook": 1000})
    meter = Meter(azurite)
    figures: list[Figure] = []
    with meter.running():
        for measured in (_orders, _approval, _batch):
            async with AppHost.open(ROOT, settings=settings) as host:
                figures += await measured(host, meter)
    return figures


def measure(_repeat: int, _scale: float) -> list[Figure]:
    """Count on storage of its own; once is enough."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Azurite(log=folder / "azurite.log", data=folder / "azurite") as azurite:
            return asyncio.run(_measure(azurite))


if __name__ == "__main__":
    report(measure)
