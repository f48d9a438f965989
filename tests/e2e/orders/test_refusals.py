"""Bad requests: each gets an answer that names what is wrong and repeats nothing of it."""

import gzip
import json
import socket
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.orders.conftest import OpenShop, Shop
from tests.support.funchost import Answer
from tests.support.orders import JSON, ORDERS, Body, order, submit
from tests.support.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CARD_NUMBER = "4111111111111111"
LINE = {"sku": "notebook", "quantity": 1, "unitPriceMinor": 650}
PROBLEM = "application/problem+json"
START = b"POST /api/orders HTTP/1.1\r\nHost: x\r\n"
GOOD = json.dumps(order("refused")).encode()


@pytest.fixture(scope="module")
def shop(open_shop: OpenShop) -> Shop:
    return open_shop()


def assert_problem(answer: Answer, status: int, kind: str) -> Any:
    assert (answer.status, answer.headers["content-type"]) == (status, PROBLEM), answer
    problem = answer.json
    assert problem["status"] == status
    assert problem["type"].rpartition(":")[2] == kind
    assert b"Traceback" not in answer.body
    return problem


def edited(changes: Mapping[str, object]) -> Body:
    """Return a good order with values put where JSON pointers lead."""
    body: Any = order("refused")
    for pointer, value in changes.items():
        *path, last = pointer.removeprefix("/").split("/")
        place = body
        for part in path:
            place = place[int(part)] if part.isdigit() else place[part]
        place[last] = value
    changed: Body = body
    return changed


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \n", id="blank"),
        pytest.param(b"{", id="cut-off"),
        pytest.param(GOOD + b"x", id="followed-by-something"),
        pytest.param(b"\xef\xbb\xbf" + GOOD, id="with-a-byte-order-mark"),
        pytest.param(GOOD.decode().encode("utf-16"), id="utf-16"),
        pytest.param(b'{"orderId": "\xff"}', id="not-utf-8"),
        pytest.param(b"[" * 30_000, id="nested-deeply"),
        pytest.param(b'{"a":' * 200 + b"1" + b"}" * 200, id="nested-objects"),
        pytest.param(b'{"orderId": ' + b"9" * 5_000 + b"}", id="a-number-of-5000-digits"),
        pytest.param(b'{"orderId": "\\ud800"}', id="half-a-surrogate-pair"),
        pytest.param(b'{"orderId": NaN}', id="not-a-number"),
        pytest.param(b'{"orderId": 1e999}', id="infinite"),
        pytest.param(b'{"orderId": "a", "orderId": "b"}', id="a-name-twice"),
        pytest.param(
            b'{"__class__": "C", "__module__": "m", "__data__": "{}"}', id="an-envelope-of-the-sdk"
        ),
    ],
)
def test_a_body_that_is_not_acceptable_json_is_refused(site: Site, body: bytes) -> None:
    answer = site.request("POST", ORDERS, body=body, headers=JSON)

    assert_problem(answer, 400, "malformed-json")


@pytest.mark.parametrize("body", [b"null", b"[]", b"7", b'"order"', b"{}"])
def test_json_that_is_no_order_is_refused(site: Site, body: bytes) -> None:
    answer = site.request("POST", ORDERS, body=body, headers=JSON)

    assert assert_problem(answer, 400, "invalid-request")["errors"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=bogus"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "br"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip, gzip"},
    ],
    ids=lambda headers: ";".join(headers.values()) or "none",
)
def test_a_body_in_another_form_is_not_read(site: Site, headers: dict[str, str]) -> None:
    answer = site.request("POST", ORDERS, body=GOOD, headers=headers)

    assert_problem(answer, 415, "unsupported-media-type")
    assert answer.headers["accept"] == "application/json"


def test_a_body_above_the_limit_is_too_large(site: Site) -> None:
    body = order("large")
    body["shippingAddress"]["street"] = "x" * 70_000

    assert_problem(submit(site, body), 413, "body-too-large")


def test_a_compressed_body_is_never_an_internal_error(site: Site) -> None:
    bomb = gzip.compress(b" " * 20_000_000)

    answer = site.request("POST", ORDERS, body=bomb, headers={**JSON, "Content-Encoding": "gzip"})

    assert answer.status in {413, 415}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/orderId", "../admin"),
        ("/orderId", "a" * 65),
        ("/orderId", "line\n"),
        ("/orderId", 7),
        ("/items", []),
        ("/items", [LINE] * 100),
        ("/items/0/quantity", 0),
        ("/items/0/quantity", 1.5),
        ("/items/0/quantity", True),
        ("/items/0/quantity", 10**18),
        ("/items/0/unitPriceMinor", -5),
        ("/items/0/unitPriceMinor", 0.001),
        ("/items/0/unitPriceMinor", 1e308),
        ("/items/0/unitPriceMinor", "9.99"),
        ("/items/0/sku", "a b"),
        ("/currency", "EURO"),
        ("/currency", "eur"),
        ("/isAdmin", True),
        ("/payment/autoApprove", True),
        ("/customer/email", "a@b\r\nBcc: x@y"),
        ("/customer/email", '"<script>"@x.example'),
        ("/customer/email", "x" * 330),
        ("/shippingAddress/street", "a\u2028b"),
        ("/shippingAddress/country", "Germany"),
        ("/shipping/service", "../x"),
        ("/payment", None),
        ("/payment/token", ""),
    ],
)
def test_a_wrong_field_is_named_and_not_repeated(site: Site, pointer: str, value: object) -> None:
    answer = submit(site, edited({pointer: value}))

    problem = assert_problem(answer, 400, "invalid-request")
    assert [found["pointer"] for found in problem["errors"]] == [pointer]
    assert all(found["code"] and found["detail"] for found in problem["errors"])
    assert not isinstance(value, str) or len(value) < 7 or value.encode() not in answer.body


