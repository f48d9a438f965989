"""How a test talks to the host and its app; run by test_testkit."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from funchost.engine.errors import InstanceNotFoundError, UnknownFunctionError
from funchost.testing import (
    BlockingHost,
    KitError,
    SecondAppError,
)

APP = Path(__file__).parent


def test_http_functions_and_the_management_api_are_called_without_a_socket(
    host: BlockingHost,
) -> None:
    said = host.call_http(
        "POST", "/api/echo?say=tea%20time", body=b"\x00\xff", headers={"Content-Type": "x/y"}
    )
    links = host.call_http("POST", "/api/subscriptions/c2", json=1).json()
    host.until_done(links["id"])
    status = host.call_http("GET", links["statusQueryGetUri"])

    assert (said.status, said.body) == (201, b"\x00\xff")
    assert (said.headers["x-said"], said.headers["x-kind"]) == ("tea time", "x/y")
    assert (status.status, status.json()["runtimeStatus"]) == (200, "Completed")
    assert host.call_http("GET", "/api/nothing").status == 404
    assert links["statusQueryGetUri"].startswith(host.base_url)


def test_a_body_is_bytes_or_a_text_or_a_form_and_an_answer_has_its_headers_and_text(
    host: BlockingHost,
) -> None:
    upload = (
        b"--X\r\nContent-Disposition: form-data; name=f; filename=n\r\n\r\nh\xc3\xa9\r\n--X--\r\n"
    )
    multipart = {"Content-Type": "multipart/form-data; boundary=X"}

    form = host.call_http("POST", "/api/forms", body={"name": "Zoë & Co", "n": "1"})
    file = host.call_http("POST", "/api/forms", body=upload, headers=multipart)
    text = host.call_http("POST", "/api/echo?say=x", body="é")
    other = host.call_http("POST", "/api/echo?say=x", body="{}", headers={"content-type": "a/b"})

    assert form.json() == {"fields": {"name": "Zoë & Co", "n": "1"}, "files": {}}
    assert file.json() == {"fields": {}, "files": {"f": "hé"}}
    assert form.headers.getall("set-cookie") == ["seen=1; Path=/"]
    assert form.headers["x-text"] == "POST"
    assert (text.text, text.body) == ("é", b"\xc3\xa9")
    assert text.headers["x-kind"] == "text/plain; charset=utf-8"
    assert other.headers["x-kind"] == "a/b"


def test_entities_show_their_state(host: BlockingHost) -> None:
    host.signal_entity("counter", "c1", "add", 10)
    host.at_rest()
    status = host.until_done(host.start("counting"))
    host.crash_and_restart()

    assert status.output == 15
    assert host.entity_state("counter", "c1") == 15
    assert host.entity_state("counter", "c2") is None


def test_unknown_names_are_errors_at_once(host: BlockingHost) -> None:
    with pytest.raises(UnknownFunctionError, match="no_such"):
        host.start("no_such")
    with pytest.raises(InstanceNotFoundError):
        host.until_done("nobody")
    with pytest.raises(UnknownFunctionError):
        host.signal_entity("no_such", "k", "add")


def test_another_app_needs_another_process(host: BlockingHost, tmp_path: Path) -> None:
    del host
    (tmp_path / "function_app.py").write_text("", encoding="utf-8")

    with pytest.raises(SecondAppError, match="pytest of its own"):
        open_and_close(tmp_path)


def test_one_host_runs_at_a_time(host: BlockingHost) -> None:
    del host
    with pytest.raises(KitError, match="A host runs already"):
        open_and_close(APP)


def test_a_host_that_is_closed_says_so() -> None:
    with BlockingHost.open(APP) as host:
        pass
    closed = host._host

    with pytest.raises(KitError, match="with-block"):
        asyncio.run(closed.at_rest())


def test_settings_and_the_folder_are_the_test_s_and_are_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GREETING", "from the environment")
    before = Path.cwd()

    with BlockingHost.open(APP, settings={"GREETING": "from the test"}) as host:
        inside = host.until_done(host.start("looking")).output
    with BlockingHost.open(APP) as host:
        again = host.until_done(host.start("looking")).output

    assert inside == ["from the test", "from the file", str(APP)]
    assert again == ["from the environment", "from the file", str(APP)]
    assert Path.cwd() == before


def test_a_timer_function_runs_when_the_test_says_and_at_no_other_time(
    host: BlockingHost,
) -> None:
    host.advance(timedelta(days=2))
    before = host.activity_calls("charge")

    answer = host.call_http("POST", "/admin/functions/nightly", json={"input": ""})
    host.at_rest()

    assert (before, answer.status) == ([], 202)
    assert host.until_done("nightly").output == ["receipt 1", "receipt 2"]


def test_every_test_has_a_store_of_its_own(host: BlockingHost) -> None:
    with pytest.raises(InstanceNotFoundError):
        host.status("subscription-c1")


def open_and_close(app: Path) -> None:
    with BlockingHost.open(app):
        pass
