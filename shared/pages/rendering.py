"""Turns a template and values into an answer; every value is escaped, whoever wrote it."""

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import azure.functions as func
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shared.pages import words
from shared.pages.assets import asset_path

_FRAME: Final = Path(__file__).with_name("templates")

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # a path may hold a link's token
    "Cross-Origin-Opener-Policy": "same-origin",
}
_LOCAL_PATH: Final = re.compile(r"/api(?:/[A-Za-z0-9._~:=-]+)+")
# Controls, and what turns the direction of writing: they would let a value look like another one.
_HARMFUL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_SHOWN_INSTEAD: Final = "\ufffd"


class Pages:
    """The templates of one folder, which may extend the frame ``frame.html``."""

    def __init__(self, folder: Path) -> None:
        self._templates = Environment(
            loader=FileSystemLoader([folder, _FRAME]),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_harmless,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        names: dict[str, Any] = self._templates.globals
        names.update(asset=asset_path)
        filters: dict[str, Any] = self._templates.filters
        filters.update(
            size=words.size, instant=words.instant, iso=words.iso, distance=words.distance
        )

    def render(
        self,
        template: str,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        **values: Any,
    ) -> func.HttpResponse:
        """Answer a page that nobody may cache, frame, sniff or run anything in."""
        return func.HttpResponse(
            self._templates.get_template(template).render(**values),
            status_code=status,
            headers={**_HEADERS, **(headers or {})},
            mimetype="text/html",
        )


def see_other(path: str, *, headers: dict[str, str] | None = None) -> func.HttpResponse:
    """Lead on after a POST, so that reloading repeats nothing.

    Raises:
        ValueError: The path is not one of our own.
    """
    if local_path(path) is None:
        raise ValueError("a redirect leads to our own paths only")
    return func.HttpResponse(
        status_code=303, headers={**_HEADERS, **(headers or {}), "Location": path}
    )


def attachment(content: bytes, *, name: str, media_type: str) -> func.HttpResponse:
    """Send a file that a browser saves and never shows as a page of ours.

    Args:
        content: its bytes.
        name: what to call it; any text.
        media_type: what it is said to be.
    """
    return func.HttpResponse(
        content,
        headers={
            **_HEADERS,
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        },
        mimetype=media_type,
    )


def local_path(text: str) -> str | None:
    """Return the text if it is a path of this application without a query, else None."""
    found = _LOCAL_PATH.fullmatch(text)
    is_plain = found is not None and not {".", ".."} & set(text.split("/"))
    return text if is_plain else None


def _harmless(value: Any) -> Any:
    """Show what must not act, in whatever a template prints."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _HARMFUL.sub(_SHOWN_INSTEAD, value)
