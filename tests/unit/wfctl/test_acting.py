"""`cancel` to `restart`, `event`, `purge` and `bulk`."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.wfctl import FakeApp, Reply, Terminal, problem

REASON = ("--reason", "it hangs")
DONE: dict[str, Any] = {
    "instanceId": "order-1",
    "action": "terminate",
    "affected": [
        {"instanceId": "order-1", "result": "done"},
        {"instanceId": "tracking-1", "result": "done"},
    ],
    "links": {"self": "/api/workflows/order-1"},
}


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("cancel", {"reason": "it hangs"}),
        ("terminate", {"reason": "it hangs", "cascade": True}),
        ("suspend", {"reason": "it hangs", "cascade": True}),
        ("resume", {"reason": "it hangs", "cascade": True}),
        ("rewind", {"reason": "it hangs"}),
        ("restart", {"reason": "it hangs"}),
    ],
)
def test_every_action_carries_its_reason_and_a_key(
    app: FakeApp, terminal: Terminal, action: str, body: dict[str, Any]
) -> None:
    app.on("POST", f"workflows/order-1/{action}", Reply(status=202, body=DONE))

    ran = terminal.run(action, "order-1", *REASON)

    assert ran.code == 0
    assert app.last.body == body
    assert app.last.headers["Idempotency-Key"] == "made-up-id"
    assert ran.out.splitlines()[2].split() == ["tracking-1", "done"]


def test_children_are_left_alone_when_told(app: FakeApp, terminal: Terminal) -> None:
    app.on("POST", "workflows/order-1/terminate", DONE)

    terminal.run("terminate", "order-1", *REASON, "--no-cascade", "--idempotency-key", "mine")

    assert app.last.body["cascade"] is False
    assert app.last.headers["Idempotency-Key"] == "mine"


def test_a_repeat_of_an_action_goes_out_under_the_same_key(
    app: FakeApp, terminal: Terminal
) -> None:
    path = "workflows/order-1/suspend"
    app.on("POST", path, Reply(status=503), Reply(status=202, body=DONE))

    assert terminal.run("suspend", "order-1", *REASON).code == 0
    assert [asked.headers["Idempotency-Key"] for asked in app.asked] == ["made-up-id"] * 2


def test_a_change_has_as_long_as_the_platform_lets_it_take(
    app: FakeApp, terminal: Terminal
) -> None:
    app.on("POST", "workflows/order-1/terminate", DONE)

    terminal.run("terminate", "order-1", *REASON)

    assert app.last.patience_s == 230


def test_without_a_reason_nothing_is_sent(app: FakeApp, terminal: Terminal) -> None:
    assert terminal.run("terminate", "order-1").code == 2
    assert not app.asked


def test_an_instance_that_has_ended_is_a_refusal(app: FakeApp, terminal: Terminal) -> None:
    app.on("POST", "workflows/order-1/cancel", problem(409, "not-active", "It is not running"))

    assert terminal.run("cancel", "order-1", *REASON).code == 3


def test_an_event_carries_its_data(app: FakeApp, terminal: Terminal, tmp_path: Path) -> None:
    path = "workflows/order-1/events/payment"
    app.on("POST", path, Reply(status=202, body={"instanceId": "order-1"}))
    (tmp_path / "data.json").write_text('{"b": 2}')
    terminal.stdin = '{"c": 3}'

    for data in ('{"a": 1}', f"@{tmp_path / 'data.json'}", "-"):
        assert terminal.run("event", "order-1", "payment", *REASON, "--data", data).code == 0

    sent = [asked.body["data"] for asked in app.asked]
    assert sent == [{"a": 1}, {"b": 2}, {"c": 3}]
    assert terminal.run("event", "order-1", "payment", *REASON, "--data", "{").code == 2


@pytest.mark.parametrize(
    ("status", "said"), [("Completed", "would be purged"), ("Running", "would be refused")]
)
def test_purging_one_only_says_what_it_would_do(
    app: FakeApp, terminal: Terminal, status: str, said: str
) -> None:
    app.on("GET", "workflows/order-1", {"instanceId": "order-1", "runtimeStatus": status})

    ran = terminal.run("purge", "order-1", *REASON)

    assert said in ran.out
    assert {asked.method for asked in app.asked} == {"GET"}


def test_purging_one_is_done_when_told_yes(app: FakeApp, terminal: Terminal) -> None:
    app.on("DELETE", "workflows/order-1", {"purged": 2})

    ran = terminal.run("purge", "order-1", *REASON, "--yes")

    assert ran.out == "purged 2\n"
    assert app.last.body == {"reason": "it hangs", "cascade": True}
    assert app.last.headers["Idempotency-Key"] == "made-up-id"


PREVIEW: dict[str, Any] = {
    "dryRun": True,
    "matched": 3,
    "items": [
        {"instanceId": "a", "result": "would_be_done"},
        {"instanceId": "b", "result": "would_be_done"},
        {"instanceId": "c", "result": "already"},
    ],
    "nextCursor": None,
}


def test_many_are_only_counted_until_told_yes(app: FakeApp, terminal: Terminal) -> None:
    app.on("POST", "workflows/actions", PREVIEW)

    words = ("bulk", "suspend", "--type", "order", "--from", "1h", "--children")
    ran = terminal.run(*words, *REASON)

    assert app.last.body == {
        "action": "suspend",
        "filter": {"type": "order", "createdFrom": "2026-11-25T11:00:00Z", "children": True},
        "reason": "it hangs",
        "dryRun": True,
        "limit": 100,
    }
    assert "suspend: 2 would_be_done, 1 already\n" in ran.err
    assert "--yes does it" in ran.err

    terminal.run("bulk", "suspend", "--type", "order", *REASON, "--yes", "--limit", "5")

    assert app.last.body["dryRun"] is False
    assert app.last.body["limit"] == 5


def test_all_goes_on_from_cursor_to_cursor(app: FakeApp, terminal: Terminal) -> None:
    app.on("POST", "workflows/actions", {**PREVIEW, "nextCursor": "c1"}, PREVIEW)

    ran = terminal.run("bulk", "resume", "--status", "Suspended", *REASON, "--all")

    assert [asked.body.get("cursor") for asked in app.asked] == [None, "c1"]
    assert "resume: 4 would_be_done, 2 already\n" in ran.err


def test_what_is_left_of_many_is_said(app: FakeApp, terminal: Terminal) -> None:
    app.on("POST", "workflows/actions", {**PREVIEW, "nextCursor": "c1"})

    ran = terminal.run("bulk", "resume", "--status", "Suspended", *REASON)

    assert "there are more: --all" in ran.err


def test_a_restart_tells_the_new_instance(app: FakeApp, terminal: Terminal) -> None:
    affected = [{"instanceId": "order-1", "result": "done", "newInstanceId": "order-1-again"}]
    app.on("POST", "workflows/order-1/restart", {**DONE, "affected": affected})

    assert "order-1-again" in terminal.run("restart", "order-1", *REASON).out


def test_purging_by_filter_is_the_same_with_many(app: FakeApp, terminal: Terminal) -> None:
    app.on("POST", "workflows/actions", PREVIEW)

    ran = terminal.run("purge", "--status", "Completed", "--to", "30d", *REASON, "--json")

    assert app.last.body["action"] == "purge"
    assert app.last.body["dryRun"] is True
    assert ran.documents == [PREVIEW]


@pytest.mark.parametrize(
    "words",
    [
        ("bulk", "terminate"),
        ("bulk", "terminate", "--children"),
        ("bulk", "explode", "--type", "order"),
        ("purge",),
        ("purge", "order-1", "--type", "order"),
    ],
)
def test_nobody_does_something_to_everything_by_mistake(
    app: FakeApp, terminal: Terminal, words: tuple[str, ...]
) -> None:
    assert terminal.run(*words, *REASON, "--yes").code == 2
    assert not app.asked
