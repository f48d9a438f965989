"""Forms: read when a page of ours sent them, and refused otherwise."""

from collections.abc import Mapping

import azure.functions as func
import pytest

from shared.errors import BodyTooLargeError, InvalidRequestError, UnsupportedMediaTypeError
from shared.pages import ForeignFormError, Form, read_form

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Host": "here.example"}
FIELDS = frozenset({"comment", "decision"})


def read(body: bytes, headers: Mapping[str, str] | None = None, *, has_proof: bool = True) -> Form:
    request = func.HttpRequest(
        method="POST",
        url="http://localhost/api/x",
        headers={**FORM, **(headers or {})},
        body=body,
    )
    return read_form(request, fields=FIELDS, has_proof=has_proof)


def test_fields_are_decoded_and_line_ends_are_plain() -> None:
    form = read(b"decision=approve&comment=a%0D%0Ab+%E2%9C%93")

    assert form == {"decision": "approve", "comment": "a\nb ✓"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": "null"},
        {"Origin": "https://here.example"},
    ],
)
def test_a_page_of_ours_may_send_it(headers: dict[str, str]) -> None:
    assert read(b"decision=approve", headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "nonsense", "Origin": "https://here.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://here.example.evil.example"},
        {"Origin": "https://["},
    ],
)
def test_another_sites_page_may_not(headers: dict[str, str]) -> None:
    with pytest.raises(ForeignFormError):
        read(b"decision=approve", headers)


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://here.example"}]
)
def test_a_form_without_a_proof_counts_when_the_browser_says_that_it_is_ours(
    headers: dict[str, str],
) -> None:
    assert read(b"decision=approve", headers, has_proof=False)


@pytest.mark.parametrize("headers", [{}, {"Origin": "null"}, {"Sec-Fetch-Site": "none"}])
def test_a_form_without_a_proof_does_not_count_when_nobody_says_whose_it_is(
    headers: dict[str, str],
) -> None:
    with pytest.raises(ForeignFormError):
        read(b"decision=approve", headers, has_proof=False)


@pytest.mark.parametrize(
    "media_type",
    ["", "application/json", "multipart/form-data; boundary=x", "text/plain"],
)
def test_another_kind_of_body_is_not_read(media_type: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        read(b"decision=approve", {"Content-Type": media_type})


@pytest.mark.parametrize(
    "body",
    [
        b"decision=approve&decision=reject",
        b"decision=approve&isAdmin=1",
        b"comment=%ff",
        b"comment=\xff",
        b"&".join([b"comment=a"] * 30),
    ],
)
def test_a_form_that_the_page_does_not_send_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        read(body)


def test_a_form_beyond_its_size_is_not_read() -> None:
    with pytest.raises(BodyTooLargeError):
        read(b"comment=" + b"a" * 33_000)
