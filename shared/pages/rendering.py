"""Turns a template and values into an answer; every value is escaped, whoever wrote it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import azure.functions as func
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shared.pages import words
from shared.pages.assets import asset_path
from shared.pages.navigation import PLACES

_FRAME: Final = Path(__file__).with_name("templates")

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)
# What pages with a script need besides: our own files, and fresh parts of the page itself.
_POLICY_WITH_SCRIPTS: Final = f"{_POLICY}; script-src 'self'; connect-src 'self'"
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
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


# An older browser says where a form came from only if it may say it to our own site; nobody else
# learns anything. The paths of these pages hold no secret.
_HEADERS_WITH_SCRIPTS: Final = {
    **_HEADERS,
    "Content-Security-Policy": _POLICY_WITH_SCRIPTS,
    "Referrer-Policy": "same-origin",
}


class Pages:
    """The templates of one folder, which may extend the frame ``frame.html``.

    Args:
        folder: Where they are.
        scripts: Whether they may load scripts, from our own files and nowhere else.
    """

    def __init__(self, folder: Path, *, scripts: bool = False) -> None:
        self._headers = _HEADERS_WITH_SCRIPTS if scripts else _HEADERS
        self._templates = Environment(
            loader=FileSystemLoader([folder, _FRAME]),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_harmless,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        names: dict[str, Any] = self._templates.globals
        names.update(asset=asset_path, places=PLACES, with_scripts=scripts)
        filters: dict[str, Any] = self._templates.filters
        filters.update(
            size=words.size,
            instant=words.instant,
            moment=words.moment,
            iso=words.iso,
            distance=words.distance,
            lasting=words.lasting,
            count=words.count,
            words=words.of_code,
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
            headers={**self._headers, **(headers or {})},
            mimetype="text/html",
        )


def see_other(
    path: str, *, query: Mapping[str, str] | None = None, headers: dict[str, str] | None = None
) -> func.HttpResponse:
    """Lead on after a POST, so that reloading repeats nothing.

    Raises:
        ValueError: The path is not one of our own.
    """
    if local_path(path) is None:
        raise ValueError("a redirect leads to our own paths only")
    location = f"{path}?{urlencode(query)}" if query else path
    return func.HttpResponse(
        status_code=303, headers={**_HEADERS, **(headers or {}), "Location": location}
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
