"""What a person sees when a page cannot be shown: what it means for them, never what went wrong."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Final, NamedTuple

import azure.functions as func

from shared.errors import WorkflowError
from shared.pages.rendering import Pages

type PageHandler = Callable[..., Awaitable[func.HttpResponse]]


class Link(NamedTuple):
    """Where a page leads, and what that is called."""

    path: str
    text: str


class _Told(NamedTuple):
    status: int
    heading: str
    paragraph: str


_TOLD: Final[Mapping[str, _Told]] = {
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
_RETRY_AFTER: Final = {503: {"Retry-After": "5"}}

_logger = logging.getLogger(__name__)
_pages = Pages(Path(__file__).with_name("templates"))


def answers_pages(handler: PageHandler) -> PageHandler:
    """Turn what a handler of a page raises into a page that tells a person what it means."""

    @wraps(handler)
    async def guarded(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
        try:
            return await handler(req, **bindings)
        except WorkflowError as error:
            if error.code not in _TOLD:
                _logger.exception("unhandled failure in %s", handler.__name__)
            return notice(*_TOLD.get(error.code, _INSIDE))
        except Exception:
            _logger.exception("unhandled failure in %s", handler.__name__)
            return notice(*_INSIDE)

    return guarded


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
