"""HTTP values as the worker library gives and takes them."""

import pytest

from funchost.worker import protos
from funchost.worker.errors import FunctionFailedError
from funchost.worker.http import Cookie, HttpAnswer, HttpRequest, answer_of, request_value
from funchost.worker.protos import RpcHttp, TypedData


def request(body: bytes) -> HttpRequest:
    return HttpRequest(method="GET", url="http://x/", headers={}, query={}, params={}, body=body)


def test_a_body_travels_as_bytes_and_an_empty_one_as_nothing() -> None:
    assert request_value(request(b"a")).value.body.WhichOneof("data") == "bytes"
    assert request_value(request(b"")).value.body.WhichOneof("data") is None


def test_an_answer_keeps_status_headers_cookies_and_body() -> None:
    cookie = protos.RpcHttpCookie(
        name="a",
        value="b",
        domain=protos.NullableString(value=""),
        path=protos.NullableString(value="/"),
        expires=protos.NullableTimestamp(value=protos.Timestamp(seconds=7)),
        secure=protos.NullableBool(value=False),
        http_only=protos.NullableBool(value=True),
        same_site=2,
        max_age=None,
    )
    answer = RpcHttp(
        status_code="201",
        headers={"X-A": "1"},
        cookies=[cookie],
        body=TypedData(bytes=b"made"),
    )

    assert answer_of(TypedData(http=answer)) == HttpAnswer(
        status=201,
        headers=(("X-A", "1"),),
        cookies=(
            Cookie(name="a", value="b", path="/", expires=7, http_only=True, same_site="Strict"),
        ),
        body=b"made",
    )


def test_a_string_is_a_whole_answer() -> None:
    assert answer_of(TypedData(string="hé")) == HttpAnswer(
        status=200,
        headers=(("content-type", "text/plain; charset=utf-8"),),
        cookies=(),
        body="hé".encode(),
    )


@pytest.mark.parametrize("value", [None, TypedData(int=1)], ids=["nothing", "a number"])
def test_anything_else_is_a_failure(value: TypedData | None) -> None:
    with pytest.raises(FunctionFailedError):
        answer_of(value)


def test_typed_data_raises_for_what_it_does_not_hold() -> None:
    value = TypedData(string="a")

    assert value.string == "a"
    assert not hasattr(value, "json")
    assert not hasattr(value, "TypedData")
