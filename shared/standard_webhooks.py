"""Signed notices between systems, as https://www.standardwebhooks.com describes them.

What is signed is ``id.timestamp.body`` with HMAC-SHA-256; a notice is believed for five minutes.
Whether one was seen before is known by whoever keeps its id.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Self

ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"

_PREFIX: Final = "whsec_"
_SHORTEST: Final = 24  # bytes, as the specification asks
_LONGEST: Final = 64
_TOLERANCE: Final = timedelta(minutes=5)
_MOST_SIGNATURES: Final = 10
_MOST_DIGITS: Final = 11


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """What both sides share."""

    key: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``whsec_`` and 24 to 64 bytes in base64.

        Raises:
            ValueError: It is no such secret; the message does not repeat it.
        """
        try:
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if not text.startswith(_PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
            raise ValueError(f"is not {_PREFIX} and {_SHORTEST} to {_LONGEST} bytes in base64")
        return cls(key)

    def sign(self, body: bytes, *, notice_id: str, at: datetime) -> dict[str, str]:
        """Return the headers that go with a body."""
        timestamp = str(int(at.timestamp()))
        return {
            ID_HEADER: notice_id,
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: self._signature(body, notice_id, timestamp),
        }

    def signed_id(self, body: bytes, headers: Mapping[str, str], *, now: datetime) -> str | None:
        """Return the id of a notice that is ours and fresh, or None for anything else.

        Args:
            body: The bytes as they came.
            headers: By lower-case name.
            now: When it came.
        """
        notice_id = headers.get(ID_HEADER, "")
        timestamp = headers.get(TIMESTAMP_HEADER, "")
        if not notice_id or not _is_fresh(timestamp, now):
            return None
        expected = self._signature(body, notice_id, timestamp)
        given = headers.get(SIGNATURE_HEADER, "").split(" ")[:_MOST_SIGNATURES]
        matches = [hmac.compare_digest(expected.encode(), one.encode()) for one in given]
        return notice_id if any(matches) else None

    def _signature(self, body: bytes, notice_id: str, timestamp: str) -> str:
        signed = f"{notice_id}.{timestamp}.".encode() + body
        return "v1," + base64.b64encode(hmac.digest(self.key, signed, "sha256")).decode()


def _is_fresh(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= _MOST_DIGITS):
        return False
    return abs(now - datetime.fromtimestamp(int(timestamp), tz=UTC)) <= _TOLERANCE
