"""The forms an answer of the management and admin endpoints can take.

Bodies are compact JSON or nothing at all: the SDK reads every body as JSON. Which answer fits which
event is decided by the endpoints.
"""

import json
from collections.abc import Mapping

from aiohttp import web

ARGUMENT = "System.ArgumentException"
INVALID_OPERATION = "System.InvalidOperationException"
BAD_ARGUMENT = "One or more of the arguments submitted is incorrect"
WENT_WRONG = "Something went wrong while processing your request"


def empty(status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return an answer without a body."""
    return web.Response(status=status, headers=headers)


def json_answer(
    status: int, value: object, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return a JSON document."""
    return web.Response(
        status=status,
        body=_encoded(value),
        headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
    )


def refusal(
    status: int, message: str, *, because: str | None = None, kind: str = ARGUMENT
) -> web.Response:
    """Return an error as ASP.NET words it.

    ``ExceptionMessage`` is always there, because the SDK shows it; without a ``because`` it
    repeats the message.
    """
    return json_answer(
        status,
        {
            "Message": message,
            "ExceptionMessage": because if because is not None else message,
            "ExceptionType": kind,
            "StackTrace": "",
        },
    )


def _encoded(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can only spell as an escape
        return json.dumps(value, separators=(",", ":")).encode()
