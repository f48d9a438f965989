"""`list`: filters, pages, tables and lines."""

from typing import Any

import pytest

from tests.support.wfctl import FakeApp, Reply, Terminal, problem


def _row(name: str, **more: Any) -> dict[str, Any]:
    return {
        "instanceId": name,
        "workflow": "order_orchestrator",
        "type": "order",
        "runtimeStatus": "Running",
        "businessStatus": "awaiting_payment",
        "createdAt": "2026-11-25T11:00:00Z",
        "lastUpdatedAt": "2026-11-25T11:30:00Z",
        "links": {"self": f"/api/workflows/{name}"},
        **more,
    }


def _page(*names: str, cursor: str | None = None, back_to: str | None = None) -> dict[str, Any]:
    rows = [_row(name) for name in names]
    return {"items": rows, "nextCursor": cursor, "searchedBackTo": back_to, "examined": len(rows)}


def test_a_table_shows_every_instance_with_its_times(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "workflows", _page("order-1", "order-2"))

    ran = terminal.run("list", "--utc")

    lines = ran.out.splitlines()
    assert ran.code == 0
    assert lines[0].split() == ["instance", "type", "status", "outcome", "created", "updated"]
    assert lines[1].split() == [
        *("order-1", "order", "Running", "awaiting_payment"),
        *("2026-11-25", "11:00:00Z", "2026-11-25", "11:30:00Z"),
    ]
    assert len(lines) == 3


def test_every_filter_reaches_the_app_under_its_name(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "workflows", _page())

    terminal.run(
        *("list", "--type", "order", "--type", "saga", "--status", "Failed", "--outcome", "lost"),
        *("--from", "2h", "--to", "2026-11-25T11:30:00Z", "--id-prefix", "order-", "--text", "x y"),
        *("--children", "--oldest-first", "--limit", "7", "--cursor", "c1"),
    )

    assert app.last.query == {
        "type": "order,saga",
        "status": "Failed",
        "outcome": "lost",
        "createdFrom": "2026-11-25T10:00:00Z",
        "createdTo": "2026-11-25T11:30:00Z",
        "idPrefix": "order-",
        "text": "x y",
        "children": "true",
        "sort": "createdAt",
        "limit": "7",
        "cursor": "c1",
    }


def test_all_follows_the_cursor_to_the_last_page(app: FakeApp, terminal: Terminal) -> None:
    pages = [_page("a", cursor="c1"), _page(cursor="c2"), _page("b"), _page("never")]
    app.on("GET", "workflows", *pages)

    ran = terminal.run("list", "--all", "--json", "--type", "order")

    assert [document["instanceId"] for document in ran.documents] == ["a", "b"]
    assert [asked.query.get("cursor") for asked in app.asked] == [None, "c1", "c2"]
    assert {asked.query["type"] for asked in app.asked} == {"order"}


def test_json_is_the_apps_own_documents_one_a_line(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "workflows", _page("a", "b"))

    assert terminal.run("list", "--json").documents == [_row("a"), _row("b")]


def test_the_header_stands_once_above_all_pages(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "workflows", _page("a", cursor="c"), _page("b"))

    assert terminal.run("list", "--all").out.count("instance") == 1


def test_what_is_left_is_said_beside_the_table(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "workflows", _page("a", cursor="next", back_to="2026-11-20T00:00:00Z"))

    ran = terminal.run("list", "--utc")

    assert "--cursor next" in ran.err
    assert "searched back to 2026-11-20 00:00:00Z" in ran.err


def test_a_list_without_rows_says_so_and_prints_nothing(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", "workflows", _page())

    ran = terminal.run("list")

    assert (ran.code, ran.out, ran.err.strip()) == (0, "", "nothing found")


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2x"])
def test_a_time_that_cannot_be_read_is_a_usage_error(
    app: FakeApp, terminal: Terminal, text: str
) -> None:
    ran = terminal.run("list", "--from", text)

    assert ran.code == 2
    assert "--from" in ran.err
    assert not app.asked


def test_a_refused_filter_is_named(app: FakeApp, terminal: Terminal) -> None:
    found = {"pointer": "?type", "code": "enum", "detail": "may be: order, saga"}
    refusal = problem(400, "invalid-request", "The request is not valid", errors=[found])
    app.on("GET", "workflows", refusal)

    ran = terminal.run("list", "--type", "nonsense")

    assert ran.code == 3
    assert "wfctl: The request is not valid" in ran.err
    assert "?type: may be: order, saga" in ran.err


def test_text_of_strangers_cannot_drive_the_terminal(app: FakeApp, terminal: Terminal) -> None:
    row = _row("a", businessStatus="\x1b[2Jgone\x9b\u202e[red]")
    app.on("GET", "workflows", Reply(body={"items": [row], "nextCursor": None}))

    ran = terminal.run("list")

    assert "\\x1b[2Jgone\\x9b\\u202e[red]" in ran.out
    assert ran.out.replace("\n", "").isprintable()
