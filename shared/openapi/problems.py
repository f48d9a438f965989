"""Which errors a function can answer with, and how they look: problem+json of RFC 9457."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Annotated, Final

from pydantic import Field

from shared.access import RULES
from shared.descriptions import HTML, JSON, PROBLEM_JSON
from shared.http import PROBLEM_TYPE, status_of
from shared.models import JsonObject, WireModel
from shared.registered import HttpFunction

_REFERENCE: Final = {"$ref": "#/components/schemas/Problem"}


class WrongField(WireModel):
    """One wrong field of a request: where it is, a stable code, and words for people."""

    pointer: str
    code: str
    detail: str


class Problem(WireModel):
    """Why a request was refused; ``type`` is stable, ``detail`` is for people."""

    type: Annotated[str, Field(pattern=f"^{PROBLEM_TYPE}[a-z-]+$")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    instance: str
    detail: str | None = None
    errors: tuple[WrongField, ...] | None = None
    trace_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] | None = None


def refusals(function: HttpFunction, method: str) -> JsonObject:
    """Return the answers of refusal by status."""
    codes = sorted(set(_codes(function, method)), key=lambda code: (status_of(code)[0], code))
    return {
        str(status): _answer(list(same), _told(function))
        for status, same in groupby(codes, key=lambda code: status_of(code)[0])
    }


def _codes(function: HttpFunction, method: str) -> Iterator[str]:
    yield from ("internal_error", "storage_unavailable")
    declared = function.endpoint
    if declared is None:
        return
    rule, operation = RULES[declared.permission], declared.operation
    if rule.needs_key or rule.needs_identity:
        yield "identity_required"
    if rule.roles:
        yield "role_required"
    if "{" in function.route:
        yield "instance_unknown"
    if operation.parameters:
        yield "invalid_request"
    if operation.request is not None and method not in {"GET", "HEAD"}:
        yield from ("invalid_request", "body_too_large", "unsupported_media_type")
        if JSON in operation.media_types:
            yield "malformed_json"
    yield from operation.refuses


def _told(function: HttpFunction) -> str:
    return function.endpoint.operation.tells if function.endpoint else PROBLEM_JSON


def _answer(codes: Sequence[str], media_type: str) -> JsonObject:
    described = "; ".join(f"{status_of(code)[1]} (`{code}`)" for code in codes)
    if media_type == HTML:
        return {"description": described, "content": {HTML: {"schema": {"type": "string"}}}}
    examples = {code: {"value": _example(code)} for code in codes}
    content = {"schema": _REFERENCE, "examples": examples}
    return {"description": described, "content": {media_type: content}}


def _example(code: str) -> JsonObject:
    status, title = status_of(code)
    return {
        "type": PROBLEM_TYPE + code.replace("_", "-"),
        "title": title,
        "status": status,
        "instance": "/api/...",
    }
