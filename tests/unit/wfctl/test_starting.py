"""`start`: from a file or stdin, with an id that makes a repeat harmless."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.wfctl import FakeApp, Reply, Terminal, problem

ACCEPTED = {"instanceId": "order-1", "links": {"self": "/api/workflows/order-1"}}
TOKEN = "tok_sandbox_approved"  # noqa: S105 - a sandbox token is no secret


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "request.json"
    path.write_text(json.dumps({"payment": {"token": TOKEN}}))
    return path


@pytest.mark.parametrize(
    ("kind", "path", "member"),
    [
        ("order", "orders", "orderId"),
        ("saga", "sagas/order", "sagaId"),
        ("approval", "approvals", "requestId"),
        ("batch", "batches", "jobId"),
    ],
)
def test_every_kind_goes_to_its_door_under_its_id(
    app: FakeApp, terminal: Terminal, file: Path, kind: str, path: str, member: str
) -> None:
    app.on("POST", path, Reply(status=202, body=ACCEPTED))

    ran = terminal.run("start", kind, str(file), "--id", "1")

    assert ran.code == 0
    assert app.last.body == {"payment": {"token": TOKEN}, member: "1"}
    assert app.last.headers["Content-Type"] == "application/json"
    assert ran.out == f"{member} 1: order-1\n"


def test_an_id_is_made_up_and_told_before_anything_is_sent(
    app: FakeApp, terminal: Terminal, file: Path
) -> None:
    app.on("POST", "orders", Reply(failure=requests.ConnectionError()))

    ran = terminal.run("start", "order", str(file))

    assert ran.code == 5
    assert "--id made-up-id" in ran.err
    assert {asked.body["orderId"] for asked in app.asked} == {"made-up-id"}
    assert len(app.asked) == 4  # repeats are harmless


def test_the_files_own_id_is_kept(app: FakeApp, terminal: Terminal) -> None:
    app.on("POST", "orders", Reply(status=202, body=ACCEPTED))
    terminal.stdin = '{"orderId": "from-the-file"}'

    ran = terminal.run("start", "order", "-", "--json")

    assert app.last.body == {"orderId": "from-the-file"}
    assert ran.documents == [ACCEPTED]
    assert ran.err == ""


def test_another_saga_can_be_named(app: FakeApp, terminal: Terminal, file: Path) -> None:
    app.on("POST", "sagas/refund", ACCEPTED)

    assert terminal.run("start", "saga", str(file), "--saga", "refund", "--id", "1").code == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f'{{"token": "{TOKEN}"', "line 1, column"),
        ("[]", "one JSON object"),
        ("\udcff", "not JSON"),
    ],
)
def test_a_file_that_is_no_request_is_refused_and_not_quoted(
    app: FakeApp, terminal: Terminal, tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "request.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))

    ran = terminal.run("start", "order", str(path))

    assert ran.code == 2
    assert said in ran.err
    assert TOKEN not in ran.err
    assert not app.asked


def test_a_missing_file_is_a_usage_error(terminal: Terminal) -> None:
    ran = terminal.run("start", "order", "/nowhere/at/all.json")

    assert (ran.code, ran.out) == (2, "")


def test_an_unknown_kind_is_a_usage_error_that_names_the_kinds(terminal: Terminal) -> None:
    ran = terminal.run("start", "parcel", "-")

    assert ran.code == 2
    assert "approval" in ran.err


def test_wrong_fields_are_named_one_a_line(app: FakeApp, terminal: Terminal, file: Path) -> None:
    errors = [
        {"pointer": "/items", "code": "missing", "detail": "Field required"},
        {"pointer": "/currency", "code": "unknown-currency", "detail": "not a code"},
    ]
    app.on("POST", "orders", problem(400, "invalid-request", "Not valid", errors=errors))

    ran = terminal.run("start", "order", str(file), "--id", "1")

    assert ran.code == 3
    assert ran.err.splitlines()[1:] == ["  /items: Field required", "  /currency: not a code"]


@pytest.mark.parametrize(("status", "code"), [("delivered", 0), ("payment_declined", 1)])
def test_start_can_wait_for_the_end(
    app: FakeApp, terminal: Terminal, file: Path, status: str, code: int
) -> None:
    end: dict[str, Any] = {
        "instanceId": "order-1",
        "runtimeStatus": "Completed",
        "businessStatus": status,
    }
    app.on("POST", "orders", Reply(status=202, body=ACCEPTED))
    app.on("GET", "workflows/order-1", end)

    ran = terminal.run("start", "order", str(file), "--id", "1", "--watch", "--json")

    assert ran.code == code
    assert ran.documents == [end]
