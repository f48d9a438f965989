"""`findings`, `health`, `in-flight` and `overview`."""

from typing import Any

import pytest

from tests.support.wfctl import FakeApp, Reply, Terminal


def test_findings_say_what_and_since_when(app: FakeApp, terminal: Terminal) -> None:
    finding = {
        "instanceId": "order-1",
        "type": "order",
        "kind": "no_progress",
        "reason": "no event for two hours",
        "since": "2026-11-25T10:00:00Z",
        "reportedAt": "2026-11-25T12:00:00Z",
    }
    app.on("GET", "ops/findings", {"items": [finding], "hasMore": True})

    ran = terminal.run("findings")

    assert "no event for two hours" in ran.out
    assert "there are more" in ran.err
    assert terminal.run("findings", "--json").documents == [finding]


def test_no_findings_are_said(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "ops/findings", {"items": []})

    assert "nothing found" in terminal.run("findings").err


@pytest.mark.parametrize(
    "checks",
    [
        {"storage": "ok", "taskHub": "failing"},
        {"storage": {"status": "ok"}, "taskHub": {"status": "failing"}},
        [{"name": "storage", "status": "ok"}, {"name": "taskHub", "status": "failing"}],
    ],
)
def test_an_app_that_is_not_ready_ends_with_5_and_names_the_check(
    app: FakeApp, terminal: Terminal, checks: Any
) -> None:
    document = {"ready": False, "checks": checks}
    app.on("GET", "health/ready", Reply(status=503, body=document))

    ran = terminal.run("health")

    lines = [line.split() for line in ran.out.splitlines()]
    assert ran.code == 5
    assert lines[0] == ["http://localhost:7071", "not", "ready"]
    assert lines[1:] == [["storage", "ok"], ["taskHub", "failing"]]
    assert len(app.asked) == 1  # it answers the question: there is nothing to wait for
    assert terminal.run("health", "--json").documents == [document]


def test_an_app_that_is_ready_ends_with_0(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "health/ready", {"ready": True, "checks": {"storage": "ok"}})

    assert terminal.run("health").code == 0


def test_an_app_that_says_nothing_of_its_health_is_no_answer(
    app: FakeApp, terminal: Terminal
) -> None:
    app.on("GET", "health/ready", Reply(status=503, body=b""))

    ran = terminal.run("health")

    assert (ran.code, ran.out) == (5, "")


def _in_flight(*, running: int) -> dict[str, Any]:
    return {
        "running": running,
        "pending": 0,
        "suspended": 0,
        "oldestPendingSeconds": 75.5,
        "byType": {"order": running},
        "isDrained": not running,
    }


def test_a_deployment_can_wait_for_the_drain(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "ops/in-flight", _in_flight(running=2))

    assert "1m 15s" in terminal.run("in-flight").out
    assert terminal.run("in-flight", "--exit-status").code == 6

    app.on("GET", "ops/in-flight", _in_flight(running=0))

    assert terminal.run("in-flight", "--exit-status").code == 0


def test_the_overview_has_a_line_for_every_type(app: FakeApp, terminal: Terminal) -> None:
    told = {
        "types": [
            {
                "type": "order",
                "started": 40,
                "running": 2,
                "outcomes": {"delivered": 30, "lost": 8},
                "latencySeconds": {"p50": 61.0, "p95": None},
            }
        ],
        "throughput": [],
        "backlog": {"running": 2, "needsAttention": 1},
    }
    app.on("GET", "ops/overview", told)

    ran = terminal.run("overview", "--hours", "6")

    assert app.last.query == {"hours": "6"}
    assert ran.out.splitlines()[1].split() == [
        *("order", "40", "2", "1m", "1s", "-", "delivered", "30,", "lost", "8"),
    ]
    assert ran.out.splitlines()[-1].split() == ["needsAttention", "1"]
