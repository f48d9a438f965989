"""Between a message's text and its body, and between what functions give and messages."""

import json

import pytest
from hypothesis import given, strategies as st

from funchost.triggers.ports import RawMessage
from funchost.triggers.queue_text import (
    MessageEncoding,
    UnreadableMessageError,
    bodies,
    decoded,
    encoded,
)
from funchost.worker.errors import BindingFailedError
from funchost.worker.protos import TypedData
from tests.support.fake_storage import NOW


def raw(text: str) -> RawMessage:
    return RawMessage(
        id="m",
        text=text,
        pop_receipt="r",
        dequeue_count=1,
        inserted=NOW,
        expires=NOW,
        next_visible=NOW,
    )


@given(st.binary())
def test_any_body_survives_base64(body: bytes) -> None:
    assert decoded(raw(encoded(body, MessageEncoding.BASE64)), MessageEncoding.BASE64).body == body


@given(st.text())
def test_any_text_survives_as_it_is(text: str) -> None:
    written = encoded(text.encode(errors="replace"), MessageEncoding.NONE)

    assert decoded(raw(written), MessageEncoding.NONE).body == text.encode(errors="replace")


def test_bytes_that_are_no_text_cannot_be_sent_as_they_are() -> None:
    with pytest.raises(BindingFailedError, match="messageEncoding base64"):
        encoded(b"\xff", MessageEncoding.NONE)


@pytest.mark.parametrize("text", ["plain text", "YQ", "ü"])
def test_what_is_not_base64_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableMessageError):
        decoded(raw(text), MessageEncoding.BASE64)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        (TypedData(string="é"), ["é"]),
        (TypedData(bytes=b"x"), ["x"]),
        (TypedData(json=json.dumps(["a", {"id": None, "body": "b"}])), ["a", "b"]),
        (TypedData(json=json.dumps({"id": "1", "body": "b"})), ["b"]),
        (TypedData(json=json.dumps({"id": "1", "body": "b", "c": 1})), None),
        (TypedData(json="[]"), []),
    ],
)
def test_what_a_function_gives_becomes_messages(
    given_value: TypedData, expected: list[str] | None
) -> None:
    found = [body.decode() for body in bodies(given_value)]

    assert found == (expected if expected is not None else ['{"id": "1", "body": "b", "c": 1}'])


def test_a_number_is_no_message() -> None:
    with pytest.raises(BindingFailedError, match="cannot be made of int"):
        bodies(TypedData(int=5))
