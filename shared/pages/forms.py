"""Reads a form that one of our own pages sent; everything else is refused before it is looked at.

What the fields mean is each page's business.
"""

import re
from collections.abc import Mapping
from typing import Final, cast
from urllib.parse import parse_qsl

import azure.functions as func

from shared.errors import (
    BodyTooLargeError,
    FieldProblem,
    InvalidRequestError,
    UnsupportedMediaTypeError,
    WorkflowError,
)

_MOST_BYTES: Final = 32 * 1024
_MOST_FIELDS: Final = 20
_MEDIA_TYPE: Final = re.compile(
    r'application/x-www-form-urlencoded(?:\s*;\s*charset="?utf-8"?)?\s*', re.IGNORECASE
)

type Form = Mapping[str, str]


class ForeignFormError(WorkflowError):
    """The form was not sent by one of our own pages."""

    code = "foreign_form"


def read_form(req: func.HttpRequest, *, fields: frozenset[str], has_proof: bool = True) -> Form:
    """Return the fields that the page may send; those not sent are left out.

    Args:
        req: The request.
        fields: The names of the page's fields.
        has_proof: Whether a field of the form proves that it is ours. Where none does, the browser
            has to say so.

    Raises:
        ForeignFormError: Another site's page sent it.
        UnsupportedMediaTypeError: Not a plain form in UTF-8.
        BodyTooLargeError: More than 32 KiB.
        InvalidRequestError: Not UTF-8, an unknown field, or one twice.
    """
    if not came_from_here(req, has_proof=has_proof):
        raise ForeignFormError("the form was not sent from this page")
    if not _MEDIA_TYPE.fullmatch(_header(req, "Content-Type").strip()):
        raise UnsupportedMediaTypeError("send a form")
    body = req.get_body()
    if len(body) > _MOST_BYTES:
        raise BodyTooLargeError(f"this form reads {_MOST_BYTES} bytes")
    try:
        sent = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=_MOST_FIELDS,
            errors="strict",
        )
    except ValueError:  # UnicodeDecodeError is one
        raise InvalidRequestError("the form cannot be read") from None
    form = dict(sent)
    if len(form) < len(sent) or not form.keys() <= fields:
        raise InvalidRequestError(
            "the form holds what the page does not send",
            [FieldProblem(pointer="", code="unknown-field", detail="unknown or repeated")],
        )
    # Browsers send line ends as CR LF; a comment is the same whoever typed it.
    return {name: value.replace("\r\n", "\n") for name, value in form.items()}


def came_from_here(req: func.HttpRequest, *, has_proof: bool = True) -> bool:
    """Whether the browser says that a page of ours sent this, or, with a proof, nothing at all.

    Browsers have said it in Sec-Fetch-Site for years. Older ones send Origin, which is null for
    pages that keep their address to themselves, as ours do: then the proof in the form decides.
    """
    site = _header(req, "Sec-Fetch-Site")
    if site:
        return site == "same-origin"
    origin = _header(req, "Origin")
    host = _header(req, "Host")
    said_nothing = origin in {"", "null"}
    return (has_proof and said_nothing) or origin in {f"https://{host}", f"http://{host}"}


def _header(req: func.HttpRequest, name: str) -> str:
    return cast("Mapping[str, str]", req.headers).get(name, "")
