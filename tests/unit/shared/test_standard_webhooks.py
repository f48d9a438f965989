"""Signed notices: only what was signed with the secret, lately, is believed."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from shared.standard_webhooks import WebhookSecret

KEY = base64.b64encode(bytes(range(24))).decode()
SECRET = WebhookSecret.parse(f"whsec_{KEY}")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
BODY = b'{"type":"invoice.paid"}'


def headers(**changes: str) -> dict[str, str]:
    signed = SECRET.sign(BODY, notice_id="msg_1", at=NOW)
    return {**signed, **{name.replace("_", "-"): value for name, value in changes.items()}}


def test_what_was_signed_is_believed() -> None:
    assert SECRET.signed_id(BODY, headers(), now=NOW + timedelta(minutes=4)) == "msg_1"


def test_the_signature_is_the_one_of_the_specification() -> None:
    secret = WebhookSecret.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, tz=UTC)

    signed = secret.sign(b'{"test": 2432232314}', notice_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=at)

    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_one_of_several_signatures_is_enough_while_a_secret_is_changed() -> None:
    both = f"v1,{KEY} {headers()['webhook-signature']}"

    assert SECRET.signed_id(BODY, headers(webhook_signature=both), now=NOW) == "msg_1"


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_id": "msg_2"},
        {"webhook_id": ""},
        {"webhook_timestamp": "1767614401"},
        {"webhook_timestamp": "-1"},
        {"webhook_timestamp": "9" * 400},
        {"webhook_timestamp": "٣"},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,ü"},
        {"webhook_signature": " ".join(["v1,x"] * 10_000)},
    ],
)
def test_anything_else_is_nobodys(changes: dict[str, str]) -> None:
    assert SECRET.signed_id(BODY, headers(**changes), now=NOW) is None


def test_another_body_is_not_what_was_signed() -> None:
    assert SECRET.signed_id(BODY + b" ", headers(), now=NOW) is None


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_is_old_or_of_the_future_is_not_believed(minutes: int) -> None:
    assert SECRET.signed_id(BODY, headers(), now=NOW + timedelta(minutes=minutes)) is None


@pytest.mark.parametrize("text", ["", "CANARY", "whsec_CANARY", f"whsec_{KEY[:8]}", KEY])
def test_what_is_no_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes") as refused:
        WebhookSecret.parse(text)

    assert "CANARY" not in str(refused.value)
    assert KEY not in repr(SECRET)
