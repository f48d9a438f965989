"""Timers, queues and blobs, as an app of orchestrations has them around it."""

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any, List  # noqa: UP035 - the library knows no other list

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

STORAGE = "AzureWebJobsStorage"


def note(name: str, /, **facts: object) -> None:
    """Keep what happened where the test finds it, one JSON document a line."""
    with (Path(os.environ["SCRATCH"]) / name).open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(facts)}\n")


@app.timer_trigger(arg_name="timer", schedule="%EVERY%", run_on_startup=True)
@app.durable_client_input(client_name="client")
async def start_by_timer(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Start an orchestration on a schedule."""
    note("timer", past_due=timer.past_due)
    await client.start_new("greet", client_input="timer")


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", use_monitor=False)
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")
def stubborn(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - bound
    """Succeed at the second retry."""
    retry: Any = context.retry_context  # the type that says "exception" is not the one that comes
    said = retry.rpc_exception.message if retry.rpc_exception else None
    note("stubborn", count=retry.retry_count, limit=retry.max_retry_count, said=said)
    if retry.retry_count < 2:
        raise ValueError(f"not at run {retry.retry_count}")


@app.orchestration_trigger(context_name="context")
def greet(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Greet whoever is given."""
    return (yield context.call_activity("say", context.get_input()))


@app.activity_trigger(input_name="name")
@app.queue_output(arg_name="said", queue_name="%PREFIX%-said", connection=STORAGE)
def say(name: str, said: func.Out[str]) -> str:
    """Greet, and tell the queue."""
    said.set(f"Hello {name}")
    note("say", name=name)
    return f"Hello {name}"


@app.route(route="orders", methods=["POST"])
@app.queue_output(arg_name="orders", queue_name="%PREFIX%-orders", connection=STORAGE)
def take_orders(
    req: func.HttpRequest,
    orders: func.Out[List[str]],  # noqa: UP006 - the library knows no other list
) -> func.HttpResponse:
    """Put each order on the queue."""
    orders.set([json.dumps(order) for order in req.get_json()])
    return func.HttpResponse(status_code=202)


@app.queue_trigger(arg_name="order", queue_name="%PREFIX%-orders", connection=STORAGE)
@app.blob_input(arg_name="price", path="%PREFIX%-shop/prices/{item}.txt", connection=STORAGE)
@app.blob_output(arg_name="bill", path="%PREFIX%-shop/bills/{id}.txt", connection=STORAGE)
def bill_order(order: func.QueueMessage, price: func.InputStream, bill: func.Out[str]) -> None:
    """Write a bill; an order for nothing fails for ever."""
    wanted = order.get_json()
    note("bill", id=wanted["id"], attempt=order.dequeue_count, inserted=str(order.insertion_time))
    found: Any = price  # None where there is no such blob, which the type does not say
    if found is None:
        raise ValueError(f"no price for {wanted['item']}")
    bill.set(f"{wanted['item']}: {found.read().decode()}")


@app.blob_trigger(arg_name="blob", path="%PREFIX%-shop/bills/{name}.txt", connection=STORAGE)
@app.queue_output(arg_name="$return", queue_name="%PREFIX%-sent", connection=STORAGE)
def send_bill(blob: func.InputStream) -> str:
    """Send each bill once."""
    text = blob.read().decode()
    note("send", name=blob.name, length=blob.length, text=text)
    if text.startswith("bad"):
        raise ValueError("this bill cannot be sent")
    return f"sent {blob.name}"


@app.route(route="open", auth_level=func.AuthLevel.ANONYMOUS)
def anybody(req: func.HttpRequest) -> str:  # noqa: ARG001 - bound
    """Be there for anybody."""
    return "open"


@app.route(route="closed", auth_level=func.AuthLevel.ADMIN)
def nobody(req: func.HttpRequest) -> str:  # noqa: ARG001 - bound
    """Be there for the master only."""
    return "closed"
