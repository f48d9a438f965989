r"""From the path on the wire to its decoded segments, by the rules of Azure's front server.

Every ``%XX`` is decoded once, except an encoded slash, which stays ``%2F`` so that it never
divides a segment; what is not valid UTF-8 stays as it is; dot segments are resolved afterwards.
``strict`` is for endpoints that trusted code calls with ids that it did not escape: there whatever
could lead to another path is refused. Matching is in ``templates``.
"""

import re

ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SLASH = "%2F"


class PathRefusedError(Exception):
    """The path is one that no honest client sends; the text says why."""


def segments(raw_path: str) -> tuple[str, ...]:
    """Return the decoded segments; a trailing slash gives an empty last one, "/" gives ("",).

    Raises:
        PathRefusedError: not a path, or it holds a NUL.
    """
    if not raw_path.startswith("/"):
        raise PathRefusedError("The path does not begin with a slash.")
    decoded = _decoded(raw_path)
    if "\0" in decoded:
        raise PathRefusedError("The path contains a null character.")
    return _without_dots(decoded.split("/")[1:])


def strict(raw_path: str) -> tuple[str, ...]:
    """Return the decoded segments of a path that means exactly what it says.

    Raises:
        PathRefusedError: as ``segments``; or it holds a dot segment, an encoded slash, a
            backslash or a control character, in whatever spelling.
    """
    plain = _decoded(raw_path).split("/")[1:]
    if any(segment in {".", ".."} for segment in plain):
        raise PathRefusedError("The path contains a dot segment.")
    for segment in plain:
        if SLASH in segment.upper() or "\\" in segment:
            raise PathRefusedError("The path contains an encoded slash.")
        if CONTROL.search(segment):
            raise PathRefusedError("The path contains a control character.")
    return segments(raw_path)


def _decoded(raw_path: str) -> str:
    return ESCAPES.sub(lambda match: _unescaped(match[0]), raw_path)


def _unescaped(run: str) -> str:
    """Decode a run of escapes, leaving encoded slashes and invalid UTF-8 alone."""
    parts = re.split("%2f", run, flags=re.IGNORECASE)
    return SLASH.join(_text(part) for part in parts)


def _text(run: str) -> str:
    try:
        return bytes.fromhex(run.replace("%", "")).decode("utf-8")
    except UnicodeDecodeError:
        return run


def _without_dots(parts: list[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    if parts[-1] in {".", ".."}:
        kept.append("")  # what is left names a folder
    return tuple(kept) or ("",)
