"""Reads what stands behind the question mark, strictly: a typing error is told, never ignored."""

from collections.abc import Mapping
from typing import Final, cast
from urllib.parse import parse_qsl, urlsplit

import azure.functions as func

from shared.errors import FieldProblem, InvalidRequestError
from shared.operations.filters import refuse_unknown

# The platform's own, which come along with any request.
_PLATFORM: Final = frozenset({"code", "clientId"})
_LONGEST_NUMBER: Final = 6


def query_of(req: func.HttpRequest, *known: str) -> Mapping[str, str]:
    """Return the query's values by name.

    Raises:
        InvalidRequestError: It holds a name that is not known, or one without a value.
    """
    _refuse_empty(req.url, known)
    given = cast("Mapping[str, str]", req.params)
    refuse_unknown(given, frozenset(known) | _PLATFORM)
    return given


def _refuse_empty(url: str, known: tuple[str, ...]) -> None:
    """Refuse names without a value: the platform leaves them out, and everything would be meant."""
    sent = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    problems = [
        FieldProblem(pointer=f"?{name}", code="empty", detail="is empty")
        for name, value in sent
        if name in known and not value
    ]
    if problems:
        raise InvalidRequestError("the query is wrong", problems)


def number_in(query: Mapping[str, str], name: str, *, least: int, most: int, default: int) -> int:
    """Return a whole number.

    Raises:
        InvalidRequestError: It is none, or not within the limits.
    """
    raw = query.get(name)
    if raw is None:
        return default
    is_number = raw.isascii() and raw.isdecimal() and len(raw) <= _LONGEST_NUMBER
    if is_number and least <= int(raw) <= most:
        return int(raw)
    detail = f"expected a whole number from {least} to {most}"
    raise InvalidRequestError(
        "the query is wrong", [FieldProblem(pointer=f"?{name}", code="range", detail=detail)]
    )