def test_all_wrong_fields_are_named_at_once(site: Site) -> None:
    wrong = {
        "/currency": "XXX",
        "/customer": None,
        "/items/0/quantity": 0,
        "/payment/token": CARD_NUMBER,
        "/status": "delivered",
    }

    problem = assert_problem(submit(site, edited(wrong)), 400, "invalid-request")

    assert sorted(found["pointer"] for found in problem["errors"]) == sorted(wrong)


def test_a_sku_on_two_lines_is_refused(site: Site) -> None:
    answer = submit(site, edited({"/items": [LINE, LINE]}))

    problem = assert_problem(answer, 400, "invalid-request")
    assert [found["code"] for found in problem["errors"]] == ["duplicate-sku"]


@pytest.mark.parametrize("spelling", [CARD_NUMBER, "4111-1111-1111-1111"])
def test_a_card_number_in_place_of_a_token_is_refused_and_repeated_nowhere(
    shop: Shop, spelling: str
) -> None:
    answer = submit(shop.host, edited({"/payment/token": spelling}))

    problem = assert_problem(answer, 400, "invalid-request")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [
        ("/payment/token", "card-number-refused")
    ]
    state = b"".join(p.read_bytes() for p in shop.host.folder.glob(f"{shop.host.state.name}*"))
    for place in (answer.body, state, shop.host.log.read_bytes()):
        assert spelling.encode() not in place


def test_nothing_refused_has_left_a_trace(shop: Shop) -> None:
    submit(shop.host, edited({"/items": []}))

    assert shop.host.request("GET", "/api/workflows/order-refused").status == 404
    assert shop.host.unfinished() == set()
    reading = shop.books.read()
    assert (reading.reservations, reading.effects, reading.messages) == ((), (), ())


@pytest.mark.parametrize(
    "segment",
    [
        "..%2f..%2fadmin",
        "..%2f..%2f..%2f..%2fadmin%2fhost%2fkeys",
        "%2e%2e%2fadmin",
        "x%3FshowHistory=true",
        "x%23y",
        "%00",
        "a%0d%0ab",
        "%20",
        "%ff",
        "%ud800",
        "-x",
        "@entity@key",
        "a" * 300,
        "order-nobody-sent",
    ],
)
def test_an_id_that_no_instance_can_have_or_has_is_not_found(site: Site, segment: str) -> None:
    answer = site.request("GET", f"/api/workflows/{segment}")

    assert answer.status in {400, 404}
    assert b"keys" not in answer.body.replace(segment.encode(), b"")


def test_what_may_be_included_in_a_status_is_named(site: Site) -> None:
    answer = site.request("GET", "/api/workflows/order-x?include=secrets")

    assert_problem(answer, 400, "invalid-request")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/orders"),
        ("PUT", "/api/workflows/order-x"),
        ("POST", "/api/nothing"),
        ("GET", "//api/workflows/order-x"),
        ("POST", "/api//orders"),
    ],
)
def test_what_no_route_serves_is_not_found(site: Site, method: str, path: str) -> None:
    assert site.request(method, path).status == 404


@pytest.mark.parametrize(
    "head",
    [
        START + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        START + b"Content-Length: -1\r\n\r\n",
        b"GET /api/workflows/x HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    ],
    ids=["two-lengths", "a-negative-length", "a-huge-header", "tls"],
)
def test_bytes_that_are_no_request_are_a_bad_request_and_harm_nobody(
    shop: Shop, head: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", shop.host.port), timeout=10) as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        status_line = connection.makefile("rb").readline()

    assert status_line.split(b" ")[1:2] in ([b"400"], []), status_line
    assert shop.host.request("GET", "/admin/host/ping").status == 200


def test_a_body_that_never_comes_keeps_nobody_waiting(shop: Shop) -> None:
    with socket.create_connection(("127.0.0.1", shop.host.port), timeout=10) as connection:
        connection.sendall(
            START + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        assert shop.host.request("GET", "/api/workflows/order-x").status == 404
