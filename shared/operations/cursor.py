"""Where a list was left off, as a token that its reader can neither read meaning into nor change.

A cursor belongs to one filter and is good for a day. It names a place in the order of the list, no
row numbers: what arrives meanwhile moves nothing. The key is made once and kept in storage.
"""

import base64
import binascii
import functools
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.errors import FieldProblem, InvalidRequestError
from shared.settings import current_settings
from shared.storage import open_storage

_GOOD_FOR: Final = timedelta(days=1)
_PURPOSE: Final = b"list cursor\n"
_MAC_BYTES: Final = 16
_LONGEST: Final = 600
_CONTAINER: Final = "keys"
_BLOB: Final = "list-cursors"
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a list: behind every row of an earlier second, and of this one up to an id.

    Attributes:
        second: whole seconds since 1970; earlier means earlier in the list's order.
        after_id: the last id of that second that is behind; empty for none.
        width: how many seconds were looked at together last; a hint.
    """

    second: int
    after_id: str
    width: int


def sealed(position: Position, *, digest: str, key: bytes, now: datetime) -> str:
    """Return the cursor for a position in the list of a filter."""
    payload = {
        "f": digest,
        "s": position.second,
        "i": position.after_id,
        "w": position.width,
        "t": int(now.timestamp()),
    }
    text = json.dumps(payload, separators=(",", ":")).encode()
    return f"{_encoded(text)}.{_encoded(_mac(key, text))}"


def opened(
    cursor: str, *, digest: str, key: bytes, now: datetime, pointer: str = "?cursor"
) -> Position:
    """Return where a list goes on.

    Raises:
        InvalidRequestError: The cursor is none of ours, too old, or of another filter.
    """
    text, mac = _parts(cursor)
    if not hmac.compare_digest(mac, _mac(key, text)):
        raise _refused(pointer, "malformed", "is not a cursor that was given out here")
    payload: dict[str, Any] = json.loads(text)  # our own key has signed it
    if payload["f"] != digest:
        raise _refused(pointer, "foreign", "belongs to a list with other filters")
    if now >= datetime.fromtimestamp(payload["t"], UTC) + _GOOD_FOR:
        raise _refused(pointer, "expired", "is more than a day old: begin again")
    return Position(second=payload["s"], after_id=payload["i"], width=payload["w"])


@functools.cache
def cursor_key() -> bytes:
    """Return the key that cursors are signed with; make it when there is none yet.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    container = open_storage(settings.storage, prefix=settings.data_prefix).container(_CONTAINER)
    kept = container.read(_BLOB)
    if kept is None:
        made = secrets.token_bytes(_SECRET_BYTES)
        # Another process may be faster: what counts is what is there afterwards.
        container.write_once(_BLOB, made, content_type="application/octet-stream")
        kept = container.read(_BLOB) or made
    return kept


def _parts(cursor: str) -> tuple[bytes, bytes]:
    """Take a cursor apart; nothing fits the empty parts of what is none."""
    if len(cursor) > _LONGEST or not cursor.isascii():
        return b"", b""
    text, _, mac = cursor.partition(".")
    try:
        return _decoded(text), _decoded(mac)
    except (binascii.Error, ValueError):
        return b"", b""


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + text, "sha256")[:_MAC_BYTES]


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _refused(pointer: str, code: str, detail: str) -> InvalidRequestError:
    problem = FieldProblem(pointer=pointer, code=code, detail=detail)
    return InvalidRequestError("the cursor cannot be used", [problem])
