"""Orchestrators of every shape, and an HTTP door that uses the SDK's client for everything."""

import asyncio
import json
import os
import time
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

type Story = Generator[Any, Any, Any]


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Start an orchestrator, under the id that the query names, with the body as its input."""
    value = req.get_json() if req.get_body() else None
    instance_id = await client.start_new(req.route_params["name"], req.params.get("id"), value)
    response: func.HttpResponse = client.create_check_status_response(req, instance_id)
    return response


@app.route(route="wait/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def wait(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Start an orchestrator and wait as long as the query says, in milliseconds."""
    value = req.get_json() if req.get_body() else None
    instance_id = await client.start_new(req.route_params["name"], None, value)
    response: func.HttpResponse = await client.wait_for_completion_or_create_check_status_response(
        req, instance_id, int(req.params["patience"]), 50
    )
    return response


@app.route(route="client/{operation}/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def operate(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Do one thing to an instance."""
    instance_id = req.route_params["id"]
    match req.route_params["operation"]:
        case "status":
            result = (await client.get_status(instance_id, show_input=True)).to_json()
        case "terminate":
            result = await client.terminate(instance_id, "enough")
        case "suspend":
            result = await client.suspend(instance_id, "wait")
        case "resume":
            result = await client.resume(instance_id, "go on")
        case "purge":
            result = (await client.purge_instance_history(instance_id)).instances_deleted
        case "raise":
            result = await client.raise_event(instance_id, req.params["event"], req.get_json())
        case other:
            raise ValueError(other)
    return func.HttpResponse(json.dumps(result), mimetype="application/json")


@app.orchestration_trigger(context_name="context")
def fan_out(context: Any) -> Story:
    """Square many numbers at once and add them up."""
    squares = yield context.task_all(
        [context.call_activity("square", n) for n in range(context.get_input())]
    )
    return sum(squares)


@app.orchestration_trigger(context_name="context")
def echo_twice(context: Any) -> Story:
    """Pass the input through an activity on a thread and through one on the loop."""
    first = yield context.call_activity("echo", context.get_input())
    return (yield context.call_activity("echo_async", first))


@app.orchestration_trigger(context_name="context")
def doze(context: Any) -> Story:
    """Sleep for as many milliseconds as the input says."""
    begun = context.current_utc_datetime
    yield context.create_timer(begun + timedelta(milliseconds=context.get_input()))
    return (context.current_utc_datetime - begun).total_seconds()


@app.orchestration_trigger(context_name="context")
def race(context: Any) -> Story:
    """Wait for an event or an hour, whichever comes first; cancel the hour."""
    hour = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    event = context.wait_for_external_event("go")
    winner = yield context.task_any([hour, event])
    if winner is event:
        hour.cancel()
        return event.result
    return "late"


@app.orchestration_trigger(context_name="context")
def three_events(context: Any) -> Story:
    """Take three events of one name, one after the other."""
    taken: list[Any] = []
    for _ in range(3):
        taken.append((yield context.wait_for_external_event("item")))
        context.set_custom_status({"taken": len(taken)})
    return taken


@app.orchestration_trigger(context_name="context")
def parent(context: Any) -> Story:
    """Let children square numbers, and one fail."""
    me = context.instance_id
    results = yield context.task_all(
        [context.call_sub_orchestrator("child", n, f"{me}-{n}") for n in (1, 2, 3)]
    )
    anonymous = yield context.call_sub_orchestrator("child", 4)
    try:
        yield context.call_sub_orchestrator("failing", "child")
    except Exception as failure:
        return [*results, anonymous, "no child" in str(failure)]
    return None


@app.orchestration_trigger(context_name="context")
def child(context: Any) -> Story:
    """Square one number."""
    return (yield context.call_activity("square", context.get_input()))


@app.orchestration_trigger(context_name="context")
def failing(context: Any) -> Story:
    """Fail with an activity."""
    yield context.call_activity("boom", f"no {context.get_input()}")


@app.orchestration_trigger(context_name="context")
def stubborn(context: Any) -> Story:
    """Retry an activity that fails as often as the input says."""
    options = df.RetryOptions(10, 3)
    fails = context.get_input()
    question = {"key": context.instance_id, "fails": fails}
    return (yield context.call_activity_with_retry("flaky", options, question))


@app.orchestration_trigger(context_name="context")
def count_down(context: Any) -> Story:
    """Begin again with one less until nothing is left."""
    left = context.get_input()
    yield context.call_activity("echo", left)
    if left:
        context.continue_as_new(left - 1)
        return None
    return "lift-off"


@app.orchestration_trigger(context_name="context")
def unknown_activity(context: Any) -> Story:
    """Call what is not there."""
    yield context.call_activity("never_written", None)


@app.activity_trigger(input_name="number")
def square(number: int) -> int:
    """Square a number."""
    return number * number


@app.activity_trigger(input_name="value")
def echo(value: Any) -> Any:
    """Return what comes in."""
    return value


@app.activity_trigger(input_name="value")
async def echo_async(value: Any) -> Any:
    """Return what comes in, from the loop."""
    await asyncio.sleep(0.01)
    return value


@app.activity_trigger(input_name="text")
def boom(text: str) -> None:
    """Fail."""
    raise ValueError(text)


@app.activity_trigger(input_name="question")
def flaky(question: Any) -> int:
    """Fail a number of times for each key, then say how often it was called."""
    calls = Path(os.environ["SCRATCH"]) / f"{question['key']}.calls"
    with calls.open("a", encoding="ascii") as file:
        file.write(".")
    made = calls.stat().st_size
    if made <= question["fails"]:
        raise ConnectionError(f"call {made}")
    return made


@app.orchestration_trigger(context_name="context")
def stuck(context: Any) -> Story:
    """Wait for an activity that blocks its thread."""
    return (yield context.call_activity("block", context.get_input()))


@app.activity_trigger(input_name="seconds")
def block(seconds: float) -> str:
    """Block a thread, and leave a mark when it begins."""
    marks = Path(os.environ["SCRATCH"]) / "blocked"
    with marks.open("a", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(seconds)
    return "done"
