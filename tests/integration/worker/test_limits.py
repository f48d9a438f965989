"""Time limits, stopping, and apps that cannot be served."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from funchost.engine.calls import Failed, OrchestrationHead, WorkerUnavailableError
from funchost.engine.events import ExecutionStarted, OrchestratorStarted
from funchost.worker.errors import AppLoadError, FunctionTimeoutError
from funchost.worker.history import encode
from tests.integration.worker.process import WorkerProcess

pytestmark = pytest.mark.integration

HEAD = """
import asyncio
import os
import time

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
"""

SLOW_APP = f"""{HEAD}

@app.route(route="wait")
async def wait(req: func.HttpRequest) -> func.HttpResponse:
    os.environ["begun"] = "1"
    await asyncio.sleep(60)


@app.activity_trigger(input_name="x")
def slow(x):
    os.environ["begun"] = "1"
    time.sleep(60)


@app.activity_trigger(input_name="x")
def brief(x):
    os.environ["begun"] = "1"
    time.sleep(0.2)


@app.orchestration_trigger(context_name="context")
def stuck(context):
    time.sleep(60)
    yield
"""

PATIENT = timedelta(seconds=10)
IMPATIENT = timedelta(milliseconds=50)


def app_in(folder: Path, text: str) -> Path:
    (folder / "function_app.py").write_text(text, encoding="utf-8")
    return folder


def test_a_function_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    head = OrchestrationHead(instance_id="i", name="stuck", input=None, parent_instance_id=None)
    history = [
        encode(OrchestratorStarted(at=at)),
        encode(ExecutionStarted(at=at, name="stuck", execution_id="e")),
    ]
    with WorkerProcess(app_in(tmp_path, SLOW_APP), timeout=timedelta(seconds=0.3)) as worker:
        answer = worker.activity("slow", "1")
        with pytest.raises(FunctionTimeoutError):
            worker.http("wait")
        with pytest.raises(WorkerUnavailableError):
            worker.orchestrate(head, history)
        ended, _ = worker.stop(PATIENT)

    assert not ended  # the threads are still in user code, and stopping did not wait for them
    assert isinstance(answer, Failed)
    assert answer.reason == (
        "Activity function 'slow' failed: "
        "Timeout value of 0:00:00.300000 was exceeded by function: Functions.slow"
    )


def test_a_stopping_worker_lets_running_functions_end(tmp_path: Path) -> None:
    with WorkerProcess(app_in(tmp_path, SLOW_APP)) as worker:
        ended, ends = worker.stop(PATIENT, ("brief", "activity", "brief", "1"))

        assert ended
        assert ends == ["brief"]
        with pytest.raises(WorkerUnavailableError):
            worker.activity("brief", "1")


def test_a_stopping_worker_gives_up_what_does_not_end(tmp_path: Path) -> None:
    with WorkerProcess(app_in(tmp_path, SLOW_APP)) as worker:
        ended, ends = worker.stop(
            IMPATIENT, ("slow", "activity", "slow", "1"), ("wait", "http", "wait", {})
        )

    assert not ended
    assert sorted(ends) == ["slow: WorkerUnavailableError", "wait: WorkerUnavailableError"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "No job functions found: there is no function_app.py"),
        ("import nowhere_at_all", "No module named 'nowhere_at_all'"),
        ("x = 1", "Could not find top level function app instances in function_app.py"),
        (HEAD, "No job functions found: function_app.py in"),
        (
            f"""{HEAD}
@app.event_grid_trigger(arg_name="event")
def tick(event: func.EventGridEvent) -> None: ...
""",
            "Function 'tick' has the binding 'event' of type eventGridTrigger",
        ),
        (
            f"""{HEAD}
@app.route(route="x")
def odd(other: func.HttpRequest) -> func.HttpResponse: ...
""",
            "cannot load the odd function",
        ),
        ("raise SystemExit(1)", "SystemExit: 1"),
    ],
    ids=["no script", "bad import", "no app", "empty", "not served", "bad binding", "exit"],
)
def test_an_app_that_cannot_be_served_is_refused_in_words(
    tmp_path: Path, text: str | None, message: str
) -> None:
    if text is not None:
        app_in(tmp_path, text)

    with pytest.raises(AppLoadError) as caught:
        WorkerProcess(tmp_path)

    assert message in str(caught.value)
