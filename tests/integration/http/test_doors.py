"""Who may come in where: the main port, the SDK's door, the admin endpoints."""

import logging
from urllib.parse import urlsplit

import pytest

from funchost.http.contract import Function
from funchost.http.server import HttpServer
from tests.support.http_host import Recorder, http_function, http_host, on_loop
from tests.support.scripted_hub import ScriptedHub

pytestmark = pytest.mark.integration


def secret_of(server: HttpServer) -> str:
    return urlsplit(server.rpc_base_url).path.split("/")[1]


@on_loop
async def test_the_sdks_door_is_on_the_loopback_with_a_new_secret_every_start() -> None:
    async with http_host() as one, http_host() as other:
        first, second = one.server, other.server
        assert urlsplit(first.rpc_base_url).hostname == "127.0.0.1"
        assert urlsplit(first.rpc_base_url).port != urlsplit(first.base_url).port
        assert len(secret_of(first)) >= 32
        assert secret_of(first) != secret_of(second)
        assert first.rpc_base_url.endswith("/durabletask/")


@on_loop
async def test_the_sdks_door_serves_nothing_but_the_management_api() -> None:
    hub = ScriptedHub()
    hub.put("a")
    async with http_host(hub=hub, functions=[http_function("f", "f")]) as host:
        door = host.server.rpc_base_url
        secret = secret_of(host.server)
        statuses = {
            target: await host.raw(target, door=door)
            for target in (
                "/",
                "/admin/host/keys",
                "/api/f",
                "/durabletask/instances/a",
                "/wrong/durabletask/instances/a",
                f"/{secret}/admin/host/keys",
                f"/{secret}/durabletask",
                f"/{secret.swapcase()}/durabletask/instances/a",
                "/runtime/webhooks/durabletask/instances/a",
            )
        }
        assert await host.raw(f"/{secret}/durabletask/instances/a", door=door) == 202

    assert set(statuses.values()) == {404}


@on_loop
@pytest.mark.parametrize(
    "tail",
    [
        "instances/../instances/a",
        "instances/%2e%2e/instances/a",
        "instances/./a",
        "instances/..",
        "instances/x%2fa",
        "instances/x%2Fterminate",
        "instances/x%5ca",
        "instances/x%0d%0aa",
        "instances/%00",
    ],
)
async def test_the_sdks_door_refuses_paths_that_mean_something_else(tail: str) -> None:
    hub = ScriptedHub()
    hub.put("a")
    async with http_host(hub=hub) as host:
        path = urlsplit(host.server.rpc_base_url).path
        status = await host.raw(f"{path}{tail}", door=host.server.rpc_base_url)

    assert status == 400
    assert not hub.asked


@on_loop
async def test_the_secret_is_not_served_on_the_main_port() -> None:
    async with http_host() as host:
        assert await host.raw(urlsplit(host.server.rpc_base_url).path + "instances") == 404


def test_the_secret_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    secrets: list[str] = []

    @on_loop
    async def play() -> None:
        async with http_host() as host:
            secrets.append(secret_of(host.server))
            await host.rpc("GET", "instances")
            await host.rpc("GET", "instances/..%2f")

    with caplog.at_level(logging.DEBUG, logger="funchost"):
        play()

    assert secrets[0] not in caplog.text


@on_loop
async def test_both_loopback_families_are_served() -> None:
    async with http_host() as host:
        port = urlsplit(host.url).port
        four = await host.call_url("GET", f"http://127.0.0.1:{port}/admin/host/ping")
        name = await host.call_url("GET", f"http://localhost:{port}/admin/host/ping")

    assert (four.status, name.status) == (200, 200)


@on_loop
async def test_admin_lists_the_functions_as_tools_expect_them() -> None:
    functions = [
        http_function("Hello", "Hello/{name}", "GET"),
        Function(name="say", trigger="activityTrigger", is_disabled=True),
    ]
    async with http_host(functions=functions, invoke=Recorder()) as host:
        listed = await host.call("GET", "/admin/functions")
        one = await host.call("GET", "/ADMIN/functions/hello")
        missing = await host.call("GET", "/admin/functions/none")
        status = await host.call("GET", "/admin/functions/say/status")
        by_hand = await host.call("POST", "/admin/functions/say", json={"input": "x"})
        base = host.url

    assert [entry["name"] for entry in listed.json] == ["Hello", "say"]
    assert one.json == listed.json[0]
    assert one.json["invoke_url_template"] == f"{base}/api/hello/{{name}}"
    assert listed.json[1]["invoke_url_template"] is None
    assert listed.json[1]["isDisabled"] is True
    assert (missing.status, status.json, by_hand.status) == (404, {}, 404)


@on_loop
async def test_admin_tells_the_hosts_state_and_keys() -> None:
    async with http_host() as host:
        status = await host.call("GET", "/admin/host/status")
        ping = [await host.call(verb, "/admin/host/ping") for verb in ("GET", "POST")]
        keys = await host.call("GET", "/admin/host/keys")
        system = await host.call("GET", "/admin/host/systemkeys")

    assert (status.json["id"], status.json["state"]) == ("host-1", "Running")
    assert [(reply.status, reply.body) for reply in ping] == [(200, b"")] * 2
    assert keys.json["keys"] == [{"name": "default", "value": "HOSTKEY=="}]
    assert system.json["keys"] == [{"name": "durabletask_extension", "value": "SYSKEY=="}]
