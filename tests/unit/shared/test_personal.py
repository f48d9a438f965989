from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.personal import (
    Country,
    Email,
    Paragraph,
    PaymentToken,
    PlainText,
    PostalCode,
    holds_card_number,
)


def accepts(field: Any, text: str) -> bool:
    try:
        TypeAdapter(field).validate_python(text)
    except ValidationError:
        return False
    return True


def test_published_test_cards_are_recognised_however_they_are_spaced() -> None:
    for card in ("4111111111111111", "5555 5555 5555 4444", "3782-822463-10005"):
        assert holds_card_number(f"my card {card} thanks")


def test_ordinary_numbers_are_no_cards() -> None:
    for text in ("", "12345", "4111111111111112", "+49 30 1234567", "tok_1234567890"):
        assert not holds_card_number(text)


@given(st.text(st.sampled_from("0123456789"), min_size=12, max_size=18))
def test_every_number_with_a_right_check_digit_is_recognised(stem: str) -> None:
    assert [holds_card_number(stem + digit) for digit in "0123456789"].count(True) == 1


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (Email, "first.last+tag@mail.example.com"),
        (PlainText, "Straße 1, 2. Stock"),
        (PostalCode, "SW1A 1AA"),
        (Country, "DE"),
        (PaymentToken, "tok_sandbox_approved"),
    ],
)
def test_what_people_send_is_accepted(field: Any, text: str) -> None:
    assert accepts(field, text)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (Email, "a@b"),
        (Email, "a@example.com\r\nBcc: b@example.com"),
        (Email, '"<script>"@example.com'),
        (Email, "a" * 250 + "@example.com"),
        (Email, "a@example.com\n"),
        (PlainText, ""),
        (PlainText, "x" * 201),
        (PlainText, "a\x00b"),
        (PlainText, "a\u2028b"),
        (PlainText, "4111 1111 1111 1111"),
        (PostalCode, "12345\n"),
        (Country, "de"),
        (Country, "DEU"),
        (PaymentToken, "tok en"),
        (PaymentToken, "4111111111111111"),
    ],
)
def test_what_must_not_travel_further_is_refused(field: Any, text: str) -> None:
    assert not accepts(field, text)


@pytest.mark.parametrize("text", ["a\u202eb", "a\u2066b", "a\x07b"])
def test_text_that_shows_something_else_than_it_says_is_refused(text: str) -> None:
    assert not accepts(PlainText, text)
    assert not accepts(Paragraph, text)


def test_a_paragraph_has_lines_and_a_plain_text_has_one() -> None:
    assert TypeAdapter(Paragraph).validate_python("one\r\n\ttwo") == "one\n\ttwo"
    assert not accepts(PlainText, "one\ntwo")


def test_what_follows_a_card_number_does_not_hide_it() -> None:
    for text in ("4111 1111 1111 1111 12/29", "2 x 4111-1111-1111-1111", "4111111111111111 737"):
        assert holds_card_number(text)
