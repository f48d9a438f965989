"""A small app run by Microsoft's library behind the worker port."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from funchost.engine.actions import CallActivity, Crashed, Raised, Returned, Waiting
from funchost.engine.calls import Failed, OrchestrationHead, Succeeded
from funchost.engine.events import (
    Event,
    ExecutionStarted,
    OrchestratorStarted,
    TaskCompleted,
    TaskFailed,
)
from funchost.worker.errors import FunctionFailedError
from funchost.worker.functions import RetryOptions
from funchost.worker.history import encode
from tests.integration.worker.process import WorkerProcess

pytestmark = pytest.mark.integration

APP = """
import asyncio
import logging
import sys
import time

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="hello/{name}", methods=["GET"])
def hello(req: func.HttpRequest) -> func.HttpResponse:
    logging.getLogger("shop").info("said hello")
    return func.HttpResponse(
        f"{req.method} {req.route_params['name']} {req.params['x']} {req.headers['A']}",
        status_code=201,
        headers={"X-A": "1", "Set-Cookie": "a=b; Path=/; HttpOnly; SameSite=Lax"},
    )


@app.route(route="echo")
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    logging.getLogger("shop").info("echoed")
    return func.HttpResponse(req.get_body(), mimetype="application/octet-stream")


@app.route(route="words")
@app.retry(strategy="fixed_delay", max_retry_count="3", delay_interval="00:00:05")
def words(req: func.HttpRequest) -> str:
    return "words"


@app.route(route="nothing")
def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None


@app.route(route="leave")
def leave(req: func.HttpRequest) -> func.HttpResponse:
    sys.exit(3)


@app.route(route="leave_async")
async def leave_async(req: func.HttpRequest) -> func.HttpResponse:
    sys.exit(3)


@app.route(route="block")
async def block(req: func.HttpRequest) -> func.HttpResponse:
    time.sleep(1)
    return func.HttpResponse("late")


@app.route(route="own_loop")
def own_loop(req: func.HttpRequest) -> func.HttpResponse:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return func.HttpResponse(asyncio.run(asyncio.sleep(0, "no loop but mine")))
    return func.HttpResponse("a loop")


@app.route(route="start")
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    return func.HttpResponse(await client.start_new("chain", None, {"a": 1}))


