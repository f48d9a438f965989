"""JSON with places: what is read, and where a complaint points."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from funchost.settings.errors import Position, SettingsError
from funchost.settings.reader import parse, read_file

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(value=JSON_VALUES, indent=st.none() | st.integers(0, 4))
def test_whatever_json_can_say_is_read_as_json_reads_it(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    if "Infinity" not in text:
        assert parse(text, source="x").value == value


def test_comments_trailing_commas_and_a_byte_order_mark_are_legal(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    path.write_text(
        '\ufeff// first\n{ /* "no": 1, */ "a": [1, 2,], // "b": 2\n "c": "http://x/*y*/", }\n',
        encoding="utf-8",
    )

    document = read_file(path)

    assert document is not None
    assert document.value == {"a": [1, 2], "c": "http://x/*y*/"}


def test_the_last_of_two_equal_keys_counts() -> None:
    assert parse('{"a": 1, "a": 2}', source="x").value == {"a": 2}


def test_a_missing_file_is_no_document(tmp_path: Path) -> None:
    assert read_file(tmp_path / "host.json") is None


def test_a_value_knows_its_place_past_comments() -> None:
    document = parse('{\n  /* two\n lines */ "a": {\n    "b": [10, 20]\n  }\n}', source="x")

    assert document.position(("a", "b", 1)) == Position(line=4, column=15)
    assert document.position(("a",)) == Position(line=3, column=16)


def test_a_missing_value_is_placed_where_it_would_be_held() -> None:
    document = parse('{\n "a": {}\n}', source="x")

    assert document.position(("a", "b", "c")) == Position(line=2, column=7)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"a": 1}\n{"b": 2}', "x:2:1: there is more after the end of the document"),
        ('{"a": 1', "x:1:1: this '{' is never closed"),
        ('{\n"a" 1}', "x:2:5: ':' was expected, not '1'"),
        ('{"a": 1 "b": 2}', "x:1:9: ',' was expected, not '\"'"),
        ("{a: 1}", "x:1:2: a key in double quotes was expected"),
        ('{"a": }', "x:1:7: a value was expected, not '}'"),
        ('{"a": tru}', "x:1:7: a value was expected, not 't'"),
        ("", "x:1:1: a value was expected"),
        ('{"a": "b\n"}', "x:1:9: invalid control character at"),
        ('{"a": "b', "x:1:7: unterminated string starting at"),
        ("{} /* never", "x:1:4: this comment is never closed"),
        ("[1,,2]", "x:1:4: a value was expected, not ','"),
    ],
    ids=lambda text: repr(text)[:24],
)
def test_a_broken_document_is_refused_at_its_place(text: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(text, source="x")

    assert str(caught.value) == complaint


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    path.write_bytes(b"\xff\xfe{")

    with pytest.raises(SettingsError, match="cannot be read"):
        read_file(path)
