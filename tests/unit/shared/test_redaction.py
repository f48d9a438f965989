import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shared.redaction import is_private, redact, redact_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mail to ada.l+x@mail.example.com now", "mail to [e-mail] now"),
        ("/inbox?who=ada%40example.com&page=2", "/inbox?who=[e-mail]&page=2"),
        ("jürgen@müller.example wrote", "[e-mail] wrote"),
        ("card 4111 1111 1111 1111 12/29 declined", "card [card number] 12/29 declined"),
        ("pan=5555-5555-5555-4444.", "pan=[card number]."),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer [redacted]"),
        ("authorization: Basic YWRhOnBhc3M=", "authorization: [redacted]"),
        ("sent eyJhbGciOi.eyJzdWIi.c2ln on", "sent [redacted] on"),
        ("GET /api/x?code=Zm9v%3D&page=2", "GET /api/x?code=[redacted]&page=2"),
        ("https://a.example/c/b?sv=1&sig=a%2Fb%3D", "https://a.example/c/b?sv=1&sig=[redacted]"),
        ("/api/approvals/links/v1.k1.eyJpIjoi.c2ln", "/api/approvals/links/[redacted]"),
        ("AccountName=a;AccountKey=Zm9v+/==;Blob=b", "AccountName=a;AccountKey=[redacted];Blob=b"),
        ("x-functions-key: s3cr3t", "x-functions-key: [redacted]"),
        ("password='hunter2'", "password='[redacted]'"),
        ('{"paymentToken": "tok_1"', '{"paymentToken": "[redacted]"'),
        ("SharedAccessSignature sr=b&sig=x1&se=2", "SharedAccessSignature [redacted]"),
    ],
)
def test_what_is_private_in_a_text_is_replaced_by_a_mark(text: str, shown: str) -> None:
    assert redact_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "order-1764111419123 took 4111111111111112 ns",
        "at 2026-11-25T22:56:59.123456Z code=payment_declined",
        "the bearer of good news spoke of basic authentication",
        "@batch_control@job-1 asked for 3 of 5",
        "tokens are counted, a secret stays one",
        "approval:r-1:2:1:7",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redact_text(text) == text


def test_the_values_of_private_names_are_hidden_and_their_absence_is_not() -> None:
    order = {
        "orderId": "o-1",
        "customer": {"email": "ada@example.com", "phone": 12345, "e_mail": None},
        "shippingAddress": {"line1": "1 Road", "city": "Bath"},
        "payment": {"token": "tok_1", "apiKey": "k", "cardNumber": 4},
        "hasToken": True,
        "items": [{"sku": "A", "quantity": 2}],
    }

    assert redact(order) == {
        "orderId": "o-1",
        "customer": {"email": "[redacted]", "phone": "[redacted]", "e_mail": None},
        "shippingAddress": "[redacted]",
        "payment": {"token": "[redacted]", "apiKey": "[redacted]", "cardNumber": "[redacted]"},
        "hasToken": True,
        "items": [{"sku": "A", "quantity": 2}],
    }


def test_names_and_numbers_are_redacted_too() -> None:
    assert redact({"ada@example.com": [4111111111111111, 1764111419123, 1.5]}) == {
        "[e-mail]": ["[card number]", 1764111419123, 1.5]
    }


def test_json_inside_of_text_is_redacted_by_its_names() -> None:
    event = {"Name": "ship", "Input": json.dumps({"address": {"city": "Bath"}, "n": 1})}

    assert json.loads(redact(event)["Input"]) == {"address": "[redacted]", "n": 1}


def test_text_that_only_looks_like_json_is_redacted_as_text() -> None:
    assert redact('{"to": ada@example.com') == '{"to": [e-mail]'
    assert redact("[" * 100_000) == "[" * 100_000


def test_nothing_nested_without_end_is_shown() -> None:
    document: Any = "secret"
    for _ in range(1000):
        document = [document]

    assert "secret" not in json.dumps(redact(document))


@pytest.mark.parametrize("name", ["status", "tokenise", "code", "idempotencyKey", "at", "mailed"])
def test_ordinary_names_are_not_private(name: str) -> None:
    assert not is_private(name)


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
DOCUMENTS = st.recursive(
    LEAVES, lambda parts: st.lists(parts) | st.dictionaries(st.text(max_size=8), parts)
)


@given(DOCUMENTS)
def test_a_redacted_document_is_json_that_redacting_again_does_not_change(document: Any) -> None:
    once = redact(document)

    assert redact(once) == once
    json.dumps(once)
