"""An app that waits: for days, for people, for calls that fail."""

import json
import os
import time
from collections.abc import Generator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

POLICY = df.RetryOptions(first_retry_interval_in_milliseconds=60_000, max_number_of_attempts=3)
runs = count(1)


@app.route(route="subscriptions/{customer}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def subscribe(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Start a subscription, and say where its status is."""
    customer = req.route_params["customer"]
    instance_id = await client.start_new("subscription", f"subscription-{customer}", req.get_json())
    response: func.HttpResponse = client.create_check_status_response(req, instance_id)
    return response


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
@app.durable_client_input(client_name="client")
async def nightly(timer: func.TimerRequest, client: Any) -> None:
    """Charge somebody every night."""
    del timer
    await client.start_new("two_charges", "nightly")


@app.route(route="echo", methods=["POST"])
def echo(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with what came."""
    headers = {"X-Said": req.params["say"], "X-Kind": req.headers["content-type"]}
    return func.HttpResponse(req.get_body(), status_code=201, headers=headers)


@app.route(route="forms", methods=["POST"])
def form(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the fields and files of a form, and a cookie."""
    files: dict[str, str] = {}
    for name, file in req.files.items():
        files[name] = file.read().decode()
        file.close()
    fields = json.dumps({"fields": dict(req.form), "files": files})
    return func.HttpResponse(fields, headers={"Set-Cookie": "seen=1; Path=/", "X-Text": req.method})


@app.orchestration_trigger(context_name="context")
def subscription(context: Any) -> Generator[Any, Any, Any]:
    """Charge every 10 days, three times."""
    charged: list[str] = []
    for number in range(3):
        due = context.current_utc_datetime + timedelta(days=5)
        yield context.create_timer(due)
        yield context.create_timer(due + timedelta(days=5))
        charged.append((yield context.call_activity_with_retry("charge", POLICY, number)))
    return charged


@app.activity_trigger(input_name="number")
def charge(number: int) -> str:
    """Take money."""
    return f"receipt {number}"


@app.orchestration_trigger(context_name="context")
def two_charges(context: Any) -> Generator[Any, Any, Any]:
    """Charge twice, one after the other."""
    context.set_custom_status("charging")
    first = yield context.call_activity("charge", 1)
    second = yield context.call_activity("charge", 2)
    context.set_custom_status({"charged": 2})
    return [first, second]


@app.orchestration_trigger(context_name="context")
def charges_at_once(context: Any) -> Generator[Any, Any, Any]:
    """Charge several times at the same time."""
    return (
        yield context.task_all([context.call_activity("charge", n) for n in context.get_input()])
    )


@app.orchestration_trigger(context_name="context")
def approval(context: Any) -> Generator[Any, Any, Any]:
    """Wait three days for a person."""
    deadline = context.create_timer(context.current_utc_datetime + timedelta(days=3))
    decision = context.wait_for_external_event("decision")
    context.set_custom_status("waiting")
    winner = yield context.task_any([decision, deadline])
    if winner is deadline:
        return "expired"
    deadline.cancel()
    return decision.result


@app.orchestration_trigger(context_name="context")
def divergent(context: Any) -> Generator[Any, Any, Any]:
    """Do what goes wrong in Azure: wait twice for one name, with an event that came early."""
    yield context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    first = yield context.wait_for_external_event("go")
    second = yield context.wait_for_external_event("go")
    return [first, second]


@app.orchestration_trigger(context_name="context")
def counting(context: Any) -> Generator[Any, Any, Any]:
    """Count in an entity."""
    counter = df.EntityId("counter", "c1")
    yield context.call_entity(counter, "add", 2)
    return (yield context.call_entity(counter, "add", 3))


@app.entity_trigger(context_name="context")
def counter(context: Any) -> None:
    """Add up."""
    total = context.get_state(lambda: 0) + (context.get_input() or 0)
    context.set_state(total)
    context.set_result(total)


@app.orchestration_trigger(context_name="context")
def asking(context: Any) -> Generator[Any, Any, Any]:
    """Ask another system over HTTP."""
    answer = yield context.call_http("GET", "https://prices.example.com/tea")
    return answer["content"]


@app.orchestration_trigger(context_name="context")
def two_events(context: Any) -> Generator[Any, Any, Any]:
    """Wait for two events."""
    first = yield context.wait_for_external_event("first")
    second = yield context.wait_for_external_event("second")
    return [first, second]


@app.orchestration_trigger(context_name="context")
def blocked(context: Any) -> Generator[Any, Any, Any]:
    """Call what holds its thread."""
    return (yield context.call_activity("block", 0))


@app.activity_trigger(input_name="value")
def block(value: int) -> int:
    """Hold the thread for a moment; say which run of the process this is."""
    time.sleep(0.2)
    return next(runs) + value


@app.orchestration_trigger(context_name="context")
def looking(context: Any) -> Generator[Any, Any, Any]:
    """Look around."""
    return (yield context.call_activity("look", None))


@app.activity_trigger(input_name="nothing")
def look(nothing: Any) -> list[str]:
    """Say what the environment is."""
    del nothing
    return [os.environ["GREETING"], os.environ["PLACE"], str(Path.cwd())]
