"""What Stripe tells: which payment has changed, signed with the endpoint's secret.

https://docs.stripe.com/webhooks says what is signed; a notice is believed for five minutes. Only
the key that we put into the intent is read of it.
"""

from collections.abc import Mapping
from typing import Final, cast

from shared.errors import NoticeRefusedError
from shared.providers.payments import PaymentNotice
from shared.strict_json import parse_json

SIGNATURE_HEADER: Final = "stripe-signature"
_TOLERANCE_S: Final = 300


def stripe_notice(body: bytes, headers: Mapping[str, str], *, secret: str) -> PaymentNotice | None:
    """Read a notice; None when it is about no payment of ours.

    Args:
        body: The bytes as they came.
        headers: By lower-case name.
        secret: The endpoint's, ``whsec_…``.

    Raises:
        NoticeRefusedError: It is not Stripe's, or old.
        MalformedJsonError: It is Stripe's, and not readable.
    """
    import stripe  # noqa: PLC0415 - large, and needed by those alone who pay with it

    try:
        stripe.WebhookSignature.verify_header(
            body.decode(), headers.get(SIGNATURE_HEADER, ""), secret, _TOLERANCE_S
        )
    except (UnicodeDecodeError, stripe.SignatureVerificationError):
        raise NoticeRefusedError("the signature is not Stripe's, or it is old") from None
    document = parse_json(body)
    notice_id = _found(document, "id")
    key = _found(document, "data", "object", "metadata", "key")
    return PaymentNotice(notice_id=notice_id, key=key) if notice_id and key else None


def _found(document: object, *path: str) -> str | None:
    for name in path:
        if not isinstance(document, dict):
            return None
        document = cast("Mapping[str, object]", document).get(name)
    return document if isinstance(document, str) else None
