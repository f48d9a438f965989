"""Hand out what somebody uploaded without letting a browser run it.

A browser saves it under its name and never shows it in the application's own origin. Who may have
it is decided by the caller.
"""

import re
from typing import Final
from urllib.parse import quote

import azure.functions as func

# Where the name is not understood as UTF-8: what every system's files may be called.
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._ -]")
_SAFE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def download(content: bytes, *, name: str, media_type: str) -> func.HttpResponse:
    """Answer with a file to be saved, never to be shown.

    Args:
        content: The bytes.
        name: What people call it, in any script; folders in it are taken for part of the name.
        media_type: What it was declared to be.
    """
    fallback = _UNSAFE.sub("_", name)
    disposition = f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe='')}"
    return func.HttpResponse(
        content,
        headers={**_SAFE_HEADERS, "Content-Disposition": disposition},
        mimetype=media_type,
    )
