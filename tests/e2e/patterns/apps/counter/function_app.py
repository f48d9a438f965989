"""The aggregator pattern: an entity that counts, driven by HTTP and by orchestrations."""

import json
from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

type Story = Generator[Any, Any, Any]


@app.entity_trigger(context_name="context")
def counter(context: Any) -> None:
    """Count; refuse to go below nothing."""
    current = context.get_state(lambda: 0)
    match context.operation_name:
        case "add":
            amount = context.get_input()
            if current + amount < 0:
                raise ValueError(f"{current} is less than {-amount}")
            context.set_state(current + amount)
            context.set_result(current + amount)
        case "get":
            context.set_result(current)
        case "delete":
            context.set_result(current)
            context.destruct_on_exit()
        case other:
            raise ValueError(f"no operation {other}")


@app.route(route="counters/{key}/{operation}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def signal(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Signal a counter; nobody waits for it."""
    counter_id = df.EntityId("counter", req.route_params["key"])
    amount = req.get_json() if req.get_body() else None
    await client.signal_entity(counter_id, req.route_params["operation"], amount)
    return func.HttpResponse(status_code=202)


@app.route(route="counters/{key}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def read(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Read a counter's state without asking it."""
    found = await client.read_entity_state(df.EntityId("counter", req.route_params["key"]))
    if not found.entity_exists:
        return func.HttpResponse(status_code=404)
    return func.HttpResponse(json.dumps(found.entity_state), mimetype="application/json")


@app.orchestration_trigger(context_name="context")
def transfer(context: Any) -> Story:
    """Move an amount from one counter to another, or say why not."""
    asked = context.get_input()
    source = df.EntityId("counter", asked["from"])
    target = df.EntityId("counter", asked["to"])
    try:
        left = yield context.call_entity(source, "add", -asked["amount"])
    except Exception as failure:
        return ["refused", "is less than" in str(failure)]
    context.signal_entity(target, "add", asked["amount"])
    there = yield context.call_entity(target, "get")
    return [left, there]


@app.orchestration_trigger(context_name="context")
def close(context: Any) -> Story:
    """Delete a counter and say what was left in it."""
    return (yield context.call_entity(df.EntityId("counter", context.get_input()), "delete"))
