"""What is measured: orchestrators that do nothing but wait for activities and events."""

import asyncio
import json
import os
from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

HOLDS = "BENCHMARK_HOLDS"

type Story = Generator[Any, Any, Any]


class Gate:
    """Holds activities back until it is opened from another thread."""

    def __init__(self) -> None:
        self.waiting = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_open = asyncio.Event()

    async def passed(self) -> None:
        """Return once the gate is open."""
        self._loop = asyncio.get_running_loop()
        self.waiting += 1
        await self._is_open.wait()

    def open(self) -> None:
        """Let everybody through, and be a new gate for who comes next."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._is_open.set)
        self._is_open = asyncio.Event()
        self.waiting = 0


gate = Gate()


@app.route(route="ping")
def ping(req: func.HttpRequest) -> str:
    """Answer."""
    del req
    return "pong"


@app.route(route="shaped", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start_shaped(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Start the workflow that has the shape of an order's."""
    del req
    instance_id = await client.start_new("shaped")
    return func.HttpResponse(json.dumps({"id": instance_id}), mimetype="application/json")


@app.orchestration_trigger(context_name="context")
def shaped(context: Any) -> Story:
    """Call four activities in sequence, then two in parallel."""
    for number in range(4):
        yield context.call_activity("same", number)
    return (yield context.task_all([context.call_activity("same", n) for n in (4, 5)]))


@app.orchestration_trigger(context_name="context")
def chain(context: Any) -> Story:
    """Call as many activities as the input says, one after the other."""
    for number in range(context.get_input()):
        yield context.call_activity("same", number)


@app.orchestration_trigger(context_name="context")
def fan(context: Any) -> Story:
    """Call as many activities as the input says at once."""
    return (
        yield context.task_all(
            [context.call_activity("same", n) for n in range(context.get_input())]
        )
    )


@app.orchestration_trigger(context_name="context")
def gated_fan(context: Any) -> Story:
    """Call activities that all end at the same moment."""
    return (
        yield context.task_all(
            [context.call_activity("held", n) for n in range(context.get_input())]
        )
    )


@app.orchestration_trigger(context_name="context")
def listen(context: Any) -> Story:
    """Take as many events as the input says."""
    for _ in range(context.get_input()):
        yield context.wait_for_external_event("news")


@app.orchestration_trigger(context_name="context")
def counting(context: Any) -> Story:
    """Ask one entity as many times as the input says, one after the other."""
    for _ in range(context.get_input()):
        yield context.call_entity(df.EntityId("counter", context.instance_id), "add", 1)


@app.orchestration_trigger(context_name="context")
def parked(context: Any) -> Story:
    """Wait for an activity that does not end while the host is told to hold it."""
    yield context.call_activity("hold", 0)


@app.entity_trigger(context_name="context")
def counter(context: Any) -> None:
    """Add the input to the state."""
    total = context.get_state(lambda: 0) + context.get_input()
    context.set_state(total)
    context.set_result(total)


@app.activity_trigger(input_name="number")
async def hold(number: int) -> int:
    """Return what comes in, at once or, when told to hold it, never."""
    if HOLDS in os.environ:
        await asyncio.Event().wait()
    return number


@app.activity_trigger(input_name="number")
def same(number: int) -> int:
    """Return what comes in."""
    return number


@app.activity_trigger(input_name="number")
async def held(number: int) -> int:
    """Return what comes in once the gate is open."""
    await gate.passed()
    return number
