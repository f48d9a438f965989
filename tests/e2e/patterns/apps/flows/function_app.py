"""The documentation's orchestration patterns, each as small as it can be, behind an HTTP door."""

import json
import os
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

type Story = Generator[Any, Any, Any]

PATIENT = df.RetryOptions(20, 3)


@app.route(route="reports", methods=["POST"])
@app.durable_client_input(client_name="client")
async def order_report(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Accept a long piece of work and say where to look for it."""
    instance_id = await client.start_new("report", None, req.get_json())
    response: func.HttpResponse = client.create_check_status_response(req, instance_id)
    return response


@app.route(route="decisions/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def decide(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Tell an approval what somebody decided."""
    await client.raise_event(req.route_params["id"], req.params["event"], req.get_json())
    return func.HttpResponse(status_code=202)


@app.route(route="operations/{operation}/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def operate(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Do what an operator does to an instance."""
    instance_id = req.route_params["id"]
    result: Any = None
    match req.route_params["operation"]:
        case "suspend":
            await client.suspend(instance_id, "audit")
        case "resume":
            await client.resume(instance_id, "audited")
        case "terminate":
            await client.terminate(instance_id, "no longer wanted")
        case "rewind":
            await client.rewind(instance_id, "repaired")
        case "restart":
            again = req.params.get("id") != "same"
            result = await client.restart(instance_id, restart_with_new_instance_id=again)
        case "purge":
            result = (await client.purge_instance_history(instance_id)).instances_deleted
        case "purge-completed":
            purged = await client.purge_instance_history_by(
                created_time_from=datetime(2020, 1, 1, tzinfo=UTC),
                runtime_status=[df.OrchestrationRuntimeStatus.Completed],
            )
            result = purged.instances_deleted
        case other:
            raise ValueError(other)
    return func.HttpResponse(json.dumps(result), mimetype="application/json")


@app.orchestration_trigger(context_name="context")
def chain(context: Any) -> Story:
    """Pass a value from step to step; the middle one may need more than one attempt."""
    mixed = yield context.call_activity("append", ["", "mixed"])
    asked = {"key": context.instance_id, "fails": context.get_input()}
    try:
        tries = yield context.call_activity_with_retry("unsteady", PATIENT, asked)
    except Exception as failure:
        undone = yield context.call_activity("append", [mixed, "thrown away"])
        return [undone, "attempt 3" in str(failure)]
    return (yield context.call_activity("append", [mixed, f"risen at attempt {tries}"]))


@app.orchestration_trigger(context_name="context")
def survey(context: Any) -> Story:
    """Ask many at once, and add up what they say."""
    regions = yield context.call_activity("regions", context.get_input())
    counts = yield context.task_all([context.call_activity("count", name) for name in regions])
    return sum(counts)


@app.orchestration_trigger(context_name="context")
def report(context: Any) -> Story:
    """Say how far it is while it works."""
    pages: list[str] = []
    for number in range(context.get_input()["pages"]):
        context.set_custom_status({"pages": number})
        pages.append((yield context.call_activity("append", ["page", str(number)])))
    return pages


@app.orchestration_trigger(context_name="context")
def watch(context: Any) -> Story:
    """Look at a job again and again until it is done or the watch expires."""
    asked = context.get_input()
    expires = context.current_utc_datetime + timedelta(milliseconds=asked["expires"])
    looks = 0
    while context.current_utc_datetime < expires:
        looks += 1
        done = yield context.call_activity("is_done", [looks, asked["needs"]])
        if done:
            yield context.call_activity("append", ["alert", "done"])
            return ["done", looks]
        pause = timedelta(milliseconds=asked["pause"])
        yield context.create_timer(context.current_utc_datetime + pause)
    return ["expired", looks]


@app.orchestration_trigger(context_name="context")
def approval(context: Any) -> Story:
    """Ask one person; when no answer comes in time, ask the next."""
    for person in ("team", "chief"):
        context.set_custom_status({"waits for": person})
        yield context.call_activity("append", ["asked", person])
        patience = timedelta(milliseconds=context.get_input()[person])
        answer = context.wait_for_external_event(f"{person} decided")
        deadline = context.create_timer(context.current_utc_datetime + patience)
        winner = yield context.task_any([answer, deadline])
        if winner is answer:
            deadline.cancel()
            return [person, json.loads(answer.result)["approved"]]
    return ["nobody", False]


@app.orchestration_trigger(context_name="context")
def collector(context: Any) -> Story:
    """Take one item in each generation, for as long as items come."""
    total = context.get_input()
    item = yield context.wait_for_external_event("item")
    context.continue_as_new(total + item)


@app.orchestration_trigger(context_name="context")
def cleanup(context: Any) -> Story:
    """Clean up once an interval, until told how many rounds are enough."""
    asked = context.get_input()
    yield context.call_activity("append", ["cleaned", str(asked["round"])])
    if asked["round"] == asked["rounds"]:
        return asked["round"]
    yield context.create_timer(context.current_utc_datetime + timedelta(milliseconds=20))
    context.continue_as_new({**asked, "round": asked["round"] + 1})
    return None


@app.orchestration_trigger(context_name="context")
def provision(context: Any) -> Story:
    """Provision devices, each a sub-orchestration, and one that fails."""
    me = context.instance_id
    devices = [
        context.call_sub_orchestrator("device", number, f"{me}:{number}")
        for number in range(context.get_input())
    ]
    ready = yield context.task_all(devices)
    try:
        yield context.call_sub_orchestrator("device", -1, f"{me}:broken")
    except Exception as failure:
        return [*ready, "no device -1" in str(failure)]
    return None


@app.orchestration_trigger(context_name="context")
def device(context: Any) -> Story:
    """Install on one device, by an orchestration of its own."""
    number = context.get_input()
    retried = df.RetryOptions(20, 2)
    return (yield context.call_sub_orchestrator_with_retry("installation", retried, number))


@app.orchestration_trigger(context_name="context")
def installation(context: Any) -> Story:
    """Install, as part of whatever called it."""
    yield context.call_activity("install", context.get_input())
    return f"{context.get_input()} under {context.parent_instance_id.split(':')[-1]}"


@app.orchestration_trigger(context_name="context")
def request(context: Any) -> Story:
    """Call a service, then go on with an activity."""
    asked = context.get_input()
    answer = yield context.call_http(
        asked["method"], asked["uri"], asked.get("content"), asked.get("headers")
    )
    status = yield context.call_activity("append", ["status", str(answer["statusCode"])])
    return [status, answer["content"]]


@app.orchestration_trigger(context_name="context")
def repairable(context: Any) -> Story:
    """Fail until somebody puts a file where it is looked for."""
    first = yield context.call_activity("append", ["", "first"])
    return first, (yield context.call_sub_orchestrator("needy", None, f"{context.instance_id}:n"))


@app.orchestration_trigger(context_name="context")
def needy(context: Any) -> Story:
    """Need a file."""
    return (yield context.call_activity("read_repair", context.instance_id))


@app.activity_trigger(input_name="parts")
def append(parts: Any) -> str:
    """Put words together."""
    return " ".join(filter(None, parts))


@app.activity_trigger(input_name="asked")
def unsteady(asked: Any) -> int:
    """Fail a number of times for each key, then say which attempt it was."""
    attempts = Path(os.environ["SCRATCH"]) / f"{asked['key']}.attempts"
    with attempts.open("a", encoding="ascii") as file:
        file.write(".")
    made = attempts.stat().st_size
    if made <= asked["fails"]:
        raise ConnectionError(f"attempt {made}")
    return made


@app.activity_trigger(input_name="number")
def regions(number: int) -> Any:
    """Return so many names."""
    return [f"region {index}" for index in range(number)]


@app.activity_trigger(input_name="name")
def count(name: str) -> int:
    """Count something in a region."""
    return int(name.removeprefix("region "))


@app.activity_trigger(input_name="looks")
def is_done(looks: Any) -> bool:
    """Tell whether a job has been looked at often enough."""
    made, needed = looks
    return bool(made >= needed)


@app.activity_trigger(input_name="number")
def install(number: int) -> str:
    """Install on a device that there is."""
    if number < 0:
        raise LookupError(f"no device {number}")
    return "installed"


@app.activity_trigger(input_name="key")
def read_repair(key: str) -> str:
    """Read the file that somebody has to put there."""
    name = key.partition(":")[0]
    return (Path(os.environ["SCRATCH"]) / f"{name}.repair").read_text("ascii")
