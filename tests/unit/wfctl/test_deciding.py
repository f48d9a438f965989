"""`inbox`, `decide`, `attention` and `resolve`."""

from typing import Any

import pytest

from tests.support.wfctl import FakeApp, Reply, Terminal, problem

ROUND: dict[str, Any] = {
    "instanceId": "order-1",
    "workflow": "order_orchestrator",
    "round": 2,
    "trouble": "compensation",
    "open": [{"step": "void_payment", "error": "provider_unavailable", "attempts": 9}],
    "undone": ["reserve_stock"],
    "openedAt": "2026-11-25T11:00:00Z",
    "reminders": 1,
    "links": {},
}


def test_the_inbox_shows_what_waits_for_somebody(app: FakeApp, terminal: Terminal) -> None:
    request = {
        "instanceId": "approval-7",
        "level": 1,
        "levels": 2,
        "kind": "expense",
        "title": "A chair",
        "requester": "alex@example.com",
        "deadlineAt": "2026-11-26T11:00:00Z",
    }
    app.on("GET", "approvals/inbox", {"waiting": [request]})

    ran = terminal.run("inbox", "--as", "kim@example.com", "--utc")

    assert "1 of 2" in ran.out
    assert "2026-11-26 11:00:00Z" in ran.out
    assert terminal.run("inbox", "--json").documents == [request]


@pytest.mark.parametrize("choice", ["approve", "reject", "request_changes"])
def test_a_decision_goes_to_its_level_under_an_id_of_its_own(
    app: FakeApp, terminal: Terminal, choice: str
) -> None:
    told = {"outcome": "recorded", "status": "approved", "instanceId": "approval-7"}
    app.on("POST", "approvals/approval-7/levels/2", Reply(status=503), told)

    words = ("decide", "approval-7", "2", choice, "--comment", "fine")
    ran = terminal.run(*words, "--document-sha256", "a" * 64)

    sent = {
        "decision": choice,
        "comment": "fine",
        "documentSha256": "a" * 64,
        "decisionId": "made-up-id",
    }
    assert [asked.body for asked in app.asked] == [sent, sent]
    assert ran.out == "recorded: approval-7 is approved\n"


@pytest.mark.parametrize("words", [("0", "approve"), ("x", "approve"), ("1", "maybe")])
def test_what_is_no_decision_is_a_usage_error(
    app: FakeApp, terminal: Terminal, words: tuple[str, str]
) -> None:
    assert terminal.run("decide", "approval-7", *words).code == 2
    assert not app.asked


def test_a_level_that_is_decided_is_a_refusal(app: FakeApp, terminal: Terminal) -> None:
    path = "approvals/approval-7/levels/1"
    app.on("POST", path, problem(409, "already-decided", "It has been decided"))

    ran = terminal.run("decide", "approval-7", "1", "approve")

    assert ran.code == 3
    assert "It has been decided" in ran.err


def test_the_queue_shows_every_open_step(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "attention", {"items": [ROUND]})

    shown = terminal.run("attention", "--utc").out

    assert shown.splitlines()[1].split() == [
        *("order-1", "compensation", "void_payment", "9", "provider_unavailable"),
        *("2026-11-25", "11:00:00Z", "2"),
    ]
    assert terminal.run("attention", "--json").documents == [ROUND]


def test_an_empty_queue_says_so(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "attention", {"items": []})

    assert "nothing needs attention" in terminal.run("attention").err


@pytest.mark.parametrize("word", ["retry", "skip", "accept"])
def test_a_resolution_names_the_round_that_it_answers(
    app: FakeApp, terminal: Terminal, word: str
) -> None:
    app.on("GET", "attention", {"items": [{**ROUND, "instanceId": "other"}, ROUND]})
    told = {"instanceId": "order-1", "round": 2, "decision": {"action": word}}
    app.on("POST", "workflows/order-1/attention", Reply(status=202, body=told))

    ran = terminal.run("resolve", "order-1", word, "--reason", "seen", "--step", "void_payment")

    assert app.last.body == {
        "action": word,
        "reason": "seen",
        "round": 2,
        "step": "void_payment",
    }
    assert ran.out == f"order-1 will {word}\n"


def test_a_round_can_be_named_by_hand(app: FakeApp, terminal: Terminal) -> None:
    app.on("POST", "workflows/order-1/attention", Reply(status=202, body={}))

    terminal.run("resolve", "order-1", "retry", "--reason", "seen", "--round", "5")

    assert [asked.body["round"] for asked in app.asked] == [5]


@pytest.mark.parametrize(("is_known", "code"), [(True, 3), (False, 4)])
def test_resolving_what_asks_nothing_is_refused(
    app: FakeApp, terminal: Terminal, *, is_known: bool, code: int
) -> None:
    app.on("GET", "attention", {"items": []})
    if is_known:
        app.on("GET", "workflows/order-1", {"instanceId": "order-1"})

    assert terminal.run("resolve", "order-1", "retry", "--reason", "seen").code == code
    assert {asked.method for asked in app.asked} == {"GET"}
