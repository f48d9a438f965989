"""JSON text at the edge: what clients send, and what is stored, made fit for an answer."""

import json
import math


class BadJsonError(ValueError):
    """The body is not one JSON value."""


def json_text(body: bytes) -> str:
    """Return the JSON text of a body, as sent.

    Raises:
        BadJsonError: empty, not UTF-8, not JSON, or nested beyond reading.
    """
    try:
        text = body.decode("utf-8-sig").strip()
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadJsonError("Invalid JSON content") from error
    return text


def quoted_text(text: str) -> str:
    """Return text as the JSON text of a string."""
    return json.dumps(text)


def stored_value(text: str | None) -> object:
    """Return the value of stored JSON text; text that is not JSON stands for itself.

    Failure texts and reasons are plain text, so this is no error. Numbers that JSON cannot spell
    become text.
    """
    if text is None:
        return None
    if not text.strip():
        return ""
    try:
        value: object = json.loads(text, parse_constant=str, parse_float=_number)
    except (ValueError, RecursionError):
        return text
    return value


def _number(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text
