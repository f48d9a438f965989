"""Where calls go, what goes along, and what never shows."""

from pathlib import Path

import pytest
import requests

from tests.support.wfctl import FakeApp, Reply, Terminal, problem
from wfctl.connection import Connection

SECRET = "c2VjcmV0LWtleQ=="  # noqa: S105 - nobody's
SHOW = ("show", "order-1")
PATH = "workflows/order-1"


@pytest.fixture(autouse=True)
def _answers(app: FakeApp) -> None:
    app.on("GET", PATH, {"instanceId": "order-1", "runtimeStatus": "Running"})


def test_without_anything_said_the_app_on_this_machine_is_asked(
    app: FakeApp, terminal: Terminal
) -> None:
    assert terminal.run(*SHOW).code == 0
    assert app.last.url == "http://localhost:7071/api/workflows/order-1"
    assert not {"x-functions-key", "Authorization", "X-Dev-Principal"} & app.last.headers.keys()


@pytest.mark.parametrize(
    "url", ["https://app.example.com", "https://app.example.com/", "https://app.example.com/api"]
)
def test_options_win_over_the_environment_wherever_they_stand(
    app: FakeApp, terminal: Terminal, url: str
) -> None:
    terminal.environment["WFCTL_URL"] = "https://other.example.com"

    terminal.run("--url", url, *SHOW)
    terminal.run(*SHOW, "--url", url)

    expected = "https://app.example.com/api/workflows/order-1"
    assert [asked.url for asked in app.asked] == [expected, expected]


def test_key_token_and_identity_travel_in_their_headers(app: FakeApp, terminal: Terminal) -> None:
    terminal.environment |= {"WFCTL_KEY": SECRET, "WFCTL_TOKEN": "a.b.c"}

    terminal.run(*SHOW, "--as", "alex@example.com", "--role", "workflow.operator")

    sent = app.last.headers
    assert sent["x-functions-key"] == SECRET
    assert sent["Authorization"] == "Bearer a.b.c"
    assert sent["X-Dev-Principal"] == "alex@example.com"
    assert sent["X-Dev-Roles"] == "workflow.operator"
    assert SECRET not in app.last.url


def test_the_key_is_read_from_a_file(app: FakeApp, terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")

    terminal.run(*SHOW, "--key-file", str(tmp_path / "key"))

    assert app.last.headers["x-functions-key"] == SECRET


@pytest.mark.parametrize(
    "environment",
    [
        {"WFCTL_KEY": f"{SECRET}\nX-Other: 1"},
        {"WFCTL_TOKEN": f"{SECRET} and more"},
        {"WFCTL_KEY": SECRET, "WFCTL_URL": "http://app.example.com"},
        {"WFCTL_KEY": SECRET, "WFCTL_URL": f"https://app.example.com/api?code={SECRET}"},
        {"WFCTL_URL": f"https://user:{SECRET}@app.example.com"},
        {"WFCTL_URL": f"ftp://{SECRET}"},
        {"WFCTL_URL": f"http://[{SECRET}"},
        {"WFCTL_KEY_FILE": "/nowhere/at/all"},
        {"WFCTL_PRINCIPAL": f"{SECRET}\r\n"},
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_sent_and_not_quoted(
    app: FakeApp, terminal: Terminal, environment: dict[str, str]
) -> None:
    terminal.environment |= environment

    ran = terminal.run(*SHOW)

    assert ran.code == 2
    assert ran.err.startswith("wfctl: ")
    assert SECRET not in ran.out + ran.err
    assert not app.asked


def test_a_connection_does_not_show_its_secrets() -> None:
    shown = repr(Connection(url="https://app.example.com", key=SECRET, token=SECRET))

    assert SECRET not in shown


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectionError(f"cannot: {SECRET}"),
        requests.Timeout(SECRET),
        requests.exceptions.SSLError(SECRET),
    ],
)
def test_silence_is_asked_again_with_growing_pauses_and_ends_with_5(
    app: FakeApp, terminal: Terminal, failure: requests.RequestException
) -> None:
    app.on("GET", PATH, Reply(failure=failure))

    ran = terminal.run(*SHOW)

    assert ran.code == 5
    assert terminal.naps == [0.5, 1.0, 2.0]
    assert SECRET not in ran.err
    assert "localhost:7071" in ran.err


def test_a_503_is_asked_again_after_as_long_as_the_app_says(
    app: FakeApp, terminal: Terminal
) -> None:
    away = Reply(status=503, headers={"Retry-After": "7"})
    app.on("GET", PATH, away, away, {"instanceId": "order-1", "runtimeStatus": "Running"})

    assert terminal.run(*SHOW).code == 0
    assert terminal.naps == [7.0, 7.0]


def test_any_other_5xx_is_told_at_once(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", PATH, problem(500, "internal-error", "Something went wrong inside"))

    ran = terminal.run(*SHOW)

    assert ran.code == 5
    assert not terminal.naps


@pytest.mark.parametrize(("status", "code"), [(401, 3), (403, 3), (409, 3), (404, 4), (410, 4)])
def test_a_refusal_has_its_exit_code_and_says_why(
    app: FakeApp, terminal: Terminal, status: int, code: int
) -> None:
    app.on("GET", PATH, problem(status, "x", "A title", detail="a detail", traceId="abc"))

    ran = terminal.run(*SHOW)

    assert ran.code == code
    assert ran.err.split("\n")[:3] == ["wfctl: A title", "  a detail", "  trace abc"]


def test_json_tells_a_refusal_as_the_apps_problem_document(
    app: FakeApp, terminal: Terminal
) -> None:
    refusal = problem(403, "role-required", "This needs a role")
    app.on("GET", PATH, refusal)

    ran = terminal.run(*SHOW, "--json")

    assert (ran.code, ran.out) == (3, "")
    assert '"type": "urn:workflow-functions:problem:role-required"' in ran.err


def test_a_redirect_is_not_followed_because_the_key_would_go_along(
    app: FakeApp, terminal: Terminal
) -> None:
    terminal.environment["WFCTL_KEY"] = SECRET
    app.on("GET", PATH, Reply(status=302, headers={"Location": "https://elsewhere.example.com/"}))

    ran = terminal.run(*SHOW)

    assert ran.code == 3
    assert len(app.asked) == 1


def test_what_is_not_json_is_not_this_app(app: FakeApp, terminal: Terminal) -> None:
    app.on("GET", PATH, Reply(body=b"<html>"))

    ran = terminal.run(*SHOW)

    assert ran.code == 5
    assert "is not this app" in ran.err


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_an_id_that_would_lead_elsewhere_is_refused(
    app: FakeApp, terminal: Terminal, name: str
) -> None:
    assert terminal.run("purge", name, "--reason", "x", "--yes").code == 2
    assert not app.asked


def test_an_id_stays_one_part_of_the_path(app: FakeApp, terminal: Terminal) -> None:
    terminal.run("show", "../admin?x=1#y")

    assert app.last.url == "http://localhost:7071/api/workflows/..%2Fadmin%3Fx%3D1%23y"
