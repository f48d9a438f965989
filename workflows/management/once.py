"""Carries a request out once for each ``Idempotency-Key``, however often it is sent.

Without the header it is carried out each time, which the actions themselves bear. Keeping the
answers is in shared.operations.idempotency.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast
from urllib.parse import urlsplit

import azure.functions as func

from shared.clock import system_clock
from shared.errors import FieldProblem, InvalidRequestError
from shared.operations.idempotency import Kept, kept_answers

HEADER: Final = "Idempotency-Key"

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


async def once(
    req: func.HttpRequest, actor: str, carry_out: Callable[[], Awaitable[func.HttpResponse]]
) -> func.HttpResponse:
    """Return the answer to a request: a new one, or the one that its key was answered with.

    Raises:
        InvalidRequestError: The key is malformed.
        ConflictingRequestError: The key was used with another request.
        RefusedError: The same request is being carried out at this moment.
    """
    key = key_of(req)
    if key is None:
        return await carry_out()
    answers = await asyncio.to_thread(kept_answers)
    digest = _digest(req)
    kept = await asyncio.to_thread(answers.begin, actor, key, digest, now=system_clock().now())
    if kept is not None:
        return _again(kept)
    try:
        response = await carry_out()
    except BaseException:
        await asyncio.to_thread(answers.forget, actor, key)
        raise
    done = Kept(status=response.status_code, body=response.get_body().decode())
    await asyncio.to_thread(answers.keep, actor, key, digest, done, now=system_clock().now())
    return response


def key_of(req: func.HttpRequest) -> str | None:
    """Return the request's key, None when it has none.

    Raises:
        InvalidRequestError: The key is malformed, or empty: whoever sends one relies on it.
    """
    key = cast("Mapping[str, str]", req.headers).get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise _malformed()
    return key


def _digest(req: func.HttpRequest) -> str:
    said = f"{req.method} {urlsplit(req.url).path}\n".encode() + req.get_body()
    return hashlib.sha256(said).hexdigest()


def _again(kept: Kept) -> func.HttpResponse:
    return func.HttpResponse(
        kept.body, status_code=kept.status, headers=_HEADERS, mimetype="application/json"
    )


def _malformed() -> InvalidRequestError:
    problem = FieldProblem(
        pointer=HEADER, code="malformed", detail="expected 1 to 100 of A-Z a-z 0-9 _ -"
    )
    return InvalidRequestError("a header is wrong", [problem])
