"""HTTP edges: read a body strictly, answer problems (RFC 9457), never leak what went wrong inside.

One table maps error codes to statuses; handlers raise, and `problem` puts it into an answer. No
domain is known here, and the JSON rules themselves are in shared.strict_json.
"""

import json
import logging
import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import azure.functions as func
from pydantic import ValidationError

from shared.errors import (
    BodyTooLargeError,
    FieldProblem,
    InvalidRequestError,
    RefusedError,
    UnsupportedMediaTypeError,
    WorkflowError,
)
from shared.models import EdgeModel
from shared.strict_json import parse_json

MAX_BODY_BYTES = 64 * 1024
API_PREFIX = "/api"  # host.json's routePrefix; links are paths, so no Host header can bend them
PROBLEM_TYPE = "urn:workflow-functions:problem:"
_RETRY_AFTER_SECONDS = "2"

_SAFE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_JSON_MEDIA_TYPE = re.compile(r'application/json(?:\s*;\s*charset="?utf-8"?)?\s*', re.IGNORECASE)
_TRACE_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_MAX_PATH = 200
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")

# code -> (status, title, further headers)
_STATUS: Mapping[str, tuple[int, str, Mapping[str, str]]] = {
    "malformed_json": (400, "The body is not acceptable JSON", {}),
    "invalid_request": (400, "The request is not valid", {}),
    "identity_required": (401, "Sign in first", {"WWW-Authenticate": "Bearer"}),
    "role_required": (403, "This needs a role that the caller does not have", {}),
    "notice_refused": (403, "The notice is not believed", {}),
    "foreign_form": (403, "The form was not sent from here", {}),
    "link_refused": (403, "The link is not valid", {}),
    "not_an_approver": (403, "You are not asked", {}),
    "not_an_operator": (403, "You may not do this", {}),
    "not_the_requester": (403, "You may not do this", {}),
    "requester_mismatch": (403, "You may not ask for somebody else", {}),
    "self_approval": (403, "You may not decide this", {}),
    "instance_unknown": (404, "No such workflow", {}),
    "already_decided": (409, "It has been decided", {}),
    "document_changed": (409, "The document has changed", {}),
    "no_changes_requested": (409, "No changes are asked for", {}),
    "not_active": (409, "The workflow is not running", {}),
    "not_cancellable": (409, "This workflow cannot be cancelled", {}),
    "not_ended": (409, "The workflow has not ended", {}),
    "not_failed": (409, "The workflow has not failed", {}),
    "not_restartable": (409, "This workflow cannot be started again", {}),
    "not_rewindable": (409, "The failure cannot be taken back", {}),
    "event_unknown": (404, "No such event", {}),
    "request_in_progress": (409, "It is being done", {"Retry-After": _RETRY_AFTER_SECONDS}),
    "not_current_level": (409, "This level is not being asked", {}),
    "request_closed": (409, "The request has ended", {}),
    "saga_unknown": (404, "No such saga", {}),
    "message_unknown": (404, "No such message", {}),
    "message_incomplete": (409, "The message is not kept whole", {}),
    "could_not_be_processed": (500, "The message could not be processed", {}),
    "past_cancelling": (409, "It is too late to cancel", {}),
    "amendment_not_asked": (409, "The order does not ask for an amendment", {}),
    "not_shipped_yet": (409, "The order has not been shipped", {}),
    "nothing_to_return": (409, "There is nothing to send back", {}),
    "return_window_over": (409, "It is too late to send it back", {}),
    "conflicting_request": (409, "The id is taken by another request", {}),
    "job_ended": (409, "The job has ended", {}),
    "job_not_ended": (409, "The job has not ended", {}),
    "attention_not_open": (409, "No decision is waited for", {}),
    "attention_decided": (409, "Somebody else decided first", {}),
    "instance_purged": (410, "The workflow has been purged", {}),
    "body_too_large": (413, "The body is too large", {}),
    "unsupported_media_type": (415, "The media type is not supported", {}),
    "storage_unavailable": (503, "Try again later", {"Retry-After": _RETRY_AFTER_SECONDS}),
    "provider_unavailable": (503, "Try again later", {"Retry-After": _RETRY_AFTER_SECONDS}),
}
# What these say names tables and libraries: it is for the log, and callers get this instead.
_UNAVAILABLE = frozenset({"storage_unavailable", "provider_unavailable"})
_WHAT_CALLERS_ARE_TOLD = "A system that this needs did not answer; repeating the request is safe."
_INTERNAL: tuple[int, str, Mapping[str, str]] = (500, "Something went wrong inside", {})

_logger = logging.getLogger(__name__)