@app.route(route="who")
def who(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return func.HttpResponse(f"{context.function_name} {context.invocation_id}")


@app.activity_trigger(input_name="city", activity="Say")
def say_hello(city):
    return {"greeting": f"Hello {city}"} if city else None


@app.activity_trigger(input_name="x")
async def say_async(x):
    await asyncio.sleep(0)
    return x


@app.activity_trigger(input_name="x")
def boom(x):
    raise ValueError("kaboom é")


@app.activity_trigger(input_name="x")
def slow(x):
    time.sleep(1)


@app.orchestration_trigger(context_name="context")
def chain(context):
    first = yield context.call_activity("Say", context.get_input()["city"])
    try:
        yield context.call_activity("boom", 1)
    except Exception as error:
        context.set_custom_status(str(error))
    return first


@app.orchestration_trigger(context_name="context")
def fails(context):
    yield context.call_activity("Say", "x")
    raise ValueError("no more")


@app.orchestration_trigger(context_name="context")
def crashes(context):
    raise ValueError("sync boom")
"""

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "function_app.py").write_text(APP, encoding="utf-8")
    (folder / "host.json").write_text('{"version": "2.0"}')
    with WorkerProcess(folder, PYTHON_THREADPOOL_THREAD_COUNT="3") as process:
        yield process


def head(name: str) -> OrchestrationHead:
    text = json.dumps(json.dumps({"city": "Tokyo"}))
    return OrchestrationHead(instance_id="instance", name=name, input=text, parent_instance_id=None)


def history(*answers: Event) -> list[str]:
    begin: list[Event] = [
        OrchestratorStarted(at=AT),
        ExecutionStarted(at=AT, name="chain", execution_id="e"),
    ]
    for answer in answers:
        begin += [OrchestratorStarted(at=AT), answer]
    return [encode(event) for event in begin]


def test_the_apps_functions_are_indexed_under_their_registered_names(
    worker: WorkerProcess,
) -> None:
    table = worker.functions

    assert set(table.orchestrators) == {"chain", "fails", "crashes"}
    assert set(table.activities) == {"say", "say_async", "boom", "slow"}
    assert table.http["hello"].route == "hello/{name}"
    assert table.http["start"].is_async


def test_a_functions_own_retry_policy_is_kept(worker: WorkerProcess) -> None:
    table = worker.functions

    assert table.http["words"].retry == RetryOptions(
        max_retry_count=3, strategy="fixed_delay", delay=timedelta(seconds=5)
    )
    assert table.http["hello"].retry is None


def test_the_app_is_imported_fresh_from_its_own_folder(worker: WorkerProcess) -> None:
    module = worker.evaluate("__import__('function_app').__file__")

    assert Path(module).parent == Path(worker.evaluate("__import__('os').getcwd()"))


def test_the_thread_pool_is_as_large_as_the_app_asks(worker: WorkerProcess) -> None:
    expression = "__import__('azure_functions_runtime').get_threadpool_executor()._max_workers"

    assert worker.evaluate(expression) == 3


def test_an_http_function_sees_the_request_and_its_answer_comes_back(
    worker: WorkerProcess,
) -> None:
    answer = worker.http("hello", params={"name": "bob"}, query={"x": "1"}, headers={"a": "b"})

    assert answer.status == 201
    assert answer.body == b"GET bob 1 b"
    assert dict(answer.headers) == {"X-A": "1", "content-type": "text/plain; charset=utf-8"}
    (cookie,) = answer.cookies
    assert (cookie.name, cookie.value, cookie.path, cookie.http_only, cookie.same_site) == (
        "a",
        "b",
        "/",
        True,
        "Lax",
    )


def test_a_body_is_passed_on_byte_for_byte(worker: WorkerProcess) -> None:
    assert worker.http("echo", method="POST", body=b"\x00\xff").body == b"\x00\xff"
    assert worker.http("echo", method="POST").body == b""


def test_a_function_may_answer_with_a_string(worker: WorkerProcess) -> None:
    assert worker.http("words").body == b"words"


@pytest.mark.parametrize(
    ("name", "text"),
    [("nothing", "unable to encode"), ("leave", "SystemExit: 3"), ("leave_async", "SystemExit")],
)
def test_a_failing_http_function_is_an_error_and_the_host_lives_on(
    worker: WorkerProcess, name: str, text: str
) -> None:
    with pytest.raises(FunctionFailedError, match=text):
        worker.http(name)
    assert worker.http("words").status == 200


def test_a_function_may_run_a_loop_of_its_own(worker: WorkerProcess) -> None:
    assert worker.http("own_loop").body == b"no loop but mine"
    assert worker.http("own_loop").body == b"no loop but mine"


def test_a_durable_client_reaches_the_hub_of_this_host(worker: WorkerProcess) -> None:
    assert worker.http("start").body == b"chain-1"


def test_a_function_is_told_its_name_and_invocation(worker: WorkerProcess) -> None:
    name, invocation_id = worker.http("who").body.decode().split()

    assert name == "who"
    assert invocation_id.startswith("invocation-")


def test_an_activitys_result_is_compact_json(worker: WorkerProcess) -> None:
    assert worker.activity("SAY", '"Tokyo"') == Succeeded(result='{"greeting":"Hello Tokyo"}')
    assert worker.activity("say", "null") == Succeeded(result=None)
    assert worker.activity("say_async", "1.0") == Succeeded(result="1.0")


def test_a_raising_activity_is_an_answer_in_the_platforms_words(worker: WorkerProcess) -> None:
    answer = worker.activity("boom", "1")

    assert isinstance(answer, Failed)
    assert answer.reason == "Activity function 'boom' failed:  ValueError: kaboom é"


def test_an_unknown_activity_is_a_failure_that_names_those_there_are(
    worker: WorkerProcess,
) -> None:
    answer = worker.activity("gone", "1")

    assert isinstance(answer, Failed)
    assert "'gone' doesn't exist" in answer.reason
    assert "'Say', 'say_async', 'boom', 'slow'" in answer.reason


def test_an_orchestrator_asks_for_its_first_activity(worker: WorkerProcess) -> None:
    turn = worker.orchestrate(head("chain"), history())

    assert turn.actions == (CallActivity(name="Say", input='"Tokyo"'),)
    assert turn.outcome == Waiting()


def test_an_orchestrator_goes_on_with_what_it_was_answered(worker: WorkerProcess) -> None:
    turn = worker.orchestrate(
        head("CHAIN"),
        history(
            TaskCompleted(at=AT, task_id=0, result='"Hello Tokyo"'),
            TaskFailed(at=AT, task_id=1, reason="R", details="D"),
        ),
    )

    assert len(turn.actions) == 2
    assert turn.outcome == Returned(output='"Hello Tokyo"')
    assert turn.custom_status == '"R \\n D"'


def test_an_orchestrator_that_raises_keeps_its_actions(worker: WorkerProcess) -> None:
    turn = worker.orchestrate(head("fails"), history(TaskCompleted(at=AT, task_id=0, result="1")))

    assert turn.actions == (CallActivity(name="Say", input='"x"'),)
    assert turn.outcome == Raised(error="no more")


def test_an_orchestrator_that_fails_outside_its_generator_crashes(worker: WorkerProcess) -> None:
    outcome = worker.orchestrate(head("crashes"), history()).outcome

    assert isinstance(outcome, Crashed)
    assert outcome.error.startswith(
        "One or more errors occurred. (Result: Failure\nException: ValueError: sync boom\nStack: "
    )


def test_an_unknown_orchestrator_crashes_with_its_name(worker: WorkerProcess) -> None:
    outcome = worker.orchestrate(head("gone"), history()).outcome

    assert isinstance(outcome, Crashed)
    assert outcome.error.startswith("The function 'gone' doesn't exist, is disabled, or is not an")


def test_slow_activities_and_a_blocked_loop_hold_up_no_episode(worker: WorkerProcess) -> None:
    ended = worker.in_order_of_completion(
        *(("slow", "activity", "slow", "1") for _ in range(3)),
        ("block", "http", "block", {}),
        ("episode", "orchestrate", head("chain"), history()),
    )

    assert ended[0] == "episode"


def test_user_log_records_bear_the_function_and_invocation(worker: WorkerProcess) -> None:
    worker.http("hello", params={"name": "bob"}, query={"x": "1"}, headers={"a": "b"})
    worker.http("echo")

    lines = {line.name: line for line in worker.logs() if line.text in {"said hello", "echoed"}}

    assert set(lines) == {"Function.hello.User", "Function.echo.User"}
    assert all(line.invocation_id for line in lines.values())


def test_an_invocation_is_one_line_and_a_failure_brings_its_traceback(
    worker: WorkerProcess,
) -> None:
    worker.activity("say", '"x"')
    worker.activity("boom", "1")

    lines = {line.name: line for line in worker.logs() if "Executed" in line.text}
    succeeded, failed = lines["Function.say_hello"], lines["Function.boom"]
    assert succeeded.level == "INFO"
    assert "(Succeeded, Instance=instance, Task=0, Id=invocation-" in succeeded.text
    assert failed.level == "ERROR"
    assert "ValueError: kaboom é" in failed.text
    assert "Traceback" in failed.text
