"""Paths from the wire: decoded once, never divided by what was encoded."""

import pytest
from hypothesis import given, strategies as st

from funchost.http.paths import PathRefusedError, segments, strict

PATHS = [
    ("/", ("",)),
    ("/a/b", ("a", "b")),
    ("/a/", ("a", "")),
    ("//a", ("", "a")),
    ("/a%20b", ("a b",)),
    ("/%C3%A9", ("é",)),
    ("/%c3", ("%c3",)),
    ("/a%2Fb", ("a%2Fb",)),
    ("/a%2fb%20c", ("a%2Fb c",)),
    ("/%252F", ("%2F",)),
    ("/%zz%4", ("%zz%4",)),
    ("/a/./b/../c", ("a", "c")),
    ("/a/%2E%2e/b", ("b",)),
    ("/../../a", ("a",)),
    ("/a/..", ("",)),
    ("/a/b/..", ("a", "")),
    ("/a/...", ("a", "...")),
]


@pytest.mark.parametrize(("raw", "expected"), PATHS)
def test_a_path_is_decoded_once(raw: str, expected: tuple[str, ...]) -> None:
    assert segments(raw) == expected


@pytest.mark.parametrize("raw", ["", "*", "a/b", "/a%00b"])
def test_what_is_not_a_path_is_refused(raw: str) -> None:
    with pytest.raises(PathRefusedError):
        segments(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "/a/../b",
        "/a/.",
        "/a/%2e",
        "/a/%2E./b",
        "/a%2fb",
        "/a%2Fb",
        "/a%5Cb",
        "/a\\b",
        "/a%0ab",
        "/a%7f",
        "/%00",
        "/%252f",
    ],
)
def test_a_strict_path_means_what_it_says_or_is_refused(raw: str) -> None:
    with pytest.raises(PathRefusedError):
        strict(raw)


@pytest.mark.parametrize("raw", ["/a/b", "/a%20b/", "/a/...", "/%C3%A9@x"])
def test_a_strict_path_is_read_like_any_other(raw: str) -> None:
    assert strict(raw) == segments(raw)


@given(st.text(alphabet="ab/.%2fFeE5cC\\0", max_size=30))
def test_no_strict_path_has_a_segment_that_leads_elsewhere(tail: str) -> None:
    try:
        found = strict(f"/{tail}")
    except PathRefusedError:
        return
    assert not {".", ".."} & set(found)
    assert not any("/" in one or "\\" in one for one in found)
    assert len(found) == f"/{tail}".count("/")
