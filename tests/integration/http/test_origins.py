"""Pages of other origins: who may read answers, who is kept from the host's own API."""

import pytest

from funchost.http.cors import Cors
from tests.support.http_host import http_function, http_host, on_loop
from tests.support.scripted_hub import ScriptedHub

pytestmark = pytest.mark.integration

FUNCTIONS = [http_function("f", "f")]
GOOD, BAD = "https://good.example.com", "https://bad.example.com"
CORS = Cors(origins=(f"{GOOD}/",))


@on_loop
async def test_without_rules_no_origin_is_told_anything() -> None:
    async with http_host(functions=FUNCTIONS) as host:
        plain = await host.call("GET", "/api/f", headers={"Origin": GOOD})
        asked = await host.call(
            "OPTIONS",
            "/api/f",
            headers={"Origin": GOOD, "Access-Control-Request-Method": "PUT"},
        )

    assert (plain.status, asked.status) == (200, 200)
    for reply in (plain, asked):
        assert "Access-Control-Allow-Origin" not in reply.headers


@on_loop
async def test_an_origin_that_is_named_may_read_answers_and_ask_before() -> None:
    async with http_host(functions=FUNCTIONS, cors=CORS) as host:
        plain = await host.call("GET", "/api/f", headers={"Origin": GOOD})
        asked = await host.call(
            "OPTIONS",
            "/api/f",
            headers={
                "Origin": GOOD,
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "x-a, content-type",
            },
        )

    assert plain.headers["Access-Control-Allow-Origin"] == GOOD
    assert plain.headers["Vary"] == "Origin"
    assert asked.status == 204
    assert asked.headers["Access-Control-Allow-Methods"] == "PUT"
    assert asked.headers["Access-Control-Allow-Headers"] == "x-a, content-type"
    assert "Access-Control-Allow-Credentials" not in asked.headers


@on_loop
async def test_an_origin_that_is_not_named_is_told_nothing() -> None:
    async with http_host(functions=FUNCTIONS, cors=CORS) as host:
        reply = await host.call("GET", "/api/f", headers={"Origin": BAD})
        asked = await host.call(
            "OPTIONS", "/api/f", headers={"Origin": BAD, "Access-Control-Request-Method": "PUT"}
        )

    assert (reply.status, asked.status) == (200, 204)
    for one in (reply, asked):
        assert not [name for name in one.headers if name.startswith("Access-Control-")]


@on_loop
async def test_any_origin_is_a_star_unless_there_are_credentials() -> None:
    async with http_host(functions=FUNCTIONS, cors=Cors(origins=("*",))) as host:
        star = await host.call("GET", "/api/f", headers={"Origin": GOOD})
    with_credentials = Cors(origins=("*",), allows_credentials=True)
    async with http_host(functions=FUNCTIONS, cors=with_credentials) as host:
        named = await host.call("GET", "/api/f", headers={"Origin": GOOD})

    assert star.headers["Access-Control-Allow-Origin"] == "*"
    assert named.headers["Access-Control-Allow-Origin"] == GOOD
    assert named.headers["Access-Control-Allow-Credentials"] == "true"


@on_loop
async def test_a_foreign_page_cannot_use_the_hosts_own_api() -> None:
    hub = ScriptedHub()
    hub.put("a")
    async with http_host(hub=hub, cors=CORS) as host:
        statuses = {
            origin: (
                await host.manage("POST", "instances/a/terminate", headers={"Origin": origin})
            ).status
            for origin in (BAD, "null", GOOD, host.url)
        }
        keys = await host.call("GET", "/admin/host/keys", headers={"Origin": BAD})

    assert list(statuses.values()) == [403, 403, 202, 202]
    assert keys.status == 403
    assert len(hub.asked) == 2
