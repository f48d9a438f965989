"""HTTP functions as clients meet them: routes, requests, answers, failures."""

import http.client
import json
from typing import Any

import pytest

from scripts.ports import LOOPBACK
from tests.e2e.host.app_host import AppHost

pytestmark = pytest.mark.e2e

MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nA title\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\ncontent\r\n--x--\r\n"
)


def echoed(host: AppHost, path: str, method: str = "GET", **options: Any) -> Any:
    answer = host.request(method, f"/api/echo{path}", **options)
    assert answer.status == 200, answer
    return answer.json


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/items/7", ["number", "7"]),
        ("/API/Items/007", ["number", "007"]),
        ("/api/items/lamp", ["name", "lamp"]),
        ("/api/items/lamp/", ["name", "lamp"]),
    ],
)
def test_a_route_is_chosen_by_its_constraints(web: AppHost, path: str, expected: list[str]) -> None:
    assert web.request("GET", path).json == expected


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/items/0"),
        ("GET", "/api/items/l4mp"),
        ("GET", "/api/items"),
        ("POST", "/api/items/7"),
        ("GET", "/items/7"),
        ("GET", "/api/absent"),
        ("PUT", "/api/things"),
        ("GET", "/api/off"),
    ],
)
def test_what_no_route_takes_is_not_found(web: AppHost, method: str, path: str) -> None:
    answer = web.request(method, path)

    assert (answer.status, answer.body) == (404, b"")


def test_one_route_may_have_a_function_for_each_method(web: AppHost) -> None:
    assert web.request("GET", "/api/things").json == {"listed": "GET"}
    assert web.call("POST", "/api/things", '{"a": [1, null]}').json == {"a": [1, None]}


def test_an_optional_parameter_may_be_left_out(web: AppHost) -> None:
    assert web.request("GET", "/api/greet").body == b"hello nobody"
    assert web.request("GET", "/api/greet/J%C3%BCrgen").body == "hello Jürgen".encode()


def test_a_function_that_returns_text_answers_plain_text(web: AppHost) -> None:
    answer = web.request("GET", "/api/greet/you")

    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")


def test_a_catch_all_takes_the_rest_of_the_path(web: AppHost) -> None:
    assert echoed(web, "/a/b%20c/d")["params"] == {"rest": "a/b c/d"}


def test_a_query_arrives_decoded_with_repeated_names_joined(web: AppHost) -> None:
    found = echoed(web, "/x?city=K%C3%B6ln&n=1&n=2&empty=")

    assert found["query"] == {"city": "Köln", "n": "1,2"}
    assert found["url"].endswith("/api/echo/x?city=K%C3%B6ln&n=1&n=2&empty=")


def test_headers_arrive_whatever_their_case(web: AppHost) -> None:
    found = echoed(web, "/x", headers={"X-Trace-ID": "abc", "Accept": "text/html"})

    assert found["headers"]["x-trace-id"] == "abc"
    assert found["headers"]["accept"] == "text/html"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_function_without_methods_takes_every_method(web: AppHost, method: str) -> None:
    assert echoed(web, "/x", method)["method"] == method


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"a": 1}', "application/json"),
        ("grüße".encode(), "text/plain; charset=utf-8"),
        (bytes(range(256)), "application/octet-stream"),
        (b"", "text/plain"),
        (b"x" * 1_000_000, "application/octet-stream"),
    ],
    ids=["json", "text", "binary", "empty", "large"],
)
def test_a_body_arrives_as_it_was_sent(web: AppHost, body: bytes, content_type: str) -> None:
    found = echoed(web, "/x", "POST", body=body, headers={"Content-Type": content_type})

    assert found["body"].encode("latin-1") == body


def test_a_body_sent_in_chunks_arrives_whole(web: AppHost) -> None:
    connection = http.client.HTTPConnection(LOOPBACK, web.port, timeout=10)
    connection.request("POST", "/api/echo/x", body=iter([b"one ", b"two"]), encode_chunked=True)
    found = json.loads(connection.getresponse().read())
    connection.close()

    assert found["body"] == "one two"


def test_a_form_arrives_with_its_files(web: AppHost) -> None:
    answer = web.request(
        "POST",
        "/api/form",
        body=MULTIPART,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )

    assert answer.json == {"fields": {"title": "A title"}, "files": {"file": "content"}}


@pytest.mark.parametrize("body", ["{", "", "\ufeff{", "[1,"])
def test_a_body_that_is_no_json_is_for_the_function_to_refuse(web: AppHost, body: str) -> None:
    assert web.call("POST", "/api/things", body).status == 400


def test_cookies_headers_and_bytes_reach_the_client(web: AppHost) -> None:
    connection = http.client.HTTPConnection(LOOPBACK, web.port, timeout=10)
    connection.request("GET", "/api/cookies", headers={"Cookie": "session=s; theme=dark"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()

    set_cookies = answer.headers.get_all("Set-Cookie") or []
    assert [cookie.split(";")[0] for cookie in set_cookies] == ["a=1", "b=2"]
    assert "httponly" in set_cookies[0].lower()
    assert "secure" in set_cookies[1].lower()
    assert answer.headers["X-Seen"] == "session=s; theme=dark"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert body == bytes(range(256))


def test_a_function_may_say_nothing(web: AppHost) -> None:
    answer = web.request("DELETE", "/api/gone")

    assert (answer.status, answer.body) == (204, b"")


def test_a_failing_function_tells_the_client_nothing_and_the_log_everything(web: AppHost) -> None:
    answer = web.request("GET", "/api/boom?id=4711")

    assert (answer.status, answer.body) == (500, b"")
    web.shows("RuntimeError: secret of 4711")
    assert "in boom\n" in web.log_tail()
    assert "Executed 'Functions.boom' (Failed" in web.log_tail()


def test_a_function_that_returns_no_response_fails(web: AppHost) -> None:
    answer = web.request("GET", "/api/nothing")

    assert (answer.status, answer.body) == (500, b"")


def test_each_request_leaves_a_line_with_its_outcome_and_duration(web: AppHost) -> None:
    web.request("GET", "/api/items/12345")

    web.shows("GET /api/items/12345 → numbered 200 in ")


def test_the_start_shows_methods_urls_and_what_is_disabled(web: AppHost) -> None:
    url = f"http://localhost:{web.port}/api"

    assert f"\tnumbered: [GET] {url}/items/{{number:int:min(1)}}" in web.lines
    assert f"\techo:  {url}/echo/{{*rest}}" in web.lines
    assert "Function switched_off is disabled." in web.lines
    assert not any(line.startswith("\tswitched_off") for line in web.lines)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_the_host_answers_by_every_local_name(web: AppHost, host: str) -> None:
    connection = http.client.HTTPConnection(host, web.port, timeout=10)
    connection.request("GET", "/api/items/1")
    status = connection.getresponse().status
    connection.close()

    assert status == 200
