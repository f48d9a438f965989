"""A door by itself."""

import logging
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from funchost.http.door import Door
from funchost.http.sockets import private_socket
from tests.support.http_host import on_loop

pytestmark = pytest.mark.integration


def test_a_handler_that_fails_is_500_without_a_body_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fails(request: web.BaseRequest) -> web.Response:
        raise RuntimeError(f"cannot {request.method}")

    @on_loop
    async def play() -> None:
        door = Door(fails)
        door.bind([private_socket()])
        await door.open()
        url = f"http://127.0.0.1:{door.port}/"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            assert (answer.status, await answer.read()) == (500, b"")
        await door.close(timedelta(0))

    with caplog.at_level(logging.ERROR, logger="funchost"):
        play()

    assert "cannot GET" in caplog.text


@on_loop
async def test_a_door_that_was_never_opened_lets_its_sockets_go() -> None:
    async def never(request: web.BaseRequest) -> web.Response:
        raise AssertionError(request.method)

    bound = private_socket()
    door = Door(never)
    door.bind([bound])

    await door.close(timedelta(0))

    assert bound.fileno() == -1
    assert not door.is_bound
