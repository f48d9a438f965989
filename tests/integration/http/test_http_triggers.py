"""HTTP triggers over a real socket, with the worker played by a recorder."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from funchost.engine.calls import WorkerUnavailableError
from funchost.errors import StartError
from funchost.http import messages
from funchost.worker.errors import FunctionFailedError
from funchost.worker.http import Cookie, HttpAnswer, HttpRequest
from tests.support.http_host import HttpHost, Recorder, http_function, http_host, on_loop

pytestmark = pytest.mark.integration

ECHO = http_function("echo", "echo/{name:alpha?}")


@on_loop
async def test_a_request_reaches_its_function_as_the_worker_takes_it() -> None:
    worker = Recorder()
    async with http_host(functions=[ECHO], invoke=worker) as host:
        await host.call(
            "PUT",
            "/API/Echo/ab?x=1&y=%C3%A9+z&X=2&empty=&only",
            data=b"\x00body",
            headers=[("X-Many", "a"), ("X-Many", "b"), ("X-Empty", ""), ("Content-Type", "a/b")],
        )
        address = host.url

    assert worker.seen[-1][0] == "echo"
    request = worker.last
    assert (request.method, request.body, request.params) == ("PUT", b"\x00body", {"name": "ab"})
    assert request.query == {"x": "1,2", "y": "é z"}
    assert request.url == f"{address}/API/Echo/ab?x=1&y=%C3%A9+z&X=2&empty=&only"
    assert request.headers["x-many"] == "a,b"
    assert request.headers["x-empty"] == ""
    assert request.headers["content-type"] == "a/b"


@on_loop
async def test_an_optional_parameter_that_is_not_given_is_absent() -> None:
    worker = Recorder()
    async with http_host(functions=[ECHO], invoke=worker) as host:
        await host.call("GET", "/api/echo/")

    assert worker.last.params == {}


@on_loop
async def test_a_chunked_body_arrives_whole() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one,"
        yield b"two"

    worker = Recorder()
    async with http_host(functions=[ECHO], invoke=worker) as host:
        await host.call("POST", "/api/echo", data=pieces())

    assert worker.last.body == b"one,two"


@on_loop
async def test_a_compressed_body_is_the_functions_to_unpack() -> None:
    packed = gzip.compress(b"0" * 100_000)
    worker = Recorder()
    async with http_host(functions=[ECHO], invoke=worker) as host:
        await host.call("POST", "/api/echo", data=packed, headers={"Content-Encoding": "gzip"})

    assert worker.last.body == packed


@on_loop
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/nothing"),
        ("GET", "/echo"),
        ("GET", "/api/echo/123"),
        ("GET", "/api/echo/a/b"),
        ("GET", "//api/echo"),
        ("POST", "/api/only-get"),
        ("HEAD", "/api/only-get"),
        ("GET", "/api/off"),
    ],
)
async def test_what_has_no_route_is_404_without_a_body(method: str, path: str) -> None:
    functions = [
        ECHO,
        http_function("only_get", "only-get", "GET"),
        http_function("off", "off", disabled=True),
    ]
    worker = Recorder()
    async with http_host(functions=functions, invoke=worker) as host:
        reply = await host.call(method, path)

    assert (reply.status, reply.body, worker.seen) == (404, b"", [])


@on_loop
async def test_verbs_of_one_route_may_belong_to_different_functions() -> None:
    worker = Recorder()
    functions = [
        http_function("read", "things/{id}", "GET"),
        http_function("write", "things/{id}", "PUT"),
    ]
    async with http_host(functions=functions, invoke=worker) as host:
        await host.call("PUT", "/api/things/1")
        await host.call("GET", "/api/things/1")

    assert [name for name, _ in worker.seen] == ["write", "read"]


@on_loop
async def test_an_answer_is_sent_as_the_function_gave_it() -> None:
    answer = HttpAnswer(
        status=201,
        headers=(("content-type", "text/plain; charset=utf-8"), ("X-A", "1"), ("X-A", "2")),
        cookies=(
            Cookie(name="a", value="1", path="/"),
            Cookie(name="b", value="2", http_only=True),
        ),
        body=b"\xffraw",
    )
    async with http_host(functions=[ECHO], invoke=Recorder(answer)) as host:
        reply = await host.call("GET", "/api/echo")

    headers: Any = reply.headers
    assert (reply.status, reply.body) == (201, b"\xffraw")
    assert headers.getall("X-A") == ["1", "2"]
    assert headers.getall("Set-Cookie") == ["a=1; Path=/", "b=2; HttpOnly"]
    assert headers.getall("Content-Type") == ["text/plain; charset=utf-8"]


@on_loop
async def test_a_stopping_worker_is_503() -> None:
    worker = Recorder(WorkerUnavailableError("stopping"))
    async with http_host(functions=[ECHO], invoke=worker) as host:
        assert (await host.call("GET", "/api/echo")).status == 503


@on_loop
async def test_204_has_no_body() -> None:
    answer = HttpAnswer(status=204, headers=(("content-type", "text/plain"),), body=b"stray")
    async with http_host(functions=[ECHO], invoke=Recorder(answer)) as host:
        replies = [await host.call("GET", "/api/echo") for _ in range(2)]

    assert [(reply.status, reply.body) for reply in replies] == [(204, b"")] * 2


@on_loop
async def test_connection_headers_of_a_function_do_not_corrupt_the_answer() -> None:
    headers = (("Content-Length", "3"), ("Transfer-Encoding", "chunked"), ("Connection", "close"))
    answer = HttpAnswer(headers=headers, body=b"whole body")
    async with http_host(functions=[ECHO], invoke=Recorder(answer)) as host:
        assert (await host.call("GET", "/api/echo")).body == b"whole body"


@on_loop
@pytest.mark.parametrize(
    "failure",
    [
        FunctionFailedError("ValueError: card 4111"),
        RuntimeError("the host is to blame"),
        HttpAnswer(status=42),
        HttpAnswer(headers=(("X-Split", "a\r\nSet-Cookie: b"),)),
        HttpAnswer(headers=(("bad name", "x"),)),
        HttpAnswer(cookies=(Cookie(name="a", value="\n"),)),
    ],
    ids=["function", "host", "status", "split", "name", "cookie"],
)
async def test_a_failing_function_is_500_without_a_body(failure: Any) -> None:
    async with http_host(functions=[ECHO], invoke=Recorder(failure)) as host:
        reply = await host.call("GET", "/api/echo")

    assert (reply.status, reply.body) == (500, b"")


def test_one_line_is_logged_an_invocation(caplog: pytest.LogCaptureFixture) -> None:
    @on_loop
    async def play() -> None:
        answer = HttpAnswer(status=202)
        async with http_host(functions=[ECHO], invoke=Recorder(answer)) as host:
            await host.call("POST", "/api/echo?code=secret")

    with caplog.at_level(logging.INFO):
        play()

    (line,) = [each for each in caplog.records if "/api/echo" in each.getMessage()]
    assert line.name == "Function.echo"
    assert line.getMessage().startswith("POST /api/echo → echo 202 in ")
    assert line.getMessage().endswith(" ms")


@on_loop
async def test_a_body_above_the_limit_is_413_and_never_reaches_the_function() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 10

    worker = Recorder()
    async with http_host(functions=[ECHO], invoke=worker, body_limit=100) as host:
        announced = await host.call("POST", "/api/echo", data=b"x" * 101)
        chunked = await host.call("POST", "/api/echo", data=pieces())
        just = await host.call("POST", "/api/echo", data=b"x" * 100)

    assert [announced.status, chunked.status, just.status] == [413, 413, 200]
    assert len(worker.seen) == 1


def test_a_body_that_trickles_in_is_408(monkeypatch: pytest.MonkeyPatch) -> None:
    @on_loop
    async def play() -> None:
        async with http_host(functions=[ECHO]) as host:
            where = urlsplit(host.url)
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
            writer.write(b"POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab")
            status = await reader.readline()
            writer.close()
            await writer.wait_closed()
            assert status.split()[1] == b"408"

    monkeypatch.setattr(messages, "SLOW_GRACE_S", 0.05)
    play()


@on_loop
async def test_an_empty_prefix_leaves_home_page_and_reserved_paths_alone() -> None:
    functions = [http_function("all", "{*rest}")]
    worker = Recorder()
    async with http_host(functions=functions, invoke=worker, route_prefix="") as host:
        await host.call("GET", "/some/where/")
        status = await host.call("GET", "/admin/host/status")

    assert worker.last.params == {"rest": "some/where/"}
    assert status.json["state"] == "Running"


@on_loop
async def test_the_home_page_says_that_the_host_is_up() -> None:
    async with http_host() as host:
        page = await host.call("GET", "/")
    async with http_host(has_home_page=False) as host:
        nothing = await host.call("GET", "/")

    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"up and running" in page.body
    assert (nothing.status, nothing.body) == (204, b"")


WEIRD_TARGETS = [
    ("/api/files/a%2Fb", 200, "a%2Fb"),
    ("/api/files/a%252Fb", 200, "a%2Fb"),
    ("/api/files/a%20b", 200, "a b"),
    ("/api/files/%zz", 200, "%zz"),
    ("/api/files/%ff", 200, "%ff"),
    ("/api/files/%C3%A9", 200, "é"),
    ("/api/files/%0d%0a", 200, "\r\n"),
    ("/api/files/x/../y", 200, "y"),
    ("/api/files/x/%2e%2e/y", 200, "y"),
    ("/api/files/%2e%2e/%2e%2e/%2e%2e/api/files/z", 200, "z"),
    ("/api/files/%00", 400, None),
    ("/api/files/a/b", 404, None),
    ("/api/files/", 404, None),
    ("/api//files/a", 404, None),
    ("*", 400, None),
    ("/api/files/" + "x" * 8000, 200, "x" * 8000),
    ("/api/files/" + "x" * 40000, 400, None),
    ("http://evil.example.com/api/files/a", 200, "a"),
]


@on_loop
@pytest.mark.parametrize(("target", "status", "value"), WEIRD_TARGETS)
async def test_a_weird_request_target_is_read_once_or_refused(
    target: str, status: int, value: str | None
) -> None:
    worker = Recorder()
    functions = [http_function("file", "files/{name}")]
    async with http_host(functions=functions, invoke=worker) as host:
        got = await host.raw(target)

    assert got == status
    assert [request.params["name"] for _, request in worker.seen] == ([value] if value else [])


@on_loop
@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        ("203.0.113.1", 0, "Cannot listen on 203.0.113.1"),
        ("127.0.0.1", 70_000, "Cannot listen on 127.0.0.1 port 70000"),
    ],
)
async def test_an_address_that_cannot_be_had_is_told(host: str, port: int, reason: str) -> None:
    with pytest.raises(StartError, match=reason):
        async with http_host(host=host, port=port):
            pass


@on_loop
async def test_every_address_of_the_machine_is_shown_as_localhost() -> None:
    async with http_host(host="0.0.0.0") as host:  # noqa: S104 - that is what is tested
        reply = await host.call("GET", "/admin/host/ping")
        assert host.server.base_url.startswith("http://localhost:")

    assert reply.status == 200


@on_loop
async def test_a_request_that_outlasts_the_grace_is_cut_off() -> None:
    entered, never = asyncio.Event(), asyncio.Event()

    async def stuck(name: str, request: HttpRequest) -> HttpAnswer:
        entered.set()
        await never.wait()
        raise AssertionError(f"{name} went on with {request.method}")

    async with http_host(functions=[ECHO], invoke=stuck) as host:
        asking = asyncio.create_task(host.call("GET", "/api/echo"))
        await entered.wait()
        await host.server.stop(timedelta(milliseconds=10))
        with pytest.raises(aiohttp.ClientError):
            await asking


@on_loop
async def test_a_route_that_cannot_be_read_is_named_at_start() -> None:
    with pytest.raises(StartError, match=r"route 'x/\{id:nope\}' of function 'bad'"):
        async with http_host(functions=[http_function("bad", "x/{id:nope}")]):
            pass


@on_loop
async def test_a_port_in_use_is_one_clear_sentence() -> None:
    async with http_host() as host:
        port = urlsplit(host.url).port
        with pytest.raises(StartError, match=rf"^Port {port} is in use: .*--port\.$"):
            async with http_host(port=port):
                pass


async def takes_connections(host: str | None, port: int | None) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@on_loop
async def test_stopping_lets_requests_finish_and_takes_no_new_ones() -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(name: str, request: HttpRequest) -> HttpAnswer:
        entered.set()
        await leave.wait()
        return HttpAnswer(body=f"{name} {request.method}".encode())

    async def ask(host: HttpHost) -> bytes:
        return (await host.call("GET", "/api/echo")).body

    async with http_host(functions=[ECHO], invoke=slow) as host:
        asking = asyncio.create_task(ask(host))
        await entered.wait()
        address = urlsplit(host.url)
        stopping = asyncio.create_task(host.server.stop(timedelta(seconds=5)))
        while await takes_connections(address.hostname, address.port):
            await asyncio.sleep(0)
        leave.set()
        await stopping
        assert await asking == b"echo GET"
