"""JSON text as the hub stores it: compact, readable, always encodable.

Which layer of encoding a text carries is decided where the text is made; nothing here adds one.
"""

import json
from typing import Any

_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_ESCAPED = json.JSONEncoder(separators=(",", ":")).encode


def compact(value: Any) -> str:
    """Return ``value`` as JSON text without superfluous spaces.

    Characters stay as they are, unless the text could not be written as UTF-8 (lone surrogates):
    then it is escaped.
    """
    text = _COMPACT(value)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _ESCAPED(value)
    return text


def storable(text: str) -> str:
    """Return text that can be written as UTF-8: lone surrogates become question marks."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def recompact(text: str) -> str | None:
    """Return JSON text re-serialised compactly; None for ``null``, which is no value.

    Raises:
        ValueError: the text is not JSON.
    """
    value = json.loads(text)
    return None if value is None else compact(value)
