"""A JSON reader for bodies that strangers send: what it accepts, everything behind it can hold.

The standard parser lets through duplicate names, NaN, numbers of any length, lone surrogates and
nesting that exhausts the stack. This one refuses them all with one error. Nothing here knows HTTP.
"""

import json
import math
import re
from typing import Any, Never

from shared.errors import MalformedJsonError

MAX_DEPTH = 32
_MAX_INTEGER_DIGITS = 19
_RESERVED_NAME = re.compile(r"__.*__", re.DOTALL)  # the SDK's envelope for classes uses such names
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)


def parse_json(body: bytes) -> Any:
    """Decode a JSON document in UTF-8.

    Raises:
        MalformedJsonError: The body is empty, not UTF-8, not JSON, nested deeper than 32, or holds
            a duplicate or reserved name, a number out of range, or half a surrogate pair.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJsonError("the body is not UTF-8") from error
    _refuse_depth(text)
    try:
        document = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        raise MalformedJsonError(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    _refuse_lone_surrogates(document)
    return document


def _refuse_depth(text: str) -> None:
    """Count brackets outside strings before the recursive parser meets them."""
    depth = 0
    for character in _STRING.sub("", text):
        if character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise MalformedJsonError(f"the body is nested deeper than {MAX_DEPTH} levels")
        elif character in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise MalformedJsonError("an object has the same name twice")
        if _RESERVED_NAME.fullmatch(name):
            raise MalformedJsonError("names that begin and end with two underscores are reserved")
        members[name] = value
    return members


def _refuse_constant(_literal: str) -> Never:
    raise MalformedJsonError("NaN and Infinity are not JSON")


def _integer(literal: str) -> int:
    if len(literal.lstrip("-")) > _MAX_INTEGER_DIGITS:
        raise MalformedJsonError(f"an integer has more than {_MAX_INTEGER_DIGITS} digits")
    return int(literal)


def _number(literal: str) -> float:
    value = float(literal)
    if not math.isfinite(value):
        raise MalformedJsonError("a number is out of range")
    return value


def _refuse_lone_surrogates(document: Any) -> None:
    try:
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise MalformedJsonError("a string holds half a surrogate pair") from error
