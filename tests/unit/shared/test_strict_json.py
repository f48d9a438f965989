import contextlib
import json

import pytest
from hypothesis import given, strategies as st

from shared.errors import MalformedJsonError
from shared.strict_json import MAX_DEPTH, parse_json

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(codec="utf-8")).filter(lambda name: not name.startswith("__")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_json_reads_as_the_standard_parser_reads_it(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_lead_to_any_other_error(body: bytes) -> None:
    with contextlib.suppress(MalformedJsonError):
        parse_json(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        '{"a":1}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"{'a': 1}",
        b"{} {}",
        b"[" * 100_000,
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b'[NaN, "x"]',
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[" + b"9" * 5000 + b"]",
        b'{"a": 1, "a": 1}',
        b'{"x": [{"b": 1, "b": 2}]}',
        b'["\\ud800"]',
        b'{"\\udc00": 1}',
        b'{"__class__": "x"}',
        b'{"a": {"__data__": {}}}',
    ],
)
def test_what_could_hurt_further_in_is_refused_with_one_error(body: bytes) -> None:
    with pytest.raises(MalformedJsonError):
        parse_json(body)


def test_brackets_inside_strings_are_no_depth() -> None:
    text = "[{" * 100 + '\\"'

    assert parse_json(json.dumps({"a": text}).encode()) == {"a": text}


def test_depth_is_counted_to_the_limit() -> None:
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(MalformedJsonError, match="deeper than 32"):
        parse_json(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_the_message_says_where_and_never_what() -> None:
    with pytest.raises(MalformedJsonError) as caught:
        parse_json(b'{"token": tok_secret}')

    assert str(caught.value) == (
        "malformed_json: the body is not JSON: Expecting value at line 1, column 11"
    )
