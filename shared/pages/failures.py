"""What a person sees when a page cannot be shown: what it means for them, never what went wrong."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import azure.functions as func

from shared.access import Permission
from shared.descriptions import HTML, Answer, Operation
from shared.endpoints import Handler, endpoint
from shared.errors import IdentityRequiredError, WorkflowError
from shared.pages.doors import way_in
from shared.pages.rendering import Pages
from shared.settings import current_settings


class Link(NamedTuple):
    """Where a page leads, and what that is called."""

    path: str
    text: str


class _Told(NamedTuple):
    status: int
    heading: str
    paragraph: str


_TOLD: Final[Mapping[str, _Told]] = {
    "role_required": _Told(
        403, "This is not for you", "You are signed in, and this page asks for a role you lack."
    ),
    "foreign_form": _Told(
        403,
        "This form was not sent from here",
        "Nothing was changed. Open the page again and send the form from there.",
    ),
    "unsupported_media_type": _Told(415, "This form cannot be read", "Nothing was changed."),
    "body_too_large": _Told(413, "This is too long", "Nothing was changed. Shorten the text."),
    "invalid_request": _Told(400, "This form cannot be read", "Nothing was changed."),
    "instance_unknown": _Told(404, "There is no such page", "The address may be incomplete."),
    "storage_unavailable": _Told(
        503,
        "Please try again in a moment",
        "A system that this page needs did not answer. Trying again repeats nothing.",
    ),
}
_INSIDE: Final = _Told(
    500, "Something went wrong", "It was noted and will be looked into. You may try again."
)
_SIGN_IN_FIRST: Final = "Sign in first"
_NOTHING_MORE: Final = "does nothing more; the page shows what is so."
_PAGE: Final = Operation(
    tag="Pages",
    answers={200: Answer(description="The page.", media_types=(HTML,))},
    repeats=_NOTHING_MORE,
)
FORM: Final = Operation(
    tag="Pages",
    answers={
        200: Answer(description="The page again, with what is wrong.", media_types=(HTML,)),
        303: Answer(
            description="It is done: where to look.", media_types=(), headers=("Location",)
        ),
    },
    refuses=("foreign_form", "invalid_request", "unsupported_media_type", "body_too_large"),
    repeats=_NOTHING_MORE,
)
_RETRY_AFTER: Final = {503: {"Retry-After": "5"}}

_logger = logging.getLogger(__name__)
_pages = Pages(Path(__file__).with_name("templates"))


def page(permission: Permission, operation: Operation = _PAGE) -> Callable[[Handler], Handler]:
    """Declare the handler of a page; what it raises becomes a page that says what it means."""
    return endpoint(permission, replace(operation, tells=HTML), told=_told)


def _told(req: func.HttpRequest, error: WorkflowError | None) -> func.HttpResponse:
    if isinstance(error, IdentityRequiredError):
        return _nobody(urlsplit(req.url).path)
    if error and error.code not in _TOLD:
        _logger.error("no page says this", exc_info=error)
    return notice(*_TOLD.get(error.code if error else "", _INSIDE))


def _nobody(path: str) -> func.HttpResponse:
    """Lead to where people sign in, and from there to the page that they wanted."""
    door = way_in(current_settings().identity, path)
    if door is None:
        said = ("Nobody can sign in here.", "If a mail led you here, use its links to decide.")
        return notice(HTTPStatus.UNAUTHORIZED, _SIGN_IN_FIRST, *said)
    link = Link(path=door, text="Sign in")
    return notice(HTTPStatus.UNAUTHORIZED, _SIGN_IN_FIRST, link=link)


def notice(
    status: int, heading: str, *paragraphs: str, link: Link | None = None
) -> func.HttpResponse:
    """Answer a page that says one thing, and perhaps leads on."""
    return _pages.render(
        "notice.html",
        status=status,
        headers=_RETRY_AFTER.get(status),
        heading=heading,
        paragraphs=paragraphs,
        link=link,
    )
