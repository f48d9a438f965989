"""`watch`: until it ends, through long polls and absences; and which ends are failures."""

import io
from typing import Any

import pytest
import requests
from rich.console import Console

from tests.support.wfctl import NOON, FakeApp, Reply, Terminal, problem
from wfctl.ends import GOOD
from wfctl.follow import Sight
from wfctl.live import View
from wfctl.output import Output
from wfctl.session import Surroundings
from workflows.approval.models import ApprovalStatus
from workflows.batch_processing.transitions import JobStatus
from workflows.order_processing.transitions import OrderStatus
from workflows.saga.models import SagaStatus

PATH = "workflows/order-1"


def _order(status: str, *, runtime: str = "Running", etag: str = "") -> Reply:
    body = {
        "instanceId": "order-1",
        "type": "order",
        "runtimeStatus": runtime,
        "businessStatus": status,
        "createdAt": "2026-11-25T11:59:00Z",
        "lastUpdatedAt": "2026-11-25T12:00:00Z",
        "customStatus": {"status": status},
    }
    return Reply(body=body, headers={"ETag": etag} if etag else {})


def _unchanged() -> Reply:
    return Reply(status=304, headers={"Retry-After": "2"})


def _end(status: str = "delivered", runtime: str = "Completed") -> Reply:
    return _order(status, runtime=runtime, etag='"end"')


def test_a_pipe_gets_one_line_for_every_change_and_then_the_end(
    app: FakeApp, terminal: Terminal
) -> None:
    app.on("GET", PATH, _order("validating", etag='"1"'), _unchanged(), _end())
    app.on("GET", f"{PATH}/explain", {"sentence": "It works."})

    ran = terminal.run("watch", "order-1", "--utc")

    lines = ran.out.splitlines()
    assert ran.code == 0
    assert lines[0] == "2026-11-25 12:00:00Z order-1 Running validating | It works."
    assert "Completed delivered" in lines[1]
    assert lines[2].split() == ["instance", "order-1"]


def test_the_app_is_asked_to_answer_when_something_has_changed(
    app: FakeApp, terminal: Terminal
) -> None:
    app.on("GET", PATH, _order("validating", etag='"1"'), _unchanged(), _end())

    terminal.run("watch", "order-1", "--json")

    assert [asked.query.get("wait") for asked in app.asked] == [None, "30", "30"]
    assert [asked.headers.get("If-None-Match") for asked in app.asked] == [None, '"1"', '"1"']


def test_json_has_one_document_for_every_change(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", PATH, _order("validating"), _order("validating"), _unchanged(), _end())

    documents = terminal.run("watch", "order-1", "--json").documents

    assert [found["businessStatus"] for found in documents] == ["validating", "delivered"]


def test_an_app_that_answers_at_once_is_not_hurried(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", PATH, _order("validating"), *[_unchanged()] * 3, _end())

    terminal.run("watch", "order-1", "--json")

    assert terminal.naps == [0.25, 2.0, 2.0, 2.0]


def test_a_watch_outlives_a_restart_of_the_app(app: FakeApp, terminal: Terminal) -> None:
    away = [Reply(failure=requests.ConnectionError())] * 8
    app.on("GET", PATH, _order("validating"), *away, _end())

    assert terminal.run("watch", "order-1", "--json").code == 0
    assert sum(terminal.naps) > 60


def test_a_watch_ends_with_5_when_the_app_stays_away(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", PATH, _order("validating"), Reply(failure=requests.ConnectionError()))

    assert terminal.run("watch", "order-1").code == 5


def test_a_watch_gives_up_with_6_when_its_time_is_over(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", PATH, _order("awaiting_payment"))

    ran = terminal.run("watch", "order-1", "--timeout", "5")

    assert ran.code == 6
    assert "goes on" in ran.err
    assert sum(terminal.naps) == pytest.approx(5)
    assert all(int(asked.query.get("wait", 1)) <= 5 for asked in app.asked)


@pytest.mark.parametrize(
    ("status", "runtime", "code"),
    [
        ("delivered", "Completed", 0),
        ("payment_declined", "Completed", 1),
        ("delivered", "Terminated", 1),
        ("processing", "Failed", 1),
    ],
)
def test_the_exit_status_tells_failures_only_when_asked(
    app: FakeApp, terminal: Terminal, status: str, runtime: str, code: int
) -> None:
    app.on("GET", PATH, _end(status, runtime))

    assert terminal.run("watch", "order-1").code == 0
    assert terminal.run("watch", "order-1", "--exit-status").code == code


def test_an_explanation_that_is_not_for_us_is_not_asked_for_again(
    app: FakeApp, terminal: Terminal
) -> None:
    app.on("GET", PATH, _order("validating"), _unchanged(), _end())
    app.on("GET", f"{PATH}/explain", problem(403, "role-required", "Operators only"))

    assert terminal.run("watch", "order-1").code == 0
    assert [asked.path for asked in app.asked].count(f"{PATH}/explain") == 1


def _job(percent: float, done: int, **more: Any) -> dict[str, Any]:
    return {
        "jobId": "7",
        "percent": percent,
        "rows": {"planned": 1000, "done": done, "rejected": 3},
        "rowsPerSecond": 250.4,
        "estimatedSecondsLeft": 90.0,
        **more,
    }


def test_a_batch_is_followed_with_its_rows(app: FakeApp, terminal: Terminal) -> None:
    running, ended = _order("processing"), _end("completed")
    app.on("GET", "workflows/batch-7", running, _unchanged(), ended)
    app.on("GET", "batches/7", _job(10.0, 100), _job(50.0, 500), _job(100.0, 1000))

    lines = terminal.run("watch", "batch-7").out.splitlines()

    assert "10.0 %, 100 of 1000 rows, 3 rejected, 250 rows/s, 1m 30s left" in lines[0]
    assert "500 of 1000" in lines[1]
    assert "1000 of 1000" in lines[2]
    assert {asked.query.get("wait") for asked in app.asked} == {None, "2"}


def test_a_terminal_gets_a_live_view_and_then_the_end(app: FakeApp, terminal: Terminal) -> None:
    terminal.process = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    app.on("GET", PATH, _order("validating", etag='"1"'), _end())

    ran = terminal.run("watch", "order-1")

    assert ran.code == 0
    assert "\x1b[?25l" in ran.out  # the cursor is hidden while the view is there
    assert ran.out.count("\x1b[?25h") == 1
    assert "delivered" in ran.out


def _drawn(sight: Sight) -> str:
    view = View(Output(in_utc=True), Surroundings(now=lambda: NOON))
    view.add(sight)
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_view_tells_age_reason_steps_and_progress() -> None:
    instance = _order("running").body | {
        "customStatus": {"done": ["price_order"], "current": ["reserve_inventory"]}
    }
    sight = Sight(instance=instance, is_new=True, sentence="It\x1b waits.", job=_job(50, 500))

    drawn = _drawn(sight)

    assert "1m 0s" in drawn
    assert "It\\x1b waits." in drawn
    assert "✔ price_order" in drawn
    assert "▸ reserve_inventory" in drawn
    assert "500 of 1000 rows" in drawn
    assert "12:00:00Z  Running running" in drawn


@pytest.mark.parametrize(
    ("ends", "good"),
    [
        ([*OrderStatus], {"shipped", "delivered"}),
        ([*SagaStatus], {"completed"}),
        ([*JobStatus], {"completed", "completed_with_errors"}),
        ([*ApprovalStatus], {"approved"}),
    ],
)
def test_the_good_ends_are_words_of_the_domains(ends: list[str], good: set[str]) -> None:
    assert {str(end) for end in ends} & GOOD == good
