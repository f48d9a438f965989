"""`show`, `explain`, `history` and `audit`."""

from typing import Any, Final

from tests.support.wfctl import FakeApp, Terminal

INSTANCE: Final[dict[str, Any]] = {
    "instanceId": "order-1",
    "workflow": "order_orchestrator",
    "type": "order",
    "runtimeStatus": "Completed",
    "businessStatus": "delivered",
    "createdAt": "2026-11-25T11:00:00Z",
    "lastUpdatedAt": "2026-11-25T11:30:00Z",
    "customStatus": {"orderId": "1", "status": "delivered"},
    "output": {"status": "delivered", "note": "Überraschung\x1b[2J"},
    "failure": None,
    "links": {"self": "/api/workflows/order-1"},
}


def test_show_tells_facts_and_what_the_instance_says(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "workflows/order-1", INSTANCE)

    shown = terminal.run("show", "order-1", "--utc").out

    assert "Completed" in shown
    assert "2026-11-25 11:30:00Z" in shown
    assert "Überraschung\\u001b[2J" in shown


def test_times_are_those_of_the_machine_unless_utc_is_asked_for(
    app: FakeApp, terminal: Terminal
) -> None:
    east = {**INSTANCE, "createdAt": "2026-11-25T13:00:00+02:00"}
    app.on("GET", "workflows/order-1", east)

    assert "2026-11-25 11:00:00Z" in terminal.run("show", "order-1", "--utc").out
    assert "11:00:00Z" not in terminal.run("show", "order-1").out


def test_show_as_json_is_the_document_itself(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "workflows/order-1", INSTANCE)

    ran = terminal.run("show", "order-1", "--json")

    assert ran.documents == [INSTANCE]
    assert ran.out.isascii()


def test_show_of_an_unknown_id_ends_with_4(terminal: Terminal) -> None:
    ran = terminal.run("show", "order-none")

    assert (ran.code, ran.out) == (4, "")
    assert "No such workflow" in ran.err


def test_explain_says_the_sentence_first_then_what_is_waited_for(
    app: FakeApp, terminal: Terminal
) -> None:
    explanation = {
        "instanceId": "order-1",
        "type": "order",
        "runtimeStatus": "Running",
        "sentence": "Retries authorize_payment.",
        "since": "2026-11-25T11:59:00Z",
        "waitingFor": [
            {
                "kind": "retry",
                "name": "authorize_payment",
                "since": "2026-11-25T11:59:00Z",
                "until": "2026-11-25T12:00:08Z",
                "attempt": 3,
                "of": 5,
                "detail": "provider_unavailable",
            }
        ],
        "next": [{"at": "2026-11-25T12:00:08Z", "what": "attempt 4"}],
        "lastError": {
            "code": "provider_unavailable",
            "step": "authorize_payment",
            "at": "2026-11-25T11:59:00Z",
        },
        "isStuck": False,
    }
    app.on("GET", "workflows/order-1/explain", explanation)

    ran = terminal.run("explain", "order-1", "--utc")

    lines = ran.out.splitlines()
    assert lines[0] == "Retries authorize_payment."
    assert "3 of 5" in lines[2]
    assert "attempt 4" in ran.out
    assert "last error: provider_unavailable in authorize_payment" in lines[-1]
    assert terminal.run("explain", "order-1", "--json").documents == [explanation]


def test_history_shows_one_event_a_line_and_what_was_left_out(
    app: FakeApp, terminal: Terminal
) -> None:
    events = [
        {
            "EventType": "TaskCompleted",
            "Timestamp": "2026-11-25T11:00:01Z",
            "FunctionName": "order_reserve_stock",
            "Result": {"reserved": True},
        },
        {"EventType": "ExecutionCompleted", "Timestamp": "2026-11-25T11:00:02Z"},
    ]
    found = {**INSTANCE, "historyEvents": events, "historyTruncated": True}
    app.on("GET", "workflows/order-1", found)

    ran = terminal.run("history", "order-1", "--limit", "2", "--utc")

    assert app.last.query == {"include": "history", "limit": "2"}
    assert "TaskCompleted" in ran.out.splitlines()[1]
    assert "order_reserve_stock" in ran.out.splitlines()[1]
    assert '{"Result": {"reserved": true}}' in ran.out.splitlines()[1]
    assert "older events are left out" in ran.err
    assert terminal.run("history", "order-1", "--json").documents == events


def test_audit_shows_who_did_what_and_why(app: FakeApp, terminal: Terminal) -> None:
    entry = {
        "at": "2026-11-25T11:00:01Z",
        "action": "terminate",
        "actor": "function_key",
        "reason": "it hangs",
        "result": "done",
    }
    app.on("GET", "workflows/order-1/audit", {"items": [entry]})

    assert "it hangs" in terminal.run("audit", "order-1").out
    assert terminal.run("audit", "order-1", "--json").documents == [entry]


def test_a_record_that_was_changed_is_said_to_be(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "workflows/order-1/audit", {"items": [], "verified": False})

    assert "not as it was written" in terminal.run("audit", "order-1").err


def test_documents_of_another_shape_are_shown_as_far_as_they_go(
    app: FakeApp, terminal: Terminal
) -> None:
    app.on("GET", "workflows/order-1", {"instanceId": 7, "createdAt": "soon", "output": []})
    app.on("GET", "workflows/order-1/explain", {"waitingFor": "nobody", "next": [3]})

    assert "soon" in terminal.run("show", "order-1").out
    assert terminal.run("explain", "order-1").code == 0
