"""The order workflow over HTTP: funchost on its app, Azurite behind it, clients in this process.

Clients, host and storage share the machine's processors.
"""

import asyncio
import itertools
import json
import sys
import tempfile
import time
import uuid
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiohttp

from benchmarks.figures import Figure
from benchmarks.processes import Process
from benchmarks.reporting import report
from scripts.azurite import Azurite
from scripts.layout import ROOT

IN_FLIGHT = 100
SHELVES = (("desk-lamp", 4990), ("notebook", 650), ("ink-refill", 1299), ("shelf-kit", 15900))
WATCH_EVERY_S = 0.1
ASK_EVERY_S = 0.01
PATIENCE_S = 300
TRANSIT_S = "0.01"  # what the sandbox carrier takes from label to door
RUNNING = (
    "/runtime/webhooks/durabletask/instances"
    "?runtimeStatus=Running,Pending&instanceIdPrefix=order-&showInput=false&top=1000"
)


class Shop:
    """A client of the running app."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._shelves = itertools.cycle(SHELVES)
        self._run = uuid.uuid4().hex[:8]
        self._number = itertools.count()
        self._watched: dict[str, asyncio.Event] = {}

    async def submit(self) -> str:
        """Place an order and return its instance id."""
        order_id = f"{self._run}-{next(self._number)}"
        sku, price = next(self._shelves)
        body = {
            "orderId": order_id,
            "customer": {"customerId": "c-1", "email": "customer@example.com"},
            "items": [{"sku": sku, "quantity": 1, "unitPriceMinor": price}],
            "currency": "EUR",
            "shippingAddress": {
                "street": "1 Example Street",
                "city": "Exampletown",
                "postalCode": "12345",
                "country": "DE",
            },
            "payment": {"token": "tok_sandbox_approved"},
        }
        async with self._session.post("/api/orders", json=body) as answer:
            answer.raise_for_status()
            instance_id: str = (await answer.json())["instanceId"]
            return instance_id

    def ask_for(self, *shelves: tuple[str, int]) -> None:
        """Let all further orders take from these shelves, in turn."""
        self._shelves = itertools.cycle(shelves)

    async def status(self, instance_id: str) -> Any:
        async with self._session.get(f"/api/workflows/{instance_id}") as answer:
            return json.loads(await answer.read())

    async def in_flight(self, total: int) -> float:
        """Keep 100 orders going until so many are delivered; return orders a second."""
        slots = asyncio.Semaphore(IN_FLIGHT)

        async def one() -> None:
            async with slots:
                instance_id = await self.submit()
                ended = self._watched[instance_id] = asyncio.Event()
                await ended.wait()

        begun = time.perf_counter()
        watching = asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(*(one() for _ in range(total)))
        finally:
            watching.cancel()
        return total / (time.perf_counter() - begun)

    async def alone(self) -> tuple[float, float]:
        """Place one order; return the milliseconds until it is shipped and delivered."""
        begun = time.perf_counter()
        instance_id = await self.submit()
        shipped = 0.0
        while True:
            status = await self.status(instance_id)
            if not shipped and status["businessStatus"] in {"shipped", "delivered"}:
                shipped = time.perf_counter() - begun
            if status["runtimeStatus"] == "Completed":
                return shipped * 1e3, (time.perf_counter() - begun) * 1e3
            await asyncio.sleep(ASK_EVERY_S)

    async def _watch(self) -> None:
        """Ask once for all: so many clients asking one by one would measure themselves."""
        while True:
            watched = dict(self._watched)
            async with self._session.get(RUNNING) as answer:
                running = {instance["instanceId"] for instance in await answer.json()}
            for instance_id, ended in watched.items():
                if instance_id not in running:
                    ended.set()
                    del self._watched[instance_id]
            await asyncio.sleep(WATCH_EVERY_S)


async def _measure(url: str, repeat: int, scale: float) -> list[Figure]:
    total, alone = max(10, int(200 * scale)), max(5, int(40 * scale))
    async with aiohttp.ClientSession(url) as session:
        shop = Shop(session)
        await shop.in_flight(max(10, total // 4))  # to warm up
        singles = [await shop.alone() for _ in range(alone)]
        rates = [await shop.in_flight(total) for _ in range(repeat)]
        shop.ask_for(SHELVES[0])
        crowded = [await shop.in_flight(total // 2) for _ in range(repeat)]
    figures = [
        Figure(
            name=f"order workflows through HTTP, {IN_FLIGHT} in flight, {shelves}",
            unit="orders/s",
            values=tuple(values),
        )
        for shelves, values in (("four shelves", rates), ("all for one shelf", crowded))
    ]
    for column, where in enumerate(("shipped", "delivered")):
        values = tuple(single[column] for single in singles)
        figures.append(Figure(name=f"one order alone, POST to {where}", unit="ms", values=values))
        figures.append(
            Figure(
                name=f"one order alone, POST to {where}, 95th percentile of {alone}",
                unit="ms",
                values=(quantiles(values, n=20)[-1],),
                reference=f"median {median(values):,.0f} ms",
            )
        )
    return figures


def measure(repeat: int, scale: float) -> list[Figure]:
    """Run the app on storage of its own and place orders."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Azurite(log=folder / "azurite.log", data=folder / "azurite") as azurite:
            settings = {
                "AzureWebJobsStorage": azurite.connection_string,
                "SANDBOX_TRANSIT_S": TRANSIT_S,
            }
            command = [sys.executable, "-m", "funchost", "start", "--app", str(ROOT)]
            command += ["--port", "{port}", "--state", str(folder / "state.db")]
            with Process(command, log=folder / "host.log", settings=settings) as host:
                host.start("/api/workflows/none")
                return asyncio.run(_measure(host.url, repeat, scale))


if __name__ == "__main__":
    report(measure)
