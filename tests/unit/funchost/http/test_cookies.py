"""Cookies as header values."""

import pytest

from funchost.http.cookies import set_cookie
from funchost.worker.http import Cookie

COOKIES = [
    (Cookie(name="a", value="1"), "a=1"),
    (
        Cookie(
            name="a",
            value="1",
            domain="example.com",
            path="/x",
            expires=1767225600,
            max_age=60.0,
            secure=True,
            http_only=True,
            same_site="Lax",
        ),
        (
            "a=1; Domain=example.com; Path=/x; Expires=Thu, 01 Jan 2026 00:00:00 GMT; "
            "Max-Age=60; Secure; HttpOnly; SameSite=Lax"
        ),
    ),
    (
        Cookie(name="a", value="", expires=0, max_age=0.0),
        "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0",
    ),
]


@pytest.mark.parametrize(("cookie", "header"), COOKIES, ids=["plain", "whole", "delete"])
def test_a_cookie_says_what_the_function_said(cookie: Cookie, header: str) -> None:
    assert set_cookie(cookie) == header
