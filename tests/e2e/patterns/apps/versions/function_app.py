"""One orchestrator that has changed: what began under the old version goes on as it began."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

type Story = Generator[Any, Any, Any]


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Start an orchestrator under the version that the query names, if any."""
    instance_id = await client.start_new(
        req.route_params["name"], version=req.params.get("version")
    )
    response: func.HttpResponse = client.create_check_status_response(req, instance_id)
    return response


@app.orchestration_trigger(context_name="context")
def greeting(context: Any) -> Story:
    """Greet in the way of the version."""
    word = "Good day" if context.version == "1.0" else "Hello"
    said = yield context.call_activity("say", word)
    return [context.version, said]


@app.orchestration_trigger(context_name="context")
def family(context: Any) -> Story:
    """Call a child without a version and one with an old one."""
    own = yield context.call_sub_orchestrator("greeting")
    old = yield context.call_sub_orchestrator("greeting", version="1.0")
    return [context.version, own, old]


@app.activity_trigger(input_name="word")
def say(word: str) -> str:
    """Say it."""
    return f"{word}!"
