"""Function chaining, in the shape in which Azure's tutorials show it: one app, three calls."""

import logging
from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="orchestrators/{functionName}")
@app.durable_client_input(client_name="client")
async def http_start(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Start whatever the route names."""
    instance_id = await client.start_new(req.route_params["functionName"])
    logging.getLogger().info("Started %s", instance_id)
    response: func.HttpResponse = client.create_check_status_response(req, instance_id)
    return response


@app.orchestration_trigger(context_name="context")
def greet_cities(context: Any) -> Generator[Any, Any, list[str]]:
    """Greet three cities, one after the other."""
    first = yield context.call_activity("greet", "Lisbon")
    second = yield context.call_activity("greet", "Nairobi")
    third = yield context.call_activity("greet", "Osaka")
    return [first, second, third]


@app.activity_trigger(input_name="city")
def greet(city: str) -> str:
    """Greet a city."""
    return f"Good morning, {city}!"