def read_model[M: EdgeModel](req: func.HttpRequest, model: type[M]) -> M:
    """Parse the body into an edge model.

    Raises:
        UnsupportedMediaTypeError: Not declared as plain JSON in UTF-8.
        BodyTooLargeError: More than 64 KiB.
        MalformedJsonError: Not JSON as `shared.strict_json` accepts it.
        InvalidRequestError: Names every wrong field.
    """
    if not _JSON_MEDIA_TYPE.fullmatch(header(req, "Content-Type").strip()):
        raise UnsupportedMediaTypeError("send Content-Type: application/json in UTF-8")
    if header(req, "Content-Encoding").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaTypeError("send the body without content coding")
    return parse_model(req.get_body(), model)


def parse_model[M: EdgeModel](body: bytes, model: type[M]) -> M:
    """Parse what a stranger sent, however it came, into an edge model.

    Raises:
        BodyTooLargeError, MalformedJsonError, InvalidRequestError: As ``read_model`` does.
    """
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLargeError(f"no more than {MAX_BODY_BYTES} bytes are read")
    try:
        return model.from_json(parse_json(body))
    except ValidationError as error:
        problems = field_problems(error)
        raise InvalidRequestError(
            "one field is wrong" if len(problems) == 1 else f"{len(problems)} fields are wrong",
            problems,
        ) from None  # the original quotes what was sent


def field_problems(error: ValidationError) -> list[FieldProblem]:
    """Translate pydantic's findings; the refused values stay behind.

    A finding about a container that holds wrong parts is left out: it counts only the right ones.
    """
    findings = error.errors(include_url=False, include_input=False, include_context=False)
    parents = {found["loc"][:depth] for found in findings for depth in range(len(found["loc"]))}
    return [
        FieldProblem(
            pointer=_pointer(found["loc"]),
            code=found["type"].replace("_", "-"),
            detail=found["msg"],
        )
        for found in findings
        if found["loc"] not in parents
    ]


def _pointer(location: tuple[int | str, ...]) -> str:
    """Write a JSON pointer (RFC 6901); a name that is not plain may be a secret: it becomes `*`."""
    return "".join(
        f"/{part}" if isinstance(part, int) or _PLAIN_NAME.fullmatch(part) else "/*"
        for part in location
    )


def header(req: func.HttpRequest, name: str) -> str:
    """Return a header of the request, empty when it is not there."""
    return cast("Mapping[str, str]", req.headers).get(name, "")


def answer(
    document: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """Answer JSON that nobody may cache or sniff."""
    return func.HttpResponse(
        json.dumps(document),
        status_code=status,
        headers={**_SAFE_HEADERS, **(headers or {})},
        mimetype="application/json",
    )


def workflow_path(instance_id: str) -> str:
    """Return the path of an instance's status; ids need no quoting beyond their own rules."""
    return f"{API_PREFIX}/workflows/{instance_id}"


def while_running(location: str) -> dict[str, str]:
    """Return the headers that tell a client where and when to ask next."""
    return {"Location": location, "Retry-After": _RETRY_AFTER_SECONDS}


def status_of(code: str) -> tuple[int, str]:
    """Return the status and the title with which an error's code is answered."""
    status, title, _ = _STATUS.get(code, _INTERNAL)
    return status, title


def _code(error: WorkflowError | None) -> str:
    match error:
        case None:
            return "internal_error"
        case RefusedError():
            return error.rule
        case _:
            return error.code


def problem_document(error: WorkflowError | None, *, instance: str) -> dict[str, Any]:
    """Return what strangers may know of a named error, or of an unforeseen one for None.

    Args:
        error: what went wrong.
        instance: the path of what it happened to.
    """
    code = _code(error)
    status, title, _ = _STATUS.get(code, _INTERNAL)
    document: dict[str, Any] = {
        "type": PROBLEM_TYPE + code.replace("_", "-"),
        "title": title,
        "status": status,
        "instance": instance,
    }
    if error and code in _UNAVAILABLE:
        document["detail"] = _WHAT_CALLERS_ARE_TOLD
    elif error and code in _STATUS:
        document["detail"] = error.message
    if isinstance(error, InvalidRequestError) and error.problems:
        document["errors"] = [
            {"pointer": found.pointer, "code": found.code, "detail": found.detail}
            for found in error.problems
        ]
    return document


def problem(req: func.HttpRequest, error: WorkflowError | None) -> func.HttpResponse:
    """Answer application/problem+json for a named error, or 500 for None."""
    code = _code(error)
    status, _, headers = _STATUS.get(code, _INTERNAL)
    if error and code in _UNAVAILABLE:
        _logger.warning("answered %d: %s", status, error)
    document = problem_document(error, instance=urlsplit(req.url).path[:_MAX_PATH])
    if isinstance(error, UnsupportedMediaTypeError):
        headers = {"Accept": error.accept}
    if trace := _TRACE_PARENT.fullmatch(header(req, "traceparent")):
        document["traceId"] = trace.group(1)
    return func.HttpResponse(
        json.dumps(document),
        status_code=status,
        headers={**_SAFE_HEADERS, **headers},
        mimetype="application/problem+json",
    )
